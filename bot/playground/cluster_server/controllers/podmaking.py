"""Pods that a controller makes and deletes for its object, and what it tells there of success and of refusal."""

from __future__ import annotations

from functools import partial
from typing import Any

from bot.playground.cluster_server.controllers.eventing import record, told
from bot.playground.cluster_server.controllers.running import Scene, key_of, reference_to
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.statuses import APIError
from bot.playground.cluster_server.values import copied

Object = dict[str, Any]

CREATE, DELETE = "FailedCreate", "FailedDelete"
_SUCCESS = {CREATE: ("SuccessfulCreate", "Created pod"), DELETE: ("SuccessfulDelete", "Deleted pod")}
_FAILURE = {CREATE: "Error creating", DELETE: "Error deleting"}


class PodMaking:
    """Acts in the name of one controller."""

    def __init__(self, scene: Scene, manager: str, component: str) -> None:
        self._scene = scene
        self._writing = Writing(manager)
        self._component = component

    def create(self, owner: Object, pod: Object) -> Object:
        """Raises what refused it, told on the owner."""
        kind = self._scene.kind("v1", "Pod")
        namespace = owner["metadata"]["namespace"]
        create = partial(self._scene.registry.create, kind, namespace, pod, self._writing)
        try:
            return told(create, partial(self._tell, owner, CREATE))
        except APIError as error:
            self._tell_failure(owner, CREATE, error)
            raise

    def delete(self, owner: Object, pod: Object) -> None:
        """Raises what refused it, told on the owner."""
        delete = partial(self._scene.registry.delete, self._scene.kind("v1", "Pod"), *key_of(pod), Deleting())
        try:
            told(delete, lambda _: self._tell(owner, DELETE, pod))
        except APIError as error:
            self._tell_failure(owner, DELETE, error)
            raise

    def _tell(self, owner: Object, what: str, pod: Object) -> None:
        reason, said = _SUCCESS[what]
        message = f"{said}: {pod['metadata']['name']}"
        record(self._scene.registry, owner, "Normal", reason, message, component=self._component)

    def _tell_failure(self, owner: Object, what: str, error: APIError) -> None:
        if not error.is_of_an_ending_namespace:
            said = f"{_FAILURE[what]}: {error}"
            record(self._scene.registry, owner, "Warning", what, said, component=self._component)


def pod_of(owner: Object) -> Object:
    """A pod from the template of its owner."""
    template = copied(owner["spec"]["template"])
    metadata = {key: template["metadata"][key] for key in ("labels", "annotations") if key in template["metadata"]}
    metadata |= {"generateName": f"{owner['metadata']['name']}-", "ownerReferences": [reference_to(owner)]}
    return {"metadata": metadata, "spec": template["spec"]}
