"""`cni uninstall`: takes a network plugin away in its own order, and says what stays on the hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.application.execution import plugins
from bot.application.execution.holding import held_by, kind_defined
from bot.application.execution.plugins import PluginName
from bot.application.execution.surroundings import read_surroundings, with_plan
from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import ClusterChangeRequest, Word
from bot.domain.network.pods import finished
from bot.domain.network.references import DAEMON_SET, POD, JSONObject, Ref
from bot.domain.network.snapshot import Pod, Scope
from bot.domain.plugins import removing
from bot.domain.plugins.cni import recognise
from bot.domain.plugins.fitting import Objects, bare, ref
from bot.domain.plugins.installation import Installation
from bot.domain.plugins.parameters import Parameters, check_accepted
from bot.domain.plugins.present import check_our_way, the_one_there
from bot.domain.plugins.steps import definitions
from bot.domain.plugins.surroundings import Surroundings
from bot.errors import Refused

_OF_PEOPLE = ("Policy", "NetworkSet")
"""Ends of kinds that people write to a plugin."""


@dataclass(frozen=True, kw_only=True)
class UninstallPlugin(ClusterChangeRequest):
    name: PluginName = argument("the network plugin; default: the one that is there", default="")
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def uninstall_plugin(request: UninstallPlugin, context: Context) -> Change:
    """Raises NotFound when there is none, Refused for one that was installed in another way."""
    check_accepted(request.accept, removing.CODES)
    around, known = await read_surroundings(context.cluster), plugins.all_plugins()
    gone = bool(request.name) and not any(each.agent for each in recognise(around.snapshot, known.values()))
    if gone and not around.snapshot.could_read(DAEMON_SET):
        raise Refused(
            "Which network plugin there is could not be read",
            cause="; ".join(around.unread[:2]),
            next_step="let Patchbay list DaemonSets: deploy/kubernetes/look.yaml grants it",
        )
    if gone:
        name, version = request.name, ""
        plugin, installation = plugins.installable(name)
    else:
        name, found = the_one_there(around, known, request.name)
        plugin, installation = plugins.installable(name)
        check_our_way(found, plugin, installation)
        version = found.version
    release, sources = await plugins.read_nearest(context, name, plugin, installation, version)
    published = tuple(each for source in sources for each in source.objects)
    everything = Parameters(pod_cidrs=installation.pod_cidrs, extras=frozenset(installation.extras))
    objects = (*installation.fit(published, everything), *map(bare, installation.makes))
    around = await with_plan(context.cluster, around, objects)
    if gone and not around.existing and not around.missing_rights:
        the_one_there(around, known, name)  # which says that there is none
    custom = await _custom(context, objects, around)
    held = await _held(context, objects, custom, around)
    return removing.plan(
        removing.Removal(
            name=name,
            plugin=plugin,
            installation=installation,
            version=version,
            objects=objects,
            exact=release.image_tag == version,
            gone=gone,
            custom=custom,
            held=held,
            lost=await _lost(context, installation, held, custom, around),
            pods=await _pods(context),
        ),
        around,
        sources,
        line=context.line,
        accepted=frozenset(request.accept),
    )


async def _custom(context: Context, objects: Objects, around: Surroundings) -> list[JSONObject]:
    """All custom resources, whoever made them, of the kinds that the files have objects of."""
    kinds = {ref(each).kind for each in objects}
    found: list[JSONObject] = []
    for (_, kind), definition in definitions(objects):
        live = around.existing.get(ref(definition))
        if kind in kinds and live is not None:
            found += await context.cluster.list(kind_defined(live))
    return found


async def _held(
    context: Context, objects: Objects, custom: Sequence[JSONObject], around: Surroundings
) -> dict[Ref, Sequence[Ref]]:
    """What goes along with each definition and namespace, and is in no step of its own."""
    named = [*map(ref, objects), *map(ref, custom)]
    holders = [each for each in map(ref, objects) if each.kind in ("CustomResourceDefinition", "Namespace")]
    there = [each for each in holders if each in around.existing]
    held = await asyncio.gather(*(held_by(context.cluster, around.existing[each], named) for each in there))
    return {each: refs for each, refs in zip(there, held, strict=True) if refs}


async def _lost(
    context: Context,
    installation: Installation,
    held: Mapping[Ref, Sequence[Ref]],
    custom: Sequence[JSONObject],
    around: Surroundings,
) -> list[Ref]:
    """What people made of that, as far as it goes along with a definition: the plugin's own books are no loss of
    theirs. Policies count whoever wrote them, for a plugin's own API server writes those of people, in its name."""
    named = [ref(each) for each in custom]
    lost: list[Ref] = []
    for definition in held:
        if definition.kind == "CustomResourceDefinition":
            live = around.existing[definition]
            theirs = kind_defined(live).name.endswith(_OF_PEOPLE)
            lost += held[definition] if theirs else await held_by(context.cluster, live, named, installation.writers)
    return lost


async def _pods(context: Context) -> list[Pod]:
    """Those with an address of their own: they keep it until they are made anew."""
    snapshot = await context.cluster.read(Scope((POD,)))
    return [pod for pod in snapshot.pods if not pod.spec.host_network and pod.status.pod_ip and not finished(pod)]


COMMAND = Changing(
    name="cni uninstall",
    model=UninstallPlugin,
    planner=uninstall_plugin,
    summary="take a network plugin away, in the order that its makers document",
    examples=("cni uninstall --dry-run", "cni uninstall flannel --dry-run"),
    details="What it was told goes first, and finalizers are waited for, never removed. The plan says what goes along, "
    "what stays on the hosts, how to clear it, and which pods have to be made anew. "
    "Where its agent is gone already, name the plugin: what is left of it goes.",
)
