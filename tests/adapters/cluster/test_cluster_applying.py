"""Objects are written as field manager patchbay, under preconditions, and kinds of any API can be addressed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from speaking_api_server import NAMESPACE, SpeakingServer, status

from bot.adapters.cluster.applying import Objects
from bot.adapters.cluster.discovery import Kinds
from bot.domain.network.references import SERVICE, Ref, ref_to
from bot.errors import BotError, Conflict, NotFound

WEB = ref_to(SERVICE, "shop", "web")
PATH = f"{NAMESPACE}/services/web"
MANIFEST: dict[str, Any] = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}
ROUTES = {
    "resources": [{"name": "routes", "kind": "Route", "namespaced": True}, {"name": "routes/status", "kind": "Route"}]
}


@pytest.fixture
async def objects(server: SpeakingServer) -> AsyncIterator[Objects]:
    session = server.session()
    yield Objects(session, Kinds(session))
    await session.close()


def owned_by(*managers: str) -> tuple[int, dict[str, Any]]:
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{m}" using v1', "field": ".spec.ports"}
        for m in managers
    ]
    return status(409, "Apply failed", "Conflict", causes=causes)


@pytest.mark.parametrize(("code", "created"), [(201, True), (200, False)])
async def test_apply_tells_created_from_changed(
    server: SpeakingServer, objects: Objects, code: int, created: bool
) -> None:
    server.on("PATCH", PATH, (code, {**MANIFEST, "spec": {}}))
    applied = await objects.apply(MANIFEST, force=False, dry_run=False)
    assert applied.created is created
    assert applied.object == {**MANIFEST, "spec": {}}
    heard = server.heard[0]
    assert heard.json == MANIFEST
    assert heard.headers["content-type"] == "application/apply-patch+yaml"
    assert heard.query == {"fieldManager": "patchbay", "force": "false", "fieldValidation": "Strict"}


async def test_a_dry_run_says_so(server: SpeakingServer, objects: Objects) -> None:
    server.on("PATCH", PATH, (200, MANIFEST))
    await objects.apply(MANIFEST, force=True, dry_run=True)
    assert (server.heard[0].query["dryRun"], server.heard[0].query["force"]) == ("All", "true")


async def test_fields_of_others_are_a_conflict(server: SpeakingServer, objects: Objects) -> None:
    server.on("PATCH", PATH, owned_by("helm", "patchbay"))
    with pytest.raises(Conflict, match=r"helm owns spec\.ports"):
        await objects.apply(MANIFEST, force=False, dry_run=False)
    assert len(server.heard) == 1


async def test_fields_that_we_own_ourselves_are_taken_back(server: SpeakingServer, objects: Objects) -> None:
    server.on("PATCH", PATH, owned_by("patchbay"), (200, MANIFEST))
    assert (await objects.apply(MANIFEST, force=False, dry_run=False)).object == MANIFEST
    assert [heard.query["force"] for heard in server.heard] == ["false", "true"]


async def test_replace_needs_to_know_what_it_replaces(server: SpeakingServer, objects: Objects) -> None:
    with pytest.raises(BotError, match="resourceVersion"):
        await objects.replace(MANIFEST, dry_run=False)
    assert server.heard == []


async def test_replace_of_a_stale_object_is_a_conflict(server: SpeakingServer, objects: Objects) -> None:
    server.on("PUT", PATH, status(409, "the object has been modified", "Conflict"))
    stale = {**MANIFEST, "metadata": {**MANIFEST["metadata"], "resourceVersion": "5"}}
    with pytest.raises(Conflict, match="has been modified"):
        await objects.replace(stale, dry_run=True)
    assert server.heard[0].json == stale
    assert server.heard[0].query == {"fieldManager": "patchbay", "dryRun": "All"}


async def test_delete_names_the_very_object(server: SpeakingServer, objects: Objects) -> None:
    server.on("DELETE", PATH, (200, {"kind": "Status", "status": "Success"}))
    await objects.delete(WEB, uid="u", resource_version="7", dry_run=True)
    assert server.heard[0].json == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "u", "resourceVersion": "7"},
        "propagationPolicy": "Background",
        "dryRun": ["All"],
    }


async def test_delete_without_version_checks_the_uid_alone(server: SpeakingServer, objects: Objects) -> None:
    server.on("DELETE", PATH, (200, {}))
    await objects.delete(WEB, uid="u", resource_version="", dry_run=False)
    assert server.heard[0].json["preconditions"] == {"uid": "u"}
    assert "dryRun" not in server.heard[0].json


async def test_what_is_gone_is_not_found(server: SpeakingServer, objects: Objects) -> None:
    server.on("DELETE", PATH, status(404, 'services "web" not found', "NotFound"))
    with pytest.raises(NotFound, match="Cannot delete Service shop/web"):
        await objects.delete(WEB, uid="u", resource_version="", dry_run=False)


async def test_kinds_of_others_are_discovered_once(server: SpeakingServer, objects: Objects) -> None:
    server.on("GET", "/apis/example.com/v1", (200, ROUTES))
    server.on("GET", "/apis/example.com/v1/namespaces/shop/routes/web", (200, {"kind": "Route"}))
    route = Ref("Route", "web", "shop", "example.com/v1")
    assert await objects.get(route) == {"kind": "Route"}
    await objects.get(route)
    assert server.paths().count("/apis/example.com/v1") == 1


async def test_a_kind_that_nobody_serves_is_not_found(server: SpeakingServer, objects: Objects) -> None:
    server.on("GET", "/apis/example.com/v1", (200, ROUTES))
    with pytest.raises(NotFound, match=r"does not know the kind Gateway of example\.com/v1"):
        await objects.get(Ref("Gateway", "web", "shop", "example.com/v1"))
    with pytest.raises(NotFound, match=r"does not know the kind Gateway of other\.com/v1"):
        await objects.get(Ref("Gateway", "web", "shop", "other.com/v1"))


@pytest.mark.parametrize("version", ["../v1", "a/b/c", "", "apps/..", "apps/v1?x=y"])
async def test_no_api_version_leads_elsewhere(server: SpeakingServer, objects: Objects, version: str) -> None:
    with pytest.raises(BotError, match="it is no API version"):
        await objects.get(Ref("Route", "web", "shop", version))
    assert server.heard == []


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"apiVersion": "v1", "kind": "Service"},
        {**MANIFEST, "metadata": {"name": 3}},
        {**MANIFEST, "metadata": "web"},
    ],
)
async def test_a_manifest_that_says_not_what_it_is_about_is_told(objects: Objects, manifest: dict[str, Any]) -> None:
    with pytest.raises(BotError, match="Cannot use this manifest"):
        await objects.apply(manifest, force=False, dry_run=False)


async def test_a_namespaced_object_needs_its_namespace(server: SpeakingServer, objects: Objects) -> None:
    with pytest.raises(BotError, match="its namespace is missing"):
        await objects.apply({**MANIFEST, "metadata": {"name": "web"}}, force=False, dry_run=False)
    assert server.heard == []
