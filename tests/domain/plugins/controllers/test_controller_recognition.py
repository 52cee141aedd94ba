"""Controllers are recognised by images and by what classes name, whoever installed them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bot.application.execution.controllers import all_controllers
from bot.domain.network.snapshot import FIELD_OF_KIND, ClusterIdentity, Scope, Snapshot
from bot.domain.plugins.controllers import Found, recognise
from bot.domain.plugins.edge import remarks
from bot.domain.plugins.edge.surroundings import Edge
from tests import builders
from tests.edge_worlds import ingress, ingress_class

IMAGES = [
    ("docker.io/library/traefik:v3.6.2", "traefik", "v3.6.2"),
    ("rancher/mirrored-library-traefik:3.3.6", "traefik", "3.3.6"),
    ("ghcr.io/projectcontour/contour:v1.33.6", "contour", "v1.33.6"),
    ("haproxytech/kubernetes-ingress:3.2.11", "haproxy", "3.2.11"),
    ("haproxytech/kubernetes-ingress", "haproxy", ""),
    ("quay.io/jcmoraisjr/haproxy-ingress:v0.14.7", "haproxy-ingress", "v0.14.7"),
    ("nginx/nginx-ingress:5.5.4", "nginx-inc", "5.5.4"),
    ("private-registry.nginx.com/nginx-ic/nginx-plus-ingress:5.5.4", "nginx-inc", "5.5.4"),
    ("registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:abc", "ingress-nginx", "v1.15.1"),
    ("rancher/nginx-ingress-controller:v1.12.1-hardened2", "ingress-nginx", "v1.12.1-hardened2"),
    ("docker.io/envoyproxy/gateway:v1.9.0", "envoy-gateway", "v1.9.0"),
    ("docker.io/istio/pilot:1.30.0", "istio", "1.30.0"),
    ("public.ecr.aws/eks/aws-load-balancer-controller:v2.14.1", "aws-load-balancer", "v2.14.1"),
    ("mcr.microsoft.com/azure-application-gateway/kubernetes-ingress:1.9.1", "azure-application-gateway", "1.9.1"),
    ("mcr.microsoft.com/application-lb/images/alb-controller:1.8.12", "azure-alb", "1.8.12"),
    ("kong/kubernetes-ingress-controller:3.5.2", "kong", "3.5.2"),
    ("ghcr.io/nginx/nginx-gateway-fabric:2.3.0", "nginx-gateway-fabric", "2.3.0"),
    ("docker.io/library/nginx:1.29", "", ""),
    ("envoyproxy/envoy:v1.38.3", "", ""),
    ("traefik/whoami:v1.11", "", ""),
    ("registry.example.com/shop/traefik-dashboard:v1", "", ""),
]
CLASSES = [
    ("traefik.io/ingress-controller", "traefik"),
    ("projectcontour.io/ingress-controller", "contour"),
    ("projectcontour.io/projectcontour/contour", "contour"),
    ("haproxy.org/ingress-controller", "haproxy"),
    ("haproxy.org/ingress-controller/prod", "haproxy"),
    ("nginx.org/ingress-controller", "nginx-inc"),
    ("k8s.io/ingress-nginx", "ingress-nginx"),
    ("webapprouting.kubernetes.azure.com/nginx", "ingress-nginx"),
    ("cilium.io/ingress-controller", "cilium"),
    ("ingress.k8s.aws/alb", "aws-load-balancer"),
    ("eks.amazonaws.com/alb", "aws-load-balancer"),
    ("azure/application-gateway", "azure-application-gateway"),
    ("ingress-controllers.konghq.com/kong", "kong"),
    ("haproxy-ingress.github.io/controller", "haproxy-ingress"),
    ("istio.io/ingress-controller", "istio"),
    ("openshift.io/ingress-to-route", "openshift-router"),
    ("k8s.io/ingress-nginx-internal", ""),
    ("acme.example.com/edge", ""),
]
GATEWAYS = [
    ("traefik.io/gateway-controller", "traefik"),
    ("projectcontour.io/gateway-controller", "contour"),
    ("gateway.envoyproxy.io/gatewayclass-controller", "envoy-gateway"),
    ("istio.io/gateway-controller", "istio"),
    ("istio.io/mesh-controller", "istio"),
    ("io.cilium/gateway-controller", "cilium"),
    ("networking.gke.io/gateway", "gke"),
    ("gateway.k8s.aws/nlb", "aws-load-balancer"),
    ("alb.networking.azure.io/alb-controller", "azure-alb"),
    ("konghq.com/kic-gateway-controller", "kong"),
    ("gateway.nginx.org/nginx-gateway-controller", "nginx-gateway-fabric"),
    ("haproxy.org/gateway-controller/haproxy", "haproxy"),
]


def seen(*objects: Any, **said: Any) -> Edge:
    found: dict[str, list[Any]] = {}
    for each in objects:
        name, kind = next((n, t) for k, (n, t) in FIELD_OF_KIND.items() if k.name == each["kind"])
        found.setdefault(name, []).append(msgspec.convert(each, kind, strict=False))
    snapshot = Snapshot(
        cluster=ClusterIdentity("c1", "test", "v1.36.2"),
        scope=Scope(tuple(FIELD_OF_KIND)),
        taken_at=builders.NOW,
        **{name: tuple(each) for name, each in found.items()},
    )
    return Edge(snapshot=snapshot, **said)


def workload(image: str, *, ready: int = 1, replicas: int = 1, namespace: str = "edge") -> Any:
    return {
        "kind": "Deployment",
        "metadata": {"name": "it", "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "template": {
                "metadata": {"labels": {"app": "it"}},
                "spec": {"containers": [{"name": "c", "image": image}]},
            },
        },
        "status": {"readyReplicas": ready},
    }


def service(type_: str, *addresses: str, name: str = "it") -> Any:
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": "edge"},
        "spec": {"type": type_, "selector": {"app": "it"}},
        "status": {"loadBalancer": {"ingress": [{"ip": each} for each in addresses]}},
    }


def gateway_class(name: str, controller: str, **status: Any) -> Any:
    return {"metadata": {"name": name}, "spec": {"controllerName": controller}, "status": status}


def found(edge: Edge) -> tuple[Found, ...]:
    return recognise(edge, all_controllers())


@pytest.mark.parametrize(("image", "name", "version"), IMAGES)
def test_a_workload_is_recognised_by_its_image(image: str, name: str, version: str) -> None:
    assert [(each.name, each.version) for each in found(seen(workload(image)))] == ([(name, version)] if name else [])


@pytest.mark.parametrize(("controller", "name"), CLASSES)
def test_a_class_is_recognised_by_its_controller(controller: str, name: str) -> None:
    (each,) = found(seen(ingress_class("edge", controller)))
    assert (each.name, each.class_names) == (name, ("edge",))
    assert each.title == (all_controllers()[name].title if name else controller)


@pytest.mark.parametrize(("controller", "name"), GATEWAYS)
def test_a_gateway_class_is_recognised_by_its_controller(controller: str, name: str) -> None:
    (each,) = found(seen(gateway_classes=(gateway_class("edge", controller),)))
    assert (each.name, each.gateway_class_names) == (name, ("edge",))


def test_every_controller_but_the_definitions_is_recognised_by_something() -> None:
    known = {name for _, name, _ in IMAGES} | {name for _, name in (*CLASSES, *GATEWAYS)}
    assert known - {""} == set(all_controllers()) - {"gateway-api"}


def test_one_that_is_only_recognised_says_why_it_is_not_installed() -> None:
    assert all(each.why_not for each in all_controllers().values() if each.install is None)


def test_the_services_to_the_outside_are_its_addresses() -> None:
    inside = service("ClusterIP", name="metrics")
    (each,) = found(seen(workload("traefik:v3.7.9"), inside, service("LoadBalancer", "203.0.113.1")))
    assert [one.name for one in each.services] == ["it"]
    assert each.addresses == ("203.0.113.1",)


def test_two_of_one_kind_are_told_apart_by_their_namespaces() -> None:
    both = found(seen(workload("traefik:v3.7.9"), workload("traefik:v3.6.2", namespace="old")))
    assert [(each.namespace, each.version) for each in both] == [("edge", "v3.7.9"), ("old", "v3.6.2")]


REMARKS = [
    (seen(workload("traefik:v3.7.9"), ingress_class("traefik", "traefik.io/ingress-controller")), []),
    (seen(workload("traefik:v3.7.9")), ["no IngressClass names it"]),
    (
        seen(workload("traefik:v3.6.2"), ingress_class("t", "traefik.io/ingress-controller")),
        ["v3.7.9 is pinned here, and v3.6.2 runs"],
    ),
    (
        seen(workload("traefik:latest"), ingress_class("t", "traefik.io/ingress-controller")),
        ["its image names no version"],
    ),
    (
        seen(workload("traefik:v3.7.9", ready=0), ingress_class("t", "traefik.io/ingress-controller")),
        ["Deployment edge/it: 0 of 1 pods are ready"],
    ),
    (
        seen(workload("traefik:v3.7.9", ready=0, replicas=0), ingress_class("t", "traefik.io/ingress-controller")),
        ["Deployment edge/it is scaled to none"],
    ),
    (seen(ingress_class("t", "traefik.io/ingress-controller")), ["nobody serves its class t"]),
    (seen(ingress_class("c", "cilium.io/ingress-controller")), []),
    (seen(ingress_class("a", "acme.example.com/edge")), ["Patchbay does not know this controller"]),
    (
        seen(
            workload("registry.k8s.io/ingress-nginx/controller:v1.15.1"), ingress_class("nginx", "k8s.io/ingress-nginx")
        ),
        ["retired it in March 2026"],
    ),
    (
        seen(
            workload("traefik:v3.7.9"),
            ingress_class("t", "traefik.io/ingress-controller"),
            service("LoadBalancer"),
            ingress("web", "t"),
        ),
        ["Service edge/it waits for an address", "1 Ingress is without an address: default/web"],
    ),
    (
        seen(
            workload("traefik:v3.7.9"),
            ingress_class("t", "traefik.io/ingress-controller"),
            gateway_classes=(
                gateway_class(
                    "g",
                    "traefik.io/gateway-controller",
                    conditions=[{"type": "Accepted", "status": "False", "message": "unsupported version"}],
                ),
            ),
        ),
        ["GatewayClass g is not accepted: unsupported version"],
    ),
]


@pytest.mark.parametrize(("edge", "lines"), REMARKS)
def test_what_is_to_be_said_of_a_controller_is_said(edge: Edge, lines: list[str]) -> None:
    (each,) = found(edge)
    said = remarks.of_controller(each, edge)
    assert len(said) == len(lines), said
    for line, words in zip(said, lines, strict=True):
        assert words in line


def test_what_concerns_all_controllers_is_said() -> None:
    edge = seen(
        ingress_class("a", "acme.example.com/edge", default=True),
        ingress_class("b", "acme.example.com/edge", default=True),
        ingress("lost", "gone"),
        ingress("alone"),
        ingress("well", "a"),
    )
    said = remarks.of_all(found(edge), edge)
    assert said[0] == "1 Ingress is of a class that nobody has (gone): default/lost"
    assert said[1] == "a and b are both the default class: leave one"
    assert said[2].startswith("1 Ingress is without a class")
