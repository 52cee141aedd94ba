"""ingress-nginx of the Kubernetes project: recognised, and never installed. It was retired in March 2026.

https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/
"""

from bot.domain.plugins.controllers import IngressController

_RETIRED = "the Kubernetes project retired it in March 2026: nobody mends its security holes any more"
_WAY_OUT = (
    "`ingress to-gateway NAME` shows what an Ingress becomes as routes, and `controller install traefik --gateway-api` "
    "brings a controller that serves both"
)

CONTROLLER = IngressController(
    title="ingress-nginx",
    images=("ingress-nginx/controller", "nginx-ingress-controller", "mirrored-ingress-nginx-controller"),
    ingress_classes=("k8s.io/ingress-nginx", "webapprouting.kubernetes.azure.com/nginx"),
    legacy_class="nginx",
    retired=f"{_RETIRED}; {_WAY_OUT}",
    why_not=_RETIRED,
)
