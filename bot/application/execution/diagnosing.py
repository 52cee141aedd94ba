"""What is known to be wrong with what stands behind a Service, an Ingress or a route that does not answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.application.execution.asking import ask_all
from bot.application.execution.before import Before, before
from bot.application.execution.routes import gateways_of
from bot.application.execution.working import Work
from bot.application.execution.writing import look
from bot.domain.changes.change import Ask, Reach, Wait
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


async def diagnosed(work: Work, ref: Ref, reach: Reach | None = None) -> tuple[str, ...]:
    """In lines for people: what the object itself says by its conditions, who should serve it, and what the rules find
    behind it; without what an earlier step of this change has told already. `reach` is the request by address that was
    not answered. Never raises BotError: what could not be read is a line."""
    told = _told(work)
    known = {about for about, _ in told}
    try:
        object = await look(work, ref)
        if object is None:
            return (f"{ref} is not there",)
        groups = [*_told_conditions(ref, object), *await _gateways(work, object)]
        found = Before() if (ref, reach.scheme if reach else "") in told else await before(work, object, reach)
        services = [ref] if ref.kind == SERVICE.name else list(dict.fromkeys(lead.service for lead in leads(object)))
        fresh = [each for each in services if each not in known]
        wrong, idle = await _wrong(work, ref, fresh) if fresh or ref not in known else ([], [])
    except BotError as error:
        return (f"what stands behind {ref} could not be read: {error}",)
    groups += [*found.wrong, *((line,) for line in idle), *map(_lines, wrong[:_MOST_FINDINGS])]
    if not groups and not known & {ref, *services}:
        groups.append((_nothing(ref, services, found, reach),))
    said = {line for done in work.record.steps for line in done.evidence}
    hidden = [tuple(masked(line)[0] for line in group) for group in groups]
    return tuple(line for group in hidden if group[0] not in said for line in group)


def _told(work: Work) -> set[tuple[Ref, str]]:
    """Of what earlier steps have told, and the scheme of the request by address after which; empty: it was none."""
    found = set()
    for step, done in zip(work.record.change.steps, work.record.steps, strict=True):
        if done.evidence and isinstance(step, Wait | Ask | Reach):
            scheme = step.scheme if isinstance(step, Reach) else ""
            found.add((step.probe.target if isinstance(step, Ask) else step.ref, scheme))
    return found


def _lines(finding: Finding) -> tuple[str, ...]:
    where = f" {finding.field}" if finding.field else ""
    lines = [f"{finding.object}{where}: {finding.summary}", *(f"  {line}" for line in finding.evidence[:4])]
    if finding.next_step:
        lines.append(f"  next: {finding.next_step.replace('`', '')}")
    return tuple(lines)


def _nothing(ref: Ref, services: Sequence[Ref], found: Before, reach: Reach | None) -> str:
    """Where to look when nothing is known to be wrong: at what the request passes, from the outside inwards."""
    behind = ", ".join(each.short for each in services) or "it"
    if reach is None and ref.kind == SERVICE.name:
        logs = f"logs svc/{ref.name} -n {ref.namespace}"
        return f"the objects behind {ref} are as they should be: what its pods say is next ({logs})"
    if not found.who:
        return f"nothing wrong was found with {behind}: what is before it (load balancer, firewall, name) is next"
    who = " and ".join(f"{each.called}{f' in {each.namespace}' if each.namespace else ''}" for each in found.who)
    return f"nothing wrong was found with {behind}, nor with {who} before it: what that logs of the request is next"


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


async def _gateways(work: Work, object: JSONObject) -> list[tuple[str, ...]]:
    """What is wrong with the Gateways that a route names. Raises BotError."""
    found: list[tuple[str, ...]] = []
    for ref in gateways_of(object) if str(object.get("kind")).endswith("Route") else ():
        gateway = await look(work, ref)
        if gateway is None:
            found.append((f"{ref} is not there",))
        elif why := not_programmed(gateway):
            found.append((f"{ref}: {why}".replace("`", ""),))
    return found


def _told_conditions(ref: Ref, object: JSONObject) -> Iterator[tuple[str, ...]]:
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
                next_step = (f"  next: {said.next_step.replace('`', '')}",) if said.next_step else ()
                yield (f"{ref}{where}: {said}", *next_step)
    if ref.kind not in (SERVICE.name, INGRESS.name) and not any(conditions for _, conditions in groups):
        yield (f"{ref}: no controller has said anything of it yet",)
