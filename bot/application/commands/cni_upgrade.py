"""`cni upgrade`: from one pinned release of a network plugin to another, keeping what people changed."""

from __future__ import annotations

from dataclasses import dataclass

from bot.application.execution import plugins
from bot.application.execution.plugins import PluginName
from bot.application.execution.surroundings import read_surroundings, with_plan
from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import ClusterChangeRequest, Span, Word
from bot.domain.plugins import parameters, upgrading
from bot.domain.plugins.briefing import Source
from bot.domain.plugins.fitting import Objects, ref
from bot.domain.plugins.parameters import Parameters
from bot.domain.plugins.preflight import Wanted, all_codes
from bot.domain.plugins.present import check_our_way, the_one_there
from bot.errors import Refused


@dataclass(frozen=True, kw_only=True)
class UpgradePlugin(ClusterChangeRequest):
    name: PluginName = argument("the network plugin; default: the one that is there", default="")
    version: Word = option("--version", summary="a pinned version; default: the newest", default="")
    timeout: Span | None = option("--timeout", summary="how long nodes and pods are waited for", default=None)
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def upgrade_plugin(request: UpgradePlugin, context: Context) -> Change:
    """Raises NotFound when there is none, Refused for one that was installed in another way or of unknown version."""
    parameters.check_accepted(request.accept, (*all_codes(), upgrading.CHANGED_BY_OTHERS))
    if request.name:
        named, its = plugins.installable(request.name)
        taken = plugins.taken(context.ports, request.name, named, its)
        parameters.check(Parameters(version=request.version), taken)
    around = await read_surroundings(context.cluster)
    name, found = the_one_there(around, plugins.all_plugins(), request.name, "say which: `cni upgrade NAME`")
    plugin, installation = plugins.installable(name)
    taken = plugins.taken(context.ports, name, plugin, installation)
    parameters.check(Parameters(version=request.version), taken)
    check_our_way(found, plugin, installation)
    release, sources = await plugins.read_release(context, name, plugin, installation, request.version)
    if found.version == release.image_tag:
        only = f"; {release.version} is the only one that is pinned here" if len(installation.releases) < 2 else ""
        return Change(
            cluster=around.snapshot.cluster.uid,
            request=context.line,
            summary=f"{plugin.title} {found.version} is there already{only}",
            steps=(),
        )
    before, old_sources = await plugins.read_nearest(context, name, plugin, installation, found.version)
    if before.image_tag != found.version:
        raise Refused(
            f"{plugin.title} cannot be upgraded from {found.version or 'a version that its image does not tell'}",
            cause="what people changed is found by comparing with the files of the release that is there, and those "
            f"pinned here are of {', '.join(taken.versions) or 'none'}",
            next_step="upgrade it with the files that it was installed from, or `cni uninstall` and `cni install`",
        )
    # Nothing but what the plugin itself asks for (pinned images): all else is taken from what stands.
    plain = Parameters(pod_cidrs=installation.pod_cidrs)
    objects, old = installation.fit(_all(sources), plain), installation.fit(_all(old_sources), plain)
    new = set(map(ref, objects))
    # What the new release has no more has to be looked for as well.
    dropped = tuple(each for each in old if ref(each) not in new)
    return upgrading.plan(
        upgrading.Upgrade(
            wanted=Wanted(
                name=name,
                plugin=plugin,
                installation=installation,
                release=release,
                parameters=Parameters(),
                objects=objects,
                patience=request.timeout.total_seconds() if request.timeout else 0.0,
            ),
            before=before,
            old=old,
        ),
        await with_plan(context.cluster, around, (*objects, *dropped)),
        sources,
        line=context.line,
        accepted=frozenset(request.accept),
    )


def _all(sources: list[Source]) -> Objects:
    return tuple(each for source in sources for each in source.objects)


COMMAND = Changing(
    name="cni upgrade",
    model=UpgradePlugin,
    planner=upgrade_plugin,
    summary="bring a network plugin to another pinned version, and keep what people changed",
    examples=("cni upgrade --dry-run",),
    details="Definitions come first. What stands as it was published is changed; what somebody changed since is kept, "
    "and where the new release changes it too, somebody has to accept that.",
)
