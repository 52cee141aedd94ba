"""kube-router: its own manifests give the image no tag, so the version is often unknown; here it is pinned."""

from bot.domain.network.references import DAEMON_SET, ref_to
from bot.domain.plugins.cni import Marks, NetworkPlugin
from bot.domain.plugins.fitting import (
    Objects,
    change_images,
    change_json,
    container,
    copied,
    from_registry,
    named,
    pinned,
)
from bot.domain.plugins.installation import Installation, Leftovers, Wire
from bot.domain.plugins.parameters import Encapsulation, Option, Parameters
from bot.domain.plugins.releases import ManifestFile, Release

_VERSION = "v2.11.1"


_ENCAPSULATIONS: dict[Encapsulation | None, tuple[str, ...]] = {
    Encapsulation.IPIP: ("--overlay-type=full",),
    Encapsulation.NONE: ("--enable-overlay=false",),
}
"""https://github.com/cloudnativelabs/kube-router/blob/v2.11.1/docs/tunnels.md; with nothing said, IPIPCrossSubnet."""


def overhead(parameters: Parameters) -> int:
    """IPIP 20 bytes; in UDP (Generic UDP Encapsulation, which `fou` means here) 12 more."""
    if parameters.encapsulation is Encapsulation.NONE:
        return 0
    return 32 if parameters.backend == "fou" else 20


def _wire(parameters: Parameters) -> Wire:
    if parameters.encapsulation is Encapsulation.NONE:
        return Wire("", within_subnets=False)
    protocol = "UDP" if parameters.backend == "fou" else "IPIP"
    return Wire(protocol, parameters.encapsulation is Encapsulation.IPIP)


def _fit(objects: Objects, parameters: Parameters) -> Objects:
    fitted = copied(objects)
    change_images(fitted, lambda image: pinned(image, _VERSION))
    arguments = container(fitted, ("DaemonSet", "kube-router"), "kube-router").setdefault("args", [])
    arguments += _ENCAPSULATIONS.get(parameters.encapsulation, ())
    if parameters.backend == "fou":
        arguments.append("--overlay-encap=fou")
    if parameters.mtu:
        # Else it writes what it finds over what it was told: autoConfigureMTU() of its network routes controller.
        arguments.append("--auto-mtu=false")
        configuration = named(fitted, "ConfigMap", "kube-router-cfg")

        def set_mtu(cni_conf: dict[str, list[dict[str, object]]]) -> None:
            cni_conf["plugins"][0]["mtu"] = parameters.mtu

        change_json(configuration, "cni-conf.json", set_mtu)
    if parameters.registry:
        change_images(fitted, lambda image: from_registry(image, parameters.registry))
    return fitted


CNI = NetworkPlugin(
    title="kube-router",
    marks=(Marks(daemon_sets=("kube-router",)), Marks(images=("cloudnativelabs/kube-router",))),
    version_image="kube-router",
    install=Installation(
        releases=(
            Release(
                version=_VERSION,
                files=(
                    ManifestFile(
                        "kube-router/v2.11.1/kubeadm-kuberouter.yaml",
                        "https://raw.githubusercontent.com/cloudnativelabs/kube-router/v2.11.1/daemonset/"
                        "kubeadm-kuberouter.yaml",
                        "847b9b7a47c31d8e10149f5b4d94c78ea214d1c1d70df1640744ae21b0b9121a",
                    ),
                ),
                architectures=frozenset({"amd64", "arm64", "arm", "s390x", "ppc64le", "riscv64"}),
            ),
        ),
        options=frozenset({Option.POD_CIDR, Option.ENCAPSULATION, Option.BACKEND, Option.MTU, Option.REGISTRY}),
        backends=("ipip", "fou"),
        encapsulations=(Encapsulation.IPIP, Encapsulation.IPIP_CROSS_SUBNET, Encapsulation.NONE),
        pod_cidrs=("10.244.0.0/16",),
        fit=_fit,
        agent=ref_to(DAEMON_SET, "kube-system", "kube-router"),
        overhead=overhead,
        wire=_wire,
        wraps_all="say `--backend fou --encapsulation IPIP`",
        tells_network=False,
        uses_node_cidrs=True,
        notes=(
            "kube-router's published manifest names its image without a tag: it is pinned to the version here, so that "
            "what runs tomorrow is what was approved today.",
        ),
    ),
    leftovers=Leftovers(
        configuration=("10-kuberouter.conflist", "10-kuberouter.conf"),
        on_hosts=(
            "rm -f /etc/cni/net.d/10-kuberouter.conflist",
            "ip link delete kube-bridge; ip link delete kube-dummy-if",
            "iptables-save | grep -v KUBE-ROUTER | grep -v KUBE-NWPLCY | iptables-restore; ipset destroy",
        ),
    ),
)
