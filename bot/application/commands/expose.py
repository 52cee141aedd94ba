"""`expose`: a Service in front of a Deployment's pods."""

from dataclasses import dataclass
from enum import Enum

from bot.application.execution.looking_up import existing
from bot.application.ports import Changing, Context
from bot.domain.changes import expose as planning
from bot.domain.changes.change import Change
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import ChangeRequest, DeploymentTarget, Port, PortOrName, ServiceName
from bot.domain.network.references import DEPLOYMENT, SERVICE, ref_to
from bot.errors import NotFound, UsageError


class ServiceType(Enum):
    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"


@dataclass(frozen=True, kw_only=True)
class Expose(ChangeRequest):
    target: DeploymentTarget = argument("the Deployment to expose")
    port: Port = option("--port", summary="the Service's port")
    target_port: PortOrName = option(
        "--target-port", summary="the containers' port, by number or name; default: the same as --port", default=""
    )
    type: ServiceType = option("--type", summary="the type of Service", default=ServiceType.CLUSTER_IP)
    name: ServiceName = option("--name", summary="the Service's name; default: the Deployment's", default="")


async def expose(request: Expose, context: Context) -> Change:
    """Reads the Deployment and whatever has the wanted name."""
    name = request.name or request.target.name
    if "." in name or len(name) > 63 or not name[0].isalpha():
        raise UsageError(
            f"A Service cannot be called {name}",
            cause="a Service's name has lower-case letters, digits and dashes, begins with a letter, at most 63",
            next_step="choose one by `--name`",
        )
    deployment = await existing(context.cluster, ref_to(DEPLOYMENT, request.namespace, request.target.name))
    try:
        service = await context.cluster.get(ref_to(SERVICE, request.namespace, name))
    except NotFound:
        service = None
    wanted = planning.Exposure(
        line=context.line,
        cluster=context.cluster.identity.uid,
        namespace=request.namespace,
        name=name,
        port=request.port,
        target_port=request.target_port or str(request.port),
        type=request.type.value,
    )
    return planning.plan(wanted, deployment, service)


COMMAND = Changing(
    name="expose",
    model=Expose,
    planner=expose,
    summary="put a Service in front of a Deployment's pods",
    examples=(
        "expose deploy/web --port 80 --target-port 8080 --name web-public -n shop",
        "expose deploy/web --port 80 --target-port 8080 --type NodePort --name web-node -n shop --dry-run",
    ),
    details="The plan is shown first, with what the API server says to it; nothing is written before it is approved. "
    "Afterwards it waits until a pod behind the Service is ready, and asks it. `changes undo` takes it back.",
)
