"""Plans the installation of a network plugin from its published manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from bot.domain.changes.change import Brief, Change, Checked, Doubt, Premise
from bot.domain.network.references import JSONObject
from bot.domain.plugins.fitting import Objects, differences, ref
from bot.domain.plugins.incoming import Incoming, incoming
from bot.domain.plugins.installation import ALONE
from bot.domain.plugins.parameters import Parameters
from bot.domain.plugins.preflight import Wanted, checked
from bot.domain.plugins.steps import applied, verified
from bot.domain.plugins.surroundings import Surroundings
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


def pod_cidrs(wanted: Parameters, default: tuple[str, ...], dual_stack: bool, around: Surroundings) -> tuple[str, ...]:
    """What was said, else what the cluster itself has, else the plugin's own default."""
    if wanted.pod_cidrs:
        return wanted.pod_cidrs
    own = tuple(each.cidr for each in around.cluster_pod_cidrs() if dual_stack or ":" not in each.cidr)
    return own or default


def plan(
    wanted: Wanted, around: Surroundings, sources: Sequence[Source], *, line: str, accepted: frozenset[str]
) -> Change:
    """The plan; its doubts are those that nobody has accepted. Raises Refused for a conflict, with all the evidence."""
    checks = checked(wanted, around)
    refuse_conflicts(f"{wanted.title} cannot be installed here", checks)
    steps = applied(
        wanted.objects,
        around.existing,
        origins(wanted.objects, sources),
        wanted.installation,
        patience=wanted.patience,
    )
    proof = verified(wanted.installation, wanted.parameters, around, patience=wanted.patience)
    cluster = around.snapshot.cluster
    cidrs = ",".join(wanted.parameters.pod_cidrs)
    summary = f"install {wanted.title}" + (f" with pod CIDR {cidrs}" if cidrs else "")
    return Change(
        cluster=cluster.uid,
        request=line,
        alone=ALONE,
        summary=summary,
        steps=(*steps, *proof) if steps else (),
        premises=premises(wanted, around),
        warnings=wanted.installation.notes,
        doubts=doubts(checks, accepted),
        brief=replace(
            brief(
                wanted.objects,
                sources,
                checks,
                afterwards(around),
                wanted.installation.brings(wanted.parameters, wanted.release),
            ),
            taken_back=(
                *wanted.plugin.leftovers.told("On hosts where its agent has run"),
                "Pods that were given an address meanwhile keep it until they are made anew.",
            ),
        ),
    )


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


def premises(wanted: Wanted, around: Surroundings) -> tuple[Premise, ...]:
    """What the plan rests on besides the objects that it writes."""
    return (
        Premise("the plugin's version", wanted.release.version),
        Premise("the digests of its files", [file.sha256 for file in wanted.release.files]),
        Premise("the pod CIDRs", list(wanted.parameters.pod_cidrs)),
        Premise("the Services' addresses", [each.cidr for each in around.service_ranges]),
    )


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


def afterwards(around: Surroundings) -> tuple[str, ...]:
    """Pods of before have no address of this plugin: they keep what they have until they are made anew."""
    if not any(node.ready for node in around.nodes):
        return ()
    return ("Pods that ran before keep their addresses: make them anew, as by `kubectl rollout restart`.",)
