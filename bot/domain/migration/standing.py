"""Routes that are there already: of the same name as one that is written, or served in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.changes import fields
from bot.domain.changes.gateway_same import says_the_same
from bot.domain.migration.outcome import Concern, Journal
from bot.domain.network.claims import requests
from bot.domain.network.references import GATEWAY, JSONObject, Ref

_RENAMED = "-from-ingress"
_LONGEST_NAME = 253


def beside(made: Sequence[JSONObject], routes: Sequence[JSONObject], journal: Journal) -> tuple[JSONObject, ...]:
    """The written routes under names that nobody else's have; what would be served in their place is told as lost.
    A route that is there just as it is written was applied before, and is in nobody's way."""
    others = [each for each in routes if not any(_is_it(each, one) for one in made)]
    taken = {fields.ref_of(each) for each in others}
    found = []
    for one in made:
        ref = fields.ref_of(one)
        if already := next((each for each in others if _says_already(each, one)), None):
            journal.note(f"{fields.ref_of(already)} redirects so already: {ref.name} is not written.")
            continue
        if ref in taken:
            one = _called(one, _free(ref, taken))
            journal.note(f"{ref} is there, and is another one: what is written here is called otherwise.")
        for other, what in _served_before(one, others):
            journal.lose(
                "spec.rules",
                f"{fields.ref_of(other)} leads {what} at the same Gateway: it is older, and is served in its place",
                f"take it away or change it first (`route show {fields.ref_of(other).name}`), or take another Gateway",
                Concern.TRAFFIC,
            )
        found.append(one)
    return tuple(found)


def _free(ref: Ref, taken: set[Ref]) -> str:
    """A name that nobody's route of this kind has there."""
    names = {each.name for each in taken if (each.kind, each.namespace) == (ref.kind, ref.namespace)}
    for number in range(1, len(names) + 2):
        ending = _RENAMED + (f"-{number}" if number > 1 else "")
        if (name := ref.name[: _LONGEST_NAME - len(ending)] + ending) not in names:
            return name
    raise AssertionError("one more name than there are is free")


def _is_it(standing: JSONObject, made: JSONObject) -> bool:
    same = fields.ref_of(standing) == fields.ref_of(made)
    return same and says_the_same(standing.get("spec"), made.get("spec"))


def _says_already(standing: JSONObject, made: JSONObject) -> bool:
    """Whether a route that only redirects is there under another name, for the same hosts at the same listeners: of
    several Ingresses of a host each has the redirect to HTTPS."""
    rules: Any = fields.at(made, ("spec", "rules")).value or []
    hosts: Any = [fields.at(each, ("spec", "hostnames")).value or [] for each in (standing, made)]
    if standing.get("kind") != made.get("kind") or any("backendRefs" in each for each in rules):
        return False
    if not set(hosts[1]) <= set(hosts[0]) or not hosts[1]:
        return False
    met = all(any(_meet(one, two) for two in _parents(standing)) for one in _parents(made))
    return met and says_the_same(fields.at(standing, ("spec", "rules")).value, rules)


def _called(route: JSONObject, name: str) -> JSONObject:
    return {**route, "metadata": {**fields.metadata(route), "name": name}}


def _served_before(made: JSONObject, others: Sequence[JSONObject]) -> Iterator[tuple[JSONObject, str]]:
    """Those that get the same requests at a listener that both ask for, with one of these requests in words."""
    own = requests(made)
    for other in others:
        if other.get("kind") != made.get("kind") or fields.ref_of(other) == fields.ref_of(made):
            continue
        if not any(_meet(one, two) for one in _parents(made) for two in _parents(other)):
            continue
        if shared := own & requests(other):
            yield other, str(sorted(shared, key=str)[0][0] or "every host")


def _parents(route: JSONObject) -> list[tuple[str, str, str]]:
    """Namespace, name and listener of each Gateway; an empty listener: all of them."""
    namespace = str(fields.metadata(route).get("namespace") or "")
    refs: Any = fields.at(route, ("spec", "parentRefs")).value or []
    return [
        (str(each.get("namespace") or namespace), str(each.get("name")), str(each.get("sectionName") or ""))
        for each in refs
        if each.get("kind", GATEWAY.name) == GATEWAY.name
    ]


def _meet(one: tuple[str, str, str], two: tuple[str, str, str]) -> bool:
    return one[:2] == two[:2] and (not one[2] or not two[2] or one[2] == two[2])
