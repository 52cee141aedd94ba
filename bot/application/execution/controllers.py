"""Ingress controllers by the name that is typed."""

from __future__ import annotations

from typing import Annotated

from bot.application.execution.release_files import releases
from bot.application.ports import Ports
from bot.discovery import declared
from bot.domain.chat.grammar import Value
from bot.domain.plugins.controllers import IngressController
from bot.domain.plugins.edge.installation import EdgeInstallation
from bot.domain.plugins.edge.parameters import EdgeTaken
from bot.errors import UsageError

GATEWAY_API = "gateway-api"
"""The name of the definitions that controllers share."""


def all_controllers() -> dict[str, IngressController]:
    """Every controller by the name that is typed: `nginx-inc`."""
    found = declared("bot.domain.plugins.controllers", "CONTROLLER", IngressController)
    return {name.replace("_", "-"): controller for name, controller in found.items()}


_NAMES = tuple(name for name, each in all_controllers().items() if each.install is not None)


def _controller_name(word: str) -> str:
    lower = word.lower().replace("_", "-")
    if lower not in all_controllers():
        raise ValueError(word)
    return lower


def _named(names: tuple[str, ...]) -> Value:
    """Any controller may be said; `names` are told to whoever says none."""
    told = f"an ingress controller: {', '.join(names)}"
    return Value(_controller_name, told, "traefik", "CONTROLLER", tuple(all_controllers()))


ControllerName = Annotated[str, _named(_NAMES)]
KnownController = Annotated[str, _named(tuple(all_controllers()))]


def installable(name: str) -> tuple[IngressController, EdgeInstallation]:
    """Raises UsageError for a controller that is only recognised, with how it is installed."""
    controller = all_controllers()[name]
    if controller.install is None:
        way_out = controller.retired.partition("; ")[2]
        raise UsageError(
            f"{controller.title} is not installed from here",
            cause=controller.why_not,
            next_step=way_out or f"Patchbay recognises it, and installs {', '.join(_NAMES)}",
        )
    return controller, controller.install


def taken(ports: Ports, name: str, controller: IngressController, installation: EdgeInstallation) -> EdgeTaken:
    """What it takes here, versions that only this house has included."""
    known = releases(ports, name, installation.releases)
    return installation.taken(controller.title, tuple(each.version for each in known))
