"""Advice for changing from one network plugin to another: a plan to read. Nothing of it is applied by Patchbay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.changes.change import Checked
from bot.domain.plugins.cni import NetworkPlugin, Recognised, clearing
from bot.domain.plugins.preflight import Wanted
from bot.domain.plugins.preflight.other_plugins import ABOUT as OTHER_PLUGINS
from bot.domain.plugins.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the way."""

    title: str
    lines: tuple[str, ...]


def advice(
    old: NetworkPlugin, found: Recognised, wanted: Wanted, around: Surroundings, checks: Sequence[Checked]
) -> tuple[Stage, ...]:
    """The way, in order. Two plugins cannot serve one node, so each node is without a network for a while."""
    nodes = len(around.nodes)
    before = f"{old.title} {found.version}".strip()
    hints = [
        f"{each.about}: {each.evidence}"
        for each in checks
        if each.verdict in ("conflict", "doubt") and each.about != OTHER_PLUGINS
    ]
    cidrs = ",".join(wanted.parameters.pod_cidrs)
    install = f"cni install {wanted.name}" + (f" --pod-cidr {cidrs}" if cidrs else "")
    return (
        Stage(
            "What it means",
            (
                f"{before} gives way to {wanted.title}. One node cannot have both: pods of a node are cut off while it "
                "changes, and pods of changed and unchanged nodes may not reach one another until all have changed.",
                "NetworkPolicies are enforced again only when the new plugin is ready; policies of the old one's own "
                "kinds are not carried over.",
                "The safest way is a new cluster, and moving the workloads. Else take a window in which the cluster "
                f"may be down: about five minutes a node, {nodes} of them.",
            ),
        ),
        Stage(
            "Before",
            (
                "Try all of this on a cluster of the same make.",
                "Keep what can be lost: `kubectl get networkpolicies -A -o yaml`, and the old plugin's own kinds.",
                "Make sure that etcd has a backup, and that the nodes are reached by another way than through pods.",
                *hints,
            ),
        ),
        Stage("In the window", _window(old, wanted, install)),
        Stage(
            "Afterwards",
            (
                "`cni check` and `check services -A` should find nothing.",
                "Make every pod anew that still has an address of before: `kubectl rollout restart deployment -A` by "
                "namespace.",
                "To go back, do the same the other way round.",
            ),
        ),
    )


def _window(old: NetworkPlugin, wanted: Wanted, install: str) -> tuple[str, ...]:
    lines = ["Stop what changes the cluster: autoscalers, deployments, scheduled jobs."]
    if old.install is not None:
        lines.append("`cni uninstall`: it says what stays on the hosts.")
    else:
        lines.append(f"Take {old.title} away by the means that installed it: {old.why_not}.")
    if old.leftovers.on_hosts:
        lines.append("On every node, as root: " + "; ".join(f"`{command}`" for command in old.leftovers.on_hosts))
    lines.append("Restart every node: the old plugin's routes and packet filters go with it.")
    if old.leftovers.shutdown_reason and not wanted.installation.tells_network:
        lines.append(
            f"{old.title} leaves every node shut (NetworkUnavailable), and {wanted.plugin.title} opens none. For each: "
            f"`{clearing('NODE')}`"
        )
    lines.append(
        f"`{install}`: it asks about what the old one has left, which you accept (`--accept leftovers`) once the hosts "
        "are clear, and waits until every node is served and a new pod has an address."
    )
    if wanted.plugin.leftovers.configuration:
        lines.append(
            f"Check on a node that /etc/cni/net.d holds {wanted.plugin.leftovers.configuration[0]} alone: the first "
            "file by name is what the kubelet takes."
        )
    return tuple(lines)
