"""What is known to be wrong with what stands behind a Service, an Ingress or a route that does not answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.application.execution.asking import ask_all
from bot.application.execution.routes import gateways_of
from bot.application.execution.working import Work
from bot.application.execution.writing import look
from bot.domain.chat.masking import masked
from bot.domain.diagnosis.diagnose import all_rules, diagnose, kinds_read
from bot.domain.diagnosis.finding import Finding, Observations
from bot.domain.network.exempt import exempt
from bot.domain.network.gateways import explain, not_programmed
from bot.domain.network.leading import leads
from bot.domain.network.owners import owner_of
from bot.domain.network.questions import questions
from bot.domain.network.references import INGRESS, SERVICE, JSONObject, Ref
from bot.domain.network.services import PodIndex
from bot.domain.network.snapshot import Scope, Snapshot
from bot.errors import BotError

_OF_ALL = ("node-not-ready", "network-plugin-not-ready")
"""Faults that concern whatever runs in the cluster."""
_MOST_FINDINGS = 4
_MOST_CONDITIONS = 6
_MOST_PORTS = 4
"""Of the Services behind it, that are asked themselves."""


async def diagnosed(work: Work, ref: Ref) -> tuple[str, ...]:
    """In lines for people: what the object itself says by its conditions, and what the rules find behind it; nothing
    when an earlier step of this change has told it already. Never raises BotError: what could not be read is a line."""
    if any(done.evidence for done in work.record.steps):
        return ()
    try:
        object = await look(work, ref)
        if object is None:
            return (f"{ref} is not there",)
        lines = [*_told_conditions(ref, object), *await _gateways(work, object)]
        services = [ref] if ref.kind == SERVICE.name else list(dict.fromkeys(lead.service for lead in leads(object)))
        wrong, idle = await _wrong(work, ref, services)
    except BotError as error:
        return (f"what stands behind {ref} could not be read: {error}",)
    lines += idle
    for finding in wrong[:_MOST_FINDINGS]:
        where = f" {finding.field}" if finding.field else ""
        lines.append(f"{finding.object}{where}: {finding.summary}")
        lines += [f"  {line}" for line in finding.evidence[:4]]
        if finding.next_step:
            lines.append(f"  next: {finding.next_step.replace('`', '')}")
    if not lines:
        behind = ", ".join(each.short for each in services) or "it"
        lines.append(f"nothing wrong was found with {behind}: what is before it (controller, firewall, name) is next")
    return tuple(masked(line)[0] for line in lines)


async def _wrong(work: Work, ref: Ref, services: Sequence[Ref]) -> tuple[list[Finding], list[str]]:
    """What the rules say of these Services, when their ports are asked as well, of the pods behind them, and of the
    Ingress itself; and why rules pass over some of the Services. Raises BotError."""
    rules = list(all_rules().values())
    found: list[Finding] = []
    idle: list[str] = []
    for namespace in dict.fromkeys([ref.namespace, *(each.namespace for each in services)]):
        snapshot = await work.call(work.cluster.read(Scope(kinds_read(rules), namespace)))
        idle += [f"{each.ref}: {why}" for why, who in exempt(snapshot).items() for each in who if each.ref in services]
        concerned = {ref, *services, *_owners(snapshot, services)}
        asked = [each for each in questions(snapshot) if each.service.ref in services][:_MOST_PORTS]
        observations = Observations(await ask_all(asked, work.prober))
        await work.breathe()
        for finding in diagnose(snapshot, observations, rules).wrong:
            if (
                finding.rule in _OF_ALL or finding.object in concerned or finding.owner in concerned
            ) and finding not in found:
                found.append(finding)
    return found, idle


def _owners(snapshot: Snapshot, services: Sequence[Ref]) -> Iterator[Ref]:
    """Who keeps the pods that these Services select."""
    pods = PodIndex(snapshot)
    for service in snapshot.services:
        if service.ref in services:
            for pod in pods.selected(service):
                yield owner_of(pod)


async def _gateways(work: Work, object: JSONObject) -> list[str]:
    """What is wrong with the Gateways that a route names. Raises BotError."""
    found = []
    for ref in gateways_of(object) if str(object.get("kind")).endswith("Route") else ():
        gateway = await look(work, ref)
        if gateway is None:
            found.append(f"{ref} is not there")
        elif why := not_programmed(gateway):
            found.append(f"{ref}: {why}".replace("`", ""))
    return found


def _told_conditions(ref: Ref, object: JSONObject) -> Iterator[str]:
    """Conditions that are not as they ought to be, of the object and of each of its parents."""
    status: Any = object.get("status") or {}
    groups = [("", status.get("conditions") or ())]
    for parent in status.get("parents") or ():
        groups.append((f" at {(parent.get('parentRef') or {}).get('name')}", parent.get("conditions") or ()))
    told = 0
    for where, conditions in groups:
        for each in conditions:
            said = explain(each)
            if not said.good and said.status != "Unknown" and told < _MOST_CONDITIONS:
                told += 1
                yield f"{ref}{where}: {said}"
                if said.next_step:
                    yield f"  next: {said.next_step.replace('`', '')}"
    if ref.kind not in (SERVICE.name, INGRESS.name) and not any(conditions for _, conditions in groups):
        yield f"{ref}: no controller has said anything of it yet"
