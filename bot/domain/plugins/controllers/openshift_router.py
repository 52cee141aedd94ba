"""OpenShift's router: recognised. https://docs.redhat.com/en/documentation/openshift_container_platform/"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="OpenShift router",
    ingress_classes=("openshift.io/ingress-to-route",),
    gateway_classes=("openshift.io",),
    hosted=True,
    why_not="the cluster's own ingress operator runs it",
)
