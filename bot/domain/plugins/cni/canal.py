"""Canal: flannel carries the packets, Calico enforces the policies, both in one DaemonSet."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="Canal",
    marks=(Marks(daemon_sets=("canal", "rke2-canal")), Marks(images=("calico/node", "flannel/flannel"))),
    version_image="calico/node",
)
