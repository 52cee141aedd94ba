"""Azure's Application Gateway for Containers: recognised.

https://learn.microsoft.com/azure/application-gateway/for-containers/overview
"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="Azure Application Gateway for Containers",
    images=("application-lb/images/alb-controller",),
    ingress_classes=("alb.networking.azure.io/alb-controller",),
    gateway_classes=("alb.networking.azure.io/alb-controller",),
    why_not="it is a Helm chart or an add-on of AKS that needs an identity in the cloud's account",
)
