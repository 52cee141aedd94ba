"""Several Ingresses of a namespace at one Gateway: their objects as one lot, in which nothing stands twice.

A Gateway usually costs an address, and the name of a host has one: whoever moves many Ingresses wants one Gateway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.changes import fields
from bot.domain.migration.gateway_api import LISTENERS_A_GATEWAY
from bot.domain.migration.outcome import Concern, Translation
from bot.domain.network.references import GATEWAY, JSONObject, Ref

_ORDER = ("Gateway", "ReferenceGrant", "HTTPRoute", "GRPCRoute", "TLSRoute", "BackendTLSPolicy")


@dataclass(frozen=True, slots=True)
class Together:
    """What several translations come to."""

    manifests: tuple[JSONObject, ...]
    """In the order in which they are applied."""
    listeners: tuple[JSONObject, ...]
    """What a Gateway that is there lacks."""
    clashes: tuple[str, ...]
    """Where two say different things of one, a line each: the first is written."""
    left_out: tuple[tuple[str, tuple[str, ...]], ...]
    """Ingresses that something guarded which is lost, by `namespace/name`, and what that is."""


def together(translations: Sequence[Translation]) -> Together:
    """Of translations that name the same Gateway. Whoever applies many at once reads few of them: what would stand
    there unguarded is left out."""
    guards = {each.ingress.short: _guards(each) for each in translations}
    found = [each for each in translations if not guards[each.ingress.short]]
    left_out = tuple((name, lost) for name, lost in guards.items() if lost)
    clashes: dict[str, None] = {}
    objects: dict[Ref, JSONObject] = {}
    listeners: dict[str, JSONObject] = {}
    redirects: list[JSONObject] = []
    for translation in found:
        own = translation.ingress.short
        _add_listeners(listeners, translation.listeners, own, clashes)
        for each in translation.manifests:
            ref = fields.ref_of(each)
            there = objects.get(ref)
            if there is not None and ref.kind == GATEWAY.name:
                objects[ref] = _merged(there, each, own, clashes)
            elif there is not None and there != each:
                clashes[f"{ref} of {own} is another one than that of an Ingress before it, and is not written"] = None
            elif there is None and not _redirected(redirects, each):
                objects[ref] = each
    _tell_too_many(objects.values(), clashes)
    ordered = sorted(objects.values(), key=lambda each: _ORDER.index(str(each["kind"])))
    return Together(tuple(ordered), tuple(listeners.values()), tuple(clashes), left_out)


def _guards(found: Translation) -> tuple[str, ...]:
    """What guarded it alone. A listener or a certificate that is missing lets nobody in."""
    lost = [each for each in found.concerning(Concern.SECURITY) if not each.for_all]
    return tuple(dict.fromkeys(each.source for each in lost if each.source != "spec.tls"))


def _merged(there: JSONObject, other: JSONObject, own: str, clashes: dict[str, None]) -> JSONObject:
    """One Gateway with the listeners and annotations of both."""
    listeners: dict[str, JSONObject] = {}
    for each in (there, other):
        _add_listeners(listeners, _listeners(each), own, clashes)
    spec: Any = there["spec"]
    metadata = dict(fields.metadata(there))
    annotations = dict(metadata.get("annotations") or {})
    for name, value in (fields.metadata(other).get("annotations") or {}).items():
        if annotations.setdefault(name, value) != value:
            clashes[f"{name} of {own} says {value}, another Ingress {annotations[name]}, and a Gateway has one"] = None
    if annotations:
        metadata["annotations"] = annotations
    by_port = sorted(listeners.values(), key=lambda each: int(str(each["port"])))
    return {**there, "metadata": metadata, "spec": {**spec, "listeners": [*by_port]}}


def _listeners(gateway: JSONObject) -> Sequence[JSONObject]:
    spec: Any = gateway["spec"]
    return list(spec["listeners"])


def _add_listeners(into: dict[str, JSONObject], more: Iterable[JSONObject], own: str, clashes: dict[str, None]) -> None:
    for each in more:
        name = str(each["name"])
        if into.setdefault(name, each) != each:
            clashes[f"listener {name} of {own} has another certificate than that of an Ingress before it"] = None


def _redirected(redirects: list[JSONObject], route: Any) -> bool:
    """Whether routes before it redirect all its hosts so already. Remembers those that only redirect."""
    spec = route.get("spec") or {}
    rules = spec.get("rules") or ()
    if not spec.get("hostnames") or not rules or any("backendRefs" in each for each in rules):
        return False
    alike: list[Any] = [
        each["spec"] for each in redirects if _same(each, route, "parentRefs") and _same(each, route, "rules")
    ]
    if set(spec["hostnames"]) <= {host for each in alike for host in each["hostnames"]}:
        return True
    redirects.append(route)
    return False


def _same(one: Any, other: Any, field: str) -> bool:
    return bool(one["spec"].get(field) == other["spec"].get(field))


def _tell_too_many(objects: Iterable[JSONObject], clashes: dict[str, None]) -> None:
    for each in objects:
        if each["kind"] == GATEWAY.name and (number := len(_listeners(each))) > LISTENERS_A_GATEWAY:
            clashes[
                f"{fields.ref_of(each)} would have {number} listeners, and may have {LISTENERS_A_GATEWAY}: take "
                "wildcard certificates, ListenerSets (v1.5), or two Gateways"
            ] = None
