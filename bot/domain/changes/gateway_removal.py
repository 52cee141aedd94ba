"""Plans the removal of Gateways and routes, with what would no longer be served."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.changes import fields
from bot.domain.changes.change import Change, Delete, Doubt, Step, Until, Wait
from bot.domain.changes.granting import Reference
from bot.domain.changes.route_conflicts import hosts
from bot.domain.network.gateways import attached_routes
from bot.domain.network.listeners import refers_to
from bot.domain.network.references import KINDS, REFERENCE_GRANT, SERVICE, JSONObject, Ref, ref_to
from bot.errors import Refused

GONE_SECONDS = 60.0
USED = "used"
_MOST_TOLD = 10


def gateway_plan(
    line: str,
    cluster: str,
    gateway: JSONObject,
    routes: Sequence[JSONObject],
    unread: Sequence[str],
    accepted: frozenset[str],
) -> Change:
    """`routes` are those that may be read, `unread` tells of others. Raises Refused for one that something else would
    make again."""
    ref = fields.ref_of(gateway)
    _check_owner(gateway)
    attached = [each for each in routes if refers_to(each, ref)]
    doubts: tuple[Doubt, ...] = ()
    if unread and not attached:
        counted = sum(attached_routes(gateway).values())
        doubts = (Doubt(USED, f"{' '.join(unread)} Its controller counts {counted} routes that are attached to it."),)
    elif attached:
        names = [f"{fields.ref_of(each)} ({', '.join(hosts(each)) or 'every host'})" for each in attached[:_MOST_TOLD]]
        more = f" and {len(attached) - _MOST_TOLD} more" if len(attached) > _MOST_TOLD else ""
        doubts = (Doubt(USED, f"Nothing will serve what is attached to it: {'; '.join(names)}{more}."),)
    return Change(
        cluster=cluster,
        request=line,
        summary=f"remove {ref}",
        steps=_removed(gateway),
        warnings=(
            "Its controller takes along what it made for it: perhaps a proxy, a Service and its address.",
            *(unread if attached else ()),
        ),
        doubts=tuple(each for each in doubts if each.code not in accepted),
    )


def route_plan(
    line: str, cluster: str, route: JSONObject, routes: Sequence[JSONObject], grants: Sequence[JSONObject]
) -> Change:
    """Grants that Patchbay made for it go along when no other of `routes` needs them."""
    ref = fields.ref_of(route)
    _check_owner(route)
    others = [each for each in routes if fields.ref_of(each) != ref]
    kept = {each.grant for other in others for each in references(other)}
    going = [
        grant
        for each in references(route)
        if each.grant not in kept
        for grant in grants
        if fields.ref_of(grant) == each.grant and fields.applied_by_us(grant)
    ]
    steps = [step for each in (route, *going) for step in _removed(each)]
    return Change(
        cluster=cluster,
        request=line,
        summary=f"remove {ref} ({', '.join(hosts(route)) or 'every host'})",
        steps=tuple(steps),
    )


def references(route: JSONObject) -> list[Reference]:
    """The Services of other namespaces that a route leads to."""
    own = fields.ref_of(route)
    kind = next((each for each in KINDS if each.name == own.kind), None)
    if kind is None:
        return []
    found = [Reference(kind, own.namespace, each) for each in backends(route) if each.namespace != own.namespace]
    return list(dict.fromkeys(found))


def backends(route: JSONObject) -> list[Ref]:
    """The Services that a route leads to, each once."""
    own, found = fields.ref_of(route), []
    rules: list[dict[str, object]] = _listed(fields.at(route, ("spec", "rules")).value)
    for rule in rules:
        for each in _listed(rule.get("backendRefs")):
            if each.get("kind", SERVICE.name) == SERVICE.name:
                found.append(ref_to(SERVICE, str(each.get("namespace") or own.namespace), str(each.get("name"))))
    return list(dict.fromkeys(found))


def _listed(said: object) -> list[dict[str, object]]:
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []


def _removed(object: JSONObject) -> tuple[Step, ...]:
    ref = fields.ref_of(object)
    gone = Delete(ref=ref, uid=fields.uid(object), prior=fields.reborn(object), writers=fields.writers(object))
    if ref.kind == REFERENCE_GRANT.name:
        return (gone,)
    return gone, Wait(ref=ref, until=Until.GONE, timeout_seconds=GONE_SECONDS)


def _check_owner(object: JSONObject) -> None:
    owners = fields.metadata(object).get("ownerReferences") or ()
    if owner := next((each for each in owners if each.get("controller")), None):
        raise Refused(
            f"{fields.ref_of(object)} would be made again",
            cause=f"{owner.get('kind')} {owner.get('name')} keeps it",
            next_step=f"change {owner.get('kind')} {owner.get('name')} instead",
        )
