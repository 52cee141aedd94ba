"""`service show`: everything about one Service in one answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.application.execution.leading import leading_to
from bot.application.execution.looking_up import existing
from bot.application.execution.telling_events import events_of
from bot.application.execution.telling_service import Picture, blocks
from bot.application.ports import Context, Look
from bot.domain.chat.grammar import argument
from bot.domain.chat.report import Action, Plain, Report, Status, Text, text
from bot.domain.chat.values import InNamespace, ServiceTarget
from bot.domain.chat.wording import counted, skipped_notes, unread_notes
from bot.domain.diagnosis.diagnose import all_rules, diagnose, kinds_read
from bot.domain.diagnosis.finding import Finding, Observations
from bot.domain.network.foundations import is_foundation
from bot.domain.network.owners import owner_of
from bot.domain.network.references import ENDPOINT_SLICE, NODE, SERVICE, Ref, ref_to
from bot.domain.network.selected import KINDS, Selected, selected
from bot.domain.network.services import EndpointIndex
from bot.domain.network.snapshot import Scope, Service
from bot.errors import Unreachable

_RULES = (
    "service-selects-no-pods",
    "service-target-port-missing",
    "service-without-ready-endpoints",
    "pod-cannot-start",
)


@dataclass(frozen=True, kw_only=True)
class ShowService(InNamespace):
    service: ServiceTarget = argument("the Service")


async def show_service(request: ShowService, context: Context) -> Report:
    ref = ref_to(SERVICE, request.namespace, request.service.name)
    rules = [all_rules()[code] for code in _RULES]
    kinds = tuple(dict.fromkeys((SERVICE, ENDPOINT_SLICE, NODE, *KINDS, *kinds_read(rules))))
    snapshot, leading = await asyncio.gather(
        context.cluster.read(Scope(kinds, request.namespace)), leading_to(context.cluster, ref)
    )
    service = next((each for each in snapshot.services if each.ref == ref), None)
    if service is None:
        await existing(context.cluster, ref)
        raise Unreachable(f"{ref} was made or changed just now", next_step="ask again")
    events = await events_of(context.cluster, ref, service.metadata.uid)
    behind = selected(snapshot, ref.namespace, service.spec.selector or {})
    diagnosis = diagnose(snapshot, Observations(()), rules)
    wrong = tuple(each for each in diagnosis.wrong if _concerns(each, ref, behind))
    picture = Picture(service, snapshot, behind, leading, wrong, events)
    return Report(
        status=Status.FINDINGS if wrong else Status.OK,
        title=_title(picture),
        blocks=tuple(blocks(picture)),
        actions=_actions(service),
        footnotes=(
            *unread_notes(snapshot.unread),
            *_unread_leading(leading.unread),
            *events.notes,
            *skipped_notes(diagnosis.skipped),
            text(f"Change it: `service edit {ref.name} -n {ref.namespace} …`, see `help service edit`"),
        ),
        examined=(*wrong, *(each for each in diagnosis.right if _concerns(each, ref, behind))),
    )


def _concerns(finding: Finding, ref: Ref, behind: Selected) -> bool:
    return finding.object == ref or finding.owner in {owner_of(pod) for pod in behind.pods}


def _title(picture: Picture) -> str:
    service = picture.service
    if service.spec.type == "ExternalName":
        return f"{service.ref} stands for {service.spec.external_name}"
    if not picture.snapshot.could_read(ENDPOINT_SLICE):
        return f"{service.ref}: its endpoints could not be read"
    count = EndpointIndex(picture.snapshot).count(service)
    found = f", {counted(len(picture.wrong), 'finding')}" if picture.wrong else ""
    return f"{service.ref}: {count.ready} of {counted(count.total, 'endpoint')} ready{found}"


def _unread_leading(unread: tuple[str, ...]) -> tuple[Text, ...]:
    return tuple(text("Could not read who leads to it: ", Plain(why)) for why in unread)


def _actions(service: Service) -> tuple[Action, ...]:
    check = Action(label="Check", command=f"check services -n {service.namespace}")
    if is_foundation(service.ref):
        return (check,)
    delete = Action(label="Unexpose", command=f"unexpose svc/{service.name} -n {service.namespace}", style="danger")
    return (check, delete)


COMMAND = Look(
    name="service show",
    model=ShowService,
    handler=show_service,
    summary="show one Service: addresses, ports, who stands behind it and who leads to it",
    examples=("service show web -n shop", "service show svc/traefik -n traefik"),
    details="Endpoints that are not ready come first, with why; Ingresses, routes and StatefulSets that lead to it are "
    "named with the field that does it. Its latest events stand at the end.",
)
