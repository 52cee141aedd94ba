"""Cilium: installed by Helm or its own program; the agent's DaemonSet is called `cilium` either way.

It is published as a Helm chart alone. Here it is installed from a manifest that an operator rendered from the chart and
put into the mirror with its digest, and from nothing else.
"""

from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, ref_to
from bot.domain.plugins.cni import Marks, NetworkPlugin
from bot.domain.plugins.fitting import Objects, change_images, copied, from_registry
from bot.domain.plugins.installation import Installation, Leftovers
from bot.domain.plugins.parameters import Option, Parameters


def _fit(objects: Objects, parameters: Parameters) -> Objects:
    """All else was said when the chart was rendered."""
    fitted = copied(objects)
    if parameters.registry:
        change_images(fitted, lambda image: from_registry(image, parameters.registry))
    return fitted


CNI = NetworkPlugin(
    title="Cilium",
    marks=(Marks(daemon_sets=("cilium",), images=("cilium/cilium",)), Marks(images=("cilium/cilium",))),
    version_image="cilium/cilium",
    install=Installation(
        releases=(),
        mirror_folder="cilium",
        options=frozenset({Option.REGISTRY}),
        pod_cidrs=(),
        fit=_fit,
        agent=ref_to(DAEMON_SET, "kube-system", "cilium"),
        overhead=lambda parameters: 50,
        tells_network=True,
        uses_node_cidrs=False,
        controllers=(ref_to(DEPLOYMENT, "kube-system", "cilium-operator"),),
        writers=("cilium-agent", "cilium-operator", "cilium-operator-generic"),
        one_minor_at_a_time=True,  # https://docs.cilium.io/en/stable/operations/upgrade
        notes=("Everything else was decided when the manifest was rendered from Cilium's chart.",),
    ),
    leftovers=Leftovers(
        definitions=(".cilium.io",),
        network_reason="CiliumIsUp",
        configuration=("05-cilium.conflist", "05-cilium.conf"),
        on_hosts=(
            "rm -f /etc/cni/net.d/05-cilium.conflist /opt/cni/bin/cilium-cni",
            "rm -rf /var/run/cilium /sys/fs/bpf/cilium /sys/fs/bpf/tc/globals/cilium_*",
            "ip link delete cilium_host; ip link delete cilium_vxlan",
            "iptables-save | grep -v CILIUM | iptables-restore",
        ),
    ),
)
