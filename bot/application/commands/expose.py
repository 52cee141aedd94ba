"""`expose`: a Service in front of a workload's pods, a pod, or what another Service leads to."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from bot.application.execution.looking_up import existing
from bot.application.execution.service_surroundings import around_service
from bot.application.ports import Changing, Context
from bot.domain.changes import expose as planning
from bot.domain.changes.change import Change
from bot.domain.changes.service_ports import PortOptions, WantedPort, candidates, completed, named
from bot.domain.changes.target import Target, target
from bot.domain.chat import grammar
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.service_values import (
    Address,
    Affinity,
    AppProtocol,
    BalancerClass,
    ClusterIP,
    EqualLabels,
    ExposeTarget,
    Families,
    FamilyPolicy,
    NodePortSpec,
    Protocol,
    ServicePortSpec,
    ServiceType,
    TrafficPolicy,
    pairs,
    said,
)
from bot.domain.chat.values import ChangeRequest, PortOrName, ServiceName, Word
from bot.domain.network.references import JSON, SERVICE, ref_to
from bot.domain.plugins.parameters import check_accepted
from bot.errors import NotFound, Refused, Undecided, UsageError


@dataclass(frozen=True, kw_only=True)
class Expose(ChangeRequest):
    target: ExposeTarget = argument("what to expose")
    port: tuple[ServicePortSpec, ...] = option(
        "--port", summary="a port of the Service; default: the containers' only one", default=()
    )
    target_port: PortOrName = option(
        "--target-port", summary="the containers' port, by number or name; default: the same as --port", default=""
    )
    protocol: Protocol | None = option(
        "--protocol", summary="of the port; default: what the containers declare", default=None
    )
    node_port: tuple[NodePortSpec, ...] = option(
        "--node-port", summary="the port on each node; default: the cluster chooses", default=()
    )
    type: ServiceType = option("--type", summary="the type of Service", default=ServiceType.CLUSTER_IP)
    name: ServiceName = option("--name", summary="the Service's name; default: the target's", default="")
    selector: EqualLabels = option("--selector", summary="the pods' labels; default: the target's selector", default="")
    labels: EqualLabels = option("-l", "--labels", summary="the Service's labels; default: the target's", default="")
    cluster_ip: ClusterIP = option("--cluster-ip", summary="its address; None: headless", default="")
    session_affinity: Affinity | None = option(
        "--session-affinity", summary="whether a client stays with one pod", default=None
    )
    external_traffic_policy: TrafficPolicy | None = option(
        "--external-traffic-policy", summary="Local keeps the clients' addresses", default=None
    )
    internal_traffic_policy: TrafficPolicy | None = option(
        "--internal-traffic-policy", summary="Local stays on the client's node", default=None
    )
    ip_families: Families = option("--ip-families", summary="address families, the first one first", default="")
    ip_family_policy: FamilyPolicy | None = option("--ip-family-policy", summary="one family or two", default=None)
    external_ip: tuple[Address, ...] = option(
        "--external-ip", summary="an address outside that leads to a node", default=()
    )
    load_balancer_ip: Address = option("--load-balancer-ip", summary="the address to ask for (deprecated)", default="")
    load_balancer_class: BalancerClass = option(
        "--load-balancer-class", summary="which load balancer is meant", default=""
    )
    app_protocol: AppProtocol = option("--app-protocol", summary="what the port speaks", default="")
    publish_not_ready_addresses: bool = option(
        "--publish-not-ready-addresses", summary="lead to pods that are not ready, too", default=False
    )
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def expose(request: Expose, context: Context) -> Change:
    """Reads what is exposed, what stands behind it, and whatever has the wanted name."""
    check_accepted(request.accept, planning.CODES)
    name = _name(request)
    exposed = target(
        await existing(context.cluster, ref_to(request.target.kind, request.namespace, request.target.name))
    )
    ports = _ports(request, exposed)
    around = await around_service(context.cluster, request.namespace)
    try:
        service = await context.cluster.get(ref_to(SERVICE, request.namespace, name))
    except NotFound:
        service = None
    wanted = planning.Exposure(
        line=context.line,
        cluster=context.cluster.identity.uid,
        namespace=request.namespace,
        name=name,
        ports=ports,
        copied=not request.port,
        type=request.type.value,
        selector=pairs(request.selector) if request.selector else {},
        labels=pairs(request.labels) if request.labels else {},
        options=_options(request),
        accepted=frozenset(request.accept),
    )
    return planning.plan(wanted, exposed, around, service)


def _name(request: Expose) -> str:
    """kubectl cuts a name that is too long for a Service at 63 characters."""
    name = request.name or request.target.name[:63]
    if "." in name or not name[0].isalpha() or name.endswith("-"):
        raise UsageError(
            f"A Service cannot be called {name}",
            cause="a Service's name has lower-case letters, digits and dashes, begins with a letter, at most 63",
            next_step="choose one by `--name`",
        )
    if request.target.kind == SERVICE and name == request.target.name:
        raise UsageError(
            f"Service {name} cannot be exposed as itself",
            next_step=f"give the new one a name, as in `--name {name[:58]}-new`",
        )
    return name


def _ports(request: Expose, exposed: Target) -> tuple[WantedPort, ...]:
    """What was said, else the only one there is. Raises Undecided when there are several, Refused for none."""
    options = PortOptions(
        target=request.target_port,
        protocol=request.protocol.value if request.protocol else "",
        node_ports=request.node_port,
        app_protocol=request.app_protocol,
    )
    if request.port:
        return completed(request.port, options)
    there = candidates(exposed)
    if request.target_port and len(there) > 1:
        there = tuple(each for each in there if _is_meant(each, request, exposed)) or there
    if len(there) > 1:
        raise _undecided(request, exposed, there)
    if not there and request.cluster_ip != "None":
        raise Refused(
            f"No container of {exposed.ref} declares a port",
            cause="which one the Service should have cannot be worked out",
            next_step="say it, as in `--port 80` or `--port 80:8080`",
        )
    return completed(there, options)


def _is_meant(port: WantedPort, request: Expose, exposed: Target) -> bool:
    """Whether it is the one that the target port means."""
    names = {each.name for each in exposed.ports if (each.number, each.protocol) == (port.port, port.protocol)}
    return request.target_port in {str(port.port), port.leads_to, *names}


def _undecided(request: Expose, exposed: Target, there: tuple[WantedPort, ...]) -> Undecided:
    """Every port as a complete command line, and all of them together."""

    def line(*ports: WantedPort) -> str:
        return grammar.written("expose", dataclasses.replace(request, port=ports))

    told = {(each.number, each.protocol): str(each) for each in reversed(exposed.ports)}
    choices = [(told[port.port, port.protocol], line(port)) for port in there]
    alone = request.target_port or request.protocol or request.app_protocol or request.node_port
    if not alone:
        choices.append((f"all {len(there)} of them", line(*named(there))))
    return Undecided(
        f"Which port of {exposed.ref} is meant?",
        tuple(choices),
        cause=f"{'it has' if exposed.ref.kind == SERVICE.name else 'its containers declare'} {len(there)}",
        asks="Choose a port",
    )


def _options(request: Expose) -> dict[str, JSON]:
    """The fields of the spec that were said."""
    given = {
        "clusterIP": request.cluster_ip,
        "sessionAffinity": said(request.session_affinity),
        "externalTrafficPolicy": said(request.external_traffic_policy),
        "internalTrafficPolicy": said(request.internal_traffic_policy),
        "ipFamilies": request.ip_families.split(",") if request.ip_families else None,
        "ipFamilyPolicy": said(request.ip_family_policy),
        "externalIPs": said(request.external_ip),
        "loadBalancerIP": request.load_balancer_ip,
        "loadBalancerClass": request.load_balancer_class,
        "publishNotReadyAddresses": request.publish_not_ready_addresses,
    }
    return {field: value for field, value in given.items() if value}


COMMAND = Changing(
    name="expose",
    model=Expose,
    planner=expose,
    summary="put a Service in front of a workload, a pod or what another Service leads to",
    examples=(
        "expose deploy/web --port 80 --target-port 8080 --name web-public -n shop",
        "expose deploy/cart --name cart-public -n shop --dry-run",
        "expose deploy/web --port 80:http --port metrics=9090:8080 --name web-two -n shop --dry-run",
        "expose deploy/web --port 80 --target-port 8080 --type NodePort --name web-node -n shop --dry-run",
        "expose deploy/db --cluster-ip None --name db-peers -n shop --dry-run",
        "expose svc/web --port 8080:http --type LoadBalancer --name web-outside -n shop --dry-run",
    ),
    details="What is not said is worked out: the selector from what is exposed, the port from its containers when they "
    "declare just one; else a menu asks. The plan is shown first, with what the API server says to it; nothing is "
    "written before it is approved. Afterwards it waits until a pod behind the Service is ready, asks its ports "
    "through the API server, and a NodePort or LoadBalancer Service by its address, too. "
    "What Patchbay exposed before can be exposed anew; what that would lose has to be accepted. `changes undo` takes "
    "it back.",
)
