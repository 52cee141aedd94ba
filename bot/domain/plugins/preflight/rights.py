"""What the bot may do: it would be half done otherwise."""

from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Said, Wanted, conflict, ok, unknown
from bot.domain.plugins.surroundings import Surroundings


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if around.missing_rights is None:
        yield unknown("the cluster was not asked")
    elif around.missing_rights:
        shown = "; ".join(around.missing_rights[:4])
        more = f"; and {len(around.missing_rights) - 4} more" if len(around.missing_rights) > 4 else ""
        yield conflict(
            f"Patchbay may not {shown}{more}. An administrator can allow it (deploy/kubernetes/network-plugins.yaml), "
            "or install the plugin with `patchbay run` and a kubeconfig of their own"
        )
    else:
        yield ok("all that the plan writes, and what undoing it deletes, is allowed (SelfSubjectAccessReview)")


CHECK = Preflight("rights", _look)
