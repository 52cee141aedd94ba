"""Findings, whoever found them, become incidents; what is to be told goes into the outbox in the same transaction.

Only what was examined counts. A finding that another one explains opens no incident of its own: its cause adopts it.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from bot.application.execution import telling_incidents
from bot.application.ports import Transaction
from bot.domain.chat.invocation import Actor
from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.incidents.advancing import (
    Acknowledged,
    Effect,
    Event,
    ObjectGone,
    ProvenRight,
    Seen,
    advance,
)
from bot.domain.incidents.incident import Incident
from bot.errors import Refused

_COUNT_AGAIN = datetime.timedelta(seconds=50)
_COUNT_AGAIN_EACH = datetime.timedelta(seconds=3)
"""Slack lets a workspace edit 50 messages a minute: the more incidents last, the seldomer each one counts aloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What one run has found out about one cluster."""

    cluster: str
    findings: tuple[Finding, ...]
    """All that was judged, wrong and right. What is not here was not examined."""
    gone: Mapping[str, str]
    """Keys of findings whose object is not there any more, with how that is known."""
    channel: str = ""
    schedule: int = 0
    author: str = ""
    """Slack id of whom to tell when the channel cannot be told."""


async def assess(tx: Transaction, examined: Examined, now: datetime.datetime) -> tuple[Incident, ...]:
    """Advances all incidents that the findings concern, in the given transaction. Returns them as they are now."""
    known = await tx.incidents.unfinished(examined.cluster)
    last = sum(each.state.lasting for each in known)
    teller = _Teller(tx, examined, now, max(_COUNT_AGAIN, _COUNT_AGAIN_EACH * last))
    return tuple([await teller.take(incident, event) for incident, event in _events(known, examined, now)])


async def acknowledge(tx: Transaction, id: int, actor: Actor, now: datetime.datetime) -> Incident:
    """Somebody takes care of it. Raises NotFound, and Refused when there is nothing (more) to acknowledge."""
    incident = await tx.incidents.get(id)
    advanced = advance(incident, Acknowledged(by=actor.id, name=actor.name, at=now))
    if advanced is None:
        raise Refused(
            f"Incident {id} cannot be acknowledged",
            cause=f"it is {incident.state.value}",
            next_step="see `incidents list`",
        )
    saved = await tx.incidents.save(msgspec.structs.replace(advanced[0], told_at=now))
    if saved.channel:
        await tx.outbox.put(telling_incidents.message(saved, telling_incidents.HEAD, telling_incidents.head(saved)))
    return saved


def _events(
    known: Iterable[Incident], examined: Examined, now: datetime.datetime
) -> Iterable[tuple[Incident | None, Event]]:
    wrong: dict[str, Finding] = {}
    for finding in examined.findings:
        if not finding.right and finding.severity is not Severity.INFO:
            wrong.setdefault(finding.key, finding)
    by_key = {incident.keys[0]: incident for incident in known}
    right = {key: proof for key in by_key if key not in wrong and (proof := _proof_for(key, examined.findings))}
    ending = {key for key in by_key if key in right or key in examined.gone}
    adopted = {key: each.keys[0] for each in known if each.keys[0] not in ending for key in each.keys[1:]}
    explained: dict[str, list[str]] = {}
    for key in wrong:
        if (root := _root(wrong, key)) != key:
            explained.setdefault(root, []).append(key)
    for key, incident in by_key.items():
        if key in right:
            yield incident, ProvenRight(at=now, because=_proof(right[key]))
        elif key in examined.gone and key not in wrong:
            yield incident, ObjectGone(at=now, because=examined.gone[key])
    for key, finding in wrong.items():
        stands_alone = _root(wrong, key) == key and key not in adopted
        if key in by_key or stands_alone:
            seen = Seen(
                finding=finding,
                at=now,
                keys=tuple(explained.get(key, ())),
                channel=examined.channel,
                schedule=examined.schedule,
                author=examined.author,
            )
            yield by_key.get(key), seen


def _root(wrong: Mapping[str, Finding], key: str) -> str:
    """The finding that explains this one in the end; itself when nothing that was found does. Of findings that explain
    each other in a circle one has to stand for all: the first by key."""
    passed = {key}
    while (cause := wrong[key].cause) in wrong:
        if cause in passed:
            return min(passed)
        passed.add(cause)
        key = cause
    return key


def _proof_for(key: str, findings: Iterable[Finding]) -> Finding | None:
    return next((finding for finding in findings if finding.proves(key)), None)


def _proof(finding: Finding) -> str:
    return ", ".join((f"{finding.owner} {finding.summary}", *finding.evidence[:1]))


class _Teller:
    """Stores each incident and queues what is to be told of it."""

    def __init__(
        self, tx: Transaction, examined: Examined, now: datetime.datetime, count_again: datetime.timedelta
    ) -> None:
        self._tx = tx
        self._examined = examined
        self._now = now
        self._count_again = count_again

    async def take(self, before: Incident | None, event: Event) -> Incident:
        advanced = advance(before, event)
        assert advanced is not None, "only events that mean something to an unfinished incident come here"
        incident, effects = advanced
        tells = incident.channel and (Effect.TELL in effects or (Effect.COUNT in effects and self._due(incident)))
        if tells:
            incident = msgspec.structs.replace(incident, told_at=self._now)
        incidents = self._tx.incidents
        incident = await (incidents.add(incident) if before is None else incidents.save(incident))
        if tells:
            await self._put(incident, telling_incidents.HEAD)
        if Effect.ENDED in effects and incident.channel:
            await self._put(incident, telling_incidents.ENDED)
        return incident

    def _due(self, incident: Incident) -> bool:
        return incident.told_at is None or self._now - incident.told_at >= self._count_again

    async def _put(self, incident: Incident, slot: str) -> None:
        report = {telling_incidents.HEAD: telling_incidents.head, telling_incidents.ENDED: telling_incidents.ended}
        await self._tx.outbox.put(telling_incidents.message(incident, slot, report[slot](incident)))
