"""The kubelets of all nodes: pull, start, probe, restart and end what the pods' programs say.

A pod moves in steps with a pause before each: created → pulled → started → ready. What it looks like at each is in
`podstates`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers import podstates
from bot.playground.cluster_server.controllers.eventing import record
from bot.playground.cluster_server.controllers.running import Controller, Key, Scene, is_going, is_ready, key_of
from bot.playground.cluster_server.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_MANAGER = "kubelet"
_PULL_SECONDS, _START_SECONDS, _PROBE_SECONDS, _END_SECONDS = 1.0, 0.5, 1.0, 1.0


class Kubelet(Controller):
    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._due: dict[str, float] = {}
        """By uid: not to be touched before."""
        self._unhealthy: set[str] = set()
        """Containers whose failing probe was told already."""

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("", "pods"):
            if change.type == "DELETED":
                self._due.pop(change.obj["metadata"]["uid"], None)
                return ()
            return [key_of(change.obj)] if dig(change.obj, "spec", "nodeName") else ()
        if change.resource == ("", "nodes"):
            name = change.obj["metadata"]["name"]
            return [key_of(pod) for pod in self._pods() if pod["spec"].get("nodeName") == name]
        return ()

    def everything(self) -> Iterable[Key]:
        return [key_of(pod) for pod in self._pods() if pod["spec"].get("nodeName")]

    def _pods(self) -> Iterable[Object]:
        return self.registry.list(self.scene.kind("v1", "Pod"))

    def reconcile(self, key: Key) -> float | None:
        pod = self.registry.find(self.scene.kind("v1", "Pod"), *key)
        if pod is None or not pod["spec"].get("nodeName"):
            return None
        uid = pod["metadata"]["uid"]
        wait = self._due.get(uid, 0.0) - self.scene.elapsed()
        if self.scene.pace and wait > 0:
            return wait
        node = self.registry.find(self.scene.kind("v1", "Node"), "", pod["spec"]["nodeName"])
        if node is None or not is_ready(node):
            return None
        pause = self._end(pod) if is_going(pod) else self._step(pod, node)
        if pause is None:
            return None
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

    def _step(self, pod: Object, node: Object) -> float | None:
        status = pod["status"]
        if not status.get("containerStatuses"):
            address = self._address(pod, node)
            self._write(pod, podstates.creating(pod, node, address, self.registry.now()))
            return _PULL_SECONDS
        containers, pause = [], None
        for container, before in zip(pod["spec"]["containers"], status["containerStatuses"], strict=False):
            after, more = self._container(pod, container, before)
            containers.append(after)
            pause = more if pause is None else pause if more is None else min(pause, more)
        self._write(pod, podstates.assembled(pod, containers, self.registry.now()))
        return pause

    def _container(self, pod: Object, container: Object, before: Object) -> tuple[Object, float | None]:
        """The next state of one container, and the pause before the one after that."""
        program = self.scene.programs.of(container)
        state, now = before.get("state") or {}, self.registry.now()
        waiting = dig(state, "waiting", "reason")
        if before["image"] != container["image"]:
            return podstates.waiting(before | {"image": container["image"]}, "ContainerCreating"), _PULL_SECONDS
        if program.pull_error and "running" not in state:
            return self._unpulled(pod, container, before, program.pull_error, waiting)
        if waiting in ("ContainerCreating", "ErrImagePull", "ImagePullBackOff"):
            self._say(pod, container, "Normal", "Pulled", f'Successfully pulled image "{container["image"]}"')
            self._say(pod, container, "Normal", "Created", "Container created")
            self._say(pod, container, "Normal", "Started", "Container started")
            return podstates.running(before, now), _START_SECONDS
        if program.exit_code is not None:
            if "running" in state:
                return podstates.ended(before, program.exit_code, now), _START_SECONDS
            if "terminated" in state:
                self._say(pod, container, "Warning", "BackOff", podstates.back_off(pod, container))
                return podstates.backing_off(pod, container, before), None
            return before, None
        if "running" not in state:
            return podstates.running(before | {"restartCount": before["restartCount"] + 1}, now), _START_SECONDS
        return self._probed(pod, container, before)

    def _unpulled(
        self, pod: Object, container: Object, before: Object, why: str, waiting: str | None
    ) -> tuple[Object, float | None]:
        image = container["image"]
        if waiting == "ContainerCreating":
            self._say(pod, container, "Normal", "Pulling", f'Pulling image "{image}"')
            self._say(pod, container, "Warning", "Failed", f'Failed to pull image "{image}": {why}')
            self._say(pod, container, "Warning", "Failed", "Error: ErrImagePull")
            return podstates.waiting(before, "ErrImagePull", why), _PULL_SECONDS
        if waiting == "ErrImagePull":
            said = f'Back-off pulling image "{image}"'
            self._say(pod, container, "Normal", "BackOff", said)
            self._say(pod, container, "Warning", "Failed", "Error: ImagePullBackOff")
            return podstates.waiting(before, "ImagePullBackOff", f"{said}: ErrImagePull: {why}"), None
        return before, None

    def _probed(self, pod: Object, container: Object, before: Object) -> tuple[Object, float | None]:
        failure = podstates.probe_failure(container, pod, self.scene.programs.of(container))
        which = before.get("containerID", "")
        if not failure:
            self._unhealthy.discard(which)
            return before | {"ready": True}, None
        if which not in self._unhealthy:
            self._unhealthy.add(which)
            self._say(pod, container, "Warning", "Unhealthy", f"Readiness probe failed: {failure}")
        return before | {"ready": False}, None

    def _say(self, pod: Object, container: Object, kind: str, reason: str, message: str) -> None:
        record(
            self.registry, pod, kind, reason, message, component="kubelet", host=pod["spec"]["nodeName"],
            field_path=f"spec.containers{{{container['name']}}}",
        )  # fmt: skip

    def _write(self, pod: Object, status: Object) -> None:
        self.registry.write_status(self.scene.kind("v1", "Pod"), pod, status, _MANAGER)

    def _address(self, pod: Object, node: Object) -> str:
        if pod["spec"].get("hostNetwork"):
            return podstates.node_address(node)
        prefix = node["spec"].get("podCIDR", "10.244.0.0/24").rpartition(".")[0]
        taken = {dig(other, "status", "podIP") for other in self._pods()}
        return next(ip for number in range(2, 255) if (ip := f"{prefix}.{number}") not in taken)
