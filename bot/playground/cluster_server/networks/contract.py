"""What there is to say of a network plugin, and of the node that it works on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
CONFIGURATION_FOLDER = "/etc/cni/net.d"
SLICED, BLOCKS, NODE_RANGE = "sliced", "blocks", "node"
"""Who hands addresses out: the agents among themselves from one range, Calico by blocks, or the node's podCIDR."""


@dataclass
class Host:
    """What stands on a node's disk, and who works there. It outlives the agents."""

    files: set[str] = field(default_factory=set)
    """In the folder of configurations."""
    cleaned: bool = False
    """Somebody took a configuration away."""
    heard: set[str] = field(default_factory=set)
    """Agents that have written their file, and containers that have removed some: each does so once."""
    ran: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By title, the plugins whose agent has worked here: what it left behind is still there, and tokens of this
    ServiceAccount among that."""
    agents: dict[str, Object] = field(default_factory=dict)
    """The agents' pods, by uid; those that end are not among them."""
    slice: IPv4Network | None = None
    """Its part of a range that the agents share out."""
    blocks: list[IPv4Network] = field(default_factory=list)
    """Calico's, in the order in which they were claimed."""


@dataclass(frozen=True)
class Setting:
    """Where a question is asked: a node, the plugin's own view of it, and the cluster around."""

    registry: Registry
    node: Object
    host: Host
    up: bool
    """Whether the plugin's agent is ready there."""

    @property
    def name(self) -> str:
        return str(self.node["metadata"]["name"])

    @property
    def pod_range(self) -> str:
        return str(self.node["spec"].get("podCIDR") or "")


def _content(_: Setting, __: Object) -> tuple[str, ...]:
    return ()


def _adds(_: Setting, __: str) -> str:
    return ""


@dataclass(frozen=True)
class Plugin:
    """One network plugin."""

    title: str
    daemon_set: str
    """What it is called where its makers' names are kept."""
    images: tuple[str, ...]
    """Ends of image repositories, each of which a container of the agent runs."""
    file: str
    """What it writes to the folder of configurations."""
    container: str
    """The one of its containers that does the work."""
    written_when_up: bool = False
    """True: the file is written by the agent once it works; else by a container that runs before it."""
    says_up: tuple[str, str] | None = None
    """Reason and message of the node condition NetworkUnavailable, when the agent sets it to False."""
    says_down: tuple[str, str] | None = None
    """The same, when an agent that stops sets it to True."""
    addresses: str = NODE_RANGE
    logs: tuple[str, ...] = ()
    """What the agent prints when it works."""
    trouble: Callable[[Setting, Object], tuple[str, ...]] = _content
    """The last lines of an agent (this pod) that cannot start there; empty: it can."""
    refusal: Callable[[Setting, str], str] = _adds
    """Why the plugin fails to add a sandbox (this id) to its network; empty: it does not."""


def repository(image: str) -> str:
    """`localhost:5000/calico/node:v3.32.1@sha256:…` is of `localhost:5000/calico/node`."""
    image = image.partition("@")[0]
    head, slash, last = image.rpartition("/")
    return head + slash + last.partition(":")[0]


def sandbox_of(pod: Object) -> str:
    """An id as container runtimes have them. Here it is always the same for a pod, so that its events count up."""
    return hashlib.sha256(pod["metadata"]["uid"].encode()).hexdigest()


def variable(pod: Object, container: str, name: str) -> str | None:
    """What an environment variable of a container is set to; None: it is not, or by reference."""
    for said in pod["spec"]["containers"]:
        if said["name"] == container:
            found: Object = next((each for each in said.get("env") or () if each["name"] == name), {})
            return found.get("value")
    return None


def mounted(registry: Registry, pod: Object, key: str) -> str | None:
    """What a ConfigMap that the pod mounts says under a key."""
    kind, namespace = registry.kinds.named("v1", "ConfigMap"), pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        config = registry.find(kind, namespace, dig(volume, "configMap", "name", default=""))
        if config and key in (config.get("data") or {}):
            return str(config["data"][key])
    return None
