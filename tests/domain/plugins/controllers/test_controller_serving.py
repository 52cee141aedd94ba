"""Who serves what where two controllers of one program are there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bot.application.execution.controllers import all_controllers
from bot.domain.network.snapshot import FIELD_OF_KIND, ClusterIdentity, Deployment, Scope, Snapshot
from bot.domain.plugins.controllers import recognise
from bot.domain.plugins.edge import remarks
from bot.domain.plugins.edge.serving import served
from bot.domain.plugins.edge.surroundings import Edge, name_of
from tests import builders
from tests.edge_worlds import deployment, ingress, ingress_class


def service(namespace: str, address: str) -> Any:
    return {
        "kind": "Service",
        "metadata": {"name": "traefik", "namespace": namespace},
        "spec": {"type": "LoadBalancer", "selector": {"app": "traefik"}, "ports": [{"port": 80}]},
        "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
    }


def at(address: str, name: str) -> Any:
    made = ingress(name, "traefik")
    made["status"] = {"loadBalancer": {"ingress": [{"ip": address}]}} if address else {}
    return made


def gateway(name: str, address: str) -> Any:
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"gatewayClassName": "traefik"},
        "status": {"addresses": [{"type": "IPAddress", "value": address}]},
    }


CLASS: Any = {
    "kind": "GatewayClass",
    "metadata": {"name": "traefik"},
    "spec": {"controllerName": "traefik.io/gateway-controller"},
}


def edge(*, replicas: int = 1) -> Edge:
    """Traefik in `new` at 192.0.2.1 and in `old` at 192.0.2.2, and what names their class."""
    old = deployment("old", "traefik", "traefik:v3.6.2")
    old["spec"]["replicas"] = replicas
    objects: list[Any] = [
        deployment("new", "traefik", "traefik:v3.7.9"), service("new", "192.0.2.1"),
        old, service("old", "192.0.2.2"),
        ingress_class("traefik", "traefik.io/ingress-controller"),
        at("192.0.2.1", "one"), at("192.0.2.2", "two"), at("", "neither"), at("198.51.100.9", "strange"),
    ]  # fmt: skip
    found: dict[str, list[Any]] = {}
    for each in objects:
        name, kind = next((n, t) for k, (n, t) in FIELD_OF_KIND.items() if k.name == each["kind"])
        found.setdefault(name, []).append(msgspec.convert(each, kind, strict=False))
    snapshot = Snapshot(
        cluster=ClusterIdentity("c1", "test", "v1.36.0"),
        scope=Scope(tuple(FIELD_OF_KIND)),
        taken_at=builders.NOW,
        **{name: tuple(each) for name, each in found.items()},
    )
    gateways = (gateway("ga", "192.0.2.1"), gateway("gb", "192.0.2.2"))
    return Edge(snapshot=snapshot, gateway_classes=(CLASS,), gateways=gateways)


def edge_with(workload: Deployment, gateway_class: Any, gateways: tuple[Any, ...]) -> Edge:
    snapshot = Snapshot(
        cluster=ClusterIdentity("c1", "test", "v1.36.0"),
        scope=Scope(tuple(FIELD_OF_KIND)),
        taken_at=builders.NOW,
        deployments=(workload,),
    )
    return Edge(snapshot=snapshot, gateway_classes=(gateway_class,), gateways=gateways)


def by_namespace(around: Edge) -> dict[str, tuple[set[str], set[str]]]:
    found = recognise(around, all_controllers())
    its = {each.namespace: served(each, found, around) for each in found}
    return {
        where: ({each.name for each in one.ingresses}, set(map(name_of, one.gateways))) for where, one in its.items()
    }


def test_addresses_tell_whose_it_is_and_what_tells_nothing_counts_for_both() -> None:
    assert by_namespace(edge()) == {
        "new": ({"one", "neither", "strange"}, {"default/ga"}),
        "old": ({"two", "neither", "strange"}, {"default/gb"}),
    }


def test_one_that_is_scaled_to_none_serves_nothing_and_leaves_its_address_to_nobody() -> None:
    assert by_namespace(edge(replicas=0)) == {
        "new": ({"one", "two", "neither", "strange"}, {"default/ga", "default/gb"}),
        "old": (set(), set()),
    }


@pytest.mark.parametrize(("replicas", "said"), [(1, True), (0, False)])
def test_that_two_share_their_classes_is_said_once(replicas: int, said: bool) -> None:
    around = edge(replicas=replicas)
    lines = remarks.of_all(recognise(around, all_controllers()), around)
    told = "Traefik v3.7.9 in new and Traefik v3.6.2 in old share the class traefik: addresses tell who serves what"
    assert lines.count(told) == (1 if said else 0)


def test_one_that_is_scaled_to_none_is_said_to_serve_nobody() -> None:
    around = edge(replicas=0)
    (old,) = [each for each in recognise(around, all_controllers()) if each.namespace == "old"]
    assert "Deployment old/traefik is scaled to none: it serves nothing" in remarks.of_controller(old, around)


@pytest.mark.parametrize(("names", "said"), [(("ga",), False), (("ga", "gb"), True)])
def test_one_that_serves_one_gateway_alone_is_said_to_when_several_name_its_class(
    names: tuple[str, ...], said: bool
) -> None:
    made = deployment("projectcontour", "contour", "ghcr.io/projectcontour/contour:v1.33.6")
    contour = msgspec.convert(made, Deployment, strict=False)
    owned = {**CLASS, "spec": {"controllerName": "projectcontour.io/gateway-controller"}}
    around = edge_with(contour, owned, tuple(gateway(each, "192.0.2.1") for each in names))
    (found,) = recognise(around, all_controllers())
    lines = remarks.of_controller(found, around)
    told = "it serves one Gateway alone, and 2 name its class (default/ga, default/gb): its ConfigMap contour names it"
    assert any(line.startswith(told) for line in lines) is said
