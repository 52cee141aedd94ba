"""Going back takes a bundle whole or not at all: half of the Gateway API serves nobody, nor does half a controller."""

from __future__ import annotations

from pathlib import Path

from bot.domain.changes.change import ChangeState
from bot.domain.network.references import Ref
from bot.playground.cluster_server.pods.programs import Program
from tests.edge_worlds import edge
from tests.plugging import Object, Site, told

INSTALL = "controller install traefik --gateway-api --service NodePort"
HAPROXY = ("haproxy-controller", "haproxy-kubernetes-ingress")
ROUTE: Object = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "shop", "namespace": "default"},
    "spec": {"parentRefs": [{"name": "elsewhere"}]},
}


def bundle(here: Site) -> dict[str, Object]:
    """All that came with the Gateway API, as it stands."""
    kinds = ("CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    suffix = ".gateway.networking.k8s.io"
    return {
        f"{kind} {each['metadata']['name']}": each
        for kind in kinds
        for each in here.all(kind)
        if each["metadata"]["name"].endswith(suffix)
    }


def untold(here: Site) -> dict[str, Object]:
    """What stands, without what the cluster writes by itself."""
    moving = ("IPAddress", "ControllerRevision", "Pod ", "ReplicaSet", "EndpointSlice", "Node ")
    return {name: each for name, each in here.standing().items() if not name.startswith(moving)}


async def test_one_route_of_others_keeps_all_definitions_of_the_gateway_api(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        await here.approved(INSTALL)
        here.create(ROUTE)
        await here.world.cluster.settled()
        before = bundle(here)
        planned = told((await here.answer("changes undo 2 --dry-run")).report)
        assert "the definitions of the Gateway API stay or go together" in planned
        assert (await here.approved("changes undo 2")).startswith("Applied")
        assert before
        assert bundle(here) == before
        assert here.find("Deployment", "traefik", "traefik") is None
        assert here.find("HTTPRoute", "default", "shop") is not None


async def test_without_such_a_route_all_of_them_go(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        before = set(untold(here))
        await here.approved(INSTALL)
        assert (await here.approved("changes undo 2")).startswith("Applied")
        assert bundle(here) == {}
        assert set(untold(here)) == before


async def test_an_installation_that_fails_leaves_all_of_them_to_a_route_that_came_meanwhile(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        here.world.cluster.programs.set("traefik", Program(pull_error="traefik:v3.7.9: not found"))
        before: dict[str, Object] = {}

        def come(when: str, verb: str, ref: Ref) -> None:
            if (when, verb, ref.kind) == ("after", "apply", "Deployment"):
                here.create(ROUTE)
                before.update(bundle(here))

        here.clusters.on_write = come
        said = await here.approved(INSTALL)
        assert here.record().state is ChangeState.PARKED
        assert "the definitions of the Gateway API stay or go together" in said
        assert set(bundle(here)) == set(before) != set()
        assert here.find("Deployment", "traefik", "traefik") is None


async def test_a_controller_that_somebody_scaled_stays_whole_and_uninstall_is_named(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        await here.approved("controller install haproxy")
        here.edit("Deployment", *HAPROXY, {"spec": {"replicas": 2}}, "kubectl")
        await here.world.cluster.settled()
        before = untold(here)
        said = told((await here.answer("changes undo 2")).report)
        assert "Nothing of change 2 can be undone" in said
        assert "Deployment haproxy-controller/haproxy-kubernetes-ingress was written to by kubectl since" in said
        assert "controller uninstall NAME" in said
        assert untold(here) == before
        assert (await here.approved("controller uninstall haproxy")).startswith("Applied")
        assert here.find("Deployment", *HAPROXY) is None


async def test_a_service_that_somebody_edited_keeps_what_stands_behind_it(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        await here.approved("controller install haproxy")
        here.edit("Service", *HAPROXY, {"metadata": {"annotations": {"team": "edge"}}}, "kubectl")
        said = told((await here.answer("changes undo 2")).report)
        assert "what makes HAProxy serve stay or go together, and Service haproxy-controller" in said
        assert here.find("IngressClass", "", "haproxy") is not None
