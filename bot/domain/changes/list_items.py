"""By what Kubernetes tells the items of a list apart, and what two of them may not share.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from bot.domain.network.references import JSON

_REQUESTS = ("matches",)
_KEYS: tuple[tuple[str, ...], ...] = (
    ("port", "protocol"),
    ("path", "pathType"),
    ("secretName",),
    ("name", "namespace", "sectionName"),
    ("name",),
    ("type", "value"),
)
"""By what items of a list may be known, the first that tells all of them apart counts."""
_OF_LIST: dict[str, tuple[tuple[str, ...], ...]] = {
    "listeners": (("name",),),
    "rules": (("host",), _REQUESTS),
    "backendRefs": (("name", "namespace"), ("name", "namespace", "port")),
}
"""The same for lists of these names, of Ingresses, Gateways and routes."""
_OPTIONAL = ("secretName", "matches")
"""What one of the items may lack: the controller's own certificate, every request."""
_SERVICE_PORTS = ("spec", "ports")
_UNIQUE: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {
    _SERVICE_PORTS: (("name",), ("nodePort", "protocol")),
    ("spec", "listeners"): (("port", "protocol", "hostname"),),
}
"""What no two items of a list may share, where the first field is there, besides what they are known by."""


def known_by(name: str, *lists: Sequence[JSON]) -> tuple[str, ...] | None:
    """By what all items of lists of that name can be told apart; `()`: by themselves. None: they cannot."""
    items = [item for each in lists for item in each]
    if all(not isinstance(item, dict | list) for item in items):
        return () if all(_apart(each, ()) for each in lists) else None
    if not all(isinstance(item, dict) for item in items):
        return None
    for keys in (*_OF_LIST.get(name, _KEYS), ()):
        if _have(items, keys) and all(_apart(each, keys) for each in lists):
            return keys
    return None


def key(item: JSON, keys: tuple[str, ...]) -> str:
    """What the item is known by."""
    if isinstance(item, dict) and keys:
        item = [item.get(each) for each in keys]
    return msgspec.json.encode(item, order="sorted").decode()


def spelled(key: str, keys: tuple[str, ...]) -> str:
    """The same for people: `port=443,protocol=TCP`."""
    values = msgspec.json.decode(key)
    if keys == _REQUESTS and isinstance(values, list):
        paths = [each.get("path") for each in values[0] or () if isinstance(each, dict)]
        key = ", ".join(str(each.get("value")) for each in paths if isinstance(each, dict)) or key
    elif keys and isinstance(values, list):
        return ",".join(f"{name}={value}" for name, value in zip(keys, values, strict=True) if value is not None)
    return key if len(key) <= 60 else key[:59] + "…"


def in_the_way(path: tuple[str, ...], item: JSON, there: JSON, others: Sequence[JSON]) -> bool:
    """Whether an item cannot come to stand beside these in the list of that path. `there`: as it is now; None: it is
    not."""
    if path == _SERVICE_PORTS and others and _lacks_name(item, there, others):
        return True
    return any(
        isinstance(item, dict)
        and isinstance(other, dict)
        and bool(item.get(keys[0]))
        and _values(item, keys) == _values(other, keys)
        for keys in _UNIQUE.get(path, ())
        for other in others
    )


def _lacks_name(item: JSON, there: JSON, others: Sequence[JSON]) -> bool:
    """Of several ports of a Service each needs a name
    (https://kubernetes.io/docs/concepts/services-networking/service/#multi-port-services). What has none now, and
    changes nothing about it, is not to blame."""
    if there is None:
        return not all(map(named, (item, *others)))
    return named(there) and not named(item)


def named(item: JSON) -> bool:
    """Whether it has a name."""
    return isinstance(item, dict) and bool(item.get("name"))


def order(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """What was there before in its order; what is new after what it follows."""
    found = list(before)
    for index, each in enumerate(now):
        if each not in found:
            found.insert(found.index(now[index - 1]) + 1 if index else 0, each)
    return found


def _have(items: Sequence[JSON], keys: tuple[str, ...]) -> bool:
    if keys == ("host",):  # a rule of an Ingress may be for every host
        keys = ("http",)
    having = [isinstance(item, dict) and keys[0] in item for item in items if keys]
    return any(having) if keys and keys[0] in _OPTIONAL else all(having)


def _apart(items: Sequence[JSON], keys: tuple[str, ...]) -> bool:
    return len({key(item, keys) for item in items}) == len(items)


def _values(item: Mapping[str, JSON], keys: tuple[str, ...]) -> list[JSON]:
    return [item.get(each) for each in keys]
