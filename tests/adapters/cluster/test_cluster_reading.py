"""Lists become a snapshot; what cannot be read is said, with the reason, and takes nothing else along."""

import datetime
from typing import Any

import pytest
from speaking_api_server import NAMESPACE, SpeakingServer, status

from bot.adapters.cluster.reading import PAGE, list_objects, read
from bot.domain.network.references import DEPLOYMENT, INGRESS, NODE, POD, SECRET, SERVICE, Kind
from bot.domain.network.snapshot import ClusterIdentity, Scope, Snapshot
from bot.errors import Unreachable

NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
IDENTITY = ClusterIdentity("uid", "test", "v1.36.2")
FORBIDDEN = status(
    403,
    'services is forbidden: User "system:serviceaccount:netops:patchbay" cannot list resource "services" in API group'
    ' "" in the namespace "shop"',
    "Forbidden",
)
EXPIRED = status(410, "The provided continue parameter is too old", "Expired")


def pod(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"containers": []}, **more}


def page(*items: dict[str, Any], token: str = "") -> tuple[int, dict[str, Any]]:
    return 200, {"kind": "PodList", "metadata": {"continue": token} if token else {}, "items": list(items)}


async def snapshot(server: SpeakingServer, *kinds: Kind, selector: str = "") -> Snapshot:
    session = server.session()
    try:
        return await read(session, IDENTITY, Scope(kinds, "shop", selector), lambda: NOW)
    finally:
        await session.close()


def names(found: Snapshot) -> list[str]:
    return [p.name for p in found.pods]


async def test_all_pages_are_read_in_order(server: SpeakingServer) -> None:
    server.on(
        "GET", f"{NAMESPACE}/pods", page(pod("a"), pod("b"), token="T1"), page(pod("c"), token="T2"), page(pod("d"))
    )
    found = await snapshot(server, POD)
    assert names(found) == ["a", "b", "c", "d"]
    assert [heard.query.get("continue", "") for heard in server.heard] == ["", "T1", "T2"]
    assert {heard.query["limit"] for heard in server.heard} == {str(PAGE)}
    assert (found.cluster, found.taken_at, found.unread) == (IDENTITY, NOW, ())


async def test_a_list_that_aged_while_it_was_read_is_begun_once_more(server: SpeakingServer) -> None:
    server.on("GET", f"{NAMESPACE}/pods", page(pod("a"), token="T"), EXPIRED, page(pod("b"), token="U"), page(pod("c")))
    assert names(await snapshot(server, POD)) == ["b", "c"]


async def test_a_list_that_ages_again_is_unread(server: SpeakingServer) -> None:
    aged = (page(pod("a"), token="T"), EXPIRED)
    server.on("GET", f"{NAMESPACE}/pods", *aged, *aged, page(pod("c")))
    found = await snapshot(server, POD)
    assert found.pods == ()
    assert not found.could_read(POD)
    assert "too old" in found.unread[0].reason


async def test_a_refused_kind_is_unread_and_the_others_are_there(server: SpeakingServer) -> None:
    server.on("GET", f"{NAMESPACE}/pods", page(pod("a")))
    server.on("GET", f"{NAMESPACE}/services", FORBIDDEN)
    found = await snapshot(server, POD, SERVICE)
    assert names(found) == ["a"]
    assert [(u.kind, u.namespace, u.reason) for u in found.unread] == [
        (SERVICE, "shop", "the bot's account may not list services in shop")
    ]
    assert found.could_read(POD)
    assert not found.could_read(SERVICE)


async def test_a_kind_that_the_cluster_lacks_is_unread(server: SpeakingServer) -> None:
    server.on("GET", f"{NAMESPACE}/pods", page())
    found = await snapshot(server, POD, INGRESS)
    assert [u.reason for u in found.unread] == ["the cluster does not know ingresses (networking.k8s.io/v1)"]


async def test_nothing_at_all_may_be_refused_and_is_still_no_error(server: SpeakingServer) -> None:
    server.on("GET", f"{NAMESPACE}/services", FORBIDDEN)
    assert len((await snapshot(server, SERVICE)).unread) == 1


async def test_only_when_nobody_answers_it_is_an_error(server: SpeakingServer) -> None:
    trouble = status(503, "etcdserver: no leader", "ServiceUnavailable")
    server.on("GET", f"{NAMESPACE}/pods", trouble)
    server.on("GET", f"{NAMESPACE}/services", trouble)
    with pytest.raises(Unreachable, match="no leader"):
        await snapshot(server, POD, SERVICE)
    server.on("GET", f"{NAMESPACE}/services", (200, {"items": []}))
    found = await snapshot(server, POD, SERVICE)
    assert [u.kind for u in found.unread] == [POD]
    assert "no leader" in found.unread[0].reason


async def test_null_where_the_schema_says_list_is_nothing(server: SpeakingServer) -> None:
    server.on("GET", f"{NAMESPACE}/pods", (200, {"items": None, "metadata": {}}))
    server.on(
        "GET", f"{NAMESPACE}/services", page({"metadata": {"name": "web", "labels": None}, "spec": {"ports": None}})
    )
    found = await snapshot(server, POD, SERVICE)
    assert found.unread == ()
    assert found.pods == ()
    assert found.services[0].labels == {}


async def test_one_misshapen_object_makes_its_kind_unread_and_is_named(server: SpeakingServer) -> None:
    bad = pod("b", status={"conditions": [{"type": 3, "status": "True"}]})
    server.on("GET", f"{NAMESPACE}/pods", page(pod("a"), bad))
    found = await snapshot(server, POD)
    assert found.pods == ()
    assert found.unread[0].reason.startswith("shop/b has a misshapen field status.conditions")
    assert "expected `str`, got `int`" in found.unread[0].reason.lower()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"items": 3}', b'{"items": [{"metadata": {}}]}', b"\xff"])
async def test_what_is_no_list_is_unread(server: SpeakingServer, body: bytes) -> None:
    server.on("GET", f"{NAMESPACE}/pods", (200, body))
    server.on("GET", f"{NAMESPACE}/services", page())
    assert [u.kind for u in (await snapshot(server, POD, SERVICE)).unread] == [POD]


async def test_labels_select_among_namespaced_kinds_only(server: SpeakingServer) -> None:
    server.on("GET", f"{NAMESPACE}/pods", page())
    server.on("GET", "/api/v1/nodes", page())
    await snapshot(server, POD, NODE, selector="app=web,tier!=db")
    asked = {heard.path: heard.query.get("labelSelector") for heard in server.heard}
    assert asked == {f"{NAMESPACE}/pods": "app=web,tier!=db", "/api/v1/nodes": None}


async def test_a_kind_without_place_in_a_snapshot_is_unread(server: SpeakingServer) -> None:
    found = await snapshot(server, SECRET)
    assert not found.could_read(SECRET)
    assert server.heard == []


async def test_whole_objects_get_the_kind_that_lists_leave_out(server: SpeakingServer) -> None:
    path = "/apis/apps/v1/namespaces/shop/deployments"
    server.on("GET", path, page(pod("a"), token="T"), page(pod("b")))
    session = server.session()
    found = await list_objects(session, DEPLOYMENT, "shop", "app=web", "metadata.name=a")
    await session.close()
    assert [(o["apiVersion"], o["kind"], o["metadata"]["name"]) for o in found] == [
        ("apps/v1", "Deployment", "a"),
        ("apps/v1", "Deployment", "b"),
    ]
    assert server.heard[1].query == {
        "limit": str(PAGE),
        "labelSelector": "app=web",
        "fieldSelector": "metadata.name=a",
        "continue": "T",
    }
