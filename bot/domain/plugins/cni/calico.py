"""Calico: its operator puts the agent into calico-system, its plain manifest into kube-system."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="Calico",
    marks=(Marks(daemon_sets=("calico-node",)), Marks(images=("calico/node",), without_images=("flannel/flannel",))),
    version_image="calico/node",
)
