"""Who gets the requests that two routes ask for at one listener."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.network.claims import Claim, claims
from bot.domain.network.references import GATEWAY, ref_to
from bot.domain.network.shadowing import Precedence
from tests.routing import gateway, route

Object = dict[str, Any]
PUBLIC = ref_to(GATEWAY, "infra", "public")
OLD, NEW = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"


def made(name: str, born: str, *hosts: str, kind: str = "HTTPRoute", **match: Any) -> Object:
    found = route(name, host="", kind=kind, **({"matches": [match]} if match else {}))
    if hosts:
        found["spec"]["hostnames"] = list(hosts)
    found["metadata"]["creationTimestamp"] = born
    return found


def prefix(path: str) -> Object:
    return {"path": {"type": "PathPrefix", "value": path}}


def exact(path: str) -> Object:
    return {"path": {"type": "Exact", "value": path}}


def header(**named: str) -> Object:
    return {"headers": [{"name": name, "value": value} for name, value in named.items()]}


HOST, WILD = "shop.example.com", "*.example.com"
GET = {"method": "GET"}
ADD = {"method": {"service": "shop.Cart", "method": "Add"}}
CART = {"method": {"service": "shop.Cart"}}

# The host of the listener, the route that is asked about, another one, and why that one gets all; empty: it does not.
PAIRS: dict[str, tuple[str, Object, Object, str]] = {
    "the same, and older": ("", made("mine", NEW, HOST), made("other", OLD, HOST), "it is older"),
    "the same, and newer": ("", made("mine", OLD, HOST), made("other", NEW, HOST), ""),
    "the same, of one second": ("", made("zz", OLD, HOST), made("aa", OLD, HOST), "its name comes first"),
    "a slash at the end of a prefix": (
        "", made("mine", NEW, HOST, **prefix("/a/")), made("other", OLD, HOST, **prefix("/a")), "it is older",
    ),
    "a slash at the end of an exact path": (
        "", made("mine", NEW, HOST, **exact("/a/")), made("other", OLD, HOST, **exact("/a")), "",
    ),
    "the exact host of the listener, though newer": (
        HOST, made("mine", OLD, WILD), made("other", NEW, HOST), f"it says {HOST}, the other {WILD}",
    ),
    "the same where the listener has many": ("*.example.com", made("mine", OLD, WILD), made("other", NEW, HOST), ""),
    "a host where the other one has none": (
        HOST, made("mine", OLD), made("other", NEW, HOST), f"it says {HOST}, the other no host name",
    ),
    "a shorter path at the host of the listener": (
        HOST, made("mine", OLD, WILD, **prefix("/a")), made("other", NEW, HOST, **prefix("/")), f"it says {HOST}",
    ),
    "a longer path": ("", made("mine", NEW, HOST, **prefix("/")), made("other", OLD, HOST, **prefix("/a")), ""),
    "a shorter path": ("", made("mine", NEW, HOST, **prefix("/a")), made("other", OLD, HOST), ""),
    "a method where the other one has none": ("", made("mine", NEW, HOST), made("other", OLD, HOST, **GET), ""),
    "headers in another case": (
        "", made("mine", NEW, HOST, **header(X="1")), made("other", OLD, HOST, **header(x="1")), "it is older",
    ),
    "fewer headers": ("", made("mine", NEW, HOST, **header(x="1")), made("other", OLD, HOST), ""),
    "fewer headers at the host of the listener": (
        HOST, made("mine", OLD, **header(x="1")), made("other", NEW, HOST), f"it says {HOST}",
    ),
    "another header": ("", made("mine", NEW, HOST, **header(x="1")), made("other", OLD, HOST, **header(x="2")), ""),
    "the same gRPC method": (
        "", made("mine", NEW, HOST, kind="GRPCRoute", **ADD), made("other", OLD, HOST, kind="GRPCRoute", **ADD),
        "it is older",
    ),
    "all of a gRPC service": (
        "", made("mine", NEW, HOST, kind="GRPCRoute", **ADD), made("other", OLD, HOST, kind="GRPCRoute", **CART), "",
    ),
    "all of a gRPC service at the host of the listener": (
        HOST, made("mine", OLD, kind="GRPCRoute", **ADD), made("other", NEW, HOST, kind="GRPCRoute", **CART),
        f"it says {HOST}",
    ),
    "another host": ("", made("mine", NEW, HOST), made("other", OLD, "api.example.com"), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", PAIRS)
def test_who_gets_the_requests_of_both(case: str) -> None:
    host, mine, other, why = PAIRS[case]
    public = gateway("public", **({"hostname": host} if host else {}))
    said = Precedence({PUBLIC: public}, [mine, other]).shadowed(mine)
    assert said.whole is bool(why)
    assert len(said.told) == bool(why)
    if why:
        assert "shop/" + other["metadata"]["name"] in said.told[0]
        assert why in said.told[0]
        assert Precedence({PUBLIC: public}, [mine, other]).shadowed(other).told == ()


def test_what_is_left_to_a_route_is_told_from_what_is_not() -> None:
    mine = made("mine", NEW, HOST, "api.example.com", **prefix("/a"))
    other = made("other", OLD, HOST, **prefix("/a"))
    said = Precedence({PUBLIC: gateway("public")}, [mine, other]).shadowed(mine)
    assert not said.whole
    assert said.told == (
        "by the Gateway API HTTPRoute shop/other gets what comes for shop.example.com/a at listener http of "
        "Gateway infra/public: it is older",
    )


@pytest.mark.parametrize(
    "other",
    [
        made("other", OLD, HOST) | {"spec": {**made("other", OLD, HOST)["spec"], "parentRefs": [{"name": "other"}]}},
        made("other", OLD, HOST, kind="GRPCRoute"),
        {
            **made("other", OLD, HOST),
            "status": {
                "parents": [
                    {
                        "parentRef": {"name": "public", "namespace": "infra"},
                        "conditions": [{"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners"}],
                    }
                ]
            },
        },
    ],
    ids=["at another Gateway", "of another kind", "refused by the Gateway"],
)
def test_who_is_not_served_there_gets_nothing(other: Object) -> None:
    mine = made("mine", NEW, HOST)
    assert not Precedence({PUBLIC: gateway("public")}, [mine, other]).shadowed(mine).told


@pytest.mark.parametrize(
    ("match", "path", "gets"),
    [
        (prefix("/a"), "/a", True),
        (prefix("/a"), "/a/b", True),
        (prefix("/a"), "/ab", False),
        (prefix("/"), "/ab", True),
        (exact("/a"), "/a/b", False),
        (GET, "/x", True),
        ({"method": "POST"}, "/x", False),
        (header(x="1"), "/x", False),
        ({"queryParams": [{"name": "a", "value": "b"}]}, "/x", False),
        ({"path": {"type": "RegularExpression", "value": "/.*"}}, "/x", False),
    ],
)
def test_which_claims_get_a_plain_request(match: Object, path: str, gets: bool) -> None:
    (claim,) = claims(made("mine", OLD, HOST, **match))
    assert isinstance(claim, Claim)
    assert claim.gets(HOST, path) is gets
    assert not claim.gets("other.example.com", path)
