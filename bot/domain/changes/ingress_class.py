"""Which Ingress class to write where nobody says: the default one, the only one, or a question."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.network.ingresses import RETIRED, default_classes
from bot.domain.network.snapshot import IngressClass
from bot.errors import NotFound, Refused, Undecided

_NONE_AT_ALL = "install a controller, as by `controller install traefik`, then ask again"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The class to write."""

    name: str
    controller: str
    """`traefik.io/ingress-controller`; empty: classes may not be read."""
    remark: str = ""
    """What people should know of the choice."""


def chosen(said: str, classes: Sequence[IngressClass] | None, line: str) -> Chosen:
    """The class that is meant. `said` is what was asked for, empty: nothing; `classes` None: they may not be read;
    `line` is the request, to which a choice is added.

    Raises NotFound for one that is not there, Refused when there is none, Undecided when a person has to choose.
    """
    if classes is None:
        return _unread(said)
    if said:
        return _said(said, classes)
    if not classes:
        raise Refused(
            "Nothing would serve that Ingress",
            cause="there is no Ingress class in this cluster, so no ingress controller either",
            next_step=_NONE_AT_ALL,
        )
    default = default_classes(classes)
    if len(default) == 1:
        return _named(default[0], classes)
    if len(classes) == 1:
        only = classes[0].name
        return _named(only, classes, f"Ingress class {only} is taken: it is the only one, though not the default.")
    why = (
        f"{' and '.join(default)} are all marked as the default class"
        if default
        else "there are several Ingress classes, and none is the default one"
    )
    offered = [each for each in classes if not default or each.name in default]
    raise Undecided(
        "It is not clear which ingress controller is meant",
        tuple((_label(each), f"{line} --class {each.name}") for each in sorted(offered, key=lambda each: each.name)),
        cause=why,
        asks="Choose a class",
    )


def _unread(said: str) -> Chosen:
    if not said:
        raise Refused(
            "Which Ingress classes there are could not be read",
            cause="the bot's account may not list ingressclasses",
            next_step="say one by `--class`, or let Patchbay list them: deploy/kubernetes/look.yaml grants it",
        )
    return Chosen(said, "", f"Whether there is an Ingress class {said} could not be read.")


def _said(said: str, classes: Sequence[IngressClass]) -> Chosen:
    if any(each.name == said for each in classes):
        return _named(said, classes)
    names = sorted(each.name for each in classes)
    near = difflib.get_close_matches(said, names, n=1)
    raise NotFound(
        f"There is no Ingress class {said}",
        cause=f"there is {', '.join(names)}" if names else "there is none at all, so no ingress controller either",
        next_step=f"did you mean `--class {near[0]}`?"
        if near
        else (f"say one of them, as in `--class {names[0]}`" if names else _NONE_AT_ALL),
    )


def _named(name: str, classes: Sequence[IngressClass], remark: str = "") -> Chosen:
    found = next(each for each in classes if each.name == name)
    if found.spec.controller == RETIRED:
        remark = f"{remark} " if remark else ""
        remark += (
            f"Class {name} is served by ingress-nginx, which was retired in March 2026 and gets no more fixes: "
            "`ingress to-gateway` shows the way out."
        )
    return Chosen(name, found.spec.controller, remark)


def _label(each: IngressClass) -> str:
    return f"{each.name} ({each.spec.controller})" if each.spec.controller else each.name
