"""flannel: a DaemonSet in kube-flannel (kube-system before 0.20), from ghcr.io, Docker Hub or quay.io."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="flannel",
    marks=(
        Marks(daemon_sets=("kube-flannel-ds", "kube-flannel")),
        Marks(images=("flannel-io/flannel",), without_images=("calico/node",)),
        Marks(images=("flannel/flannel",), without_images=("calico/node",)),
    ),
    version_image="/flannel",
)
