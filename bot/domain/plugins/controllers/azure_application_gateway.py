"""Azure's Application Gateway Ingress Controller (AGIC): recognised.

https://learn.microsoft.com/azure/application-gateway/ingress-controller-overview
"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="Azure Application Gateway",
    images=("azure-application-gateway/kubernetes-ingress",),
    ingress_classes=("azure/application-gateway",),
    legacy_class="azure/application-gateway",
    why_not="it is an add-on of AKS, or a Helm chart that needs a gateway in the cloud's account",
)
