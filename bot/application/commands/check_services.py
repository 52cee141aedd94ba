"""`check services`: does each Service have ready endpoints, and does one of them answer?"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from bot.application.execution.asking import ask_all
from bot.application.execution.looking_up import check_namespace
from bot.application.ports import Context, Look
from bot.domain.chat.report import Block, Bullets, FindingsBlock, Paragraph, Plain, Report, Status, Table, table, text
from bot.domain.chat.values import InNamespaces
from bot.domain.chat.wording import counted, skipped_notes, unread_notes
from bot.domain.diagnosis.diagnose import Diagnosis, all_rules, diagnose, kinds_read
from bot.domain.diagnosis.finding import Observations
from bot.domain.network.exempt import exempt
from bot.domain.network.owners import owner_of
from bot.domain.network.probing import ByAPIServer, Observation, Outcome
from bot.domain.network.questions import Question, questions
from bot.domain.network.references import ENDPOINT_SLICE, SERVICE, Ref
from bot.domain.network.services import EndpointIndex, PodIndex
from bot.domain.network.snapshot import Scope, Service, Snapshot

_RULES = (
    "service-selects-no-pods",
    "service-target-port-missing",
    "service-without-ready-endpoints",
    "service-does-not-answer",
    "pod-cannot-start",
)
_SHOWN_ROWS = 60


async def check_services(request: InNamespaces, context: Context) -> Report:
    rules = [all_rules()[code] for code in _RULES]
    where = request.where or "all namespaces"
    snapshot = await context.cluster.read(Scope(kinds_read(rules), request.where))
    if not snapshot.could_read(SERVICE):
        return Report(
            status=Status.FAILED,
            title=f"The services in {where} could not be read",
            footnotes=unread_notes(snapshot.unread),
        )
    if request.where and not snapshot.services:
        await check_namespace(context.cluster, request.where)
    asked = list(questions(snapshot)) if snapshot.could_read(ENDPOINT_SLICE) else []
    observations = await ask_all(asked, context.prober, progressed=_progress(len(asked), context))
    diagnosis = await asyncio.to_thread(diagnose, snapshot, Observations(observations), rules)
    return _report(_Outcome(snapshot, asked, observations, diagnosis), where)


def _progress(total: int, context: Context) -> Callable[[int], Awaitable[None]]:
    async def tell(settled: int) -> None:
        await context.show(Report(status=Status.WORKING, title=f"Asked {settled} of {counted(total, 'port')}"))

    return tell


class _Outcome:
    """All that was seen, sorted by what is to be said of it."""

    def __init__(
        self, snapshot: Snapshot, asked: list[Question], observations: list[Observation], diagnosis: Diagnosis
    ) -> None:
        self.snapshot = snapshot
        self.diagnosis = diagnosis
        behind = _behind_services(snapshot)
        self.wrong = tuple(f for f in diagnosis.wrong if f.rule != "pod-cannot-start" or f.owner in behind)
        self.faulty = {finding.object for finding in self.wrong if finding.object.kind == SERVICE.name}
        # One that speaks UDP alone cannot be asked, and is at fault all the same when nobody is behind it.
        found = ((why, [s for s in who if s.ref not in self.faulty]) for why, who in exempt(snapshot).items())
        self.passed_over = {why: services for why, services in found if services}
        self._seen = {observation.probe: observation for observation in observations}
        self._asked: dict[Ref, list[Question]] = {}
        for question in asked:
            self._asked.setdefault(question.service.ref, []).append(question)
        over = {service.ref for services in self.passed_over.values() for service in services}
        self.judged = [service for service in snapshot.services if service.ref not in over]
        self.unasked = [s for s in self.judged if s.ref not in self.faulty and not self.answers(s)]
        self.well = [s for s in self.judged if s.ref not in self.faulty and self.answers(s)]

    def seen(self, service: Service) -> list[Observation]:
        probes = [probe for question in self._asked.get(service.ref, ()) for probe in question.probes]
        return [self._seen[probe] for probe in probes if probe in self._seen]

    def answers(self, service: Service) -> bool:
        """Whether each of its ports that can be asked was answered."""
        ports = self._asked.get(service.ref, [])
        return bool(ports) and all(
            any(self._seen[probe].answered for probe in port.probes if probe in self._seen) for port in ports
        )


def _behind_services(snapshot: Snapshot) -> set[Ref]:
    """Who owns the pods that Services lead to: only their trouble belongs here."""
    pods = PodIndex(snapshot)
    return {owner_of(pod) for service in snapshot.services for pod in pods.selected(service)}


def _report(outcome: _Outcome, where: str) -> Report:
    blocks: list[Block] = []
    if outcome.wrong:
        blocks.append(FindingsBlock(outcome.wrong))
    if outcome.judged:
        blocks.append(_table(outcome))
    if outcome.unasked:
        blocks.append(_unasked(outcome))
    if outcome.passed_over:
        blocks.append(Paragraph(text("Passed over:")))
        blocks.append(Bullets(tuple(text(Plain(f"{why}: {_names(who)}")) for why, who in outcome.passed_over.items())))
    return Report(
        status=_status(outcome),
        title=_title(outcome, where),
        blocks=tuple(blocks),
        footnotes=(
            text(f"Asked from {ByAPIServer()}: pods may still be kept from each other."),
            *unread_notes(outcome.snapshot.unread),
            *skipped_notes(outcome.diagnosis.skipped),
        ),
        examined=outcome.wrong + outcome.diagnosis.right,
    )


def _status(outcome: _Outcome) -> Status:
    """A check that could not ask anybody has not been carried out."""
    if outcome.wrong:
        return Status.FINDINGS
    return Status.FAILED if outcome.unasked and not outcome.well else Status.OK


def _title(outcome: _Outcome, where: str) -> str:
    parts = [f"{len(outcome.well)} of {counted(len(outcome.judged), 'Service')} in {where} answer"]
    if outcome.faulty:
        parts.append(f"{len(outcome.faulty)} at fault")
    if outcome.unasked:
        parts.append(f"{len(outcome.unasked)} could not be asked")
    return ", ".join(parts) if outcome.judged else f"No Service in {where} can be asked"


def _table(outcome: _Outcome) -> Table:
    """Those at fault first."""
    endpoints = EndpointIndex(outcome.snapshot)
    known = outcome.snapshot.could_read(ENDPOINT_SLICE)

    def row(service: Service) -> tuple[str, ...]:
        count = endpoints.count(service)
        return (service.ref.short, f"{count.ready}/{count.total}" if known else "?", _answer(outcome, service))

    ordered = sorted(outcome.judged, key=lambda s: (s in outcome.well, s in outcome.unasked, s.ref))
    title = "" if len(ordered) <= _SHOWN_ROWS else f"{_SHOWN_ROWS} of {len(ordered)}, those at fault first"
    return table(("SERVICE", "ENDPOINTS", "ANSWER"), map(row, ordered[:_SHOWN_ROWS]), title)


def _answer(outcome: _Outcome, service: Service) -> str:
    answered = [each for each in outcome.seen(service) if each.answered]
    if service in outcome.unasked:
        return "could not be asked"
    if not answered:
        return "no"
    first = answered[0]
    latency = f" in {first.latency_seconds * 1000:.0f} ms" if first.latency_seconds is not None else ""
    return ("yes, " if service.ref not in outcome.faulty else "in part, ") + (first.evidence or "connected") + latency


def _unasked(outcome: _Outcome) -> Bullets:
    def line(service: Service) -> str:
        reasons = [each.evidence for each in outcome.seen(service) if each.outcome is Outcome.NOT_ASKED]
        return f"{service.ref.short} could not be asked: {reasons[0] if reasons else 'its endpoints are not known'}"

    return Bullets(tuple(text(Plain(line(service))) for service in outcome.unasked))


def _names(services: Iterable[Service]) -> str:
    return ", ".join(service.ref.short for service in services)


COMMAND = Look(
    name="check services",
    model=InNamespaces,
    handler=check_services,
    summary="ask each Service whether its endpoints are ready and one of them answers",
    examples=("check services -n shop", "check services -A"),
    details="HTTP ports are asked for `/` through the API server's proxy, others by opening and closing a connection. "
    "Services without a selector, ExternalName ones, those scaled to zero and those that speak UDP alone are passed "
    "over, and named.",
)
