"""What proves that something which a plan brings back, or puts back, is reachable again: asked as when it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.application.execution.routes import gateways_of
from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.changes.change import Apply, Reach, Restore, Step, Until, Wait
from bot.domain.changes.proof import ask_port
from bot.domain.changes.route_proof import best, reach
from bot.domain.network.claims import claims, hosts, takers
from bot.domain.network.listeners import hosts_meet
from bot.domain.network.references import GATEWAY, GRPC_ROUTE, HTTP_ROUTE, INGRESS, SERVICE, TLS_ROUTE, JSONObject, Ref
from bot.errors import BotError

_ENDPOINTS_SECONDS = 60.0
_ADDRESS_SECONDS = 30.0
_WORD_SECONDS = 60.0
_MOST = 3
"""Hosts or ports that are asked of one object."""
_ROUTES = (HTTP_ROUTE.name, GRPC_ROUTE.name, TLS_ROUTE.name)


async def proof(cluster: Cluster, steps: Sequence[Step], current: dict[Ref, JSONObject | None]) -> list[Step]:
    """None of it is required. `current` has the objects as they are now, to put fields back into."""
    standing: dict[Ref, JSONObject] = {}
    for step in steps:
        if isinstance(step, Apply) and step.creates:
            standing[step.ref] = step.manifest
        elif isinstance(step, Restore) and (now := current.get(step.ref)) is not None:
            standing[step.ref] = fields.with_fields(now, step.fields)
    gateways = {ref: object for ref, object in standing.items() if ref.kind == GATEWAY.name}
    for route in [object for ref, object in standing.items() if ref.kind in _ROUTES]:
        for ref in gateways_of(route):
            if ref not in gateways and (found := await _read(cluster, ref)) is not None:
                gateways[ref] = found
    return [asked for ref, object in standing.items() for asked in _of(ref, object, gateways)]


async def _read(cluster: Cluster, ref: Ref) -> JSONObject | None:
    """None: it is not there, or may not be read."""
    try:
        return await cluster.get(ref)
    except BotError:
        return None


def _of(ref: Ref, object: JSONObject, gateways: Mapping[Ref, JSONObject]) -> Iterator[Step]:
    spec: Any = object.get("spec") or {}
    if ref.kind == SERVICE.name:
        yield from _service(ref, spec)
    elif ref.kind == INGRESS.name:
        yield Wait(ref=ref, until=Until.ADDRESS_ASSIGNED, timeout_seconds=_ADDRESS_SECONDS, required=False)
        yield from _ingress(ref, spec)
    elif ref.kind == GATEWAY.name:
        yield Wait(ref=ref, until=Until.PROGRAMMED, timeout_seconds=_WORD_SECONDS, required=False)
    elif ref.kind in _ROUTES:
        yield Wait(ref=ref, until=Until.ATTACHED, timeout_seconds=_WORD_SECONDS, required=False)
        yield from _route(ref, object, gateways)


def _service(ref: Ref, spec: dict[str, Any]) -> Iterator[Step]:
    if spec.get("type") == "ExternalName" or not spec.get("selector"):
        return
    yield Wait(ref=ref, until=Until.ENDPOINTS_READY, timeout_seconds=_ENDPOINTS_SECONDS, required=False)
    asked = [port for port in spec.get("ports") or () if port.get("protocol", "TCP") == "TCP"][:_MOST]
    for port in asked:
        yield ask_port(ref, port)
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        for port in asked:
            yield Reach(ref=ref, scheme="tcp", port=int(port["port"]))


def _ingress(ref: Ref, spec: dict[str, Any]) -> Iterator[Step]:
    secured = {host for tls in spec.get("tls") or () for host in tls.get("hosts") or ()}
    for rule in (spec.get("rules") or ())[:_MOST]:
        paths = (rule.get("http") or {}).get("paths") or [{}]
        host = str(rule.get("host") or "")
        path = str(paths[0].get("path") or "/")
        plain = path if path.replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum() else "/"
        yield Reach(ref=ref, scheme="https" if host in secured else "http", host=host, path=plain)


def _route(ref: Ref, route: JSONObject, gateways: Mapping[Ref, JSONObject]) -> Iterator[Step]:
    """By the first Gateway that takes it. What only answers to headers or other methods is not asked."""
    served = next((found for gateway, each in gateways.items() if (found := list(takers(each, gateway, route)))), [])
    path = next((each.path for each in claims(route) if each.gets(each.host, each.path)), "")
    if not served or (not path and ref.kind == HTTP_ROUTE.name):
        return
    for host in (hosts(route) or ("",))[:_MOST]:
        if any(not each.hostname or not host or hosts_meet(each.hostname, host) for each in served):
            listener = best(host, served)
            yield reach(route, host or listener.hostname, path or "/", listener)
