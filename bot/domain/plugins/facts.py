"""All that is known of the network plugins that are there: what `cni status` tells and `cni check` judges.

Read in one place (application/execution/plugin_facts.py). Objects of the plugins' own kinds are as the API has them:
each plugin's words for its settings are read in `configured.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.network.owners import owner_of
from bot.domain.network.references import CONFIG_MAP, JSONObject, Kind, Ref
from bot.domain.network.snapshot import FIELD_OF_KIND, Pod, Snapshot, Unread
from bot.domain.plugins.cni import NetworkPlugin, Recognised
from bot.domain.plugins.surroundings import Surroundings

IP_POOL = Kind("IPPool", "ippools", "crd.projectcalico.org/v1", namespaced=False)
IPAM_BLOCK = Kind("IPAMBlock", "ipamblocks", "crd.projectcalico.org/v1", namespaced=False)
FELIX_CONFIGURATION = Kind("FelixConfiguration", "felixconfigurations", "crd.projectcalico.org/v1", namespaced=False)
INSTALLATION = Kind("Installation", "installations", "operator.tigera.io/v1", namespaced=False)
TIGERA_STATUS = Kind("TigeraStatus", "tigerastatuses", "operator.tigera.io/v1", namespaced=False)
CUSTOM_KINDS = (IP_POOL, IPAM_BLOCK, FELIX_CONFIGURATION, INSTALLATION, TIGERA_STATUS)

CONFIG_MAPS = {
    "flannel": "kube-flannel-cfg",
    "Canal": "canal-config",
    "Calico": "calico-config",
    "Antrea": "antrea-config",
    "kube-router": "kube-router-cfg",
    "Cilium": "cilium-config",
}
"""Where a plugin's agent has its settings from, beside it in its namespace."""


@dataclass(frozen=True, slots=True)
class Allotted:
    """A block of addresses that Calico has given to a node (an IPAMBlock), counted."""

    cidr: str
    node: str
    """Empty: it is nobody's own."""
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read. Lists are in a stable order."""

    around: Surroundings
    """Its snapshot has the pods besides."""
    known: tuple[NetworkPlugin, ...]
    """Every plugin that can be recognised."""
    found: tuple[Recognised, ...]
    agents: dict[Ref, JSONObject] = field(default_factory=dict)
    """The agents' DaemonSets as they are, by reference; without those that could not be read."""
    config_maps: dict[str, JSONObject] = field(default_factory=dict)
    """Settings of a plugin, by its title."""
    settings_left: dict[str, Ref] = field(default_factory=dict)
    """ConfigMaps of plugins' settings where no agent is seen, by the plugin's title."""
    ip_pools: tuple[JSONObject, ...] = ()
    blocks: tuple[Allotted, ...] = ()
    felix: tuple[JSONObject, ...] = ()
    installations: tuple[JSONObject, ...] = ()
    tigera_statuses: tuple[JSONObject, ...] = ()
    unread: tuple[Unread, ...] = ()
    """What could not be read, a kind and a reason each. A kind that is not there was read: it has no objects."""

    @property
    def snapshot(self) -> Snapshot:
        return self.around.snapshot

    def could_read(self, *kinds: Kind) -> bool:
        """Whether each of the kinds was completely read: only then does absence mean anything."""
        missing = {each.kind for each in self.unread}
        return all(self.snapshot.could_read(kind) if kind in FIELD_OF_KIND else kind not in missing for kind in kinds)

    def plugin(self, found: Recognised) -> NetworkPlugin | None:
        """Its file; None for one that no file knows."""
        return next((each for each in self.known if each.title == found.title), None)

    def titled(self, *titles: str) -> Recognised | None:
        """The first that was found under one of these titles."""
        return next((each for each in self.found if each.title in titles), None)

    def pods_by_agent(self) -> dict[Ref, list[Pod]]:
        """The pods of each agent."""
        pods: dict[Ref, list[Pod]] = {each.agent.ref: [] for each in self.found if each.agent}
        for pod in self.snapshot.pods:
            if (owner := owner_of(pod)) in pods:
                pods[owner].append(pod)
        return pods


def settings_ref(found: Recognised) -> Ref | None:
    """The ConfigMap of a plugin's settings; None when it has none that is known."""
    name = CONFIG_MAPS.get(found.title)
    return Ref(CONFIG_MAP.name, name, found.agent.namespace) if name and found.agent else None


def settings_without_agent(plugin: NetworkPlugin) -> Ref | None:
    """The same for a plugin that was installed from here, and whose agent may be gone."""
    name = CONFIG_MAPS.get(plugin.title)
    return Ref(CONFIG_MAP.name, name, plugin.install.agent.namespace) if name and plugin.install else None
