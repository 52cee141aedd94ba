"""Weave Net: archived by Weaveworks in 2024, kept alive by a fork (rajch/weave)."""

from bot.domain.network.references import CONFIG_MAP, DAEMON_SET, ref_to
from bot.domain.plugins.cni import Marks, NetworkPlugin
from bot.domain.plugins.fitting import Objects, change_images, container, copied, from_registry, set_variable
from bot.domain.plugins.installation import Installation, Leftovers
from bot.domain.plugins.parameters import Option, Parameters
from bot.domain.plugins.releases import ManifestFile, Release


def _fit(objects: Objects, parameters: Parameters) -> Objects:
    """https://rajch.github.io/weave/kubernetes/kube-addon#configuration-options"""
    fitted = copied(objects)
    weave = container(fitted, ("DaemonSet", "weave-net"), "weave")
    if parameters.pod_cidrs:
        set_variable(weave, "IPALLOC_RANGE", parameters.pod_cidrs[0])
    if parameters.mtu:
        set_variable(weave, "WEAVE_MTU", str(parameters.mtu))
    if parameters.registry:
        change_images(fitted, lambda image: from_registry(image, parameters.registry))
    return fitted


CNI = NetworkPlugin(
    title="Weave Net",
    marks=(Marks(daemon_sets=("weave-net",)), Marks(images=("weave-kube",))),
    version_image="weave-kube",
    install=Installation(
        releases=(
            Release(
                version="v2.9.0",
                tag="2.9.0",
                files=(
                    ManifestFile(
                        "weave/v2.9.0/weave-daemonset-k8s-1.11.yaml",
                        "https://github.com/rajch/weave/releases/download/v2.9.0/weave-daemonset-k8s-1.11.yaml",
                        "28a24c8c45f64f09e40842b08680a438f7d18274d1ea9e52cb09d691690739a9",
                    ),
                ),
                kubernetes=("1.11", ""),  # as the file's name says
                architectures=frozenset({"amd64", "arm64", "arm", "ppc64le", "s390x"}),
            ),
        ),
        options=frozenset({Option.POD_CIDR, Option.MTU, Option.REGISTRY}),
        pod_cidrs=("10.32.0.0/12",),
        fit=_fit,
        agent=ref_to(DAEMON_SET, "kube-system", "weave-net"),
        overhead=lambda parameters: 124,  # 1376 of 1500 is what it takes by default: fast datapath, encrypted
        tells_network=True,
        uses_node_cidrs=False,
        makes=(ref_to(CONFIG_MAP, "kube-system", "weave-net"),),  # its peers, by which it takes over their addresses
        notes=(
            "Weaveworks ended in 2024 and archived Weave Net: this is the community's fork rajch/weave. For a new "
            "cluster another plugin will be looked after for longer.",
        ),
    ),
    leftovers=Leftovers(
        network_reason="WeaveIsUp",
        configuration=("10-weave.conflist",),
        on_hosts=(
            "rm -f /etc/cni/net.d/10-weave.conflist /opt/cni/bin/weave-*",
            "rm -rf /var/lib/weave",
            "ip link delete weave; ip link delete datapath",
            "iptables-save | grep -v -i weave | iptables-restore",
        ),
    ),
)
