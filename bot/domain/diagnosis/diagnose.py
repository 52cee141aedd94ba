"""Runs the rules over one picture of the cluster, and says which could not be run and why."""

import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.discovery import declared
from bot.domain.diagnosis.finding import Finding, Observations, Rule
from bot.domain.diagnosis.localise import localise
from bot.domain.network.references import Kind
from bot.domain.network.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that was not run because these kinds were not completely read."""

    rule: str
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was judged."""

    wrong: tuple[Finding, ...]
    """The worst first, each cause before its symptoms."""
    right: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Wrong and right ones: what incidents are told of."""
        return self.wrong + self.right


@functools.cache
def all_rules() -> dict[str, Rule]:
    """Every rule there is, by code."""
    return {rule.code: rule for rule in declared("bot.domain.diagnosis.rules", "RULE", Rule).values()}


def kinds_read(rules: Iterable[Rule]) -> tuple[Kind, ...]:
    """What has to be read for these rules, each kind once."""
    return tuple(dict.fromkeys(kind for rule in rules for kind in rule.reads))


def diagnose(snapshot: Snapshot, observations: Observations, rules: Collection[Rule]) -> Diagnosis:
    """Judges with the given rules. A rule whose kinds were not completely read is skipped, never guessed at."""
    wrong: list[Finding] = []
    right: list[Finding] = []
    skipped = []
    for rule in rules:
        if not snapshot.could_read(*rule.reads):
            missing = tuple(kind for kind in rule.reads if not snapshot.could_read(kind))
            skipped.append(Skipped(rule.code, missing))
            continue
        for finding in rule.find(snapshot, observations):
            (right if finding.right else wrong).append(finding)
    return Diagnosis(localise(snapshot, wrong), tuple(right), tuple(skipped))
