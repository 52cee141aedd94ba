"""AWS VPC CNI: pods get addresses of the VPC; EKS puts the DaemonSet aws-node into kube-system."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="AWS VPC CNI",
    marks=(
        Marks(daemon_sets=("aws-node",)),
        Marks(images=("amazon-k8s-cni",)),
    ),
    version_image="amazon-k8s-cni",
    why_not="Amazon installs it: it is an add-on of EKS (`aws eks create-addon --addon-name vpc-cni`)",
)
