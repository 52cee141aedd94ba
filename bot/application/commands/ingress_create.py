"""`ingress create`: leads a host name to a Service."""

from dataclasses import dataclass
from typing import Any

from bot.application.execution.looking_up import existing
from bot.application.ports import Changing, Cluster, Context
from bot.domain.changes import ingress as planning
from bot.domain.changes.change import Change
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import ChangeRequest, HostName, Name, ServiceBackendName, URLPath
from bot.domain.network.references import INGRESS, INGRESS_CLASS, SECRET, SERVICE, JSONObject, ref_to
from bot.errors import Refused


@dataclass(frozen=True, kw_only=True)
class CreateIngress(ChangeRequest):
    host: HostName = argument("the host name to serve")
    service: ServiceBackendName = option("--service", summary="the Service and its port, by number or name")
    path: URLPath = option("--path", summary="the path and all below it", default="/")
    ingress_class: Name = option("--class", summary="the Ingress class; default: the cluster's default", default="")
    tls: Name = option("--tls", summary="the Secret with the certificate", default="")
    name: Name = option("--name", summary="the Ingress's name; default: the Service's", default="")


async def create_ingress(request: CreateIngress, context: Context) -> Change:
    """Reads the Service, what leads to the same host, the classes, and of the Secret its type and keys."""
    cluster = context.cluster
    service = await existing(cluster, ref_to(SERVICE, request.namespace, request.service.service))
    secret_type, secret_keys = await _secret(cluster, request)
    wanted = planning.Route(
        line=context.line,
        cluster=cluster.identity.uid,
        namespace=request.namespace,
        name=request.name or request.service.service,
        host=request.host,
        path=request.path,
        service=request.service.service,
        port=request.service.port,
        ingress_class=request.ingress_class,
        tls=request.tls,
    )
    around = planning.Surroundings(
        service=service,
        ingresses=await _ingresses(cluster, request.namespace),
        classes=await cluster.list(INGRESS_CLASS),
        secret_type=secret_type,
        secret_keys=secret_keys,
    )
    return planning.plan(wanted, around)


async def _ingresses(cluster: Cluster, namespace: str) -> list[JSONObject]:
    """Of all namespaces, since they share host names; of one where no more may be read."""
    try:
        return await cluster.list(INGRESS)
    except Refused:
        return await cluster.list(INGRESS, namespace)


async def _secret(cluster: Cluster, request: CreateIngress) -> tuple[str, frozenset[str]]:
    """Its values are forgotten here: nothing else ever sees them."""
    if not request.tls:
        return "", frozenset()
    secret = await existing(cluster, ref_to(SECRET, request.namespace, request.tls))
    data: Any = secret.get("data") or {}
    return str(secret.get("type") or ""), frozenset(data)


COMMAND = Changing(
    name="ingress create",
    model=CreateIngress,
    planner=create_ingress,
    summary="lead a host name to a Service",
    examples=(
        "ingress create new.example.com --service web:80 --name web-new -n shop",
        "ingress create new.example.com --service web:80 --path /api --name web-api -n shop --dry-run",
    ),
    details="The Service, its port and the TLS Secret must exist. The plan is shown first; nothing is written before "
    "somebody approves. `changes undo` takes it back.",
)
