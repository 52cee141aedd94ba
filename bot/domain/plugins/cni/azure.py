"""Azure CNI: on AKS the hosts are given it; azure-cns and azure-npm are what the API shows of it."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="Azure CNI",
    marks=(
        Marks(daemon_sets=("azure-cns",)),
        Marks(images=("containernetworking/azure-cns",)),
        Marks(daemon_sets=("azure-cni",)),
    ),
    version_image="azure-cns",
    why_not="Azure installs it with the cluster (`az aks create --network-plugin azure`)",
)
