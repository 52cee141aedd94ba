"""What stops a controller's plan, or has to be accepted first: each with its evidence and the way on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from bot.domain.changes.change import ChangeState
from tests.edge_worlds import deployment, edge, ingress, ingress_class, namespace
from tests.mirrors import HAVE_MIRROR, MIRROR
from tests.plugging import Site, told


@asynccontextmanager
async def place(tmp_path: Path) -> AsyncIterator[Site]:
    async with edge(tmp_path, mirror=MIRROR if HAVE_MIRROR else None) as here:
        yield here


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
        assert "2 Ingresses are of a class that nobody has (haproxy, nginx): default/other, default/web" in listed


async def test_the_same_controller_is_not_installed_twice(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.approved("controller install haproxy")
        said = told((await here.answer("controller install haproxy --class two --namespace two")).report)
        assert "HAProxy 3.2.11 is there already, by Deployment haproxy-controller/haproxy-kubernetes-ingress" in said


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


async def test_two_changes_of_controllers_do_not_run_at_once(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        first = await here.planned("controller install haproxy")
        second = await here.planned("controller install traefik --service NodePort")
        record = here.record(2)
        here.storage.state.changes[2] = msgspec.structs.replace(record, state=ChangeState.APPLYING)
        said = told((await here.answer(second)).report)
        assert "Change 2 is at the ingress controllers of this cluster" in said
        here.storage.state.changes[2] = record
        assert told((await here.answer(first)).report).startswith("Applied")


async def test_one_that_is_only_recognised_is_told_with_the_way_in_which_it_came(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None, network=False) as here:
        said = told((await here.answer("controller uninstall kong")).report)
        assert said.startswith("Kong is not taken away from here")
        assert "it is not there" in said.lower()

        helm = {"meta.helm.sh/release-name": "ingress", "meta.helm.sh/release-namespace": "edge"}
        image = "registry.k8s.io/ingress-nginx/controller:v1.15.1"
        controller = deployment("edge", "ingress-nginx-controller", image)
        controller["metadata"]["annotations"] = helm
        here.create(namespace("edge"), controller, ingress_class("old", "k8s.io/ingress-nginx"), ingress("web", "old"))
        said = told((await here.answer("controller uninstall ingress-nginx")).report)
        assert "It serves Ingress default/web" in said
        assert "ingress to-gateway --all" in said
        assert "helm uninstall ingress -n edge" in said

        here.delete("Ingress", "default", "web")
        said = told((await here.answer("controller uninstall ingress-nginx")).report)
        assert "Nothing names its classes any more" in said
        assert "kubectl delete ingressclass old" in said


async def test_the_only_way_in_to_a_controller_is_doubted_before_it_goes(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        await here.approved("controller install haproxy --service NodePort")
        here.create(ingress("web", "haproxy"))
        [service] = here.all("Service", "haproxy-controller")
        line = f"unexpose {service['metadata']['name']} -n haproxy-controller"
        said = told((await here.answer(line)).report)
        assert "used: It is the only way in to HAProxy" in said
        assert "which serves Ingress default/web: nobody reaches these afterwards" in said


async def test_of_two_that_share_their_classes_none_is_taken_away(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        await here.approved("controller install haproxy")
        here.create(namespace("other"), deployment("other", "haproxy", "haproxytech/kubernetes-ingress:3.1.0"))
        said = told((await here.answer("controller uninstall haproxy")).report)
        assert "HAProxy is there twice, and the two share classes, roles and definitions" in said
        assert "haproxy-controller and other" in said


async def test_what_others_made_is_taken_over_only_when_that_is_accepted_and_comes_back_by_undo(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
        here.create(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": "haproxy-kubernetes-ingress"},
                "rules": rules,
            }
        )
        answer = await here.answer("controller install haproxy")
        assert not answer.change
        assert "somebody else made ClusterRole haproxy-kubernetes-ingress" in told(answer.report)
        assert (await here.approved("controller install haproxy --accept overwrites")).startswith("Applied")
        assert here.get("ClusterRole", "", "haproxy-kubernetes-ingress")["rules"] != rules
        assert (await here.approved("changes undo 2")).startswith("Applied")
        assert here.get("ClusterRole", "", "haproxy-kubernetes-ingress")["rules"] == rules
