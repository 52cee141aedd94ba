"""HAProxy Ingress, of others than HAProxy Technologies: recognised. https://haproxy-ingress.github.io/"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="HAProxy Ingress (jcmoraisjr)",
    images=("jcmoraisjr/haproxy-ingress",),
    ingress_classes=("haproxy-ingress.github.io/controller",),
    gateway_classes=("haproxy-ingress.github.io/controller",),
    why_not="its makers install it by Helm (`helm install haproxy-ingress haproxy-ingress/haproxy-ingress`)",
)
