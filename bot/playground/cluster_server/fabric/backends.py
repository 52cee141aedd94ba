"""What stands behind the rule that a request has met: the port on 127.0.0.1 of an endpoint, or the status that says why
there is none."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from bot.playground.cluster_server.edges.attaching import Attaching
from bot.playground.cluster_server.fabric.finding import Destination, Finder
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.rules.services import EXTERNAL_NAME
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_WRONG, _NOBODY = 500, 503


class Backends:
    """Asks the registry each time; keeps nothing but whose turn it is."""

    def __init__(
        self, registry: Registry, finder: Finder, dial: Callable[[Destination], Awaitable[int | None]]
    ) -> None:
        """`dial` gives the port on 127.0.0.1 that stands for a destination; None: nobody answers there."""
        self._registry = registry
        self._attaching = Attaching(registry)
        self._finder = finder
        self._dial = dial
        self._turns: dict[tuple[str, int], itertools.count[int]] = {}

    def turn(self, uid: str, rule: int) -> int:
        """Counts the requests of a rule, from 0."""
        return next(self._turns.setdefault((uid, rule), itertools.count()))

    async def of_ingress(self, ingress: Object, backend: Object, missing: int) -> tuple[int, int]:
        """Port and 0, or 0 and status; `missing` is the one for a Service or port that does not exist."""
        said = backend.get("service") or {}
        service = self._service(ingress["metadata"]["namespace"], said.get("name", ""))
        wanted = said.get("port") or {}
        port = _port(service, wanted.get("number"), wanted.get("name")) if service else None
        if service is None or port is None:
            return 0, missing
        return await self._behind(service, port)

    async def of_rule(self, route: Object, rule: Object, number: int) -> tuple[int, int]:
        """The same for a rule of a route. One without backends, or whose turn is one that is not there or not granted,
        is answered by 500, one whose Service has nobody ready by 503 (HTTPRouteRule.backendRefs)."""
        references = [each for each in rule.get("backendRefs") or () if each.get("weight", 1) > 0]
        total = sum(each.get("weight", 1) for each in references)
        if not total:
            return 0, _WRONG
        turn = self.turn(route["metadata"]["uid"], number) % total
        for reference in references:
            turn -= reference.get("weight", 1)
            if turn < 0:
                return await self._of_reference(route, reference)
        return 0, _WRONG

    async def _of_reference(self, route: Object, reference: Object) -> tuple[int, int]:
        if reference.get("kind", "Service") != "Service" or reference.get("group", ""):
            return 0, _WRONG
        namespace = reference.get("namespace") or route["metadata"]["namespace"]
        if not self._attaching.granted(route, "Service", namespace, reference["name"]):
            return 0, _WRONG
        service = self._service(namespace, reference["name"])
        port = _port(service, reference.get("port"), None) if service else None
        return await self._behind(service, port) if service and port else (0, _WRONG)

    async def _behind(self, service: Object, port: Object) -> tuple[int, int]:
        if service["spec"]["type"] == EXTERNAL_NAME:
            return 0, _NOBODY
        local = await self._dial(self._finder.behind(service, port))
        return (local, 0) if local else (0, _NOBODY)

    def _service(self, namespace: str, name: str) -> Object | None:
        return self._registry.find(self._registry.kinds.named("v1", "Service"), namespace, name)


def _port(service: Object, number: int | None, name: str | None) -> Object | None:
    ports: list[Object] = dig(service, "spec", "ports", default=[])
    return next((said for said in ports if (said["port"] == number if number else said.get("name") == name)), None)
