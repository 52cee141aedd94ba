"""flannel: a DaemonSet in kube-flannel (kube-system before 0.20), from ghcr.io, Docker Hub or quay.io.

Its raw file and its release asset are different objects (the selector, which cannot be changed afterwards, has a label
more in the asset): only the raw file is ever used here.
"""

from typing import Any

from bot.domain.network.references import DAEMON_SET, ref_to
from bot.domain.plugins.cni import Marks, NetworkPlugin
from bot.domain.plugins.fitting import Objects, change_images, change_json, copied, from_registry, named
from bot.domain.plugins.installation import Installation, Leftovers, Wire
from bot.domain.plugins.parameters import Option, Parameters
from bot.domain.plugins.releases import ManifestFile, Release

_ARCHITECTURES = frozenset({"amd64", "arm64", "arm", "ppc64le", "s390x", "riscv64"})
_KUBERNETES = ("1.17", "")
"""https://github.com/flannel-io/flannel#deploying-flannel-manually: "For Kubernetes v1.17+"."""


def _release(version: str, sha256: str) -> Release:
    base = "https://raw.githubusercontent.com/flannel-io/flannel"
    file = ManifestFile(
        f"flannel/{version}/kube-flannel.yml", f"{base}/{version}/Documentation/kube-flannel.yml", sha256
    )
    return Release(version=version, files=(file,), kubernetes=_KUBERNETES, architectures=_ARCHITECTURES)


_TAKEN_OFF = {"host-gw": 0, "wireguard": 80}
"""Bytes that flannel's backends take off the MTU they are told, whatever the family; VXLAN 50. Theirs is the MTU of the
packets between nodes, ours that of pods: MTU() in pkg/backend/*/*_network.go."""


def set_network(net_conf: dict[str, Any], parameters: Parameters) -> None:
    """https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md"""
    for cidr in parameters.pod_cidrs:
        if ":" in cidr:
            net_conf |= {"EnableIPv6": True, "IPv6Network": cidr}
        else:
            net_conf["Network"] = cidr
    if parameters.pod_cidrs and all(":" in cidr for cidr in parameters.pod_cidrs):
        net_conf.pop("Network", None)
        net_conf["EnableIPv4"] = False
    backend = net_conf.setdefault("Backend", {})
    if parameters.backend:
        backend["Type"] = parameters.backend
    if parameters.mtu:
        backend["MTU"] = parameters.mtu + _TAKEN_OFF.get(backend.get("Type", ""), 50)


def overhead(parameters: Parameters) -> int:
    """VXLAN: 50 bytes, over IPv6 70. WireGuard: 60 and 80. host-gw wraps nothing."""
    six = 20 if parameters.pod_cidrs and all(":" in cidr for cidr in parameters.pod_cidrs) else 0
    return {"host-gw": 0, "wireguard": 60 + six}.get(parameters.backend, 50 + six)


def wire(parameters: Parameters) -> Wire:
    return Wire("", within_subnets=False) if parameters.backend == "host-gw" else Wire()


def _fit(objects: Objects, parameters: Parameters) -> Objects:
    fitted = copied(objects)
    configuration = named(fitted, "ConfigMap", "kube-flannel-cfg")
    change_json(configuration, "net-conf.json", lambda net_conf: set_network(net_conf, parameters))
    if parameters.registry:
        change_images(fitted, lambda image: from_registry(image, parameters.registry))
    return fitted


CNI = NetworkPlugin(
    title="flannel",
    marks=(
        Marks(daemon_sets=("kube-flannel-ds", "kube-flannel")),
        Marks(images=("flannel-io/flannel",), without_images=("calico/node",)),
        Marks(images=("flannel/flannel",), without_images=("calico/node",)),
    ),
    version_image="/flannel",
    install=Installation(
        releases=(
            _release("v0.28.9", "e875824be2f552b45711dbda91af81b17eb961d00025d914d9fef18fad8f09c0"),
            _release("v0.28.8", "d5ec6500c8050667ef5e6c4dc59b750075db8cf32f45b12961349208c5f326da"),
        ),
        options=frozenset({Option.POD_CIDR, Option.BACKEND, Option.MTU, Option.REGISTRY}),
        backends=("vxlan", "host-gw", "wireguard"),
        unsized_backends=("host-gw",),  # pkg/backend/hostgw/hostgw.go: it takes the link's, whatever is said
        pod_cidrs=("10.244.0.0/16",),
        dual_stack=True,
        fit=_fit,
        agent=ref_to(DAEMON_SET, "kube-flannel", "kube-flannel-ds"),
        overhead=overhead,
        wire=wire,
        wraps_all="say `--backend vxlan`",
        tells_network=True,
        uses_node_cidrs=True,
    ),
    leftovers=Leftovers(
        network_reason="FlannelIsUp",
        configuration=("10-flannel.conflist",),
        on_hosts=(
            "rm -f /etc/cni/net.d/10-flannel.conflist /opt/cni/bin/flannel",
            "rm -rf /run/flannel /var/lib/cni/networks/cbr0",
            "ip link delete flannel.1; ip link delete flannel-v6.1; ip link delete cni0",
        ),
    ),
)
