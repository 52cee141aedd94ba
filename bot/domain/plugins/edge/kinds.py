"""The kinds of the Gateway API. Which version of each is served is said by its definition, and differs by release."""

from bot.domain.network.references import Kind

GROUP = "gateway.networking.k8s.io"
GATEWAY_CLASS = Kind("GatewayClass", "gatewayclasses", f"{GROUP}/v1", namespaced=False)
GATEWAY = Kind("Gateway", "gateways", f"{GROUP}/v1")
ROUTES = ("httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes")
"""Plurals of all kinds that may be attached to a Gateway."""
LEGACY_CLASS = "kubernetes.io/ingress.class"
"""How Ingresses named their class before `spec.ingressClassName`, and some still do."""
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
"""https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class"""
