"""What the bot may do: it would be half done otherwise."""

from collections.abc import Iterator, Sequence

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.ranges import some
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, conflict, ok, unknown

_GRANTING = ("escalate", "bind")
_SHOWN = 6


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if around.missing_rights is None:
        yield unknown("the cluster was not asked")
    elif around.missing_rights:
        yield conflict(
            f"Patchbay may not {grouped(around.missing_rights)}. An administrator can allow it "
            "(deploy/kubernetes/network-plugins.yaml), or install the plugin with `patchbay run` and a kubeconfig of "
            "their own"
        )
    else:
        yield ok("all that the plan writes, and what undoing it deletes, is allowed (SelfSubjectAccessReview)")


def grouped(missing: Sequence[str]) -> str:
    """`escalate clusterroles.rbac…; create, delete daemonsets.apps in a, configmaps in a and 2 more`: to grant rights
    is told first, and in full."""
    verbs: dict[str, list[str]] = {}
    for right in missing:
        verb, _, what = right.partition(" ")
        if verb not in _GRANTING:
            verbs.setdefault(what, []).append(verb)
    things: dict[str, list[str]] = {}
    for what, said in verbs.items():
        things.setdefault(", ".join(said), []).append(what)
    granting = sorted(
        (each for each in missing if each.partition(" ")[0] in _GRANTING),
        key=lambda each: _GRANTING.index(each.partition(" ")[0]),
    )
    return "; ".join([*granting, *(f"{said} {some(those, _SHOWN)}" for said, those in things.items())])


CHECK = Preflight("rights", _look)
