"""`cni migrate`: how to change to another network plugin, as a plan to read. It changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from bot.application.execution import plugins
from bot.application.execution.plugins import PluginName
from bot.application.execution.surroundings import read_surroundings
from bot.application.ports import Context, Look
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.report import Block, Bullets, Paragraph, Report, Status, text
from bot.domain.chat.values import Word
from bot.domain.plugins import installing, migrating, parameters
from bot.domain.plugins.parameters import Parameters
from bot.domain.plugins.preflight import Wanted, checked
from bot.domain.plugins.present import the_one_there
from bot.errors import Conflict


@dataclass(frozen=True, kw_only=True)
class Migrate:
    name: PluginName = argument("the network plugin to change to")
    version: Word = option("--version", summary="a pinned version; default: the newest", default="")


async def advise(request: Migrate, context: Context) -> Report:
    """Raises NotFound when there is nothing to migrate from, Conflict when it is there already."""
    plugin, installation = plugins.installable(request.name)
    parameters.check(
        Parameters(version=request.version), plugins.taken(context.ports, request.name, plugin, installation)
    )
    plugins.check_version(request.name, plugin, installation, request.version)
    around = await read_surroundings(context.cluster)
    known = plugins.all_plugins()
    name, found = the_one_there(around, known, "", "take away first what is not to stay: `cni uninstall NAME`")
    if name == request.name:
        raise Conflict(f"{found.title} is there already", next_step="`cni upgrade` changes its version")
    release, sources = await plugins.read_release(context, request.name, plugin, installation, request.version)
    said = Parameters(version=request.version)
    cidrs = installing.pod_cidrs(said, installation.pod_cidrs, installation.dual_stack, around)
    said = said.with_cidrs(cidrs if installation.pod_cidrs else ())
    wanted = Wanted(
        name=request.name,
        plugin=plugin,
        installation=installation,
        release=release,
        parameters=said,
        objects=installation.fit(tuple(each for source in sources for each in source.objects), said),
    )
    old = known.get(name, plugin)
    stages = migrating.advice(old, found, wanted, around, checked(wanted, around))
    blocks: list[Block] = []
    for number, stage in enumerate(stages, 1):
        blocks.append(Paragraph(text(f"{number}. {stage.title}")))
        # Evidence holds words of the cluster's: backquotes in it would only turn them into code.
        blocks.append(Bullets(tuple(text(line) for line in stage.lines)))
    return Report(
        status=Status.OK,
        title=f"From {found.title} {found.version} to {wanted.title}: a plan to read",
        blocks=tuple(blocks),
        footnotes=(text("Patchbay applies none of this by itself. Nothing was written."),),
    )


COMMAND = Look(
    name="cni migrate",
    model=Migrate,
    handler=advise,
    summary="tell how to change to another network plugin, without doing it",
    examples=("cni migrate calico",),
    details="Two network plugins cannot serve one node, so that changing between them interrupts the network. This is "
    "advice for that, from what is there: what to keep, what to clear on the hosts, and in which order.",
)
