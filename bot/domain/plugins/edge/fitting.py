"""Fits published manifests of controllers to what was asked: namespace, class, Service, arguments. It alters copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.domain.network.references import GATEWAY_CLASS, INGRESS_CLASS, NAMESPACE, JSONObject, Ref
from bot.domain.plugins.edge.kinds import DEFAULT_CLASS
from bot.domain.plugins.edge.parameters import EdgeParameters
from bot.domain.plugins.fitting import CLUSTER_SCOPED, Objects, change_images, from_registry, named, ref


def moved(objects: Iterable[JSONObject], namespace: str) -> None:
    """Puts what is in a namespace, and the accounts that bindings name, into this one; and renames its Namespace."""
    for object in objects:
        metadata: Any = object["metadata"]
        kind = object.get("kind")
        if kind == NAMESPACE.name:
            metadata["name"] = namespace
        elif kind in CLUSTER_SCOPED:
            metadata.pop("namespace", None)
        else:
            metadata["namespace"] = namespace
        subjects: Any = object.get("subjects") or ()
        for subject in subjects:
            if subject.get("kind") == "ServiceAccount":
                subject["namespace"] = namespace


def namespace_object(name: str) -> JSONObject:
    """A Namespace, for files that leave it to others."""
    return {"apiVersion": NAMESPACE.api_version, "kind": NAMESPACE.name, "metadata": {"name": name}}


def ingress_class(parameters: EdgeParameters, controller: str) -> JSONObject:
    """The class by which Ingresses name it; `controller` is what the program calls itself."""
    metadata: JSONObject = {"name": parameters.class_name}
    if parameters.default_class:
        metadata["annotations"] = {DEFAULT_CLASS: "true"}
    return {
        "apiVersion": INGRESS_CLASS.api_version,
        "kind": INGRESS_CLASS.name,
        "metadata": metadata,
        "spec": {"controller": controller},
    }


def gateway_class(parameters: EdgeParameters, controller: str) -> JSONObject:
    """The class by which Gateways name it."""
    return {
        "apiVersion": GATEWAY_CLASS.api_version,
        "kind": GATEWAY_CLASS.name,
        "metadata": {"name": parameters.class_name},
        "spec": {"controllerName": controller},
    }


def exposed(objects: Sequence[JSONObject], service: str, parameters: EdgeParameters) -> None:
    """Gives the Service of this name the type that was asked for. Raises Misshapen."""
    spec = named(objects, "Service", service)["spec"]
    if parameters.service is not None:
        spec["type"] = parameters.service.value


def replicated(objects: Sequence[JSONObject], deployment: str, parameters: EdgeParameters) -> None:
    """Gives the Deployment of this name as many replicas as were asked for. Raises Misshapen."""
    if parameters.replicas:
        named(objects, "Deployment", deployment)["spec"]["replicas"] = parameters.replicas


def mirrored(objects: Sequence[JSONObject], parameters: EdgeParameters) -> None:
    """Takes all images from the registry that was asked for."""
    if parameters.registry:
        change_images(objects, lambda image: from_registry(image, parameters.registry))


def without(objects: Iterable[JSONObject], *left_out: tuple[str, str]) -> Objects:
    """All but those of these kinds and names."""
    return tuple(object for object in objects if (object.get("kind"), ref(object).name) not in left_out)


def same_thing(own: Ref, published: Iterable[Ref]) -> Ref | None:
    """What of the published files an object was made of: itself, or what was moved into its namespace."""
    candidates = list(published)
    if own in candidates:
        return own
    same = [each for each in candidates if (each.kind, each.name, each.api_version) == own_key(own)]
    return same[0] if len(same) == 1 else None


def own_key(own: Ref) -> tuple[str, str, str]:
    """What stays the same of an object that is moved into another namespace."""
    return own.kind, own.name, own.api_version
