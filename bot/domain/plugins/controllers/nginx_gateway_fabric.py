"""NGINX Gateway Fabric, NGINX Inc's implementation of the Gateway API: recognised.

https://docs.nginx.com/nginx-gateway-fabric/
"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="NGINX Gateway Fabric",
    images=("nginx/nginx-gateway-fabric", "nginxinc/nginx-gateway-fabric"),
    gateway_classes=("gateway.nginx.org/nginx-gateway-controller",),
    why_not="its makers install it by Helm (`helm install ngf oci://ghcr.io/nginx/charts/nginx-gateway-fabric`); it "
    "needs the Gateway API's definitions, which `controller install gateway-api` brings",
)
