"""A finding: something wrong, or proven right. And the contract of a rule, which makes findings."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

import msgspec

from bot.domain.network.probing import AddressProbe, Observation, Probe
from bot.domain.network.references import Kind, Ref
from bot.domain.network.snapshot import Snapshot


class Severity(Enum):
    """How bad, for a person who decides whether to get up. From least to most."""

    INFO = "info"
    """Worth knowing, and no reason for an incident."""
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement on one field of one object."""

    cluster: str
    """uid of the cluster."""
    rule: str
    """Code of the rule: `service-without-endpoints`."""
    severity: Severity
    object: Ref
    """The object at fault, as it is now (perhaps a pod)."""
    owner: Ref
    """The longest-lived object that it belongs to (the Deployment, not its pod): what the key is made of."""
    field: str = ""
    """Path of the field at fault, `spec.selector`; empty when it is the whole object (see `proves`)."""
    summary: str
    """One line, without the object's name: `selects no pods`."""
    evidence: tuple[str, ...] = ()
    next_step: str = ""
    """What to do, in words; a command line in backquotes."""
    right: bool = False
    """True: this was looked at and is proven right, which is what ends an incident."""
    cause: str = ""
    """Key of another finding that explains this one; empty: it stands alone."""

    @property
    def key(self) -> str:
        """What stays the same while the same thing is wrong."""
        return "|".join((self.cluster, self.rule, self.owner.kind, self.owner.short, self.field))

    def proves(self, key: str) -> bool:
        """Whether what stood under this key is over. A right finding without a field speaks for all that its rule
        judges of the object: a port or a path that was at fault may be gone, and nobody would speak of it again.
        """
        return self.right and (key == self.key or (not self.field and key.startswith(self.key)))


class Observations:
    """What probes saw, by the object they asked."""

    def __init__(self, observations: Iterable[Observation] = ()) -> None:
        self._by_target: dict[Ref, list[Observation]] = {}
        for observation in observations:
            if not isinstance(observation.probe, AddressProbe):
                self._by_target.setdefault(observation.probe.target, []).append(observation)

    def of(self, target: Ref) -> tuple[Observation, ...]:
        return tuple(self._by_target.get(target, ()))

    def __iter__(self) -> Iterator[Observation]:
        for observations in self._by_target.values():
            yield from observations


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault that can be recognised. Declared as RULE, one a file in `rules/`, named for the fault."""

    code: str
    severity: Severity
    reads: tuple[Kind, ...]
    """The kinds that must have been completely read; otherwise the rule is not run, and the report says so."""
    find: Callable[[Snapshot, Observations], Iterator[Finding]]
    """Yields a wrong finding for each fault and a right one for each object it proved right."""
    probes: Callable[[Snapshot], Iterator[Probe]] | None = None
    """What has to be asked of the live network before `find` can judge; None: nothing."""
