"""OVN-Kubernetes: what OpenShift comes with; the DaemonSet ovnkube-node."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="OVN-Kubernetes",
    marks=(
        Marks(daemon_sets=("ovnkube-node",)),
        Marks(daemon_sets=("ovnkube-node-cluster",)),
    ),
    version_image="ovn-kubernetes",
    why_not="it comes with OpenShift, or is installed by its own Helm chart",
)
