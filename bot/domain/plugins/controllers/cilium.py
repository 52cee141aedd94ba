"""Cilium's own ingress and gateways: recognised by their classes, for Cilium is a network plugin besides.

https://docs.cilium.io/en/stable/network/servicemesh/ingress/
"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="Cilium",
    ingress_classes=("cilium.io/ingress-controller",),
    gateway_classes=("io.cilium/gateway-controller",),
    hosted=True,
    why_not="it is a setting of the network plugin (`ingressController.enabled` and `gatewayAPI.enabled` of its Helm "
    "chart); `cni status` shows the plugin",
)
