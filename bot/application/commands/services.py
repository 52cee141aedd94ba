"""`services`: what `kubectl get services` shows, and whether anybody stands behind each."""

import asyncio
import itertools

from bot.application.execution.looking_up import check_namespace
from bot.application.execution.objects import printed
from bot.application.ports import Context, Look
from bot.domain.chat.report import Block, Bullets, Report, Status, table, text
from bot.domain.chat.values import Listing, OutputFormat
from bot.domain.chat.wording import unread_notes
from bot.domain.network.ages import age
from bot.domain.network.references import ENDPOINT_SLICE, SERVICE
from bot.domain.network.selectors import as_text
from bot.domain.network.services import EndpointIndex, external_text, ports_text, selects
from bot.domain.network.snapshot import Scope, Service, Snapshot

_SHOWN_WARNINGS = 10


async def show_services(request: Listing, context: Context) -> Report:
    title = f"Services in {request.where or 'all namespaces'}"
    if request.output in (OutputFormat.YAML, OutputFormat.JSON):
        objects = await context.cluster.list(SERVICE, request.where, request.selector)
        return Report(status=Status.OK, title=title, blocks=(printed(objects, request.output),))
    services, slices = await _read(request, context)
    rows = sorted(services.services, key=lambda service: (service.namespace, service.name))
    if not rows and services.could_read(SERVICE):
        if request.where:
            await check_namespace(context.cluster, request.where)
        return Report(status=Status.OK, title=f"No services in {request.where or 'any namespace'}")
    index = EndpointIndex(slices) if slices.could_read(ENDPOINT_SLICE) else None
    blocks: list[Block] = [_table(request, services, rows, index)]
    if index and (warnings := _warnings(rows, index)):
        blocks.append(warnings)
    unread = {each.kind: each for each in (*services.unread, *slices.unread)}
    return Report(
        status=Status.FAILED if not services.could_read(SERVICE) else Status.OK,
        title=title if services.could_read(SERVICE) else "The services could not be read",
        blocks=tuple(blocks) if rows else (),
        footnotes=unread_notes(unread.values()),
    )


async def _read(request: Listing, context: Context) -> tuple[Snapshot, Snapshot]:
    """The services, and all slices: those do not always carry the labels of their service."""
    if not request.selector:
        both = await context.cluster.read(Scope((SERVICE, ENDPOINT_SLICE), request.where))
        return both, both
    return await asyncio.gather(
        context.cluster.read(Scope((SERVICE,), request.where, request.selector)),
        context.cluster.read(Scope((ENDPOINT_SLICE,), request.where)),
    )


def _table(request: Listing, snapshot: Snapshot, rows: list[Service], index: EndpointIndex | None) -> Block:
    wide = request.output is OutputFormat.WIDE
    columns = ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "ENDPOINTS", "AGE"]
    if request.all_namespaces:
        columns.insert(0, "NAMESPACE")
    if wide:
        columns.append("SELECTOR")

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
            *([as_text(service.spec.selector) or "<none>"] if wide else []),
        ]

    return table(columns, map(row, rows))


def _endpoints(service: Service, index: EndpointIndex | None) -> str:
    if service.spec.type == "ExternalName":
        return "-"
    if index is None:
        return "?"
    count = index.count(service)
    return f"{count.ready}/{count.total}"


def _warnings(rows: list[Service], index: EndpointIndex) -> Block | None:
    """Who has nobody to answer. Why, and whether that is meant, is for `check services` to say."""
    silent = [service for service in rows if selects(service) and not index.count(service).ready]
    if not silent:
        return None
    shown = [
        text(f"{service.ref.short} has no ready endpoints ({_endpoints(service, index)})")
        for service in itertools.islice(silent, _SHOWN_WARNINGS)
    ]
    if len(silent) > _SHOWN_WARNINGS:
        shown.append(text(f"and {len(silent) - _SHOWN_WARNINGS} more"))
    namespaces = {service.namespace for service in silent}
    where = f"-n {namespaces.pop()}" if len(namespaces) == 1 else "-A"
    shown.append(text(f"Why: `check services {where}`"))
    return Bullets(tuple(shown))


COMMAND = Look(
    name="services",
    model=Listing,
    handler=show_services,
    summary="list Services with their addresses, ports and ready endpoints",
    examples=("services -n shop", "services -A -o wide", "services -n shop -l app=web -o yaml"),
    details="ENDPOINTS counts the pods that receive traffic and those that are there. "
    "With `-o yaml` and `-o json` the objects themselves are printed.",
)
