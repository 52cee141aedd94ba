"""Network plugins, one a file, declaring CNI. Here: what one is, how to recognise one that is there, and its version.

To add one, write `<name>.py` with `CNI = NetworkPlugin(...)`. When several match, the one with more marks wins: Canal
is Calico's agent beside flannel's and looks like either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.network.foundations import network_agents
from bot.domain.network.snapshot import Container, DaemonSet, Node, Snapshot
from bot.domain.plugins.installation import Installation, Leftovers


@dataclass(frozen=True, slots=True)
class Marks:
    """How a plugin's agent looks in the cluster: all that is given must hold."""

    daemon_sets: tuple[str, ...] = ()
    """Names, any of which the agent's DaemonSet has, in whatever namespace."""
    images: tuple[str, ...] = ()
    """Ends of image repositories, without registry and tag, each of which one of its containers runs."""
    without_images: tuple[str, ...] = ()
    """Image repositories that belong to a relative: none of its containers runs one."""

    @property
    def weight(self) -> int:
        return len(self.daemon_sets[:1]) + len(self.images)


@dataclass(frozen=True, slots=True)
class NetworkPlugin:
    """One network plugin."""

    title: str
    """As its makers write it: `Calico`."""
    marks: tuple[Marks, ...]
    """Ways in which it may be installed; empty: nothing of it is seen in the API."""
    version_image: str = ""
    """The image repository whose tag is the plugin's version."""
    install: Installation | None = None
    """None: it is recognised and explained, and its makers' own ways install it."""
    why_not: str = ""
    """Why it is not installed here, and how it is, for people."""
    leftovers: Leftovers = Leftovers()
    """What stays of it in a cluster and on its hosts."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A plugin that was found in a cluster."""

    title: str
    version: str
    """From the image's tag; empty when there is none that says a version."""
    agent: DaemonSet | None
    """None: nothing in the API stands for it."""


def recognise(snapshot: Snapshot, plugins: Iterable[NetworkPlugin]) -> tuple[Recognised, ...]:
    """What brings the pod network here, best match first for each DaemonSet; several on a cluster that is between two.

    An agent that no plugin knows is told by its DaemonSet's name. Without any agent, ready nodes say that the hosts
    themselves were given a network: that is the plugin without marks. Where a plugin was there before they say nothing:
    a kubelet takes the file that it has left for a network.
    """
    known = list(plugins)
    found = []
    agents = network_agents(snapshot)
    for agent in snapshot.daemon_sets:
        matching = [(_weight(plugin, agent), plugin) for plugin in known]
        weight, plugin = max(matching, key=lambda pair: pair[0], default=(0, None))
        if plugin is not None and weight:
            found.append(Recognised(plugin.title, _version(agent, plugin.version_image), agent))
        elif agent in agents:
            found.append(Recognised(f"unknown, by DaemonSet {agent.ref.short}", "", agent))
    if found or not any(node.ready for node in snapshot.nodes) or last_told(snapshot.nodes, known):
        return tuple(found)
    return tuple(Recognised(plugin.title, "", None) for plugin in known if not plugin.marks)


def last_told(nodes: Iterable[Node], plugins: Iterable[NetworkPlugin]) -> dict[str, list[Node]]:
    """Nodes by the title of the plugin that was the last to tell them of their network (NetworkUnavailable), which it
    does not take back when it goes. Those that nobody known has told are missing."""
    by = {reason: plugin.title for plugin in plugins for reason in plugin.leftovers.network_reasons}
    found: dict[str, list[Node]] = {}
    for node in nodes:
        condition = node.condition("NetworkUnavailable")
        if title := by.get(condition.reason or "") if condition else None:
            found.setdefault(title, []).append(node)
    return found


def has_network(node: Node) -> bool:
    """Whether nobody says that its network is unavailable: else only what tolerates that is put there."""
    condition = node.condition("NetworkUnavailable")
    return condition is None or condition.status == "False"


def clearing(node: str) -> str:
    """What a person types to take NetworkUnavailable back, where nobody is there any more who would."""
    patch = '{"status":{"conditions":[{"type":"NetworkUnavailable","status":"False","reason":"Cleared"}]}}'
    return f"kubectl patch node {node} --subresource=status -p '{patch}'"


def plugin_names(found: Iterable[Recognised]) -> str:
    """`Calico v3.32.1 and flannel v0.28.9`; empty when there is none."""
    return " and ".join(f"{each.title} {each.version}".strip() for each in found)


def _weight(plugin: NetworkPlugin, agent: DaemonSet) -> int:
    return max((marks.weight for marks in plugin.marks if _holds(marks, agent)), default=0)


def _holds(marks: Marks, agent: DaemonSet) -> bool:
    repositories = [repository(container.image) for container in _containers(agent)]

    def runs(image: str) -> bool:
        return any(each == image or each.endswith("/" + image) for each in repositories)

    named = not marks.daemon_sets or agent.name in marks.daemon_sets
    return named and all(runs(i) for i in marks.images) and not any(runs(i) for i in marks.without_images)


def _version(agent: DaemonSet, image: str) -> str:
    for container in _containers(agent):
        if repository(container.image).endswith(image):
            tag = tag_of(container.image)
            return tag if any(character.isdigit() for character in tag) else ""
    return ""


def _containers(agent: DaemonSet) -> tuple[Container, ...]:
    spec = agent.spec.template.spec
    return (*spec.containers, *(spec.init_containers or ()))


def repository(image: str) -> str:
    """`quay.io:443/calico/node:v3.32.1@sha256:…` is of the repository `quay.io:443/calico/node`."""
    image = image.partition("@")[0]
    head, slash, last = image.rpartition("/")
    return head + slash + last.partition(":")[0]


def tag_of(image: str) -> str:
    """`v3.32.1`; empty when the image has no tag."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]
