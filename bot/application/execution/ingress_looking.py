"""Reads Ingresses with all that tells whether they are served: Services, endpoints, classes, controllers, certificates.

One list a kind however many Ingresses there are; Secrets one by one, a few at once, each once, up to a limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from bot.application.execution.controllers import all_controllers
from bot.application.execution.edge_reading import read_edge
from bot.application.execution.tls_secrets import tls_secret
from bot.application.ports import Context
from bot.domain.chat.report import Plain, Text, text
from bot.domain.network import nginx_paths
from bot.domain.network.references import ENDPOINT_SLICE, INGRESS, INGRESS_CLASS, SERVICE, Kind
from bot.domain.network.snapshot import Ingress, Scope, Snapshot
from bot.domain.network.tls_secrets import TLSSecret
from bot.domain.plugins.controllers import Found, ready, recognise

MOST_SECRETS = 200
_AT_ONCE = 8
_TOLD_PAIRS = 3
KINDS: tuple[Kind, ...] = (INGRESS, INGRESS_CLASS, SERVICE, ENDPOINT_SLICE)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Of the Ingresses that were looked at."""

    by_place: Mapping[tuple[str, str], TLSSecret]
    """By namespace and name."""
    notes: tuple[Text, ...]
    """What was not read, and why."""

    def of(self, namespace: str) -> dict[str, TLSSecret]:
        return {name: each for (where, name), each in self.by_place.items() if where == namespace}


async def read(context: Context, where: str, selector: str = "", kinds: Iterable[Kind] = ()) -> Snapshot:
    """The Ingresses with these labels, and what of their namespaces they lead to."""
    every = tuple(dict.fromkeys((*KINDS, *kinds)))
    if not selector:
        return await context.cluster.read(Scope(every, where))
    chosen, around = await asyncio.gather(
        context.cluster.read(Scope((INGRESS,), where, selector)), context.cluster.read(Scope(every, where))
    )
    wanted = {each.ref for each in chosen.ingresses}
    kept = tuple(each for each in around.ingresses if each.ref in wanted)
    return msgspec.structs.replace(around, ingresses=kept)


async def with_neighbours(context: Context, where: str, kinds: Iterable[Kind]) -> tuple[Snapshot, tuple[Text, ...]]:
    """The same with the Ingresses of all namespaces, since they share hosts; and what is not known without them."""
    if not where:
        return await read(context, where, kinds=kinds), ()
    own, everywhere = await asyncio.gather(
        read(context, where, kinds=kinds), context.cluster.read(Scope((INGRESS, INGRESS_CLASS)))
    )
    if everywhere.could_read(INGRESS):
        return msgspec.structs.replace(own, ingresses=everywhere.ingresses), ()
    said = "Ingresses of other namespaces could not be read: whether they have the same hosts is not known"
    return own, (text(said),) if own.could_read(INGRESS) else ()


async def secrets(context: Context, ingresses: Iterable[Ingress]) -> Secrets:
    """Those that they name, each once."""
    named = list(
        dict.fromkeys(
            (each.namespace, entry.secret_name)
            for each in ingresses
            for entry in each.spec.tls or ()
            if entry.secret_name
        )
    )
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(namespace: str, name: str) -> TLSSecret:
        async with turn:
            return await tls_secret(context, namespace, name)

    found = await asyncio.gather(*(one(*place) for place in named[:MOST_SECRETS]))
    by_place = dict(zip(named, found, strict=False))
    notes: list[Text] = []
    if unread := [each for each in found if each.unread]:
        what = f"{len(unread)} TLS Secrets" if len(unread) > 1 else str(unread[0].ref)
        notes.append(text("Could not read ", Plain(f"{what}: {unread[0].unread}; certificates are not judged")))
    if len(named) > MOST_SECRETS:
        notes.append(text(f"{len(named) - MOST_SECRETS} more TLS Secrets were not read"))
    return Secrets(by_place, tuple(notes))


def undecided_notes(snapshot: Snapshot, ingresses: Iterable[Ingress]) -> tuple[Text, ...]:
    """Regular expressions of ingress-nginx of which nobody here can tell whether one takes all requests of another."""
    chosen = {each.ref for each in ingresses}
    served = [each for each in snapshot.ingresses if nginx_paths.is_served(each, snapshot.ingress_classes)]
    pairs = [
        f"{first.route} before {second.route}"
        for ordered in nginx_paths.expressions(served).values()
        for second, first in nginx_paths.undecided(ordered)
        if {first.ingress.ref, second.ingress.ref} & chosen
    ]
    if not pairs:
        return ()
    more = f" and {len(pairs) - _TOLD_PAIRS} more" if len(pairs) > _TOLD_PAIRS else ""
    told = f"{', '.join(pairs[:_TOLD_PAIRS])}{more}"
    return (text("Regular expressions that could not be compared, in the order of ingress-nginx: ", Plain(told)),)


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves which class."""

    by_class: Mapping[str, tuple[Found, ...]]
    notes: tuple[Text, ...] = ()

    @property
    def running(self) -> dict[str, bool | None]:
        """Whether a controller of each class has a ready pod; None where its pods cannot be seen."""
        return {name: _runs(found) for name, found in self.by_class.items()}

    def title(self, name: str) -> str:
        return " and ".join(each.called for each in self.by_class.get(name, ()))


async def serving(context: Context) -> Serving:
    """The controllers by the classes that they serve."""
    return served_by(recognise(await read_edge(context.cluster), all_controllers()))


def served_by(all_found: Iterable[Found]) -> Serving:
    """The same of controllers that have been read already."""
    by_class: dict[str, tuple[Found, ...]] = {}
    for found in all_found:
        for name in found.class_names:
            by_class[name] = (*by_class.get(name, ()), found)
    return Serving(by_class)


def _runs(found: tuple[Found, ...]) -> bool | None:
    if any(ready(workload)[0] for each in found for workload in each.workloads):
        return True
    hosted = any(each.controller is None or each.controller.hosted for each in found)
    return None if hosted else False
