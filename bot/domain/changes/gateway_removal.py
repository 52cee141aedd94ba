"""Plans the removal of Gateways and routes, with what would no longer be served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.changes import fields
from bot.domain.changes.change import Change, Delete, Doubt, Step, Until, Wait
from bot.domain.changes.granting import references
from bot.domain.changes.inverse import GONE_SECONDS
from bot.domain.network.claims import hosts
from bot.domain.network.gateways import attached_routes
from bot.domain.network.listeners import refers_to
from bot.domain.network.references import REFERENCE_GRANT, JSONObject
from bot.errors import Refused

USED = "used"
_MOST_TOLD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around a Gateway."""

    routes: Sequence[JSONObject]
    """Those that may be read."""
    unread: Sequence[str]
    """Tells of other routes, in sentences."""
    gateways: Sequence[JSONObject] = ()
    """All of them, when `grants` has any."""
    grants: Sequence[JSONObject] = ()
    """ReferenceGrants of the namespaces of its certificates; empty: none may go along."""


def gateway_plan(
    line: str,
    cluster: str,
    gateway: JSONObject,
    around: Around,
    accepted: frozenset[str],
) -> Change:
    """Grants that Patchbay made for its certificates go along when no other Gateway needs them. Raises Refused for one
    that something else would make again."""
    routes, unread = around.routes, around.unread
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
        steps=_with_grants(gateway, around.gateways, around.grants),
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
    return Change(
        cluster=cluster,
        request=line,
        summary=f"remove {ref} ({', '.join(hosts(route)) or 'every host'})",
        steps=_with_grants(route, routes, grants),
    )


def _with_grants(object: JSONObject, others: Sequence[JSONObject], grants: Sequence[JSONObject]) -> tuple[Step, ...]:
    """Removes it, and those that Patchbay made for it and none of the others needs."""
    ref = fields.ref_of(object)
    kept = {each.grant for other in others if fields.ref_of(other) != ref for each in references(other)}
    going = [
        grant
        for each in references(object)
        if each.grant not in kept
        for grant in grants
        if fields.ref_of(grant) == each.grant and fields.applied_by_us(grant)
    ]
    return tuple(step for each in (object, *going) for step in _removed(each))


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
