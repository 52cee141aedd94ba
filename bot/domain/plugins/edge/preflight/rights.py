"""What the bot may do: it would be half done otherwise."""

from collections.abc import Iterator

from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.preflight.rights import grouped
from bot.domain.plugins.verdicts import Said, conflict, ok, unknown


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if around.missing_rights is None:
        yield unknown("the cluster was not asked")
    elif around.missing_rights:
        yield conflict(
            f"Patchbay may not {grouped(around.missing_rights)}. An administrator can allow it "
            "(deploy/kubernetes/ingress-controllers.yaml), or install the controller with `patchbay run` and a "
            "kubeconfig of their own"
        )
    else:
        yield ok("all that the plan writes, and what undoing it deletes, is allowed (SelfSubjectAccessReview)")


CHECK = EdgeCheck("rights", _look)
