"""What people read of a plan that is made of published files: where these come from, what is otherwise, what is
doubted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.domain.changes.change import Brief, Checked, Doubt
from bot.domain.network.references import JSONObject, Ref
from bot.domain.plugins.fitting import Objects, differences, ref
from bot.domain.plugins.incoming import Incoming, incoming
from bot.errors import Refused


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a release, as it was read."""

    name: str
    """`flannel/v0.28.9/kube-flannel.yml`."""
    origin: str
    sha256: str
    objects: Objects

    def __str__(self) -> str:
        return f"{self.name} from {self.origin}, SHA-256 {self.sha256}"


def refuse_conflicts(summary: str, checks: Sequence[Checked]) -> None:
    """Raises Refused that shows each conflict with its evidence, and what was looked at besides."""
    conflicts = [each for each in checks if each.verdict == "conflict"]
    if not conflicts:
        return
    others = [each for each in checks if each.verdict != "conflict"]
    told = [f"• {each.about}: {each.evidence}" for each in conflicts]
    if others:
        told += ["Looked at besides:", *(f"• {each.about}, {each.verdict}: {each.evidence}" for each in others)]
    raise Refused(summary, cause="\n".join(told), next_step="Nothing was written")


def doubts(checks: Sequence[Checked], accepted: frozenset[str]) -> tuple[Doubt, ...]:
    """Those that nobody has accepted, one a code."""
    found: dict[str, str] = {}
    for each in checks:
        if each.verdict == "doubt" and each.code not in accepted:
            found[each.code] = f"{found[each.code]}; {each.evidence}" if each.code in found else each.evidence
    return tuple(Doubt(code, text) for code, text in found.items())


Same = Callable[[Ref, Iterable[Ref]], Ref | None]
"""What of the published files an object was made of; None: nothing of them."""


def itself(own: Ref, published: Iterable[Ref]) -> Ref | None:
    """What was published under the same name, in the same namespace."""
    return own if own in published else None


def origins(objects: Sequence[JSONObject], sources: Sequence[Source], same: Same = itself) -> list[str]:
    """Where each object comes from: the name of its file, of several that publish it the one from which it differs
    least; empty for what Patchbay adds."""
    published: dict[Ref, list[tuple[str, JSONObject]]] = {}
    for source in sources:
        for each in source.objects:
            published.setdefault(ref(each), []).append((source.name, each))
    found = []
    for object in objects:
        own = same(ref(object), published)
        # Of equals the last one, which is what an apply of all the files in their order would leave.
        variants = list(reversed(published[own])) if own is not None else [("", object)]
        found.append(min(variants, key=lambda pair: len(list(differences(pair[1], object))))[0])
    return found


def brief(
    objects: Objects,
    sources: Sequence[Source],
    checks: Sequence[Checked],
    afterwards: tuple[str, ...] = (),
    besides: Incoming = Incoming(),  # noqa: B008  frozen
    same: Same = itself,
    untouched: Iterable[Ref] = (),
) -> Brief:
    """What people read in place of thousands of lines of YAML; `besides` comes in without standing in the files, and
    what is `untouched` is there and stays as it is."""
    comes = incoming(objects) + besides
    published: dict[Ref, list[JSONObject]] = {}
    for object in (each for source in sources for each in source.objects):
        published.setdefault(ref(object), []).append(object)
    adjusted, taken = [], set()
    for object in objects:
        own = ref(object)
        before = same(own, published)
        if before is None:
            adjusted.append(f"{own}: added")
            continue
        taken.add(before)
        # Some makers publish two variants of one object.
        adjusted += [
            f"{own}: {line}" for line in min((list(differences(each, object)) for each in published[before]), key=len)
        ]
    left_out, stays = sorted(set(published) - taken), set(untouched)
    return Brief(
        checks=tuple(checks),
        sources=tuple(map(str, sources)),
        adjusted=(*adjusted, *(f"{own}: {'stays as it is' if own in stays else 'left out'}" for own in left_out)),
        images=comes.images,
        privileges=comes.privileges,
        host_paths=comes.host_paths,
        afterwards=afterwards,
    )
