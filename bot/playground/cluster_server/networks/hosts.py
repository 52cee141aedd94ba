"""What network plugins have left on each node. Heard from the store before any controller looks, so that all see it."""

from __future__ import annotations

import dataclasses
import fnmatch
import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bot.playground.cluster_server.networks import calico_blocks, plugin_of, plugin_of_file, weave
from bot.playground.cluster_server.networks.contract import (
    BLOCKS,
    CONFIGURATION_FOLDER,
    SLICED,
    Host,
    Plugin,
    Setting,
    sandbox_of,
)
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.pods.programs import Program, Reply, status_of
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_REMOVED = re.compile(r"\brm\b[^;&|]*")
_DEFAULT_RANGE = "10.244.0.0/24"


class Refused(Exception):
    """A sandbox that got no network, in the words of the plugin."""


class Hosts:
    """All nodes' disks."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._hosts: dict[str, Host] = {}

    def of(self, node: str) -> Host:
        return self._hosts.setdefault(node, Host())

    def hear(self, change: Change) -> None:
        if change.resource == ("", "nodes") and change.type == "DELETED":
            self._hosts.pop(change.obj["metadata"]["name"], None)
        if change.resource == ("", "pods") and (node := dig(change.obj, "spec", "nodeName")):
            self._hear_pod(self.of(node), change.obj, gone=change.type == "DELETED")

    def _hear_pod(self, host: Host, pod: Object, *, gone: bool) -> None:
        for run, patterns in _taken_away(pod):
            if run in host.heard:
                continue
            host.heard.add(run)
            for file in [file for file in host.files if any(fnmatch.fnmatch(file, each) for each in patterns)]:
                host.files.discard(file)
                host.cleaned = True
        plugin = plugin_of(pod)
        if plugin is None:
            return
        uid = pod["metadata"]["uid"]
        if gone or pod["metadata"].get("deletionTimestamp"):
            host.agents.pop(uid, None)
            return
        host.agents[uid] = pod
        if not host.files and not host.cleaned and self._has_network(pod["spec"]["nodeName"]):
            host.files.add(plugin.file)  # a world that begins in the middle: it has been there before
            host.ran[plugin.title] = _account(pod)
        if uid not in host.heard and _holds(pod, "Ready" if plugin.written_when_up else "Initialized"):
            host.heard.add(uid)
            host.files.add(plugin.file)
        if _works(pod, plugin):
            host.ran[plugin.title] = _account(pod)

    def _has_network(self, name: str) -> bool:
        node = self._registry.find(self._registry.kinds.named("v1", "Node"), "", name)
        return node is not None and _holds(node, "Ready")

    def plugin(self, node: str) -> Plugin | None:
        """The one that new pods are wired by; None: none was ever installed."""
        return plugin_of_file(self.of(node).files)

    def agents(self, node: str, plugin: Plugin) -> Iterator[Object]:
        return (pod for pod in self.of(node).agents.values() if plugin_of(pod) is plugin)

    def setting(self, node: Object, plugin: Plugin) -> Setting:
        name = node["metadata"]["name"]
        up = any(_works(pod, plugin) for pod in self.agents(name, plugin))
        return Setting(self._registry, node, self.of(name), up)

    def blocks(self) -> Mapping[str, list[ipaddress.IPv4Network]]:
        """Calico's, by node."""
        return {name: host.blocks for name, host in self._hosts.items()}

    def address(self, pod: Object, node: Object, taken: Collection[str]) -> str:
        """A free one for a pod. Raises Refused."""
        plugin = self.plugin(node["metadata"]["name"])
        if plugin is None:  # the host was given a network before anybody looked
            return self._of_range(ipaddress.IPv4Network(node["spec"].get("podCIDR") or _DEFAULT_RANGE), taken)
        setting = self.setting(node, plugin)
        if refusal := plugin.refusal(setting, sandbox_of(pod)):
            raise Refused(refusal)
        if plugin.addresses == BLOCKS:
            return self._of_blocks(setting, taken)
        if plugin.addresses == SLICED:
            return self._of_range(self._slice(setting, plugin), taken)
        return self._of_range(ipaddress.IPv4Network(setting.pod_range or _DEFAULT_RANGE), taken)

    @staticmethod
    def _of_range(network: ipaddress.IPv4Network, taken: Collection[str]) -> str:
        first, last = int(network.network_address) + 2, int(network.broadcast_address)  # .1 is the node's own
        free = (str(ipaddress.IPv4Address(number)) for number in range(first, last))
        found = next((address for address in free if address not in taken), None)
        if found is None:
            ends = f"{ipaddress.IPv4Address(first - 1)}-{ipaddress.IPv4Address(last - 1)}"
            said = f"no IP addresses available in range set: {ends}"
            raise Refused(f"plugin failed (add): failed to allocate for range 0: {said}")
        return found

    def _slice(self, setting: Setting, plugin: Plugin) -> ipaddress.IPv4Network:
        """Dealt out when it is first asked for: as many equal parts as there are nodes, at least."""
        host, pod = setting.host, next(iter(self.agents(setting.name, plugin)))
        whole = weave.shared_range(pod)
        if host.slice is None or not host.slice.subnet_of(whole):
            nodes = self._registry.store.count(self._registry.kinds.named("v1", "Node"))
            others = [other.slice for other in self._hosts.values() if other.slice and other is not host]
            longer = min(whole.prefixlen + max(nodes - 1, 0).bit_length(), 30)
            parts = whole.subnets(new_prefix=max(longer, whole.prefixlen))
            host.slice = next((part for part in parts if not any(part.overlaps(other) for other in others)), whole)
        return host.slice

    def _of_blocks(self, setting: Setting, taken: Collection[str]) -> str:
        try:
            return calico_blocks.assigned(self._registry, setting.node, self.blocks(), taken)
        except calico_blocks.NoneLeft as error:
            raise Refused(f'plugin type="calico" failed (add): {error}') from error

    def program(self, container: Object, pod: Object, program: Program) -> Program:
        """What a container of an agent does: those that run first end well; the one that works answers its own probes,
        or prints what it lacks and ends."""
        plugin = plugin_of(pod)
        if plugin is None:
            return program
        if any(container["name"] == first["name"] for first in pod["spec"].get("initContainers") or ()):
            return program if program.exit_code is not None else dataclasses.replace(program, exit_code=0)
        http = {port: {"": Reply("ok\n")} for port in probed_ports(container)} | program.http
        program = dataclasses.replace(program, http=http)
        if container["name"] != plugin.container:
            return program
        logs = program.logs or plugin.logs
        node = self._registry.find(self._registry.kinds.named("v1", "Node"), "", pod["spec"].get("nodeName", ""))
        if node is None or status_of(pod, container["name"]).get("ready"):  # who works has read what it needs
            return dataclasses.replace(program, logs=logs)
        trouble = plugin.trouble(self.setting(node, plugin), pod)
        if trouble:
            return dataclasses.replace(program, logs=(*logs[:1], *trouble), exit_code=1)
        return dataclasses.replace(program, logs=logs)


