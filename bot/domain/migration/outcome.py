"""What became of an Ingress: the objects, what carried over, and what was lost, which is said first and loud."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from bot.domain.network.references import JSONObject, Ref


class Concern(Enum):
    """What somebody would notice first when the loss is not made good, the worst first."""

    SECURITY = "security"
    """Somebody gets in, or sees something, who was kept out before."""
    TRAFFIC = "traffic"
    """Requests fail, or are answered by someone else or otherwise than before."""
    TUNING = "tuning"
    """Speed, limits, logs: requests are answered as before."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Something of the Ingress that the objects say too."""

    source: str
    """A field (`spec.tls`), or an annotation; those of ingress-nginx without their prefix."""
    becomes: str
    """What of the objects says it; `nothing…`, and why, where none has to."""
    differs: str = ""
    """In which way it is not quite the same; empty: it is."""

    @property
    def written(self) -> bool:
        """Whether the objects would be others without it."""
        return not self.becomes.startswith("nothing")


@dataclass(frozen=True, slots=True)
class Lost:
    """Something of the Ingress that the objects do not say, or not all of it."""

    source: str
    why: str
    instead: str
    """What to do about it."""
    concern: Concern
    kept: str = ""
    """What of it the objects say all the same."""


class Verdict(Enum):
    """How much of an Ingress carries over."""

    WHOLLY = "wholly"
    PARTLY = "partly"
    NOT = "not"
    """No route at all comes of it."""
    PART = "with its main one"
    """It is a canary, which becomes a part of another one's routes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """An Ingress as Gateway API objects."""

    ingress: Ref
    manifests: tuple[JSONObject, ...]
    """In the order in which they are applied: Gateway, grants, routes, policies."""
    carried: tuple[Carried, ...]
    lost: tuple[Lost, ...]
    """The worst first."""
    notes: tuple[str, ...] = ()
    """What is otherwise in the new world whatever the Ingress says, and what this rests on."""
    part_of: tuple[Ref, ...] = ()
    """Of a canary: the Ingresses whose routes it becomes a part of."""
    listeners: tuple[JSONObject, ...] = ()
    """What an existing Gateway lacks; it belongs to somebody else, so it is not among the manifests."""

    @property
    def verdict(self) -> Verdict:
        if self.part_of:
            return Verdict.PART
        routes = [each for each in self.manifests if str(each.get("kind", "")).endswith("Route")]
        if not routes:
            return Verdict.NOT
        return Verdict.PARTLY if self.lost else Verdict.WHOLLY

    def concerning(self, concern: Concern) -> tuple[Lost, ...]:
        return tuple(each for each in self.lost if each.concern is concern)


class Journal:
    """Takes down what becomes of each thing while an Ingress is read. Says nothing twice, and of nothing that it
    carries over and is lost: what is lost in part is lost, and what is kept of it is said along with that."""

    def __init__(self) -> None:
        self._carried: dict[Carried, None] = {}
        self._lost: dict[Lost, None] = {}
        self._notes: dict[str, None] = {}
        self._ignored: set[str] = set()

    @property
    def carried(self) -> tuple[Carried, ...]:
        lost = {each.source for each in self._lost}
        return tuple(each for each in self._carried if each.source not in lost | self._ignored)

    @property
    def written(self) -> tuple[Carried, ...]:
        """What the objects say, of what is lost in part too."""
        return tuple(each for each in self._carried if each.written and each.source not in self._ignored)

    @property
    def lost(self) -> tuple[Lost, ...]:
        kept: dict[str, list[str]] = {}
        for each in self.written:
            kept.setdefault(each.source, []).append(each.becomes)
        # Once is enough, where several things of one are lost.
        return tuple(replace(each, kept="; ".join(kept.pop(each.source, ()))) for each in self._lost)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def carry(self, source: str, becomes: str, differs: str = "") -> None:
        self._carried[Carried(source, becomes, differs)] = None

    def lose(self, source: str, why: str, instead: str, concern: Concern = Concern.TRAFFIC) -> None:
        self._lost[Lost(source, why, instead, concern)] = None

    def ignore(self, source: str, why: str, instead: str) -> None:
        """The controller did not heed it either: what is written is written without it."""
        self.lose(source, why, instead, Concern.TUNING)
        self._ignored.add(source)

    def withdraw(self, source: str) -> None:
        """What was thought to be carried is not."""
        self._carried = {each: None for each in self._carried if each.source != source}

    def note(self, line: str) -> None:
        self._notes[line] = None

    def worst_first(self) -> tuple[Lost, ...]:
        order = list(Concern)
        return tuple(sorted(self.lost, key=lambda each: order.index(each.concern)))
