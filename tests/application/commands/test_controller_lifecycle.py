"""Ingress controllers come, are told of, and go: the makers' own files where this machine has them, on the embedded
cluster; and the playground's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.application.execution.controllers import all_controllers
from bot.domain.changes.change import ChangeState
from bot.playground.cluster_server.pods.programs import Program
from tests.edge_worlds import deployment, edge, ingress, ingress_class, namespace
from tests.mirrors import HAVE_MIRROR, MIRROR
from tests.plugging import Site, told

real = pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real manifests in ../shared/manifests")
OWN = ("traefik", "haproxy")
"""What the playground has excerpts of."""
INSTALLED = [
    pytest.param("traefik", "--accept no-load-balancer", ("Deployment", "traefik", "traefik"), id="traefik"),
    pytest.param(
        "contour",
        "--service NodePort --accept kubernetes-version",
        ("DaemonSet", "projectcontour", "envoy"),
        id="contour",
    ),
    pytest.param("haproxy", "", ("Deployment", "haproxy-controller", "haproxy-kubernetes-ingress"), id="haproxy"),
    pytest.param(
        "nginx-inc", "--service NodePort", ("Deployment", "nginx-ingress", "nginx-ingress"), id="nginx-deployment"
    ),
    pytest.param(
        "nginx-inc",
        "--kind DaemonSet --service NodePort",
        ("DaemonSet", "nginx-ingress", "nginx-ingress"),
        id="nginx-daemon-set",
    ),
]


@asynccontextmanager
async def place(tmp_path: Path) -> AsyncIterator[Site]:
    async with edge(tmp_path, mirror=MIRROR if HAVE_MIRROR else None) as here:
        yield here


def names_of(here: Site) -> set[str]:
    """All that stands, but for the addresses that were given to Services."""
    return {name for name in here.standing() if not name.startswith(("IPAddress", "ControllerRevision"))}


def objects_of(here: Site) -> dict[str, dict[str, Any]]:
    """What people made or the bot did, field by field; without what is the cluster's own affair: status, and what tells
    one making of an object from the next."""
    own = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
    moving = ("IPAddress", "ControllerRevision", "Pod ", "ReplicaSet", "EndpointSlice", "Node ")

    def kept(each: dict[str, Any]) -> dict[str, Any]:
        metadata = {key: value for key, value in each["metadata"].items() if key not in own}
        found = {key: value for key, value in each.items() if key not in ("status", "metadata")}
        # A Job is given a selector and labels with its uid.
        text = msgspec.json.encode(found | {"metadata": metadata}).decode().replace(each["metadata"]["uid"], "its uid")
        return msgspec.json.decode(text, type=dict[str, Any])

    return {name: kept(each) for name, each in here.standing().items() if not name.startswith(moving)}


@real
@pytest.mark.parametrize(("name", "said", "workload"), INSTALLED)
async def test_a_controller_comes_and_undo_leaves_nothing(
    name: str, said: str, workload: tuple[str, str, str], tmp_path: Path
) -> None:
    async with place(tmp_path) as here:
        before, standing = names_of(here), objects_of(here)
        answer = await here.approved(f"controller install {name} {said}")
        assert answer.startswith("Applied: install"), answer
        assert here.find(*workload) is not None
        title = all_controllers()[name].title
        listed = told((await here.answer("controller list")).report)
        assert listed.startswith(f"{title} ")
        undone = await here.approved("changes undo 2")
        assert undone.startswith("Applied: undo"), undone
        assert names_of(here) == before
        assert objects_of(here) == standing


@real
@pytest.mark.parametrize(("name", "said", "workload"), INSTALLED)
async def test_a_controller_goes_and_undo_brings_it_back(
    name: str, said: str, workload: tuple[str, str, str], tmp_path: Path
) -> None:
    async with place(tmp_path) as here:
        before = names_of(here)
        await here.approved(f"controller install {name} {said}")
        with_it = objects_of(here)
        gone = await here.approved(f"controller uninstall {name}")
        assert gone.startswith("Applied: uninstall"), gone
        assert names_of(here) == before
        back = await here.approved("changes undo 3")
        assert back.startswith("Applied: undo"), back
        assert objects_of(here) == with_it
        listed = told((await here.answer("controller list")).report)
        assert "pods are ready" not in listed


@pytest.mark.parametrize("name", OWN)
async def test_the_playground_has_its_own_excerpts(name: str, tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        before = names_of(here)
        answer = await here.approved(f"controller install {name} --class edge --service NodePort")
        assert answer.startswith("Applied: install"), answer
        assert here.get("IngressClass", "", "edge")["spec"]["controller"].startswith(
            all_controllers()[name].ingress_classes
        )
        assert (await here.approved(f"controller uninstall {name}")).startswith("Applied")
        assert names_of(here) == before


async def test_what_was_asked_for_is_what_stands(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.approved(
            "controller install haproxy --class edge --default-class yes --service LoadBalancer --replicas 2 "
            "--namespace edge --registry r.example.com/m --accept no-load-balancer"
        )
        deployment = here.get("Deployment", "edge", "haproxy-kubernetes-ingress")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert deployment["spec"]["replicas"] == 2
        assert container["image"] == "r.example.com/m/haproxytech/kubernetes-ingress:3.2.11"
        assert container["args"] == [
            "--configmap=edge/haproxy-kubernetes-ingress",
            "--ingress.class=edge",
            "--publish-service=edge/haproxy-kubernetes-ingress",
        ]
        assert here.get("Service", "edge", "haproxy-kubernetes-ingress")["spec"]["type"] == "LoadBalancer"
        own = here.get("IngressClass", "", "edge")
        assert own["spec"]["controller"] == "haproxy.org/ingress-controller/edge"
        assert own["metadata"]["annotations"] == {"ingressclass.kubernetes.io/is-default-class": "true"}
        (subject,) = here.get("ClusterRoleBinding", "", "haproxy-kubernetes-ingress")["subjects"]
        assert subject["namespace"] == "edge"


async def test_a_namespace_with_other_things_stays_and_that_is_told(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.approved("controller install haproxy")
        here.create(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "notes", "namespace": "haproxy-controller"},
                "data": {"a": "b"},
            }
        )
        gone = await here.approved("controller uninstall haproxy")
        assert "Namespace haproxy-controller stays: it holds ConfigMap haproxy-controller/notes" in gone
        assert here.find("ConfigMap", "haproxy-controller", "notes") is not None
        assert here.find("Deployment", "haproxy-controller", "haproxy-kubernetes-ingress") is None


async def test_definitions_with_what_people_made_stay(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        await here.approved("controller install traefik --service NodePort")
        here.create(
            {
                "apiVersion": "traefik.io/v1alpha1",
                "kind": "Middleware",
                "metadata": {"name": "strip", "namespace": "default"},
                "spec": {"stripPrefix": {"prefixes": ["/api"]}},
            }
        )
        gone = await here.approved("controller uninstall traefik")
        assert "CustomResourceDefinition middlewares.traefik.io stays: it holds Middleware default/strip" in gone
        assert here.find("Middleware", "default", "strip") is not None
        assert here.find("CustomResourceDefinition", "", "ingressroutes.traefik.io") is None


async def test_undo_of_an_install_leaves_what_people_made(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        await here.approved("controller install traefik --service NodePort")
        here.create(
            {
                "apiVersion": "traefik.io/v1alpha1",
                "kind": "Middleware",
                "metadata": {"name": "strip", "namespace": "default"},
                "spec": {"stripPrefix": {"prefixes": ["/api"]}},
            }
        )
        planned = told((await here.answer("changes undo 2 --dry-run")).report)
        assert "middlewares.traefik.io holds what this change did not make (Middleware default/strip)" in planned
        await here.approved("changes undo 2")
        assert here.find("Middleware", "default", "strip") is not None
        assert here.find("Deployment", "traefik", "traefik") is None


async def test_a_controller_that_does_not_come_up_goes_again_with_its_reason(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        before = names_of(here)
        here.world.cluster.programs.set("traefik", Program(pull_error="traefik:v3.7.9: not found"))
        said = await here.approved("controller install traefik --service NodePort")
        assert said.startswith("Rolled back: install Traefik"), said
        assert "ImagePullBackOff" in said or "ErrImagePull" in said
        assert here.record().state is ChangeState.ROLLED_BACK
        assert names_of(here) == before


async def test_a_retired_controller_is_told_with_what_hangs_on_it(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        here.create(
            namespace("ingress-nginx"),
            deployment("ingress-nginx", "ingress-nginx-controller", "registry.k8s.io/ingress-nginx/controller:v1.15.1"),
            ingress_class("nginx", "k8s.io/ingress-nginx", default=True),
            ingress("web", "nginx"),
            ingress("old", annotated="nginx"),
        )
        await here.world.cluster.settled()
        said = told((await here.answer("controller status ingress-nginx")).report)
        assert "retired it in March 2026" in said
        assert "ingress to-gateway NAME" in said
        assert "default/web" in said
        assert "default/old" in said
        assert "ingress-nginx v1.15.1" in told((await here.answer("controller list")).report)


async def test_what_is_made_here_is_shown_whole_and_what_is_but_a_name_is_left(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        here.create(namespace("traefik"))
        said = told((await here.answer("controller install traefik --service NodePort")).report)
        assert "creates IngressClass traefik\napiVersion: networking.k8s.io/v1" in said
        assert "Namespace traefik (changed)" not in said
        assert (await here.approved("controller install traefik --service NodePort")).startswith("Applied")
        assert (await here.approved("changes undo 3")).startswith("Applied")
        assert here.find("Namespace", "", "traefik") is not None


async def test_taking_an_install_back_says_what_nobody_serves_then(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        await here.approved("controller install haproxy")
        said = await here.approved("changes undo 2")
        assert "What names the class haproxy is served by nobody then" in said


async def test_who_gives_an_address_does_not_make_the_service_somebody_elses(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        before = names_of(here)
        await here.approved("controller install traefik --accept no-load-balancer")
        told_by_cloud = {"metadata": {"annotations": {"metallb.io/ip-allocated-from-pool": "first"}}}
        here.edit("Service", "traefik", "traefik", told_by_cloud, "controller")
        assert (await here.approved("changes undo 2")).startswith("Applied")
        assert names_of(here) == before


async def test_definitions_that_others_use_since_stay_when_the_install_is_taken_back(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        await here.approved("controller install traefik --gateway-api --service NodePort")
        here.create(
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": {"name": "shop", "namespace": "default"},
                "spec": {"parentRefs": [{"name": "elsewhere"}]},
            }
        )
        planned = told((await here.answer("changes undo 2 --dry-run")).report)
        assert "httproutes.gateway.networking.k8s.io holds what this change did not make (HTTPRoute default" in planned
        assert (await here.approved("changes undo 2")).startswith("Applied")
        assert here.find("HTTPRoute", "default", "shop") is not None
        assert here.find("Deployment", "traefik", "traefik") is None


@real
@pytest.mark.parametrize("name", ["traefik", "contour", "haproxy", "nginx-inc"])
async def test_it_serves_its_own_class_and_none_besides(name: str, tmp_path: Path) -> None:
    """As the world's controllers judge, which read the same arguments and classes as the real ones do."""
    accepted = "--accept no-load-balancer --accept kubernetes-version"
    async with place(tmp_path) as here:
        said = await here.approved(f"controller install {name} --class outside --service LoadBalancer {accepted}")
        assert said.startswith("Applied"), said
        here.create(ingress("own", "outside"), ingress("alone"), ingress("of-another", name), ingress("nobodys", "x"))
        await here.world.cluster.settled()
        served = {
            each["metadata"]["name"]
            for each in here.all("Ingress")
            if (each.get("status") or {}).get("loadBalancer", {}).get("ingress")
        }
        assert served == {"own"}
        listed = told((await here.answer("controller list")).report)
        assert "1 Ingress " in listed
        assert "2 Ingresses are of a class that nobody has" in listed


async def test_one_that_others_install_is_told_of_with_how_they_do(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        here.create(
            namespace("kong"),
            deployment("kong", "kong", "kong/kubernetes-ingress-controller:3.5.2"),
            ingress_class("kong", "ingress-controllers.konghq.com/kong"),
            ingress("web", "kong"),
        )
        await here.world.cluster.settled()
        said = told((await here.answer("controller status kong")).report)
        assert said.startswith("Kong 3.5.2 on ")
        assert "Recognised, and not installed from here: its makers install it by Helm" in said
        assert "installed by a manifest" in said
        assert "default/web" in said
        assert "1/1     Running" in said
