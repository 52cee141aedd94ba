"""`services`: what `kubectl get services` shows, whether anybody stands behind each, and who."""

from __future__ import annotations

import asyncio
import itertools

from bot.application.execution.looking_up import check_namespace
from bot.application.execution.objects import printed
from bot.application.ports import Context, Look
from bot.domain.chat.report import Block, Bullets, Plain, Report, Status, table, text
from bot.domain.chat.values import Listing, OutputFormat
from bot.domain.chat.wording import unread_notes
from bot.domain.network.ages import age
from bot.domain.network.owners import owner_of
from bot.domain.network.references import ENDPOINT_SLICE, NODE, SERVICE, Ref
from bot.domain.network.selected import KINDS, Selected, SelectionIndex
from bot.domain.network.selectors import as_text
from bot.domain.network.service_warnings import service_warnings, twins
from bot.domain.network.services import EndpointIndex, external_text, ports_text
from bot.domain.network.snapshot import Scope, Service, Snapshot

_SHOWN_WARNINGS = 10
_SHOWN_OWNERS = 3


async def show_services(request: Listing, context: Context) -> Report:
    title = f"Services in {request.where or 'all namespaces'}"
    if request.output in (OutputFormat.YAML, OutputFormat.JSON):
        objects = await context.cluster.list(SERVICE, request.where, request.selector)
        return Report(status=Status.OK, title=title, blocks=(printed(objects, request.output),))
    services, around = await _read(request, context)
    rows = sorted(services.services, key=lambda service: (service.namespace, service.name))
    if not rows and services.could_read(SERVICE):
        if request.where:
            await check_namespace(context.cluster, request.where)
        having = f" have the labels {request.selector}" if request.selector else ""
        return Report(status=Status.OK, title=f"No services in {request.where or 'any namespace'}{having}")
    index = EndpointIndex(around) if around.could_read(ENDPOINT_SLICE) else None
    selection = SelectionIndex(around)
    behind = {each.ref: selection.selected(each.namespace, each.spec.selector or {}) for each in rows}
    blocks: list[Block] = [_table(request, services, rows, index, behind)]
    warned = [
        f"{service.ref.short} {warning}"
        for service in rows
        for warning in service_warnings(service, behind[service.ref], index, around)
    ]
    if warned or list(twins(rows)):
        blocks.append(_warnings([*warned, *twins(rows)], rows if not request.all_namespaces else []))
    unread = {each.kind: each for each in (*services.unread, *around.unread)}
    return Report(
        status=Status.FAILED if not services.could_read(SERVICE) else Status.OK,
        title=title if services.could_read(SERVICE) else "The services could not be read",
        blocks=tuple(blocks) if rows else (),
        footnotes=unread_notes(unread.values()),
    )


async def _read(request: Listing, context: Context) -> tuple[Snapshot, Snapshot]:
    """The services, and what stands behind them: that does not always carry the labels of its service."""
    return await asyncio.gather(
        context.cluster.read(Scope((SERVICE,), request.where, request.selector)),
        context.cluster.read(Scope((ENDPOINT_SLICE, NODE, *KINDS), request.where)),
    )


def _table(
    request: Listing,
    snapshot: Snapshot,
    rows: list[Service],
    index: EndpointIndex | None,
    behind: dict[Ref, Selected],
) -> Block:
    wide = request.output is OutputFormat.WIDE
    columns = ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "ENDPOINTS", "AGE"]
    if request.all_namespaces:
        columns.insert(0, "NAMESPACE")
    if wide:
        columns += ["SELECTOR", "SELECTS"]

    def row(service: Service) -> list[str]:
        return [
            *([service.namespace] if request.all_namespaces else []),
            service.name,
            service.spec.type,
            service.spec.cluster_ip or "<none>",
            external_text(service),
            ports_text(service),
            _endpoints(service, index),
            age(service.metadata.creation_timestamp, snapshot.taken_at),
            *([as_text(service.spec.selector) or "<none>", selects_text(behind[service.ref])] if wide else []),
        ]

    return table(columns, map(row, rows))


def selects_text(behind: Selected) -> str:
    """Who makes the pods that are selected: `Deployment/web,Pod/tool`."""
    found = {f"{type(maker).__name__}/{maker.name}" for maker in behind.makers}
    found |= {f"{owner.kind}/{owner.name}" for owner in map(owner_of, behind.pods)}
    if not found:
        return "<none>" if behind.known else "?"
    shown = sorted(found)[:_SHOWN_OWNERS]
    return ",".join(shown) + (f",+{len(found) - _SHOWN_OWNERS}" if len(found) > _SHOWN_OWNERS else "")


def _endpoints(service: Service, index: EndpointIndex | None) -> str:
    if service.spec.type == "ExternalName":
        return "-"
    if index is None:
        return "?"
    count = index.count(service)
    return f"{count.ready}/{count.total}"


def _warnings(warned: list[str], rows: list[Service]) -> Block:
    """Why somebody does not answer, and whether that is meant, is for `check services` to say."""
    shown = [text(Plain(warning)) for warning in itertools.islice(warned, _SHOWN_WARNINGS)]
    if len(warned) > _SHOWN_WARNINGS:
        shown.append(text(f"and {len(warned) - _SHOWN_WARNINGS} more"))
    where = f"-n {rows[0].namespace}" if rows else "-A"
    shown.append(text(f"Why: `check services {where}`, or `service show NAME`"))
    return Bullets(tuple(shown))


COMMAND = Look(
    name="services",
    model=Listing,
    handler=show_services,
    summary="list Services with their addresses, ports and ready endpoints",
    examples=("services -n shop", "services -A -o wide", "services -n shop -l app=web -o yaml"),
    details="ENDPOINTS counts the pods that receive traffic and those that are there; with `-o wide` SELECTS names "
    "what makes these pods. With `-o yaml` and `-o json` the objects themselves are printed.",
)
