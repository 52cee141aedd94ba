"""Which GatewayClass to write where nobody says: the only one, or a question."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from bot.domain.changes import fields
from bot.domain.network.gateways import conditions
from bot.domain.network.references import JSONObject
from bot.errors import NotFound, Refused, Undecided

_NONE_AT_ALL = "install a controller that serves Gateways, as by `controller install traefik --gateway-api`"


def chosen(said: str, classes: Sequence[JSONObject], line: str) -> JSONObject:
    """The class that is meant; `said` is what was asked for, empty: nothing; `line` is the request, to which a choice
    is added. Raises NotFound for one that is not there, Refused when there is none, Undecided when a person has to
    choose."""
    by_name = {str(fields.metadata(each)["name"]): each for each in classes}
    if not by_name:
        raise Refused(
            "Nothing would serve that Gateway",
            cause="there is no GatewayClass in this cluster, so no controller that serves Gateways",
            next_step=_NONE_AT_ALL,
        )
    if said and said not in by_name:
        near = difflib.get_close_matches(said, by_name, n=1)
        raise NotFound(
            f"There is no GatewayClass {said}",
            cause=f"there is {', '.join(sorted(by_name))}",
            next_step=f"did you mean `--class {near[0]}`?" if near else "say one of them",
        )
    if said:
        return by_name[said]
    if len(by_name) == 1:
        return classes[0]
    raise Undecided(
        "It is not clear which controller is meant",
        tuple((_label(by_name[name]), f"{line} --class {name}") for name in sorted(by_name)),
        cause="there are several GatewayClasses, and none of them is a default: the Gateway API knows no such thing",
        asks="Choose a class",
    )


def not_accepted(found: JSONObject) -> str:
    """Why no controller serves the class, as far as is known; empty: one does."""
    told = [each for each in conditions(found) if each.type == "Accepted"]
    if not told:
        return "no controller has said anything of it"
    return "" if told[0].good else str(told[0])


def _label(found: JSONObject) -> str:
    name, controller = fields.metadata(found)["name"], fields.at(found, ("spec", "controllerName")).value
    return f"{name} ({controller})" + (", not accepted" if not_accepted(found) else "")
