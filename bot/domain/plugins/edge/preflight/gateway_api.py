"""The definitions of the Gateway API are everybody's: they come when they are missing, and are never downgraded."""

from collections.abc import Iterator

from bot.domain.changes import fields
from bot.domain.plugins.edge import gateway_api
from bot.domain.plugins.edge.kinds import GROUP
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.fitting import ref
from bot.domain.plugins.ranges import some
from bot.domain.plugins.steps import covers_all, without_status
from bot.domain.plugins.verdicts import Said, conflict, doubt, ok, unknown

_ITSELF = "gateway-api"
_SHOWN = 4


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if wanted.name != _ITSELF and not wanted.parameters.gateway_api:
        return
    if around.unread_of("customresourcedefinitions"):
        yield unknown("the definitions could not be read: which version is there is not known")
    elif wanted.name == _ITSELF:
        yield from _themselves(wanted, around)
    else:
        yield from _for_a_controller(wanted, around)


def _themselves(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    standing, version = around.gateway_api, wanted.release.image_tag
    if not standing:
        yield ok("none is there")
        return
    there, told = gateway_api.version_there(standing), gateway_api.told(standing)
    if gateway_api.experimental(standing):
        yield conflict(
            f"{told}: that has what the standard channel lacks, which would be lost; it is left to whoever brought it"
        )
    elif not there:
        yield conflict(f"{told}: whether {version} is newer cannot be known, and it is left as it is")
    elif gateway_api.is_older(version, there):
        yield conflict(f"{told}: {version} is older, and definitions are never downgraded")
    elif gateway_api.is_older(there, version):
        yield doubt("upgrades-shared", f"{told} become {version}: every controller that serves them gets these")
    elif changed := _changed(wanted, around):
        yield doubt(
            "upgrades-shared",
            f"{told}, and others than in the file of {version}: somebody else applied {some(changed, _SHOWN)}, which "
            "the plan writes over for every controller that serves them",
        )
    else:
        yield ok(f"{told}")


def _changed(wanted: WantedEdge, around: Edge) -> list[str]:
    """Of the definitions that others applied, those that would stand otherwise than they do."""
    named = [(ref(each), each) for each in wanted.objects]
    pairs = [(own, each, around.existing.get(own)) for own, each in named if own.name.endswith(GROUP)]
    return [
        own.name
        for own, each, there in pairs
        if there is not None and not fields.applied_by_us(there) and not covers_all(there, without_status(each, own))
    ]


def _for_a_controller(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    standing, needed = around.gateway_api, wanted.installation.gateway_api
    if not standing:
        yield ok("no definition is there: they come first")
        return
    there, told = gateway_api.version_there(standing), gateway_api.told(standing)
    if lacking := gateway_api.missing(standing):
        yield conflict(f"{told}: {', '.join(lacking)} is missing; `controller install gateway-api` brings it")
    elif gateway_api.is_older(there, needed):
        yield doubt(
            "gateway-api-older",
            f"{told}: {wanted.title} was built with {needed}, and may miss what it watches. They are left as they are; "
            "`controller install gateway-api` brings newer ones to all",
        )
    else:
        yield ok(f"{told}: left as they are")


CHECK = EdgeCheck("Gateway API", _look, ("gateway-api-older", "upgrades-shared"))
