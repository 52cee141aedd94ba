"""ReferenceGrants that Gateways and routes need: read, and brought back with what a plan of a way back brings back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.application.execution import gateway_api
from bot.application.ports import Cluster, Context
from bot.domain.changes import fields
from bot.domain.changes.change import Apply, ChangeRecord, Delete, Restore, Step, StepState
from bot.domain.changes.granting import Reference, granted, references, targets
from bot.domain.network.references import REFERENCE_GRANT, JSONObject, Ref
from bot.errors import NotFound, Refused

_RECORDS = 200
"""How many of the newest changes are looked through for one that took a grant along."""


@dataclass(frozen=True, slots=True)
class Grants:
    """Those of some namespaces."""

    objects: tuple[JSONObject, ...] = ()
    unread: tuple[str, ...] = ()
    """Namespaces in which they may not be read."""


async def read_grants(cluster: Cluster, namespaces: Iterable[str], *, needed: bool = False) -> Grants:
    """Of these namespaces; none where the cluster does not have the kind. `needed`: that raises Missing instead."""
    found: list[JSONObject] = []
    unread = []
    for namespace in dict.fromkeys(namespaces):
        try:
            found += await cluster.list(REFERENCE_GRANT, namespace)
        except NotFound as error:
            if needed:
                raise await gateway_api.not_served(cluster, REFERENCE_GRANT) from error
        except Refused:
            unread.append(namespace)
    return Grants(tuple(found), tuple(unread))


async def brought_back(
    context: Context, steps: Sequence[Step], current: Mapping[Ref, JSONObject | None]
) -> tuple[list[Apply], list[str]]:
    """The grants that go with what these steps bring back, each as it was before some change took it along; and in
    sentences, what comes back unpermitted. `current` has the objects as they are now."""
    wanted = list(dict.fromkeys(each for object in _standing(steps, current) for each in references(object)))
    if not wanted:
        return [], []
    read = await read_grants(context.cluster, targets(wanted))
    going = {step.ref for step in steps if isinstance(step, Delete)}
    there = [each for each in read.objects if fields.ref_of(each) not in going]
    there += [step.manifest for step in steps if isinstance(step, Apply) and step.ref.kind == REFERENCE_GRANT.name]
    lacking = [each for each in wanted if not granted(each, there) and each.target.namespace not in read.unread]
    taken = await _taken_along(context) if lacking else {}
    names = {fields.ref_of(each) for each in there}
    back, told = {}, [f"Whether {each} permits it could not be read." for each in read.unread]
    for each in lacking:
        prior = taken.get(each.grant)
        if prior is not None and each.grant not in names and granted(each, [prior]):
            back[each.grant] = Apply(ref=each.grant, manifest=prior, creates=True)
        else:
            told.append(_unpermitted(each))
    return list(back.values()), told


def _standing(steps: Sequence[Step], current: Mapping[Ref, JSONObject | None]) -> Iterable[JSONObject]:
    """What the steps bring back, as it will stand."""
    for step in steps:
        if isinstance(step, Apply):
            yield step.manifest
        elif isinstance(step, Restore) and (now := current.get(step.ref)) is not None:
            yield fields.with_fields(now, step.fields)


async def _taken_along(context: Context) -> dict[Ref, JSONObject]:
    """Grants that changes of this cluster have deleted, as they were; of several the last one."""
    async with context.ports.storage.read() as reading:
        records = await reading.changes.recent(context.cluster.identity.uid, _RECORDS)
    return {step.ref: step.prior for record in reversed(records) for step in _deleted(record)}


def _deleted(record: ChangeRecord) -> Iterable[Delete]:
    for step, done in zip(record.change.steps, record.steps, strict=True):
        if isinstance(step, Delete) and done.state is StepState.DONE and step.ref.kind == REFERENCE_GRANT.name:
            yield step


def _unpermitted(each: Reference) -> str:
    return (
        f"No ReferenceGrant in {each.target.namespace} lets {each.kind.name}s of {each.namespace} refer to "
        f"{each.target}: what comes back does not work there until somebody makes one."
    )
