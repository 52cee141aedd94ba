"""Where a route's redirect leads, as it is to be answered."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.network.redirects import Redirect, leads_there, redirect
from tests.routing import route

Object = dict[str, Any]


def redirecting(below: str = "/", **to: Any) -> Object:
    filters = [{"type": "RequestRedirect", "requestRedirect": to}]
    found = route(matches=[{"path": {"type": "PathPrefix", "value": below}}], filters=filters)
    del found["spec"]["rules"][0]["backendRefs"]
    return found


FULL = {"type": "ReplaceFullPath", "replaceFullPath": "/new"}
PREFIX = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2/"}


@pytest.mark.parametrize(
    ("to", "scheme", "port", "expected"),
    [
        ({"scheme": "https", "statusCode": 301}, "http", 8000, (301, "https:///api/x")),
        ({"scheme": "https"}, "http", 80, (302, "https:///api/x")),
        ({"scheme": "https", "port": 8443}, "http", 80, (302, "https://:8443/api/x")),
        ({"scheme": "http", "port": 80}, "https", 443, (302, "http:///api/x")),
        ({"hostname": "new.example.com"}, "http", 80, (302, "http://new.example.com/api/x")),
        ({"hostname": "new.example.com"}, "http", 8000, (302, "http://new.example.com:8000/api/x")),
        ({"hostname": "new.example.com"}, "https", 443, (302, "https://new.example.com/api/x")),
        ({"path": FULL}, "http", 80, (302, "http:///new")),
        ({"path": PREFIX}, "http", 80, (302, "http:///v2/x")),
    ],
)
def test_where_it_leads(to: Object, scheme: str, port: int, expected: tuple[int, str]) -> None:
    assert redirect(redirecting("/api", **to), "/api/x", scheme, port) == Redirect(*expected)


def test_a_rule_that_leads_on_redirects_nothing() -> None:
    assert redirect(route(), "/", "http", 80) is None
    assert redirect(redirecting("/api", scheme="https"), "/other", "http", 80) is None


@pytest.mark.parametrize(
    ("location", "wanted", "right"),
    [
        ("https://a.example.com/x", "https:///x", True),
        ("https://a.example.com:443/x", "https:///x", True),
        ("https://b.example.com/x", "https://b.example.com/x", True),
        ("https://b.example.com/x", "https:///x", False),
        ("/x", "http://:8000/x", True),
        ("/x", "https:///x", False),
        ("https://a.example.com:8443/x", "https:///x", False),
        ("https://a.example.com:8443/x", "https://:8443/x", True),
        ("https://a.example.com", "https:///", True),
        ("http://b.example.com:8000/x", "http://b.example.com/x", True),
        ("http://b.example.com/x", "http://b.example.com/x", True),
        ("http://b.example.com:8001/x", "http://b.example.com/x", False),
        ("https://b.example.com:8000/x", "https://b.example.com/x", False),
        ("https://a.example.com/y", "https:///x", False),
        ("https://a.example.com:none/x", "https:///x", False),
        ("", "https:///x", False),
    ],
)
def test_what_a_location_has_to_say(location: str, wanted: str, right: bool) -> None:
    assert leads_there(location, wanted, "http://a.example.com:8000/x") is right
