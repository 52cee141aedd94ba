"""What works for a plugin besides its agents, operators and controllers; and who installed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.domain.network.references import JSONObject
from bot.domain.network.snapshot import DaemonSet, Deployment
from bot.domain.plugins.configured import at
from bot.domain.plugins.facts import Facts

Component = Deployment | DaemonSet
_CALICO = ("tigera-operator", "calico-typha", "calico-kube-controllers", "calico-apiserver", "goldmane", "whisker")
_NAMES = {
    "Calico": (*_CALICO, "csi-node-driver"),
    "Canal": _CALICO,
    "Antrea": ("antrea-controller",),
    "Cilium": ("cilium-operator", "hubble-relay"),
    "OVN-Kubernetes": ("ovnkube-control-plane", "ovnkube-master"),
}
_NAMESPACES = frozenset({"kube-system", "tigera-operator", "calico-system", "calico-apiserver", "cilium"})


def components(facts: Facts) -> tuple[Component, ...]:
    """What the plugins which are there cannot do without for long, besides their agents, by namespace and name."""
    wanted = {name for found in facts.found for name in _NAMES.get(found.title, ())}
    beside = _NAMESPACES | {found.agent.namespace for found in facts.found if found.agent}
    there: tuple[Component, ...] = (*facts.snapshot.deployments, *facts.snapshot.daemon_sets)
    found = (each for each in there if each.name in wanted and each.namespace in beside)
    return tuple(sorted(found, key=lambda each: (each.namespace, each.name)))


def replicas(component: Component) -> tuple[int, int]:
    """How many are ready, and how many are wanted."""
    if isinstance(component, DaemonSet):
        return component.status.number_ready or 0, component.status.desired_number_scheduled or 0
    wanted = 1 if component.spec.replicas is None else component.spec.replicas
    return component.status.ready_replicas or 0, wanted


def conditions(object: JSONObject) -> dict[str, dict[str, Any]]:
    """An object's conditions by type."""
    listed = at(object, "status", "conditions")
    return {str(each.get("type")): each for each in listed or () if isinstance(each, dict)}


def installer(agent: JSONObject) -> str:
    """Who put an agent there, as far as the object tells."""
    metadata: Any = agent.get("metadata") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    managers = ", ".join(_managers(metadata))
    owner = next((each for each in metadata.get("ownerReferences") or () if each.get("controller")), None)
    if owner is None:
        owner = next(
            (each for each in metadata.get("ownerReferences") or () if each.get("kind") == "Installation"), None
        )
    if owner is not None:
        told = f"an operator, from {owner.get('kind')} {owner.get('name')}"
    elif release := annotations.get("meta.helm.sh/release-name"):
        told = f"Helm, release {annotations.get('meta.helm.sh/release-namespace', '')}/{release}"
    elif labels.get("app.kubernetes.io/managed-by") == "Helm":
        told = "Helm"
    elif labels.get("addonmanager.kubernetes.io/mode") or labels.get("kubernetes.azure.com/managedby"):
        told = "the cluster's maker, as an add-on"
    elif "patchbay" in managers.split(", "):
        told = "a manifest, by Patchbay"
    elif "kubectl.kubernetes.io/last-applied-configuration" in annotations or "kubectl" in managers:
        told = "a manifest, by kubectl"
    else:
        told = "a manifest" if managers else "somebody who has left no name"
    return f"{told} (field managers: {managers})" if managers else told


def _managers(metadata: dict[str, Any]) -> Iterator[str]:
    """Who wrote fields, but those who only write status, the first first."""
    fields = [each for each in metadata.get("managedFields") or () if not each.get("subresource")]
    names = (str(each.get("manager")) for each in sorted(fields, key=lambda each: str(each.get("time") or "")))
    yield from dict.fromkeys(name for name in names if name != "kube-controller-manager")
