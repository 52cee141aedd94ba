"""What a Gateway's controller says of GatewayClasses, Gateways and routes: conditions, in plain words and with what to
do next.

Controllers may have reasons of their own: these are told as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.network.gateway_reasons import MEANINGS
from bot.domain.network.references import GATEWAY, JSONObject, Ref

_LONGEST = 300
_TRUE_IS_BAD = frozenset(
    {"Conflicted", "PartiallyInvalid", "OverlappingTLSConfig", "InsecureFrontendValidationMode", "Degraded"}
)
"""Conditions that are trouble when they are True; of all others False is."""


@dataclass(frozen=True, slots=True)
class Told:
    """A condition in words for people."""

    type: str
    status: str
    """`True`, `False` or `Unknown`."""
    reason: str
    words: str
    """What it means; the controller's own message after it, when it has one."""
    next_step: str
    """Empty when nothing has to be done."""
    good: bool
    outdated: bool = False
    """It speaks of an older generation of the object: its controller has not looked at the newest one yet."""

    def __str__(self) -> str:
        said = f"{self.type} is {self.status}" + (f" ({self.reason})" if self.reason else "")
        return f"{said}: {self.words}" if self.words else said


def explain(condition: Mapping[str, Any], generation: int = 0) -> Told:
    """In plain words; `generation` is that of the object now, 0 when it does not matter. A condition that is as it
    ought to be has no words but the controller's."""
    type_, status = str(condition.get("type") or ""), str(condition.get("status") or "Unknown")
    reason, message = str(condition.get("reason") or ""), str(condition.get("message") or "").strip()
    good = status == ("False" if type_ in _TRUE_IS_BAD else "True")
    words, next_step = ("", "") if good else MEANINGS.get((type_, reason), ("", ""))
    if not good and not words and status == "Unknown":
        words, next_step = MEANINGS[("Accepted", "Pending")]
    said = message[:_LONGEST] + ("…" if len(message) > _LONGEST else "")
    told = "; ".join(part for part in (words, said if said != words else "") if part)
    observed = int(condition.get("observedGeneration") or 0)
    return Told(type_, status, reason, told, next_step, good, outdated=0 < observed < generation)


def conditions(object: JSONObject) -> tuple[Told, ...]:
    """Of a GatewayClass or a Gateway, as its controller told them."""
    status: Any = object.get("status") or {}
    return _all_explained(status.get("conditions"), _generation(object))


def listener_conditions(gateway: JSONObject) -> dict[str, tuple[Told, ...]]:
    """Of each listener of a Gateway that its controller speaks of, by its name."""
    status: Any = gateway.get("status") or {}
    return {
        str(each.get("name")): _all_explained(each.get("conditions"), _generation(gateway))
        for each in status.get("listeners") or ()
    }


def attached_routes(gateway: JSONObject) -> dict[str, int]:
    """How many routes are attached to each listener, as the controller counts them, by the listener's name."""
    status: Any = gateway.get("status") or {}
    return {str(each.get("name")): int(each.get("attachedRoutes") or 0) for each in status.get("listeners") or ()}


def addresses(gateway: JSONObject) -> tuple[str, ...]:
    """Where it is served, as its controller says."""
    status: Any = gateway.get("status") or {}
    return tuple(str(each.get("value")) for each in status.get("addresses") or () if each.get("value"))


@dataclass(frozen=True, slots=True)
class ParentTold:
    """What is said of a route at one of its parents."""

    parent: str
    """`Gateway infra/public`, with the listener: `Gateway infra/public, listener http`."""
    conditions: tuple[Told, ...]
    """Empty: no controller has said anything."""

    @property
    def missing(self) -> str:
        """Why the route is not served there; empty: it is."""
        return _not_all(self.conditions, ("Accepted", "ResolvedRefs"), f"at {self.parent}")


