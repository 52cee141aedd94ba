"""The Gateway API's definitions alone, for controllers that others install (Envoy Gateway, Istio, Cilium, …)."""

from bot.domain.plugins.controllers import IngressController
from bot.domain.plugins.edge.gateway_api import RELEASES
from bot.domain.plugins.edge.installation import EdgeInstallation
from bot.domain.plugins.fitting import copied

CONTROLLER = IngressController(
    title="Gateway API",
    install=EdgeInstallation(
        releases=RELEASES,
        options=frozenset(),
        fit=lambda objects, parameters, release: copied(objects),
        notes=(
            "Definitions serve nothing by themselves: a controller that makes Gateways of them is needed besides. "
            "Every controller of the cluster shares them.",
        ),
    ),
)
