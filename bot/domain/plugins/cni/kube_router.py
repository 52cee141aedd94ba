"""kube-router: its own manifests give the image no tag, so the version is often unknown."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="kube-router",
    marks=(Marks(daemon_sets=("kube-router",)), Marks(images=("cloudnativelabs/kube-router",))),
    version_image="kube-router",
)
