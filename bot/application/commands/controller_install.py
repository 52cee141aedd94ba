"""`controller install`: an ingress controller from its published manifests, checked before and proved afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.application.commands.cni_install import Registry, Switch, Version
from bot.application.execution import controllers, release_files
from bot.application.execution.controllers import GATEWAY_API, ControllerName
from bot.application.execution.edge_reading import read_edge, with_plan
from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.chat.grammar import Value, argument, option
from bot.domain.chat.values import ClusterChangeRequest, Name, NamespaceName, Span, Word
from bot.domain.plugins import parameters
from bot.domain.plugins.briefing import Source
from bot.domain.plugins.edge import gateway_api, installing
from bot.domain.plugins.edge.parameters import EdgeParameters, EdgeTaken, Exposure, WorkloadKind, check
from bot.domain.plugins.edge.preflight import WantedEdge, all_codes
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.fitting import Objects


def _replicas(word: str) -> int:
    if not word.isascii() or not word.isdigit() or len(word) > 3 or not 1 <= int(word) <= 100:
        raise ValueError(word)
    return int(word)


Replicas = Annotated[int, Value(_replicas, "a number of pods from 1 to 100", "2", "COUNT")]


@dataclass(frozen=True, kw_only=True)
class InstallController(ClusterChangeRequest):
    name: ControllerName = argument("the controller, or gateway-api for the definitions alone")
    version: Version = option("--version", summary="a pinned version; default: the newest", default="")
    class_name: Name = option("--class", summary="the class it serves; default: as its makers call it", default="")
    default_class: Switch = option("--default-class", summary="whether Ingresses without a class get it", default="")
    service: Exposure | None = option("--service", summary="how it is reached from outside", default=None)
    replicas: Replicas = option("--replicas", summary="pods of its Deployment; default: as in its file", default=0)
    namespace: NamespaceName = option("-n", "--namespace", summary="default: as its makers call it", default="")
    registry: Registry = option("--registry", summary="a registry that mirrors the images", default="")
    gateway_api: bool = option("--gateway-api", summary="serve the Gateway API as well", default=False)
    kind: WorkloadKind | None = option("--kind", summary="what runs its pods", default=None)
    timeout: Span | None = option("--timeout", summary="how long its pods are waited for", default=None)
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def install_controller(request: InstallController, context: Context) -> Change:
    """All that was said is checked before anything is read."""
    controller, installation = controllers.installable(request.name)
    taken = controllers.taken(context.ports, request.name, controller, installation)
    said = _parameters(request, taken)
    check(said, taken)
    parameters.check_accepted(request.accept, all_codes())
    wanted = installation.completed(said)
    around = await read_edge(context.cluster)
    release, sources = await release_files.read_release(
        context.ports, request.name, installation.releases, said.version
    )
    objects = installation.fit(_all(sources), wanted, release)
    before = await _definitions(context, wanted, around)
    objects, sources = (*_all(before), *objects), [*before, *sources]
    release_files.check_custom(context.ports, objects)
    return installing.plan(
        WantedEdge(
            name=request.name,
            controller=controller,
            installation=installation,
            release=release,
            parameters=wanted,
            objects=objects,
            known=controllers.all_controllers(),
            patience=request.timeout.total_seconds() if request.timeout else 0.0,
        ),
        await with_plan(context.cluster, around, objects),
        sources,
        line=context.line,
        accepted=frozenset(request.accept),
    )


def _parameters(request: InstallController, taken: EdgeTaken) -> EdgeParameters:
    return EdgeParameters(
        version=parameters.meant(request.version, taken.versions),
        class_name=request.class_name,
        default_class=request.default_class == "yes" if request.default_class else None,
        service=request.service,
        replicas=request.replicas,
        namespace=request.namespace,
        registry=request.registry,
        gateway_api=request.gateway_api,
        kind=request.kind,
    )


async def _definitions(context: Context, wanted: EdgeParameters, around: Edge) -> list[Source]:
    """Those of the Gateway API, where it is to be served and none of them is there: what is there is left alone."""
    unknown = around.unread_of("customresourcedefinitions")
    if not wanted.gateway_api or around.gateway_api or unknown:
        return []
    _, sources = await release_files.read_release(context.ports, GATEWAY_API, gateway_api.RELEASES, "")
    return sources


def _all(sources: list[Source]) -> Objects:
    return tuple(each for source in sources for each in source.objects)


COMMAND = Changing(
    name="controller install",
    model=InstallController,
    planner=install_controller,
    summary="install an ingress controller, prove that it runs and is reached, or take it back",
    examples=(
        "controller install traefik --service NodePort --accept no-node --dry-run",
        "controller install haproxy --class edge --replicas 2 --accept no-node --dry-run",
    ),
    scenario="new-cluster",
    details="The manifests are the published ones, pinned by their digests; what stands otherwise in the plan is told "
    "field by field. Class names that are taken, another default class and ports of the hosts are found before. "
    "With --gateway-api its definitions come first, where none are there; those that are there are left alone. "
    "`controller install gateway-api` brings the definitions alone, for controllers that others install.",
)
