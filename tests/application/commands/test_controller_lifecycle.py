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
from tests.edge_worlds import edge, ingress, ingress_class
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


@real
@pytest.mark.parametrize(("name", "said", "workload"), INSTALLED)
async def test_a_controller_comes_and_undo_leaves_nothing(
    name: str, said: str, workload: tuple[str, str, str], tmp_path: Path
) -> None:
    async with place(tmp_path) as here:
        before = names_of(here)
        answer = await here.approved(f"controller install {name} {said}")
        assert answer.startswith("Applied: install"), answer
        assert here.find(*workload) is not None
        title = all_controllers()[name].title
        listed = told((await here.answer("controller list")).report)
        assert listed.startswith(f"{title} ")
        undone = await here.approved("changes undo 2")
        assert undone.startswith("Applied: undo"), undone
        assert names_of(here) == before


@real
@pytest.mark.parametrize(("name", "said", "workload"), INSTALLED)
async def test_a_controller_goes_and_undo_brings_it_back(
    name: str, said: str, workload: tuple[str, str, str], tmp_path: Path
) -> None:
    async with place(tmp_path) as here:
        before = names_of(here)
        await here.approved(f"controller install {name} {said}")
        with_it = {each for each in names_of(here) if not each.startswith(("Pod ", "ReplicaSet", "EndpointSlice"))}
        gone = await here.approved(f"controller uninstall {name}")
        assert gone.startswith("Applied: uninstall"), gone
        assert names_of(here) == before
        back = await here.approved("changes undo 3")
        assert back.startswith("Applied: undo"), back
        assert with_it <= names_of(here)
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


async def test_a_class_name_that_is_taken_stops_with_another_one_to_say(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        here.create(ingress_class("nginx", "k8s.io/ingress-nginx"), ingress_class("haproxy", "acme.example.com/edge"))
        said = told((await here.answer("controller install haproxy")).report)
        assert "IngressClass haproxy is there, of the controller acme.example.com/edge" in said
        assert "--class haproxy-new" in said
        assert "Nothing was written" in said


async def test_what_it_begins_to_serve_has_to_be_accepted(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        here.create(
            ingress("by-field", "haproxy"),
            ingress("of-old", annotated="haproxy"),
            ingress("alone"),
            ingress("other", "nginx"),
        )
        answer = await here.answer("controller install haproxy")
        said = told(answer.report)
        assert not answer.change
        assert "it begins to serve 2 Ingresses (default/by-field, default/of-old)" in said
        assert "1 Ingress (default/alone) without a class stay as they are" in said
        assert "--accept takes-over" in said
        assert (await here.answer("controller install haproxy --accept takes-over")).change


async def test_nobody_served_afterwards_has_to_be_accepted_and_is_named(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.approved("controller install haproxy")
        here.create(ingress("web", "haproxy"), ingress("other", "nginx"))
        answer = await here.answer("controller uninstall haproxy")
        assert not answer.change
        assert "nobody serves 1 Ingress (default/web) afterwards" in told(answer.report)
        gone = await here.approved("controller uninstall haproxy --accept serves")
        assert gone.startswith("Applied"), gone
        listed = told((await here.answer("controller list")).report)
        assert "2 Ingresses are (default/other, default/web) of a class that nobody has (haproxy, nginx)" in listed


async def test_the_same_controller_is_not_installed_twice(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.approved("controller install haproxy")
        said = told((await here.answer("controller install haproxy --class two --namespace two")).report)
        assert "HAProxy 3.2.11 is there already, by Deployment haproxy-controller/haproxy-kubernetes-ingress" in said


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


async def test_one_of_helm_is_left_to_helm(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.approved("controller install haproxy")
        own = {"meta.helm.sh/release-name": "edge", "meta.helm.sh/release-namespace": "haproxy-controller"}
        here.edit(
            "Deployment", "haproxy-controller", "haproxy-kubernetes-ingress", {"metadata": {"annotations": own}}, "helm"
        )
        said = told((await here.answer("controller uninstall haproxy")).report)
        assert "belongs to Helm" in said
        assert "helm uninstall edge -n haproxy-controller" in said


async def test_one_that_others_installed_in_another_place_is_left_to_them(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        here.create(namespace("edge"), deployment("edge", "my-haproxy", "haproxytech/kubernetes-ingress:3.1.0"))
        said = told((await here.answer("controller uninstall haproxy")).report)
        assert "not installed from the files that are pinned here" in said
        assert "It is Deployment edge/my-haproxy" in said


async def test_what_is_not_there_cannot_go(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        said = told((await here.answer("controller uninstall contour")).report)
        assert "There is no Contour here" in said


async def test_a_controller_that_does_not_come_up_goes_again_with_its_reason(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        before = names_of(here)
        here.world.cluster.programs.set("traefik", Program(pull_error="traefik:v3.7.9: not found"))
        said = await here.approved("controller install traefik --service NodePort")
        assert said.startswith("Rolled back: install Traefik"), said
        assert "ImagePullBackOff" in said or "ErrImagePull" in said
        assert here.record().state is ChangeState.ROLLED_BACK
        assert names_of(here) == before


async def test_two_changes_of_controllers_do_not_run_at_once(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        first = await here.planned("controller install haproxy")
        second = await here.planned("controller install traefik --service NodePort")
        record = here.record(2)
        here.storage.state.changes[2] = msgspec.structs.replace(record, state=ChangeState.APPLYING)
        said = told((await here.answer(second)).report)
        assert "Change 2 is at what leads traffic into the cluster of this cluster" in said
        here.storage.state.changes[2] = record
        assert told((await here.answer(first)).report).startswith("Applied")


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


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def deployment(namespace: str, name: str, image: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "controller", "image": image}]},
            },
        },
    }
