"""Deletes, of one object or of all that are selected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.http import listing
from bot.playground.cluster_server.http.answers import answer, answered, listed
from bot.playground.cluster_server.http.bodies import read_body
from bot.playground.cluster_server.http.requests import Target, flag, form_of, selection, where
from bot.playground.cluster_server.http.writing import USER, telling
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Deleting, Registry
from bot.playground.cluster_server.webhooks.asking import Asker, view_of

Object = dict[str, Any]
Answer = web.StreamResponse


class Deletions:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store

    async def delete(self, request: web.Request, target: Target) -> Answer:
        deleting = await _deleting(request, target.kind)
        if not target.name:
            return await self._delete_collection(request, target, deleting)
        with telling([], deleting):
            obj, gone = await self._registry.deleting(*where(target), deleting)
        form = form_of(request.headers.get("Accept", ""), request.query)
        if not gone or target.kind.shown_when_gone:
            return answer(obj, target.kind, form, self._registry.clock(), 200, deleting.warnings)
        metadata, kind = obj["metadata"], target.kind
        details: Object = {"name": metadata["name"]}
        if kind.group:
            details["group"] = kind.group
        success = statuses.success(details | {"kind": kind.plural, "uid": metadata["uid"]})
        return answered(success, 200, deleting.warnings)

    async def _delete_collection(self, request: web.Request, target: Target, deleting: Deleting) -> Answer:
        query = request.query
        matches = selection(target, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        found = [
            stored for stored in self._store.list(target.kind, target.namespace) if not matches or matches(stored.obj)
        ]
        deleting = replace(deleting, is_one_of_many=True)
        for stored in found:
            with telling([], deleting):
                await self._registry.deleting(target.kind, *listing.place_of(stored), deleting)
        form = form_of(request.headers.get("Accept", ""), query)
        return listed(found, target.kind, form, self._registry.clock(), {"resourceVersion": str(self._store.revision)})


_PROPAGATIONS = ("Foreground", "Background", "Orphan", "nil")


async def _deleting(request: web.Request, kind: Kind) -> Deleting:
    """From the body, or from the query where there is none. Raises 400 and 422."""
    body, query = await request.read(), request.query
    said = (await read_body(request, kind)) if body else {}
    if said.get("kind", "DeleteOptions") != "DeleteOptions":
        wrong = f'no kind "{said["kind"]}" is registered for version "{said.get("apiVersion", "")}"'
        raise statuses.bad_request(f'{wrong} in scheme "pkg/runtime/scheme.go:111"')
    names = ("propagationPolicy", "gracePeriodSeconds")
    given: Object = said if body else {name: query[name] for name in names if name in query}
    if not body and "dryRun" in query:
        given["dryRun"] = query.getall("dryRun")
    conditions, propagation = given.get("preconditions") or {}, given.get("propagationPolicy") or ""
    orphans = given.get("orphanDependents", flag(query, "orphanDependents") or None)
    causes = []
    if orphans is not None and propagation:
        both = "orphanDependents and deletionPropagation cannot be both set"
        causes.append(statuses.invalid("propagationPolicy", propagation, both))
    elif propagation not in ("", *_PROPAGATIONS[:3]):
        causes.append(statuses.unsupported("propagationPolicy", propagation, _PROPAGATIONS))
    dry_run: list[str] = given.get("dryRun") or query.getall("dryRun", []) or []
    if any(value != "All" for value in dry_run):
        causes.append(statuses.unsupported("dryRun", dry_run, ("All",)))
    if causes:
        raise statuses.unprocessable("DeleteOptions", "meta.k8s.io", "", causes)
    if orphans is not None:
        propagation = "Orphan" if orphans else "Background"
    grace = given.get("gracePeriodSeconds")
    try:
        seconds = None if grace is None else int(grace)
    except ValueError as error:
        raise statuses.bad_request(f'strconv.ParseInt: parsing "{grace}": invalid syntax') from error
    return Deleting(
        bool(dry_run), conditions.get("uid") or "", conditions.get("resourceVersion") or "",
        propagation or kind.propagation, seconds, Asker(request[USER].info(), _told(given), view_of(kind)),
    )  # fmt: skip


def _told(given: Object) -> Object:
    """DeleteOptions as webhooks are told them."""
    return {name: value for name, value in given.items() if name not in ("kind", "apiVersion") and value is not None}
