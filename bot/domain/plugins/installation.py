"""What a network plugin's file says of installing it: releases, parameters, fitting its manifests, being ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.domain.network.references import Kind, Ref
from bot.domain.plugins.fitting import Objects
from bot.domain.plugins.incoming import Incoming
from bot.domain.plugins.parameters import Encapsulation, Option, Parameters, Taken
from bot.domain.plugins.releases import Release
from bot.domain.plugins.surroundings import Surroundings

ALONE = "the network plugin"
"""What every change of one says of itself: two at once would leave a node between them."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How pods' packets go from node to node."""

    protocol: str = "UDP"
    """What they are wrapped in: `UDP`, `IPIP`, `GRE`; empty: nothing."""
    within_subnets: bool = True
    """Whether they are wrapped between nodes of one subnet, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What stays of a plugin: in the cluster when it was removed badly, and on hosts always."""

    definitions: tuple[str, ...] = ()
    """Ends of names of its CustomResourceDefinitions: `.projectcalico.org`."""
    network_reason: str = ""
    """The reason that its agent gives in a node's condition NetworkUnavailable: `FlannelIsUp`."""
    shutdown_reason: str = ""
    """The one that it leaves there when it is shut down: `CalicoIsDown`."""
    configuration: tuple[str, ...] = ()
    """Files in /etc/cni/net.d."""
    on_hosts: tuple[str, ...] = ()
    """Commands that clear a host of it, to be run there as root."""

    @property
    def network_reasons(self) -> tuple[str, ...]:
        """By which of the two it is known."""
        return tuple(reason for reason in (self.network_reason, self.shutdown_reason) if reason)

    def told(self, stays: str) -> tuple[str, ...]:
        """In lines for people; `stays` says of the configuration where, and how surely."""
        commands = tuple(f"  {command}" for command in self.on_hosts)
        if not self.configuration:
            return commands
        line = (
            f"{stays} /etc/cni/net.d/{self.configuration[0]} stays, and the kubelet takes the node for Ready as long "
            "as it does. Clear the hosts before another plugin is installed:"
        )
        return (line, *commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """How a plugin is installed, upgraded and removed."""

    releases: tuple[Release, ...]
    """Newest first; empty: an operator puts a rendered manifest into the mirror, and says its version."""
    mirror_folder: str = ""
    """Without releases: where in a mirror its rendered manifests are, a folder a version: `cilium`."""
    options: frozenset[Option]
    pod_cidrs: tuple[str, ...]
    """The plugin's own default, where the cluster does not say what it wants."""
    fit: Callable[[Objects, Parameters], Objects]
    """The objects as they are applied, from those of the files in order and from parameters that are complete."""
    agent: Ref
    """The DaemonSet of its agent."""
    overhead: Callable[[Parameters], int]
    """Bytes that it adds to each packet between nodes."""
    wire: Callable[[Parameters], Wire] = lambda parameters: Wire()
    wraps_all: str = ""
    """How to have every packet wrapped in UDP, where `wire` may say otherwise: "say `--encapsulation VXLAN`"."""
    tells_network: bool
    """Whether its agent sets NetworkUnavailable on nodes."""
    uses_node_cidrs: bool
    """Whether pods get their addresses from their node's `spec.podCIDR`."""
    backends: tuple[str, ...] = ()
    """What `--backend` takes, the default first."""
    unsized_backends: tuple[str, ...] = ()
    """Those of them that take no `--mtu`."""
    extras: tuple[str, ...] = ()
    """What `--with` takes."""
    extras_need: tuple[tuple[str, str], ...] = ()
    """Which of them needs which other."""
    encapsulations: tuple[Encapsulation, ...] = ()
    """What `--encapsulation` takes; empty: all there are."""
    dual_stack: bool = False
    blocks: Kind | None = None
    """The kind in which it keeps which addresses it has given to nodes, in `spec.cidr`."""
    operator: Ref | None = None
    """A Deployment that does the work: it has to run before custom resources tell it what to do."""
    brings: Callable[[Parameters, Release], Incoming] = lambda parameters, release: Incoming()
    """What comes in besides what its files name: what the operator makes."""
    standing: Callable[[Surroundings], Parameters] = lambda around: Parameters()
    """What one that is there was told, as far as `brings` asks for it."""
    ready: Callable[[Parameters], tuple[Ref, ...]] = lambda parameters: ()
    """Objects that say by their conditions (Available, Degraded) that all is well."""
    behind: Mapping[str, Ref] = field(default_factory=dict)
    """By the name of such an object: the workload that it speaks of."""
    controllers: tuple[Ref, ...] = ()
    """Deployments of it that come up once there is a network."""
    makes: tuple[Ref, ...] = ()
    """ConfigMaps that its programs make beside what its files hold. They are its own, and go with it: another one that
    found them would believe in them."""
    writers: tuple[str, ...] = ()
    """Field managers that its own programs write as: what they make and complete is the plugin's."""
    one_minor_at_a_time: bool = False
    """Whether its makers allow upgrades from one minor version to the next only."""
    notes: tuple[str, ...] = ()
    """What to know before one approves."""

    def taken(self, title: str) -> Taken:
        """What it takes, for checking what was said."""
        return Taken(
            title=title,
            options=self.options,
            versions=tuple(release.version for release in self.releases),
            backends=self.backends,
            unsized_backends=self.unsized_backends,
            extras=self.extras,
            extras_need=self.extras_need,
            encapsulations=self.encapsulations,
            dual_stack=self.dual_stack,
        )
