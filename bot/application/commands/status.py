"""`status`: is the network there at all? Nodes, plugin, DNS, Services without endpoints, and what could not be seen."""

import asyncio

from bot.application.ports import Context, Look
from bot.discovery import declared
from bot.domain.chat.report import Block, Bullets, FindingsBlock, Paragraph, Plain, Report, Status, Text, text
from bot.domain.chat.values import Nothing
from bot.domain.chat.wording import counted, skipped_notes, unread_notes
from bot.domain.diagnosis.diagnose import Diagnosis, all_rules, diagnose, kinds_read
from bot.domain.diagnosis.finding import Observations
from bot.domain.network.foundations import dns_service
from bot.domain.network.references import DAEMON_SET, ENDPOINT_SLICE, NODE, SERVICE
from bot.domain.network.services import EndpointIndex
from bot.domain.network.snapshot import Scope, Snapshot
from bot.domain.plugins.cni import NetworkPlugin, Recognised, recognise


async def show_status(request: Nothing, context: Context) -> Report:
    rules = [rule for rule in all_rules().values() if rule.probes is None]
    snapshot = await context.cluster.read(Scope(kinds_read(rules)))
    diagnosis = await asyncio.to_thread(diagnose, snapshot, Observations(), rules)
    name = snapshot.cluster.name
    count = len(diagnosis.wrong)
    blocks: list[Block] = [Bullets(tuple(_lines(snapshot, diagnosis)))]
    if diagnosis.wrong:
        blocks.append(FindingsBlock(diagnosis.wrong))
    if snapshot.unread and not diagnosis.wrong:
        blocks.append(Paragraph(text("Part of the cluster could not be read, so that this is not the whole picture.")))
    all_unread = len(snapshot.unread) >= len(snapshot.scope.kinds)
    return Report(
        status=Status.FAILED if all_unread else Status.FINDINGS if count else Status.OK,
        title=f"{name}: could not be read" if all_unread else f"{name}: {_verdict(count, snapshot)}",
        blocks=tuple(blocks),
        footnotes=(*unread_notes(snapshot.unread), *skipped_notes(diagnosis.skipped)),
        examined=diagnosis.findings,
    )


def _verdict(count: int, snapshot: Snapshot) -> str:
    if count:
        return f"{counted(count, 'thing')} wrong"
    return "nothing wrong is seen" if snapshot.unread else "all is well"


def _lines(snapshot: Snapshot, diagnosis: Diagnosis) -> list[Text]:
    version = snapshot.cluster.version
    return [
        text("Kubernetes: ", Plain(version or "version not known")),
        text("Nodes: ", Plain(_nodes(snapshot))),
        text("Network plugin: ", Plain(_plugins(snapshot))),
        text("DNS: ", Plain(_dns(snapshot))),
        text("Services: ", Plain(_services(snapshot, diagnosis))),
    ]


def _nodes(snapshot: Snapshot) -> str:
    if not snapshot.could_read(NODE):
        return "could not be read"
    ready = [node for node in snapshot.nodes if node.ready]
    cordoned = [node.name for node in snapshot.nodes if node.spec.unschedulable]
    told = f"{len(ready)} of {len(snapshot.nodes)} ready"
    return told + (f"; closed to new pods: {', '.join(cordoned)}" if cordoned else "")


def _plugins(snapshot: Snapshot) -> str:
    if not snapshot.could_read(DAEMON_SET):
        return "could not be read"
    known = declared("bot.domain.plugins.cni", "CNI", NetworkPlugin).values()
    return "; ".join(map(_plugin, recognise(snapshot, known))) or "none is seen"


def _plugin(found: Recognised) -> str:
    name = f"{found.title} {found.version}".strip()
    if found.agent is None:
        return name
    status = found.agent.status
    return f"{name}, ready on {status.number_ready or 0} of {counted(status.desired_number_scheduled or 0, 'node')}"


def _dns(snapshot: Snapshot) -> str:
    if not snapshot.could_read(SERVICE, ENDPOINT_SLICE):
        return "could not be read"
    service = dns_service(snapshot)
    if service is None:
        return "no Service for it is seen in kube-system"
    count = EndpointIndex(snapshot).count(service)
    return f"Service {service.ref.short} at {service.spec.cluster_ip}, {count.ready} of {count.total} endpoints ready"


def _services(snapshot: Snapshot, diagnosis: Diagnosis) -> str:
    if not snapshot.could_read(SERVICE):
        return "could not be read"
    total = counted(len(snapshot.services), "Service")
    if not snapshot.could_read(ENDPOINT_SLICE):
        return f"{total}; their endpoints could not be read"
    silent = sorted({f.object.short for f in diagnosis.wrong if f.rule in _SILENT})
    if not silent:
        return f"{total}, none without endpoints that should have some"
    return f"{total}, without endpoints: {', '.join(silent)}"


_SILENT = ("service-selects-no-pods", "service-without-ready-endpoints", "dns-not-ready")

COMMAND = Look(
    name="status",
    model=Nothing,
    handler=show_status,
    summary="say whether the cluster's network stands: nodes, plugin, DNS, Services",
    examples=("status",),
    details="It reads the whole cluster and asks nothing of the network itself; `check services -A` does.",
)
