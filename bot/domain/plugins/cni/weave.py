"""Weave Net: archived by Weaveworks in 2024, kept alive by a fork (rajch/weave)."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="Weave Net",
    marks=(Marks(daemon_sets=("weave-net",)), Marks(images=("weave-kube",))),
    version_image="weave-kube",
)
