"""Kong's ingress controller: recognised. https://developer.konghq.com/kubernetes-ingress-controller/"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="Kong",
    images=("kong/kubernetes-ingress-controller",),
    ingress_classes=("ingress-controllers.konghq.com/kong",),
    gateway_classes=("konghq.com",),
    legacy_class="kong",
    why_not="its makers install it by Helm (`helm install kong kong/ingress`)",
)
