"""`controller uninstall`: takes an ingress controller away, and says who is served by nobody afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.application.execution import controllers, release_files
from bot.application.execution.controllers import ControllerName
from bot.application.execution.edge_reading import read_edge, with_plan
from bot.application.execution.holding import held_by
from bot.application.ports import Changing, Context
from bot.domain.changes import fields
from bot.domain.changes.change import Change
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import ClusterChangeRequest, Word
from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, Ref
from bot.domain.plugins.briefing import Source
from bot.domain.plugins.controllers import recognise
from bot.domain.plugins.edge import gateway_api, removing
from bot.domain.plugins.edge.by_hand import not_from_here
from bot.domain.plugins.edge.finding import as_installed, check_our_way, instance
from bot.domain.plugins.edge.serving import Served, gateways_of, of_classes, routes_of, served
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.fitting import Objects, ref
from bot.domain.plugins.parameters import check_accepted
from bot.errors import NotFound, Refused


@dataclass(frozen=True, kw_only=True)
class UninstallController(ClusterChangeRequest):
    name: ControllerName = argument("the controller, or gateway-api for the definitions alone")
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def uninstall_controller(request: UninstallController, context: Context) -> Change:
    """Raises NotFound when there is none, Refused for one that was installed in another way."""
    check_accepted(request.accept, removing.CODES)
    around = await read_edge(context.cluster)
    if controllers.all_controllers()[request.name].install is None:
        raise await _by_hand(request.name, context, around)
    controller, installation = controllers.installable(request.name)
    if not installation.class_name:
        return await _definitions(request, context, around)
    if not around.could_read(DEPLOYMENT, DAEMON_SET):
        raise Refused(
            "Which controllers there are could not be read",
            cause="; ".join(around.unread[:2]),
            next_step="let Patchbay list Deployments and DaemonSets: deploy/kubernetes/look.yaml grants it",
        )
    found = instance(recognise(around, controllers.all_controllers()), request.name, controller)
    release, sources = await release_files.read_nearest(
        context.ports, request.name, installation.releases, found.version
    )
    wanted = as_installed(found, installation)
    objects = installation.fit(_all(sources), wanted, release)
    around = await with_plan(context.cluster, around, objects)
    check_our_way(found, installation.workloads(wanted), around.existing, bool(around.missing_rights))
    gateways = gateways_of(around, found.gateway_class_names)
    own = set(map(ref, objects))
    return removing.plan(
        removing.EdgeRemoval(
            name=request.name,
            controller=controller,
            installation=installation,
            version=found.version,
            objects=objects,
            exact=release.image_tag == found.version,
            ours=any(
                fields.applied_by_us(around.existing[each])
                for each in installation.workloads(wanted)
                if each in around.existing
            ),
            held=await _held(context, objects, around),
            ingresses=of_classes(around.snapshot.ingresses, found.class_names),
            gateways=[each for each in gateways if fields.ref_of(each) not in own],
            routes=routes_of(around, gateways),
        ),
        around,
        sources,
        line=context.line,
        accepted=frozenset(request.accept),
    )


async def _by_hand(name: str, context: Context, around: Edge) -> Refused:
    """How one goes that is only recognised."""
    known = controllers.all_controllers()
    all_found = recognise(around, known)
    found = next((each for each in all_found if each.name == name), None)
    workloads = await asyncio.gather(*(context.cluster.get(each.ref) for each in found.workloads)) if found else []
    its = served(found, all_found, around) if found else Served()
    return not_from_here(known[name], found, its, workloads)


async def _definitions(request: UninstallController, context: Context, around: Edge) -> Change:
    """Those of the Gateway API alone."""
    controller, installation = controllers.installable(request.name)
    if not around.gateway_api:
        raise NotFound("The Gateway API is not there", next_step="`controller list` shows what there is")
    version = gateway_api.version_there(around.gateway_api)
    release, sources = await release_files.read_nearest(context.ports, request.name, installation.releases, version)
    objects = _all(sources)
    around = await with_plan(context.cluster, around, objects)
    return removing.plan(
        removing.EdgeRemoval(
            name=request.name,
            controller=controller,
            installation=installation,
            version=version,
            objects=objects,
            exact=release.image_tag == version,
            ours=all(each.ours for each in around.gateway_api),
            held=await _held(context, objects, around),
        ),
        around,
        sources,
        line=context.line,
        accepted=frozenset(request.accept),
    )


async def _held(context: Context, objects: Objects, around: Edge) -> dict[Ref, Sequence[Ref]]:
    """What is in each definition and namespace, and in no step of its own."""
    named = list(map(ref, objects))
    there = [
        each for each in named if each.kind in ("CustomResourceDefinition", "Namespace") and each in around.existing
    ]
    held = await asyncio.gather(*(held_by(context.cluster, around.existing[each], named) for each in there))
    return {each: refs for each, refs in zip(there, held, strict=True) if refs}


def _all(sources: list[Source]) -> Objects:
    return tuple(each for source in sources for each in source.objects)


COMMAND = Changing(
    name="controller uninstall",
    model=UninstallController,
    planner=uninstall_controller,
    summary="take an ingress controller away, and say who is served by nobody afterwards",
    examples=("controller uninstall traefik --dry-run",),
    details="Its classes go first, so that nothing new names them, then its pods, then what it is made of. Definitions "
    "and namespaces that hold what people made stay, and that is told; those of the Gateway API go only by "
    "`controller uninstall gateway-api`, when they hold nothing.",
)
