"""What the controller of an Ingress was told for all of them: what it changes, and what of it does not carry over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from bot.domain.migration.foreign import Served
from bot.domain.migration.neighbours import Neighbours
from bot.domain.migration.nginx import PREFIX
from bot.domain.migration.nginx.controller import Controller, controller_of, of_the_config_map
from bot.domain.migration.nginx.settings import HEEDED, SETTINGS, SHOWN
from bot.domain.migration.nginx.values import Annotations
from bot.domain.migration.outcome import Journal
from bot.domain.network.snapshot import Ingress

_SHOWN_LETTERS = 80
_SHOWN_KEYS = 20


def governing(
    served: Served, namespace: str, controllers: Sequence[Controller] | None
) -> tuple[Controller | None, str]:
    """The controller of an Ingress of ingress-nginx; None, and why: it could not be looked for, or is not clear."""
    if not served.nginx:
        return None, "another controller serves it"
    if controllers is None:
        return None, "workloads could not be read"
    return controller_of(controllers, served.class_name, served.controller, namespace)


def with_usual_names(
    ingresses: Iterable[Ingress], neighbours: Neighbours, controllers: Sequence[Controller] | None
) -> tuple[Ingress, ...]:
    """Annotations of controllers that were given another prefix, under the usual one; those that such a controller does
    not read are left out. `neighbours`: who serves them."""
    found = []
    for each in ingresses:
        served = neighbours.served(each)
        own, _ = governing(served, each.namespace, controllers)
        found.append(_renamed(each, own.prefix) if own and own.prefix != PREFIX else each)
    return tuple(found)


def _renamed(ingress: Ingress, prefix: str) -> Ingress:
    kept = {name: value for name, value in ingress.annotations.items() if not name.startswith((prefix, PREFIX))}
    own = {
        PREFIX + name.removeprefix(prefix): value
        for name, value in ingress.annotations.items()
        if name.startswith(prefix)
    }
    metadata = msgspec.structs.replace(ingress.metadata, annotations={**kept, **own})
    return msgspec.structs.replace(ingress, metadata=metadata)


def tell_settings(controller: Controller, annotations: Annotations, journal: Journal) -> None:
    """Keys of the ConfigMap that this Ingress does not override."""
    others = []
    for key, value in sorted((controller.config or {}).items()):
        setting = SETTINGS.get(key)
        if setting is None:
            others += [] if key in HEEDED else [key]
        elif value.strip() not in setting.usual and not any(map(annotations.has, setting.annotations)):
            if key == "global-auth-url" and not annotations.flag("enable-global-auth", True):
                continue
            why = f"for all Ingresses{f' ({_shown(value)})' if key in SHOWN else ''}: {setting.why}"
            journal.lose(of_the_config_map(key), why, setting.instead, setting.concern)
    if others:
        journal.note(
            f"The ConfigMap of {controller.name} also says {', '.join(others[:_SHOWN_KEYS])}"
            f"{' and more' if len(others) > _SHOWN_KEYS else ''}: see what of it is still wanted."
        )


def _shown(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _SHOWN_LETTERS else line[: _SHOWN_LETTERS - 1] + "…"


def tell_controller(controller: Controller | None, why_not: str, journal: Journal) -> None:
    """What was looked at, and what it leads besides Ingresses."""
    if controller is None:
        journal.note(
            "What the controller's own ConfigMap and arguments say for all Ingresses (whitelist-source-range, "
            "global-auth-url, ssl-redirect, snippets and the like) is not known here, and does not carry over either: "
            f"{why_not}."
        )
        return
    if controller.unread:
        journal.note(
            f"The ConfigMap of {controller.name} is not known here: {controller.unread}. What it says for all "
            "Ingresses (whitelist-source-range, global-auth-url, snippets and the like) does not carry over either."
        )
    looked = "arguments" if controller.config is None else "arguments and ConfigMap"
    journal.note(f"What {controller.name} was told for all Ingresses was heeded: its {looked}.")
    if backend := controller.arguments.get("default-backend-service"):
        journal.note(
            f"Requests that no Ingress takes are answered by Service {backend} (--default-backend-service); a Gateway "
            "answers 404, until a route without hostnames leads there."
        )
    for protocol, ports in controller.ports.items():
        if ports:
            journal.note(
                f"{controller.name} also leads {protocol} ports (--{protocol.lower()}-services-configmap): "
                f"{', '.join(ports[:_SHOWN_KEYS])}. They become a {protocol}Route each (v1.6 of the standard channel)."
            )
