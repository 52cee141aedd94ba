"""Canal: flannel carries the packets, Calico enforces the policies, both in one DaemonSet."""

from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, ref_to
from bot.domain.plugins.cni import Marks, NetworkPlugin, calico, flannel
from bot.domain.plugins.fitting import Objects, change_images, change_json, copied, from_registry, named
from bot.domain.plugins.installation import Installation, Leftovers
from bot.domain.plugins.parameters import Option, Parameters
from bot.domain.plugins.releases import ManifestFile, Release


def _fit(objects: Objects, parameters: Parameters) -> Objects:
    fitted = copied(objects)
    configuration = named(fitted, "ConfigMap", "canal-config")
    change_json(configuration, "net-conf.json", lambda net_conf: flannel.set_network(net_conf, parameters))
    if parameters.mtu:
        configuration["data"]["veth_mtu"] = str(parameters.mtu)
    if parameters.registry:
        change_images(fitted, lambda image: from_registry(image, parameters.registry))
    return fitted


CNI = NetworkPlugin(
    title="Canal",
    marks=(Marks(daemon_sets=("canal", "rke2-canal")), Marks(images=("calico/node", "flannel/flannel"))),
    version_image="calico/node",
    install=Installation(
        releases=(
            Release(
                version="v3.32.1",
                files=(
                    ManifestFile(
                        "canal/v3.32.1/canal.yaml",
                        "https://raw.githubusercontent.com/projectcalico/calico/v3.32.1/manifests/canal.yaml",
                        "aa58a7b245586a90d75d969b9184326f6218acea7e4951ce2931113cd8e91e39",
                    ),
                ),
                kubernetes=("1.34", "1.36"),
                architectures=frozenset({"amd64", "arm64", "ppc64le", "s390x"}),
            ),
        ),
        options=frozenset({Option.POD_CIDR, Option.BACKEND, Option.MTU, Option.REGISTRY}),
        backends=("vxlan", "host-gw", "wireguard"),
        pod_cidrs=("10.244.0.0/16",),
        fit=_fit,
        agent=ref_to(DAEMON_SET, "kube-system", "canal"),
        overhead=flannel.overhead,
        wire=flannel.wire,
        wraps_all="say `--backend vxlan`",
        tells_network=True,
        uses_node_cidrs=True,
        controllers=(ref_to(DEPLOYMENT, "kube-system", "calico-kube-controllers"),),
        writers=calico.WRITERS,
        notes=("Canal v3.32.1 carries flannel v0.24.4, which is older than flannel's own newest release.",),
    ),
    leftovers=Leftovers(
        network_reason="FlannelIsUp",
        configuration=("10-canal.conflist", "calico-kubeconfig"),
        on_hosts=(
            "rm -f /etc/cni/net.d/10-canal.conflist /etc/cni/net.d/calico-kubeconfig",
            "rm -rf /var/lib/calico /var/run/calico /run/flannel /var/lib/cni/networks/k8s-pod-network",
            "ip link delete flannel.1",
            "iptables-save | grep -v -e cali -e FLANNEL | iptables-restore",
        ),
    ),
)
