"""A controller that is there twice quarrels with itself: over roles of the same names, classes, and addresses."""

from collections.abc import Iterator

from bot.domain.network.references import DAEMON_SET, DEPLOYMENT
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.verdicts import Said, conflict, ok, unknown


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if not wanted.installation.class_name:
        return
    found = [each for each in wanted.there(around) if each.workloads]
    for each in found:
        if each.name == wanted.name:
            yield conflict(
                f"{each.called} is there already, by {each.workloads[0].ref}; `controller status {each.name}` "
                f"shows it, `controller uninstall {each.name}` takes it away"
            )
    if not around.could_read(DEPLOYMENT, DAEMON_SET):
        yield unknown("Deployments and DaemonSets could not all be read: it may be there already")
        return
    others = [each for each in found if each.name != wanted.name]
    told = ", ".join(f"{each.called} in {each.namespace}" for each in others)
    if len(others) == len(found):
        yield ok(f"it is not there; beside it there is {told}" if told else "none is there")


CHECK = EdgeCheck("controllers there", _look)
