"""Cilium: installed by Helm or its own program; the agent's DaemonSet is called `cilium` either way."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="Cilium",
    marks=(Marks(daemon_sets=("cilium",), images=("cilium/cilium",)), Marks(images=("cilium/cilium",))),
    version_image="cilium/cilium",
)
