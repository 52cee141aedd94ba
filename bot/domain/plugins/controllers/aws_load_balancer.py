"""The AWS Load Balancer Controller, and what EKS runs itself: recognised.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/
"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="AWS Load Balancer Controller",
    images=("aws-load-balancer-controller",),
    ingress_classes=("ingress.k8s.aws/alb", "eks.amazonaws.com/alb"),
    gateway_classes=("gateway.k8s.aws",),
    legacy_class="alb",
    hosted=True,
    why_not="it needs a role in the cloud's account; its Helm chart (`eks/aws-load-balancer-controller`) or EKS itself "
    "brings it",
)
