"""Whether an object of the Gateway API says just what is wanted, and nothing besides but what its server fills in."""

from __future__ import annotations

from bot.domain.network.references import JSON

# Defaults in the definitions of v1.6.1 (https://gateway-api.sigs.k8s.io/reference/spec/), by the field's name.
_ROOT: JSON = {"type": "PathPrefix", "value": "/"}
_SAME: JSON = {"from": "Same"}
_DEFAULTS: dict[str, tuple[JSON, ...]] = {
    "group": ("gateway.networking.k8s.io", ""),
    "kind": ("Gateway", "Service", "Secret"),
    "weight": (1,),
    "type": ("PathPrefix", "Exact"),
    "value": ("/",),
    "path": (_ROOT,),
    "matches": ([{"path": _ROOT}],),
    "mode": ("Terminate",),
    "from": ("Same",),
    "namespaces": (_SAME,),
    "allowedRoutes": ({"namespaces": _SAME},),
}


def says_the_same(have: JSON, wanted: JSON) -> bool:
    """`covers` would overlook a rewrite, a timeout or a hostname that stands there besides what is wanted."""
    if isinstance(have, dict) and isinstance(wanted, dict):
        return all(
            says_the_same(value, wanted[key]) if key in wanted else value in _DEFAULTS.get(key, ())
            for key, value in have.items()
        ) and all(key in have or wanted[key] in _DEFAULTS.get(key, ()) for key in wanted)
    if isinstance(have, list) and isinstance(wanted, list):
        return len(have) == len(wanted) and all(map(says_the_same, have, wanted))
    return have == wanted
