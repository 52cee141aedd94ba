"""Istio: recognised. https://istio.io/latest/docs/setup/install/"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="Istio",
    images=("istio/pilot", "istio-release/pilot"),
    ingress_classes=("istio.io/ingress-controller",),
    gateway_classes=("istio.io",),
    why_not="it is a whole mesh, which `istioctl install` or its Helm charts bring; it needs the Gateway API's "
    "definitions, which `controller install gateway-api` brings",
)