def parents(route: JSONObject) -> tuple[ParentTold, ...]:
    """Each parent that the spec names, with what a controller says of the route there."""
    spec: Any = route.get("spec") or {}
    status: Any = route.get("status") or {}
    own, found = _namespace(route), []
    for reference in spec.get("parentRefs") or ():
        said = [each for each in status.get("parents") or () if _same(each.get("parentRef") or {}, reference, own)]
        told = tuple(
            condition for each in said for condition in _all_explained(each.get("conditions"), _generation(route))
        )
        found.append(ParentTold(parent_words(reference, own), told))
    return tuple(found)


def refused_by(route: JSONObject, gateway: Ref) -> bool:
    """Whether that Gateway's controller has said, at each listener that the route names, that it does not take it."""
    here = f"{GATEWAY.name} {gateway.short}"
    told = [
        condition
        for each in parents(route)
        if each.parent.partition(",")[0] == here
        for condition in each.conditions
        if condition.type == "Accepted"
    ]
    return bool(told) and not any(each.good for each in told)


def not_accepted(route: JSONObject) -> str:
    """Why the route is not served by every Gateway that it names, at its newest generation; empty: it is."""
    told = parents(route)
    if not told:
        return "it names no Gateway"
    return "; ".join(each.missing for each in told if each.missing)


def not_programmed(gateway: JSONObject) -> str:
    """Why the Gateway is not served, at its newest generation; empty: it is. A listener that is not is told as well."""
    own = _not_all(conditions(gateway), ("Accepted", "Programmed"), "")
    bad = [
        f"listener {name}: {told}{_next(told)}"
        for name, all_told in listener_conditions(gateway).items()
        for told in _causes(all_told)
    ]
    return "; ".join([*([own] if own else []), *bad])


def _next(told: Told) -> str:
    """What to do, for plain text."""
    return f" (next: {told.next_step.replace('`', '')})" if told.next_step else ""


def _causes(told: Iterable[Told]) -> list[Told]:
    """What is not as it ought to be; that it is not programmed goes without saying when something else is wrong."""
    bad = [each for each in told if not each.good]
    return [each for each in bad if each.type != "Programmed"] or bad


def parent_words(reference: Mapping[str, Any], namespace: str) -> str:
    """`Gateway infra/public, listener http`."""
    where = f"{reference.get('kind') or GATEWAY.name} {reference.get('namespace') or namespace}/{reference.get('name')}"
    if section := reference.get("sectionName"):
        return f"{where}, listener {section}"
    return f"{where}, port {reference['port']}" if reference.get("port") else where


def _not_all(told: Iterable[Told], wanted: Iterable[str], where: str) -> str:
    by_type = {each.type: each for each in told}
    place = f" {where}" if where else ""
    if not by_type:
        return f"no controller has said anything of it{place}"
    for type_ in wanted:
        said = by_type.get(type_)
        if said is None:
            return f"no controller has said{place} whether it is {type_}"
        if not said.good:
            return f"{said}{place}{_next(said)}"
        if said.outdated:
            return f"its newest generation has not been seen yet{place}"
    return ""


def _same(said: Mapping[str, Any], wanted: Mapping[str, Any], namespace: str) -> bool:
    """Whether a status is about that parent: the server fills in group, kind and namespace, or does not."""

    def identity(reference: Mapping[str, Any]) -> tuple[Any, ...]:
        kind, where = reference.get("kind") or GATEWAY.name, reference.get("namespace") or namespace
        return kind, where, reference.get("name"), reference.get("sectionName"), reference.get("port")

    return identity(said) == identity(wanted)


def _all_explained(said: Any, generation: int) -> tuple[Told, ...]:
    return tuple(explain(each, generation) for each in _mappings(said))


def _mappings(said: Any) -> Iterator[Mapping[str, Any]]:
    for each in said or ():
        if isinstance(each, Mapping):
            yield each


def _generation(object: JSONObject) -> int:
    metadata: Any = object.get("metadata") or {}
    return int(metadata.get("generation") or 0)


def _namespace(object: JSONObject) -> str:
    metadata: Any = object.get("metadata") or {}
    return str(metadata.get("namespace") or "")
