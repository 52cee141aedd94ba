"""`service edit`: changes ports, type, selector and policies of a Service that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.application.execution.leading import leading_to
from bot.application.execution.looking_up import existing
from bot.application.execution.service_surroundings import around_service
from bot.application.ports import Changing, Context
from bot.domain.changes import service_edit as planning
from bot.domain.changes.change import Change
from bot.domain.changes.port_editing import PortEdits
from bot.domain.chat.grammar import Value, argument, option
from bot.domain.chat.service_values import (
    Address,
    Affinity,
    AppProtocol,
    ClusterIP,
    EqualLabels,
    FamilyPolicy,
    NodePortSpec,
    ServicePortSpec,
    ServiceType,
    TrafficPolicy,
    pairs,
    port_or_name,
    said,
)
from bot.domain.chat.values import ChangeRequest, PortOrName, ServiceTarget, Word
from bot.domain.network.references import JSON, SERVICE, ref_to
from bot.domain.plugins.parameters import check_accepted
from bot.errors import UsageError

ServicePort = Annotated[str, Value(port_or_name, "a port of the Service, by number or name", "8080", "PORT|NAME")]


@dataclass(frozen=True, kw_only=True)
class EditService(ChangeRequest):
    service: ServiceTarget = argument("the Service to change")
    port: tuple[ServicePortSpec, ...] = option(
        "--port", summary="a port to add, or to change by its name or number", default=()
    )
    remove_port: tuple[ServicePort, ...] = option("--remove-port", summary="a port to take away", default=())
    target_port: PortOrName = option("--target-port", summary="where that port leads, by number or name", default="")
    app_protocol: AppProtocol = option("--app-protocol", summary="what that port speaks", default="")
    node_port: tuple[NodePortSpec, ...] = option("--node-port", summary="the port on each node", default=())
    type: ServiceType | None = option("--type", summary="the type of Service", default=None)
    selector: EqualLabels = option("--selector", summary="the pods' labels, all of them", default="")
    session_affinity: Affinity | None = option(
        "--session-affinity", summary="whether a client stays with one pod", default=None
    )
    external_traffic_policy: TrafficPolicy | None = option(
        "--external-traffic-policy", summary="Local keeps the clients' addresses", default=None
    )
    internal_traffic_policy: TrafficPolicy | None = option(
        "--internal-traffic-policy", summary="Local stays on the client's node", default=None
    )
    ip_family_policy: FamilyPolicy | None = option("--ip-family-policy", summary="one family or two", default=None)
    external_ip: tuple[Address, ...] = option(
        "--external-ip", summary="all addresses outside that lead to a node", default=()
    )
    cluster_ip: ClusterIP = option("--cluster-ip", summary="cannot be changed: says what to do instead", default="")
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def edit_service(request: EditService, context: Context) -> Change:
    """Reads the Service, what it selects, and who leads to it."""
    check_accepted(request.accept, planning.CODES)
    edits = PortEdits(
        wanted=request.port,
        removed=request.remove_port,
        target=request.target_port,
        app_protocol=request.app_protocol,
        node_ports=request.node_port,
    )
    options = _options(request)
    if edits == PortEdits() and not options and request.type is None and not request.selector:
        raise UsageError(
            "`service edit` needs something to change",
            next_step=f"say what, as in `service edit {request.service.name} --port 80:8080`; see `help service edit`",
        )
    ref = ref_to(SERVICE, request.namespace, request.service.name)
    service = await existing(context.cluster, ref)
    around = await around_service(context.cluster, request.namespace)
    leading = await leading_to(context.cluster, ref)
    editing = planning.Editing(
        line=context.line,
        cluster=context.cluster.identity.uid,
        service=service,
        ports=edits,
        type=request.type.value if request.type else "",
        selector=pairs(request.selector) if request.selector else {},
        options=options,
        leads=leading.found,
        unread=leading.unread,
        accepted=frozenset(request.accept),
    )
    return planning.plan(editing, around)


def _options(request: EditService) -> dict[str, JSON]:
    """The fields of the spec that were said."""
    given = {
        "clusterIP": request.cluster_ip,
        "sessionAffinity": said(request.session_affinity),
        "externalTrafficPolicy": said(request.external_traffic_policy),
        "internalTrafficPolicy": said(request.internal_traffic_policy),
        "ipFamilyPolicy": said(request.ip_family_policy),
        "externalIPs": said(request.external_ip),
    }
    return {field: value for field, value in given.items() if value}


COMMAND = Changing(
    name="service edit",
    model=EditService,
    planner=edit_service,
    summary="change ports, type, selector or policies of a Service",
    examples=(
        "service edit web --port 8080:http -n shop --dry-run",
        "service edit web --target-port 8080 -n shop --dry-run",
        "service edit web --type NodePort --external-traffic-policy Local -n shop --dry-run",
    ),
    details="A port is meant by its name, else by its number; one that is not there is added. Only what changes is "
    "written, whoever made the Service, and `changes undo` brings exactly that back. Who still leads to a port that "
    "goes is named first.",
)
