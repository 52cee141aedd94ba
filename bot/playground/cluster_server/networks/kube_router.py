"""kube-router: completes a bridge's configuration with what the node was given; the bridge needs it no more then.

It says nothing in the node's conditions. Before the range is filled in, the bridge plugin refuses:
https://github.com/k0sproject/k0s/issues/1334.
"""

from __future__ import annotations

from bot.playground.cluster_server.networks.contract import Object, Plugin, Setting


def _trouble(setting: Setting, _: Object) -> tuple[str, ...]:
    if setting.pod_range:
        return ()
    return (
        "Failed to get pod CIDR from node spec. kube-router relies on kube-controller-manager to allocate pod CIDR for "
        "the node or an annotation `kube-router.io/pod-cidr`. Error: node.Spec.PodCIDR not set for node: "
        f"{setting.name}",
    )


def _refusal(setting: Setting, _: str) -> str:
    return "" if KUBE_ROUTER.title in setting.host.ran else 'plugin type="bridge" failed (add): no IP ranges specified'


KUBE_ROUTER = Plugin(
    "kube-router", "kube-router", ("kube-router",), "10-kuberouter.conflist", container="kube-router",
    logs=("Running kube-router version", "Starting network route controller"), trouble=_trouble, refusal=_refusal,
)  # fmt: skip
