"""The kubelets of all nodes: pull, start, probe, restart and end what the pods' programs say.

A pod moves in steps with a pause before each: created → containers that run first → the others → ready. What it looks
like at each is in `podstates`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.access.people import AUTHENTICATED, User
from bot.playground.cluster_server.controllers import podstates
from bot.playground.cluster_server.controllers.eventing import record
from bot.playground.cluster_server.controllers.podstates import GROUPS
from bot.playground.cluster_server.controllers.running import (
    Controller,
    Idle,
    Key,
    Pause,
    Scene,
    is_going,
    is_ready,
    key_of,
)
from bot.playground.cluster_server.networks import plugin_of
from bot.playground.cluster_server.networks.contract import sandbox_of
from bot.playground.cluster_server.networks.hosts import Refused
from bot.playground.cluster_server.objects.evaluating import OVER
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_MANAGER = "kubelet"
_PULL_SECONDS, _START_SECONDS, _PROBE_SECONDS, _END_SECONDS = 1.0, 0.5, 1.0, 1.0
_SANDBOX_SECONDS = 12.0
_BACK_OFF_SECONDS, _LONGEST_BACK_OFF_SECONDS = 10, 300
_KILLED = 137
"""The exit code of one that a kubelet kills."""
_MATTERS_TO_AGENTS = (
    ("", "configmaps"), ("", "serviceaccounts"), ("crd.projectcalico.org", "ippools"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
)  # fmt: skip
"""What a network plugin may wait for, besides its node."""
NETWORK_NOT_READY = "container runtime network not ready"


class Kubelet(Controller):
    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._due: dict[str, float] = {}
        """By uid: not to be touched before."""
        self._unhealthy: set[str] = set()
        """Containers whose failing probe was told already."""
        self._images: set[tuple[str, str]] = set()
        """What is on which node."""
        self._addresses: dict[str, str] = {}
        """Those in use, with the uid of the pod."""

    def user(self, key: Key) -> User:
        pod = self.registry.find(self.scene.kind("v1", "Pod"), *key)
        return User(f"system:node:{dig(pod, 'spec', 'nodeName', default='')}", ("system:nodes", AUTHENTICATED))

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("", "pods"):
            self._note_address(change.obj, gone=change.type == "DELETED")
            name = dig(change.obj, "spec", "nodeName")
            waiting = self._without_address(name) if name and plugin_of(change.obj) else []
            if change.type == "DELETED":
                self._due.pop(change.obj["metadata"]["uid"], None)
                return waiting
            return [key_of(change.obj), *waiting] if name else ()
        if change.resource in _MATTERS_TO_AGENTS:
            agents = [key_of(pod) for pod in self._pods() if plugin_of(pod) and not is_ready(pod)]
            return [*agents, *self._without_address("")]
        if change.resource == ("", "nodes"):
            name = change.obj["metadata"]["name"]
            return [key_of(pod) for pod in self._pods() if pod["spec"].get("nodeName") == name]
        return ()

    def _without_address(self, node: str) -> list[Key]:
        """Pods that wait for the network there; empty for a node: anywhere."""
        return [
            key_of(pod)
            for pod in self._pods()
            if pod["spec"].get("nodeName") and node in ("", pod["spec"]["nodeName"]) and not dig(pod, "status", "podIP")
        ]

    def everything(self) -> Iterable[Key]:
        return [key_of(pod) for pod in self._pods() if pod["spec"].get("nodeName")]

    def _note_address(self, pod: Object, *, gone: bool) -> None:
        address, uid = dig(pod, "status", "podIP", default=""), pod["metadata"]["uid"]
        if not address or pod["spec"].get("hostNetwork"):
            return
        if gone or dig(pod, "status", "phase") in OVER:
            if self._addresses.get(address) == uid:
                del self._addresses[address]
        else:
            self._addresses[address] = uid

    def _pods(self) -> Iterable[Object]:
        return self.registry.list(self.scene.kind("v1", "Pod"))

    def reconcile(self, key: Key) -> Pause:
        pod = self.registry.find(self.scene.kind("v1", "Pod"), *key)
        if pod is None or not pod["spec"].get("nodeName"):
            return None
        uid = pod["metadata"]["uid"]
        wait = self._due.get(uid, 0.0) - self.scene.elapsed()
        if self.scene.pace and wait > 0:
            return wait
        node = self.registry.find(self.scene.kind("v1", "Node"), "", pod["spec"]["nodeName"])
        if node is None or not _runs(pod, node):
            return None
        pause = self._end(pod) if is_going(pod) else self._step(pod, node)
        if pause is None or isinstance(pause, Idle):
            return pause
        self._due[uid] = self.scene.elapsed() + pause
        return pause

    def _end(self, pod: Object) -> float | None:
        """First the containers are asked to stop, which takes a moment; then the pod is gone."""
        uid = pod["metadata"]["uid"]
        if self._due.get(f"end {uid}") is None:
            self._due[f"end {uid}"] = 0.0
            return _END_SECONDS
        self._due.pop(f"end {uid}", None)
        if not pod["metadata"].get("finalizers"):
            self.registry.vanish(self.scene.kind("v1", "Pod"), *key_of(pod))
        return None

    def _step(self, pod: Object, node: Object) -> Pause:
        status = pod["status"]
        if not status.get("podIP"):
            try:
                address = self._address(pod, node)
            except Refused as refusal:
                self._refuse(pod, node, refusal)
                return Idle(_SANDBOX_SECONDS)
            self._write(pod, podstates.creating(pod, node, address, self.registry.now()))
            return _PULL_SECONDS
        if status["phase"] in OVER:
            return None
        pauses: list[Pause] = []
        groups = {"initContainers": self._moved_in_turn(pod, pauses)}
        if podstates.is_initialized(pod, groups["initContainers"]):
            groups["containers"] = self._moved(pod, "containers", pauses)
        else:
            groups["containers"] = status["containerStatuses"]
        groups["ephemeralContainers"] = self._moved(pod, "ephemeralContainers", pauses)
        self._write(pod, podstates.assembled(pod, groups, self.registry.now()))
        return _soonest(pauses)

    def _moved(self, pod: Object, group: str, pauses: list[Pause]) -> list[Object]:
        """All containers of a group, each brought one step on."""
        moved = []
        for container, before in _with_statuses(pod, group):
            after, pause = self._container(pod, container, before, group)
            moved.append(after)
            pauses.append(pause)
        return moved

    def _moved_in_turn(self, pod: Object, pauses: list[Pause]) -> list[Object]:
        """Those that run before the others, one after another."""
        moved: list[Object] = []
        for container, before in _with_statuses(pod, "initContainers"):
            if podstates.is_initialized(pod, moved):
                after, pause = self._container(pod, container, before, "initContainers")
                moved.append(after)
                pauses.append(pause)
            else:
                moved.append(before)
        return moved

    def _container(self, pod: Object, container: Object, before: Object, group: str) -> tuple[Object, Pause]:
        """The next state of one container, and the pause before the one after that."""
        program = self.scene.programs.of(container, pod)
        state, now = before.get("state") or {}, self.registry.now()
        waiting = dig(state, "waiting", "reason")
        say = _Saying(self, pod, container, group)
        if before["image"] != container["image"]:
            return podstates.waiting(before | {"image": container["image"]}, "ContainerCreating"), _PULL_SECONDS
        if program.pull_error and "running" not in state and "terminated" not in state:
            return self._unpulled(say, before, program.pull_error, waiting)
        if waiting in ("ContainerCreating", "PodInitializing", "ErrImagePull", "ImagePullBackOff"):
            self._say_pulled(say)
            say("Normal", "Created", "Container created")
            say("Normal", "Started", "Container started")
            return self._begun(podstates.running(before, now), group, container), _START_SECONDS + program.seconds
        if waiting == "CrashLoopBackOff" and not self.scene.pace:
            return (
                (before, None) if program.exit_code is not None else (podstates.restarted(before, now), _START_SECONDS)
            )
        if waiting == "CrashLoopBackOff":
            return self._restarted_in_time(before, now, program.exit_code is None)
        if "terminated" in state:
            return self._after_its_end(say, before, now, group)
        if program.exit_code is not None:
            after = podstates.ended(before, program.exit_code, now) | _good(program.exit_code, group)
            return self._begun(after, group, container) if group == "ephemeralContainers" else after, _START_SECONDS
        return self._probed(say, before, group)

    def _say_pulled(self, say: _Saying) -> None:
        image, node = say.container["image"], say.pod["spec"]["nodeName"]
        there = (node, image) in self._images and say.container.get("imagePullPolicy") != "Always"
        self._images.add((node, image))
        if there:
            said = f'Container image "{image}" already present on machine and can be accessed by the pod'
        else:
            said = f'Successfully pulled image "{image}"'
        say("Normal", "Pulled", said)

    @staticmethod
    def _begun(status: Object, group: str, container: Object) -> Object:
        """Who runs first, or beside, and has no probe is ready as soon as it runs."""
        if group == "ephemeralContainers":
            return {name: value for name, value in status.items() if name != "started"}
        if group == "initContainers" and not podstates.is_sidecar(container):
            return status | {"started": False}
        return status

    def _restarted_in_time(self, before: Object, now: str, healed: bool) -> tuple[Object, Pause]:
        due = self._due.get(f"back-off {before.get('containerID')}", 0.0)
        left = due - self.scene.elapsed()
        if left > 0 and not healed:
            return before, Idle(left)
        return podstates.restarted(before, now), _START_SECONDS

    def _after_its_end(self, say: _Saying, before: Object, now: str, group: str) -> tuple[Object, Pause]:
        policy = say.pod["spec"].get("restartPolicy", "Always")
        if group == "initContainers" and not podstates.is_sidecar(say.container):
            policy = "Never" if policy == "Never" else "OnFailure"
        elif group == "initContainers":
            policy = "Always"
        if group == "ephemeralContainers" or podstates.has_ended(before, policy):
            return before, None
        if before["restartCount"] == 0:
            return podstates.restarted(before, now), _START_SECONDS
        say("Warning", "BackOff", podstates.back_off(say.pod, say.container))
        seconds = min(_BACK_OFF_SECONDS * 2 ** (before["restartCount"] - 1), _LONGEST_BACK_OFF_SECONDS)
        self._due[f"back-off {before.get('containerID')}"] = self.scene.elapsed() + seconds
        return podstates.backing_off(say.pod, say.container, before, seconds), Idle(seconds)

    def _unpulled(self, say: _Saying, before: Object, why: str, waiting: str | None) -> tuple[Object, Pause]:
        image = say.container["image"]
        if waiting in ("ContainerCreating", "PodInitializing"):
            say("Normal", "Pulling", f'Pulling image "{image}"')
            say("Warning", "Failed", f'Failed to pull image "{image}": {why}')
            say("Warning", "Failed", "Error: ErrImagePull")
            return podstates.waiting(before, "ErrImagePull", why), _PULL_SECONDS
        if waiting == "ErrImagePull":
            said = f'Back-off pulling image "{image}"'
            say("Normal", "BackOff", said)
            say("Warning", "Failed", "Error: ImagePullBackOff")
            return podstates.waiting(before, "ImagePullBackOff", f"{said}: ErrImagePull: {why}"), None
        return before, None

    def _probed(self, say: _Saying, before: Object, group: str) -> tuple[Object, Pause]:
        """A running one: is it up, is it alive, is it ready?"""
        container, pod = say.container, say.pod
        if group == "ephemeralContainers":
            return before, None
        program, which = self.scene.programs.of(container, pod), before.get("containerID", "")
        for name, title in (("startupProbe", "Startup"), ("livenessProbe", "Liveness")):
            if failure := podstates.probe_failure(container, pod, program, name):
                say("Warning", "Unhealthy", f"{title} probe failed: {failure}")
                word = title.lower()
                say("Normal", "Killing", f"Container {container['name']} failed {word} probe, will be restarted")
                return podstates.ended(before, _KILLED, self.registry.now()), _START_SECONDS
        failure = podstates.probe_failure(container, pod, program)
        if not failure:
            self._unhealthy.discard(which)
            return before | {"ready": True, "started": True}, None
        if which not in self._unhealthy:
            self._unhealthy.add(which)
            say("Warning", "Unhealthy", f"Readiness probe failed: {failure}")
        return before | {"ready": False}, None

    def _write(self, pod: Object, status: Object) -> None:
        self.registry.write_status(self.scene.kind("v1", "Pod"), pod, status, _MANAGER)

    def _address(self, pod: Object, node: Object) -> str:
        if pod["spec"].get("hostNetwork"):
            return podstates.node_address(node)
        return self.scene.hosts.address(pod, node, self._addresses)

    def _refuse(self, pod: Object, node: Object, why: Refused) -> None:
        if not pod["status"].get("containerStatuses"):
            self._write(pod, podstates.creating(pod, node, "", self.registry.now()))
        said = (
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "
            f'"{sandbox_of(pod)}": {why}'
        )
        record(
            self.registry, pod, "Warning", "FailedCreatePodSandBox", said, component="kubelet",
            host=pod["spec"]["nodeName"],
        )  # fmt: skip


class _Saying:
    """Events about one container."""

    def __init__(self, kubelet: Kubelet, pod: Object, container: Object, group: str) -> None:
        self._registry = kubelet.registry
        self.pod = pod
        self.container = container
        self._group = group

    def __call__(self, kind: str, reason: str, message: str) -> None:
        record(
            self._registry, self.pod, kind, reason, message, component="kubelet", host=self.pod["spec"]["nodeName"],
            field_path=f"spec.{self._group}{{{self.container['name']}}}",
        )  # fmt: skip


def _runs(pod: Object, node: Object) -> bool:
    """A node without network runs only what needs none of the pods' own."""
    if is_ready(node):
        return True
    said: Object = next((c for c in dig(node, "status", "conditions", default=()) if c["type"] == "Ready"), {})
    return NETWORK_NOT_READY in said.get("message", "") and bool(pod["spec"].get("hostNetwork"))


def _with_statuses(pod: Object, group: str) -> list[tuple[Object, Object]]:
    """The containers of a group with what became of them; new ones are about to be made."""
    known = {status["name"]: status for status in pod["status"].get(GROUPS[group]) or ()}
    return [
        (container, known.get(container["name"]) or podstates.created(container, "ContainerCreating"))
        for container in pod["spec"].get(group) or ()
    ]


def _good(exit_code: int, group: str) -> Object:
    """One that runs before the others counts as ready when it has done its work."""
    return {"ready": exit_code == 0} if group == "initContainers" else {}


def _soonest(pauses: list[Pause]) -> Pause:
    """What has to be done comes before what may be waited for idly."""
    busy = [pause for pause in pauses if pause is not None and not isinstance(pause, Idle)]
    if busy:
        return min(busy)
    idle = [pause.seconds for pause in pauses if isinstance(pause, Idle)]
    return Idle(min(idle)) if idle else None
