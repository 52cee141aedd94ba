"""What stands there besides what is wanted counts, unless the server filled it in."""

from typing import Any

import pytest

from bot.domain.changes.gateway_same import says_the_same

BACKEND = {"name": "web", "port": 80}
FILLED = {**BACKEND, "group": "", "kind": "Service", "weight": 1}
ROOT = [{"path": {"type": "PathPrefix", "value": "/"}}]


@pytest.mark.parametrize(
    ("have", "wanted", "same"),
    [
        ({"rules": [{"backendRefs": [FILLED], "matches": ROOT}]}, {"rules": [{"backendRefs": [BACKEND]}]}, True),
        ({"rules": [{"backendRefs": [BACKEND]}]}, {"rules": [{"backendRefs": [FILLED], "matches": ROOT}]}, True),
        (
            {"rules": [{"backendRefs": [FILLED], "timeouts": {"request": "10s"}}]},
            {"rules": [{"backendRefs": [BACKEND]}]},
            False,
        ),
        ({"rules": [{"backendRefs": [{**FILLED, "weight": 5}]}]}, {"rules": [{"backendRefs": [BACKEND]}]}, False),
        ({"rules": [{"backendRefs": [FILLED], "filters": [{}]}]}, {"rules": [{"backendRefs": [BACKEND]}]}, False),
        ({"hostnames": ["a"], "rules": []}, {"rules": []}, False),
        (
            {"listeners": [{"name": "http", "port": 80, "hostname": "e"}]},
            {"listeners": [{"name": "http", "port": 80}]},
            False,
        ),
        (
            {"listeners": [{"name": "http", "port": 80, "allowedRoutes": {"namespaces": {"from": "Same"}}}]},
            {"listeners": [{"name": "http", "port": 80}]},
            True,
        ),
        ({"listeners": [{"name": "http"}]}, {"listeners": [{"name": "http"}, {"name": "b"}]}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
    ],
)
def test_same(have: Any, wanted: Any, same: bool):
    assert says_the_same(have, wanted) is same
