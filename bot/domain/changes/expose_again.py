"""What a Service that Patchbay made loses when it is exposed again: ports, node ports, its type, policies, labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.domain.changes import fields
from bot.domain.changes.change import Doubt
from bot.domain.changes.releasing import LOSS, released, released_items
from bot.domain.changes.service_fitting import ports
from bot.domain.network.references import JSON, JSONObject, Ref
from bot.errors import Refused

_REACH = ("ClusterIP", "NodePort", "LoadBalancer")
# The server keeps these where nobody says them (kubernetes: pkg/registry/core/service/storage, patchAllocatedValues).
_KEPT = ("clusterIP", "ipFamilies", "ipFamilyPolicy")


def doubt(ref: Ref, manifest: JSONObject, service: JSONObject) -> Doubt | None:
    """None: it has all that it had."""
    if not (lost := list(_lost(manifest, service))):
        return None
    return Doubt(
        LOSS,
        f"{ref} would lose what this request does not say: {'; '.join(lost)}. To keep it, say it too, or take "
        "service edit, which changes only what is said",
    )


def check_names(ref: Ref, manifest: JSONObject, service: JSONObject) -> tuple[str, ...]:
    """The ports that somebody else gave it, which stay. Raises Refused where a new port needs a name beside them
    (https://kubernetes.io/docs/concepts/services-networking/service/#multi-port-services)."""
    new = ports(_spec(manifest))
    gone = _gone(manifest, service)
    staying = [port for port in ports(_spec(service)) if _key(port) not in [*gone, *map(_key, new)]]
    had = {_key(port): port for port in ports(_spec(service))}
    nameless = [port for port in new if not port.get("name") and not had.get(_key(port), {}).get("name")]
    if staying and nameless:
        port = nameless[0]
        raise Refused(
            f"Port {port['port']} of {ref} needs a name",
            cause=f"beside port {', '.join(_called(each) for each in staying)}, which somebody else gave it and which "
            "stays",
            next_step=f"give it one, as in `--port NAME={port['port']}:{port.get('targetPort') or port['port']}`",
        )
    return tuple(_called(port) for port in staying)


def _lost(manifest: JSONObject, service: JSONObject) -> Iterator[str]:
    was, now = _spec(service), _spec(manifest)
    gone = _gone(manifest, service)
    yield from (f"port {_called(port)}" for port in ports(was) if _key(port) in gone)
    yield from _type(was, now, service)
    after = {_key(port): port for port in ports(now)}
    for port in ports(was):
        if (then := after.get(_key(port))) is not None:
            yield from _of_port(port, then, closed=now.get("type") == "ClusterIP")
    for field in released(service, manifest):
        if field.path[-1] not in _KEPT:
            yield f"{_told(field.path)} {_value(field.value)}"


def _type(was: JSONObject, now: JSONObject, service: JSONObject) -> Iterator[str]:
    before, after = str(was.get("type") or "ClusterIP"), str(now["type"])
    if before not in _REACH or _REACH.index(before) <= _REACH.index(after):
        return
    yield f"type {before}, which becomes {after}"
    points: Any = fields.at(service, ("status", "loadBalancer", "ingress")).value or []
    if before == "LoadBalancer" and points:
        yield f"its address {', '.join(str(point.get('ip') or point.get('hostname')) for point in points)}"


def _of_port(port: dict[str, Any], then: dict[str, Any], *, closed: bool) -> Iterator[str]:
    """What of a port that stays is another afterwards; a node port that is not said stays, too."""
    if (node := port.get("nodePort")) and (closed or then.get("nodePort", node) != node):
        yield f"node port {node} of port {port['port']}"
    if str(port.get("targetPort")) != str(then.get("targetPort")):
        yield f"port {port['port']} leading to {port.get('targetPort')}, which becomes {then.get('targetPort')}"
    if port.get("name") and then.get("name") and port["name"] != then["name"]:
        yield f"the name {port['name']} of port {port['port']}, which becomes {then['name']}"


def _gone(manifest: JSONObject, service: JSONObject) -> list[tuple[int, str]]:
    items = released_items(service, ("spec", "ports"), ports(_spec(manifest)))
    return [(int(item["port"]), str(item["protocol"])) for item in items]


def _told(path: tuple[str, ...]) -> str:
    """`label tier`, `sessionAffinity`."""
    return f"label {path[-1]}" if path[:2] == ("metadata", "labels") else ".".join(path[1:])


def _value(value: JSON) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _called(port: dict[str, Any]) -> str:
    return f"{port['port']}/{port.get('protocol') or 'TCP'}".removesuffix("/TCP")


def _key(port: dict[str, Any]) -> tuple[int, str]:
    return int(port["port"]), str(port.get("protocol") or "TCP")


def _spec(object: JSONObject) -> JSONObject:
    found = object.get("spec")
    return found if isinstance(found, dict) else {}
