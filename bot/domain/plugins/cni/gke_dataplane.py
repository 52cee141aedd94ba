"""GKE Dataplane V2: Google's build of Cilium; its DaemonSet is called anetd."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="GKE Dataplane V2",
    marks=(Marks(daemon_sets=("anetd",)),),
    version_image="cilium",
    why_not="Google installs it with the cluster (`gcloud container clusters create --enable-dataplane-v2`)",
)
