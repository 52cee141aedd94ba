"""What people read of a plan that is made of published files: where these come from, what is otherwise, what is
doubted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.changes.change import Brief, Checked, Doubt
from bot.domain.network.references import JSONObject
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


def origins(objects: Sequence[JSONObject], sources: Sequence[Source]) -> list[str]:
    """Where each object comes from: the name of its file."""
    by_ref = {ref(object): source.name for source in sources for object in source.objects}
    return [by_ref.get(ref(object), "") for object in objects]


def brief(
    objects: Objects,
    sources: Sequence[Source],
    checks: Sequence[Checked],
    afterwards: tuple[str, ...] = (),
    besides: Incoming = Incoming(),  # noqa: B008  frozen
) -> Brief:
    """What people read in place of thousands of lines of YAML; `besides` comes in without standing in the files."""
    comes = incoming(objects) + besides
    before = {ref(object): object for source in sources for object in source.objects}
    adjusted = [
        f"{own}: {line}"
        for object in objects
        if (own := ref(object)) in before
        for line in differences(before[own], object)
    ]
    left_out = sorted(set(before) - {ref(object) for object in objects})
    return Brief(
        checks=tuple(checks),
        sources=tuple(map(str, sources)),
        adjusted=(*adjusted, *(f"{own}: left out" for own in left_out)),
        images=comes.images,
        privileges=comes.privileges,
        host_paths=comes.host_paths,
        afterwards=afterwards,
    )
