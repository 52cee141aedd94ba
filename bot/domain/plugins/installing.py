"""Plans the installation of a network plugin from its published manifests."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from bot.domain.changes.change import Change, Premise
from bot.domain.plugins.briefing import Source, brief, doubts, origins, refuse_conflicts
from bot.domain.plugins.installation import ALONE
from bot.domain.plugins.parameters import Parameters
from bot.domain.plugins.preflight import Wanted, checked, left_without
from bot.domain.plugins.steps import applied, verified
from bot.domain.plugins.surroundings import Surroundings


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
        writers=wanted.installation.writers,
        operator=wanted.installation.operator,
        patience=wanted.patience,
    )
    without = left_without(wanted, around, accepted)
    proof = verified(wanted.installation, wanted.parameters, around, patience=wanted.patience, without=without)
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


def premises(wanted: Wanted, around: Surroundings) -> tuple[Premise, ...]:
    """What the plan rests on besides the objects that it writes."""
    return (
        Premise("the plugin's version", wanted.release.version),
        Premise("the digests of its files", [file.sha256 for file in wanted.release.files]),
        Premise("the pod CIDRs", list(wanted.parameters.pod_cidrs)),
        Premise("the Services' addresses", [each.cidr for each in around.service_ranges]),
    )


def afterwards(around: Surroundings) -> tuple[str, ...]:
    """Pods of before have no address of this plugin: they keep what they have until they are made anew."""
    if not any(node.ready for node in around.nodes):
        return ()
    return ("Pods that ran before keep their addresses: make them anew, as by `kubectl rollout restart`.",)
