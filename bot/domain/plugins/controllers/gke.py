"""What GKE runs outside of the cluster for Gateways and Ingresses (class `gce`): recognised.

https://cloud.google.com/kubernetes-engine/docs/concepts/gateway-api
"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="GKE",
    gateway_classes=("networking.gke.io",),
    hosted=True,
    why_not="Google runs it outside of the cluster; `gcloud container clusters update --gateway-api=standard` switches "
    "gateways on",
)
