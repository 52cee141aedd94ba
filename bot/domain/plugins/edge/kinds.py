"""What Kubernetes and the Gateway API call the things by which controllers are chosen."""

GROUP = "gateway.networking.k8s.io"
DEFINITIONS = "the definitions of the Gateway API"
"""What they are called where they stay or go together."""
ROUTES = ("httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes")
"""Plurals of all kinds that may be attached to a Gateway."""
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
"""https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class"""
