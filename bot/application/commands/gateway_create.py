"""`gateway create`: makes a Gateway, where a controller listens for requests."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated

from bot.application.execution import gateway_api
from bot.application.execution.grants import read_grants
from bot.application.execution.listening import controller_of, read_listening
from bot.application.execution.looking_up import check_namespace
from bot.application.execution.tls_secrets import tls_secret
from bot.application.ports import Changing, Context
from bot.domain.changes import fields, gateway_class
from bot.domain.changes import gateway as planning
from bot.domain.changes.change import Change
from bot.domain.changes.gateway_wanted import SAME, Wanted, check, manifest, named
from bot.domain.changes.granting import references, targets
from bot.domain.chat.grammar import Value, argument, option
from bot.domain.chat.masking import masked
from bot.domain.chat.route_values import InAnyNamespace, Listener, ListenerWord, SecretName
from bot.domain.chat.values import ChangeRequest, Name, Word, label_selector
from bot.domain.network.references import GATEWAY_CLASS, SECRET, JSONObject, Ref, ref_to
from bot.domain.plugins.parameters import check_accepted
from bot.errors import NotFound


def _allowed(word: str) -> str:
    """Raises ValueError."""
    label_selector(word)
    return word


Allowed = Annotated[
    str,
    Value(
        _allowed,
        "same, all, or a label selector of namespaces such as team=shop",
        "all",
        "same|all|SELECTOR",
    ),
]


@dataclass(frozen=True, kw_only=True)
class CreateGateway(ChangeRequest):
    name: Name = argument("the Gateway's name")
    listener: tuple[Listener, ...] = option(
        "--listener", summary="where it listens; default: HTTP:80, with --tls HTTPS:443 as well", default=()
    )
    gateway_class: Name = option("--class", summary="the GatewayClass; default: the only one", default="")
    tls: SecretName | None = option("--tls", summary="the Secret with the certificate for HTTPS", default=None)
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())
    allow: Allowed = option("--allow", summary="from which namespaces routes may be attached", default=SAME)


async def create_gateway(request: CreateGateway, context: Context) -> Change:
    """Reads the classes, what has the wanted name, and what the TLS Secret holds."""
    check_accepted(request.accept, (planning.PORT,))
    wanted = _wanted(request, context.line)
    check(wanted)
    cluster = context.cluster
    classes = await gateway_api.read(cluster, GATEWAY_CLASS, "")
    found = gateway_class.chosen(request.gateway_class, classes.objects, context.line)
    await check_namespace(cluster, request.namespace)
    wanted = dataclasses.replace(
        wanted, cluster=cluster.identity.uid, class_name=str(fields.metadata(found).get("name"))
    )
    controller = controller_of(found)
    others = targets(references(manifest(wanted)))
    around = planning.Surroundings(
        gateway_class=found,
        unserved=masked(gateway_class.not_accepted(found))[0],
        there=await _there(wanted, context),
        secret=await tls_secret(context, wanted.tls.namespace, wanted.tls.name) if wanted.tls else None,
        grants=(await read_grants(cluster, others, needed=True)).objects,
        now=context.ports.clock.now(),
        listening=await read_listening(cluster, controller),
        one_gateway=controller.one_gateway if controller else "",
        accepted=frozenset(request.accept),
    )
    return planning.plan(wanted, around)


def _wanted(request: CreateGateway, line: str) -> Wanted:
    """Of no cluster and no class yet."""
    said = request.listener or (ListenerWord("HTTP", 80), *([ListenerWord("HTTPS", 443)] if request.tls else []))
    return Wanted(
        line=line,
        cluster="",
        namespace=request.namespace,
        name=request.name,
        class_name="",
        listeners=named((each.name, each.protocol, each.port, each.hostname) for each in said),
        tls=_secret(request.tls, request.namespace),
        allow=request.allow,
    )


def _secret(said: InAnyNamespace | None, namespace: str) -> Ref | None:
    return ref_to(SECRET, said.namespace or namespace, said.name) if said else None


async def _there(wanted: Wanted, context: Context) -> JSONObject | None:
    try:
        return await context.cluster.get(wanted.ref)
    except NotFound:
        return None


COMMAND = Changing(
    name="gateway create",
    model=CreateGateway,
    planner=create_gateway,
    summary="make a Gateway, to which routes can be attached",
    examples=(
        "gateway create inner --listener HTTP:443 -n infra --dry-run",
        "gateway create inner --listener HTTP:80:*.example.com --listener TLS:8443 --allow all -n infra",
    ),
    scenario="gateway",
    details="The certificate for HTTPS is looked at before: type, key, names, expiry; one of another namespace "
    "gets a ReferenceGrant. A port that the controller does not listen on, where that is known, has to be accepted "
    "(`--accept port`). Then it waits for the controller's word, and asks each listener by address. "
    "`changes undo` takes it back.",
)
