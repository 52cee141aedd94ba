"""`ingress to-gateway`: what an Ingress becomes as Gateway API routes, and what of it does not carry over."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.application.execution.looking_up import existing
from bot.application.execution.reading_migration import (
    GatewayAPI,
    Ingresses,
    read_gateway_api,
    read_headers,
    read_ingresses,
)
from bot.application.execution.reading_nginx import read_controllers
from bot.application.execution.routes import Routes, routes_everywhere
from bot.application.execution.telling_migration import tell, tell_all
from bot.application.ports import Context, Look
from bot.domain.chat.grammar import Value, argument, option
from bot.domain.chat.report import Code, Plain, Report, Status, Text, text
from bot.domain.chat.values import InNamespaces, Name
from bot.domain.migration.attaching import NO_CLASS, Choice, chosen, usual_class
from bot.domain.migration.features import supported_by
from bot.domain.migration.outcome import Translation
from bot.domain.migration.reading import Around
from bot.domain.migration.translating import translate
from bot.domain.network.references import INGRESS, ref_to
from bot.domain.network.snapshot import Ingress
from bot.errors import NotFound, UsageError

_GATEWAY = re.compile(r"(?=.{1,317}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def _gateway(word: str) -> str:
    if not _GATEWAY.fullmatch(word):
        raise ValueError(word)
    return word


GatewayName = Annotated[str, Value(_gateway, "a Gateway as NAME or NAMESPACE/NAME", "infra/edge", "[NAMESPACE/]NAME")]


@dataclass(frozen=True, kw_only=True)
class ToGateway(InNamespaces):
    name: Name = argument("the Ingress; without it, with --all or -A, all of them as a table", default="")
    every: bool = option("--all", summary="all Ingresses of the namespace, as a table", default=False)
    gateway: GatewayName = option("--gateway", summary="the Gateway to attach to; default: the only one", default="")
    gateway_class: Name = option(
        "--gateway-class", summary="the class of a Gateway that is written; default: the only one", default=""
    )


async def to_gateway(request: ToGateway, context: Context) -> Report:
    """Reads Ingresses, classes, Services, and what there is of the Gateway API; writes nothing."""
    many = request.every or request.all_namespaces
    if bool(request.name) is many:
        raise UsageError(
            "It is not clear which Ingress is meant",
            cause="a name was given, and all of them" if request.name else "no name was given",
            next_step="say `ingress to-gateway NAME`, or `--all` (or `-A`) for a table of all",
        )
    if request.gateway and request.gateway_class:
        raise UsageError(
            "`--gateway` and `--gateway-class` do not go together",
            cause="one names a Gateway that is there, the other the class of one that is written",
            next_step="leave one of them away",
        )
    read, api, controllers = await asyncio.gather(
        read_ingresses(context.cluster, request.where),
        read_gateway_api(context.cluster),
        read_controllers(context.cluster),
    )
    ingresses = read.told(*controllers)
    if many:
        return await _all(request, ingresses, api, context)
    return await _one(request, ingresses, api, context)


async def _one(request: ToGateway, ingresses: Ingresses, api: GatewayAPI, context: Context) -> Report:
    wanted = (request.namespace, request.name)
    ingress = next((each for each in ingresses.all if (each.namespace, each.name) == wanted), None)
    if ingress is None:
        await existing(context.cluster, ref_to(INGRESS, *wanted))  # raises, with what there is instead
        raise NotFound(f"Ingress {request.namespace}/{request.name} could not be read", next_step="try again")
    routes = await _routes(api, request.namespace, context)
    choice = chosen(request.namespace, api.gateways, api.classes, request.gateway, request.gateway_class)
    around = Around(
        neighbours=ingresses.neighbours,
        services=ingresses.services,
        features=supported_by(api.features, api.class_called(choice.class_name)),
        choice=choice,
        config_maps=await read_headers(context.cluster, [ingress]),
        controllers=ingresses.controllers,
        routes=routes.objects,
    )
    found = await asyncio.to_thread(translate, ingress, around)
    refused = _refused(found, api, context)
    unserved = around.choice.gateway is None and not around.choice.gateway_class
    notes = (
        *api.notes,
        *ingresses.notes,
        *_unread(routes),
        text("Annotations without a prefix are those of ingress-nginx."),
    )
    return tell(found, refused, _steps(found, api, unserved), notes)


async def _routes(api: GatewayAPI, namespace: str, context: Context) -> Routes:
    """Those that are there; none where the Gateway API is not."""
    if not api.definitions:
        return Routes(())
    return await routes_everywhere(context.cluster, namespace)


def _unread(routes: Routes) -> tuple[Text, ...]:
    """What is not known then of the routes that are there."""
    if not routes.unread:
        return ()
    return (
        text(Plain(f"{' '.join(routes.unread)} Whether one is there by the same name, or is served first, is open.")),
    )


def _refused(found: Translation, api: GatewayAPI, context: Context) -> tuple[str, ...]:
    """What the cluster's own definitions would not take, in the API server's words."""
    lines: list[str] = []
    for each in found.manifests if api.definitions else ():
        try:
            misfits: Sequence[str] = context.ports.manifests.misfits(each, api.definitions)
        except NotFound as error:
            misfits = [str(error)]
        lines += [f"{each['kind']}: {line}" for line in misfits]
    return tuple(dict.fromkeys(lines))


def _steps(found: Translation, api: GatewayAPI, unserved: bool) -> tuple[Text, ...]:
    steps: list[Text] = []
    if not api.features.version:
        steps.append(
            text(
                "First install the Gateway API's definitions (standard channel, v1.5 or newer) and an "
                "implementation of it"
            )
        )
    if unserved:
        steps.append(
            text(
                f"Say `--gateway-class NAME`: no one GatewayClass is known, and nobody serves `{NO_CLASS}` of the YAML"
            )
        )
    path = f"{found.ingress.name}.yaml"
    steps.append(text("See what it would write, and over what: ", Code(f"kubectl diff --server-side -f {path}")))
    steps.append(
        text(
            "Apply it beside the Ingress, ask the Gateway's address with the right Host, and only then move the "
            "DNS name and "
            "delete the Ingress"
        )
    )
    return tuple(steps)


async def _all(request: ToGateway, ingresses: Ingresses, api: GatewayAPI, context: Context) -> Report:
    where = request.where or "all namespaces"
    notes = (*api.notes, *ingresses.notes)
    if not ingresses.readable:
        return Report(status=Status.FAILED, title="The Ingresses could not be read", footnotes=notes)
    wanted = [each for each in ingresses.all if not request.where or each.namespace == request.where]
    if not wanted:
        return Report(status=Status.OK, title=f"No Ingresses in {request.where or 'any namespace'}", footnotes=notes)
    routes = await _routes(api, request.namespace, context)
    around = Around(
        neighbours=ingresses.neighbours,
        services=ingresses.services,
        features=supported_by(api.features, api.class_called(request.gateway_class or usual_class(api.classes))),
        choice=Choice(None, request.gateway_class or "any"),
        config_maps=await read_headers(context.cluster, wanted),
        controllers=ingresses.controllers,
        routes=routes.objects,
    )
    found = await asyncio.to_thread(_translated, wanted, around)
    version = api.features.version
    judged = f"{version}, {api.features.channel} channel" if version else "standard channel of v1.5; none is installed"
    return tell_all(found, where, (*notes, *_unread(routes), text("Judged by the Gateway API ", Plain(judged))))


def _translated(wanted: Sequence[Ingress], around: Around) -> list[tuple[Translation, str]]:
    return [(translate(each, around), around.neighbours.served(each).class_name) for each in wanted]


COMMAND = Look(
    name="ingress to-gateway",
    model=ToGateway,
    handler=to_gateway,
    summary="show what an Ingress becomes as Gateway API routes, and what does not carry over",
    examples=(
        "ingress to-gateway store -n shop",
        "ingress to-gateway admin -n shop --gateway gateway/public",
        "ingress to-gateway cart -n shop --gateway-class traefik",
        "ingress to-gateway --all -n shop",
        "ingress to-gateway -A",
    ),
    scenario="edge",
    details="ingress-nginx was retired in March 2026: this is the way out. Each of its annotations is told: "
    "what it becomes, "
    "or why it does not carry over, what that puts at risk and what to do instead; what guards an Ingress comes first. "
    "Nothing is written: the YAML is for `kubectl apply`. docs/ingress-to-gateway.md has the whole table.",
)
