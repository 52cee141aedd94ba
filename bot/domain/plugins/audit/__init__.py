"""What may be wrong with a network plugin that is there, one fault a file, named for the fault, declaring AUDIT.

To add one, write `<name>.py` with `AUDIT = Audit(code="<name>", ...)` (`-` for `_`), a case in WRONG and in RIGHT of
tests/domain/plugins/audit/test_audits.py, and a line in docs/network-plugins.md. `find` is a pure function of Facts. It
yields what is wrong, and what it proved right under the same object and field (or under no field, when it speaks for
the whole object): only that ends an incident. What it cannot tell it leaves unsaid.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import msgspec

from bot.discovery import declared
from bot.domain.diagnosis.diagnose import Diagnosis, Skipped
from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.network.references import Kind, Ref
from bot.domain.plugins.facts import Facts

AGENT_NOT_READY = "network-plugin-not-ready"
"""The audit whose findings explain those that say `symptom`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One judgement, before it is a finding."""

    object: Ref
    field: str = ""
    summary: str
    evidence: tuple[str, ...] = ()
    next_step: str = ""
    right: bool = False
    severity: Severity | None = None
    """None: the audit's."""
    symptom: bool = False
    """An agent that is not ready explains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One fault that can be found."""

    code: str
    severity: Severity
    about: str
    """What is looked at, for people who want to know that it was: `pools and Services' addresses`."""
    find: Callable[[Facts], Iterator[Said]]
    reads: tuple[Kind, ...] = ()
    """Kinds that must have been completely read; otherwise it is skipped, and the report says so."""


def wrong(
    object: Ref, field: str, summary: str, *evidence: str, next_step: str, severity: Severity | None = None
) -> Said:
    return Said(object=object, field=field, summary=summary, evidence=evidence, next_step=next_step, severity=severity)


def right(object: Ref, field: str, summary: str) -> Said:
    return Said(object=object, field=field, summary=summary, right=True)


@functools.cache
def all_audits() -> dict[str, Audit]:
    """Every audit by its code."""
    return {audit.code: audit for audit in declared("bot.domain.plugins.audit", "AUDIT", Audit).values()}


def audited(facts: Facts, audits: Collection[Audit]) -> Diagnosis:
    """Judges with the given audits; the worst first, each cause before its symptoms."""
    found: list[tuple[Said, Finding]] = []
    skipped = []
    for audit in audits:
        if not facts.could_read(*audit.reads):
            skipped.append(Skipped(audit.code, tuple(kind for kind in audit.reads if not facts.could_read(kind))))
            continue
        found += [(said, _finding(facts, audit, said)) for said in audit.find(facts)]
    cause = next((each for _, each in found if each.rule == AGENT_NOT_READY and not each.right), None)
    wrong = [_explained(said, each, cause) for said, each in found if not said.right]
    wrong.sort(key=lambda each: (bool(each.cause), -each.severity.rank, each.owner, each.rule, each.field))
    return Diagnosis(tuple(wrong), tuple(each for said, each in found if said.right), tuple(skipped))


def _finding(facts: Facts, audit: Audit, said: Said) -> Finding:
    return Finding(
        cluster=facts.snapshot.cluster.uid,
        rule=audit.code,
        severity=said.severity or audit.severity,
        object=said.object,
        owner=said.object,
        field=said.field,
        summary=said.summary,
        evidence=said.evidence,
        next_step=said.next_step,
        right=said.right,
    )


def _explained(said: Said, finding: Finding, cause: Finding | None) -> Finding:
    if not said.symptom or cause is None:
        return finding
    told = f"because {cause.owner} {cause.summary}"
    return msgspec.structs.replace(finding, cause=cause.key, evidence=(told, *finding.evidence))