def _holds(obj: Object, condition: str) -> bool:
    said = dig(obj, "status", "conditions", default=())
    return any(each["type"] == condition and each["status"] == "True" for each in said)


def _works(pod: Object, plugin: Plugin) -> bool:
    """Whether the container that does the work is up; one without a name has the pod speak for it."""
    return bool(status_of(pod, plugin.container).get("ready")) if plugin.container else _holds(pod, "Ready")


def _account(pod: Object) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName", "default")


def probed_ports(container: Object) -> list[int]:
    named = {port.get("name"): port["containerPort"] for port in container.get("ports") or ()}
    asked = [dig(container, probe, "httpGet", "port") for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
    return [int(named.get(port, port)) for port in asked if port in named or isinstance(port, int)]


def _taken_away(pod: Object) -> Iterator[tuple[str, list[str]]]:
    """Which configurations a pod has removed from the host, by the run of its container that did: the pod mounts
    /etc/cni, and a container that ended well named them in `rm`, as manuals have people do it."""
    mounts = [dig(volume, "hostPath", "path", default="") for volume in pod["spec"].get("volumes") or ()]
    if not any(path == "/" or (path and CONFIGURATION_FOLDER.startswith(path.rstrip("/"))) for path in mounts):
        return
    for container in (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]):
        status = status_of(pod, container["name"])
        if dig(status, "state", "terminated", "exitCode") == 0:
            said = " ".join([*(container.get("command") or ()), *(container.get("args") or ())])
            words = [word.strip("'\"") for command in _REMOVED.findall(said) for word in command.split()[1:]]
            names = [word.rstrip("/").rpartition("/")[2] for word in words if not word.startswith("-")]
            run = f"{pod['metadata']['uid']} {container['name']} {status.get('restartCount')}"
            yield run, ["*" if name == "net.d" else name for name in names]
