"""`changes undo` on a real cluster: `kubectl get -o yaml` shows afterwards what it showed before, but for what the API
server alone decides: resourceVersion and generation, and of an object that was deleted uid, creationTimestamp, status.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from tests.real.hands import Object, Patchbay, applied, kubectl, until
from tests.real.inhabiting import Place

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

Standing = dict[str, Object]
_KINDS = "services,ingresses,secrets"
_GATEWAY_KINDS = "gateways,httproutes,grpcroutes,referencegrants"

EDITED = [
    # what kubectl has made there                                 what Patchbay changes
    ("service clusterip web --tcp=80:8080", "service edit web --port 81:8080"),
    ("service clusterip web --tcp=80:8080", "service edit web --port more=81:8080 --type NodePort"),
    ("service clusterip web --tcp=80:8080", "service edit web --type NodePort"),
    ("service clusterip web --tcp=80:8080", "service edit web --type LoadBalancer"),
    ("service clusterip web --tcp=80:8080", "service edit web --session-affinity ClientIP"),
    ("service clusterip web --tcp=80:8080", "service edit web --target-port http"),
    ("service nodeport web --tcp=80:8080", "service edit web --type ClusterIP"),
    ("service nodeport web --tcp=80:8080", "service edit web --external-traffic-policy Local"),
    ("service nodeport web --tcp=80:8080", "service edit web --type LoadBalancer --external-traffic-policy Local"),
    ("service loadbalancer web --tcp=8089:8080", "service edit web --type ClusterIP"),
    ("service loadbalancer web --tcp=8089:8080", "service edit web --external-traffic-policy Local"),
]


def standing(place: Place, *, served: bool) -> Standing:
    """What leads to programs there, by kind and name, as `kubectl get -o yaml` shows it."""
    kinds = f"{_KINDS},{_GATEWAY_KINDS}" if served else _KINDS
    listing = yaml.safe_load(kubectl("get", kinds, "-n", place.name, "-o", "yaml"))
    return {f"{each['kind']} {each['metadata']['name']}": each for each in listing["items"]}


def as_before(before: Standing, after: Standing, *, deleted: bool = False) -> bool:
    return _lasting(before, deleted=deleted) == _lasting(after, deleted=deleted)


def _lasting(found: Standing, *, deleted: bool) -> Standing:
    kept = copy.deepcopy(found)
    for each in kept.values():
        for name in ("resourceVersion", "generation", *(("uid", "creationTimestamp") if deleted else ())):
            each["metadata"].pop(name, None)
        if deleted:
            each.pop("status", None)
    return kept


def undone(bot: Patchbay, number: int) -> str:
    return applied(bot, f"changes undo {number}")[1]


def test_a_new_service_is_taken_back(place: Place, bot: Patchbay) -> None:
    before = standing(place, served=False)
    number, _ = applied(bot, f"expose deploy/web --port 80 --target-port 8080 --type NodePort -n {place.name}")
    assert place.get("service", "web")
    undone(bot, number)
    assert standing(place, served=False) == before


def test_what_was_exposed_anew_is_as_it_was_exposed_first(place: Place, bot: Patchbay) -> None:
    line = f"expose deploy/web --port 80 --target-port 8080 -n {place.name}"
    applied(bot, line)
    before = standing(place, served=False)
    number, _ = applied(bot, f"{line} --type NodePort")
    assert not as_before(before, standing(place, served=False))
    undone(bot, number)
    assert as_before(before, standing(place, served=False))


def test_an_undo_is_taken_back_as_well(place: Place, bot: Patchbay) -> None:
    number, _ = applied(bot, f"expose deploy/web --port 80 --target-port 8080 -n {place.name}")
    before = standing(place, served=False)
    number, _ = applied(bot, f"changes undo {number}")
    assert standing(place, served=False) != before
    undone(bot, number)
    assert as_before(before, standing(place, served=False), deleted=True)


@pytest.mark.parametrize(("words", "line"), EDITED)
def test_an_edited_service_is_as_it_was(place: Place, cloud: None, bot: Patchbay, words: str, line: str) -> None:
    place.create(*words.split())
    if "loadbalancer" in words:
        addressed(place, "service", "web")
    before = standing(place, served=False)
    number, _ = applied(bot, f"{line} -n {place.name}")
    assert not as_before(before, standing(place, served=False))
    undone(bot, number)
    if "loadbalancer" in words:
        addressed(place, "service", "web")
    assert as_before(before, standing(place, served=False))


@pytest.mark.parametrize(
    "words",
    [
        "service clusterip web --tcp=80:8080",
        "service clusterip web --tcp=80:8080 --tcp=81:8080",
        "service clusterip web --tcp=80:8080 --clusterip=None",
        "service nodeport web --tcp=80:8080",
        "service loadbalancer web --tcp=8090:8080",
    ],
)
def test_an_unexposed_service_is_there_again_at_the_same_address(
    place: Place, cloud: None, bot: Patchbay, words: str
) -> None:
    place.create(*words.split())
    if "loadbalancer" in words:
        addressed(place, "service", "web")
    before = standing(place, served=False)
    number, _ = applied(bot, f"unexpose web -n {place.name}")
    assert place.get("service", "web") is None
    undone(bot, number)
    assert as_before(before, standing(place, served=False), deleted=True)


def test_a_new_ingress_is_taken_back(place: Place, traefik: None, bot: Patchbay) -> None:
    place.create("service", "clusterip", "web", "--tcp=80:8080")
    before = standing(place, served=True)
    number, _ = applied(bot, f"ingress create back.{place.name}.example.com --service web:80 -n {place.name}")
    undone(bot, number)
    assert standing(place, served=True) == before


def test_a_gateway_and_its_route_are_taken_back(place: Place, traefik: None, bot: Patchbay) -> None:
    place.create("service", "clusterip", "web", "--tcp=80:8080")
    before = standing(place, served=True)
    gateway, _ = applied(bot, f"gateway create edge --class traefik --listener HTTP:80 -n {place.name}")
    line = f"route create back.{place.name}.example.com --service web:80 --gateway edge -n {place.name}"
    route, _ = applied(bot, line)
    undone(bot, route)
    undone(bot, gateway)
    assert standing(place, served=True) == before


def test_a_deleted_route_is_there_again(place: Place, traefik: None, bot: Patchbay) -> None:
    place.create("service", "clusterip", "web", "--tcp=80:8080")
    applied(bot, f"gateway create edge --class traefik --listener HTTP:80 -n {place.name}")
    host = f"again.{place.name}.example.com"
    applied(bot, f"route create {host} --service web:80 --gateway edge --name again -n {place.name}")
    before = route_of(place)
    number, _ = applied(bot, f"route delete again -n {place.name}")
    assert route_of(place) == {}
    undone(bot, number)
    assert as_before(before, route_of(place), deleted=True)


def test_what_somebody_else_set_meanwhile_is_kept_and_said(place: Place, bot: Patchbay) -> None:
    place.create("service", "clusterip", "web", "--tcp=80:8080")
    before = standing(place, served=False)
    number, _ = applied(bot, f"service edit web --type NodePort -n {place.name}")
    kubectl("label", "service", "web", "-n", place.name, "team=night")
    said = undone(bot, number)
    after = standing(place, served=False)
    assert after["Service web"]["metadata"]["labels"].pop("team") == "night"
    assert as_before(before, after)
    assert "label" in said, said


def test_a_field_that_somebody_else_changed_after_patchbay_stays_theirs(place: Place, bot: Patchbay) -> None:
    place.create("service", "clusterip", "web", "--tcp=80:8080")
    number, _ = applied(bot, f"service edit web --session-affinity ClientIP --type NodePort -n {place.name}")
    kubectl("patch", "service", "web", "-n", place.name, "-p", '{"spec":{"sessionAffinity":"None"}}')
    said = undone(bot, number)
    spec = standing(place, served=False)["Service web"]["spec"]
    assert spec["sessionAffinity"] == "None"
    assert spec["type"] == "ClusterIP"
    assert "sessionAffinity" in said, said


def test_a_port_of_ours_that_somebody_else_changed_stays_whole(place: Place, bot: Patchbay) -> None:
    place.create("service", "clusterip", "web", "--tcp=80:8080")
    number, _ = applied(bot, f"service edit web --port more=81:8080 --session-affinity ClientIP -n {place.name}")
    theirs = '{"spec":{"ports":[{"name":"more","port":81,"targetPort":9090}]}}'
    kubectl("patch", "service", "web", "-n", place.name, "-p", theirs)
    before = standing(place, served=False)["Service web"]["spec"]
    said = undone(bot, number)
    spec = standing(place, served=False)["Service web"]["spec"]
    assert "spec.ports[port=81,protocol=TCP] was changed by somebody else since" in said
    assert spec["ports"] == before["ports"]
    assert spec["sessionAffinity"] == "None"


def test_a_service_that_somebody_else_wrote_to_is_not_deleted(place: Place, bot: Patchbay) -> None:
    number, _ = applied(bot, f"expose deploy/web --port 80 --target-port 8080 -n {place.name}")
    kubectl("patch", "service", "web", "-n", place.name, "-p", '{"spec":{"sessionAffinity":"ClientIP"}}')
    _, said = bot(f"changes undo {number}")
    assert place.get("service", "web"), said
    assert "kubectl-patch" in said, said


def addressed(place: Place, kind: str, name: str) -> None:
    """Waits until somebody has given it an address."""

    def given() -> Any:
        return ((place.get(kind, name) or {}).get("status") or {}).get("loadBalancer")

    until(f"{kind} {name} has an address", given)


def route_of(place: Place) -> Standing:
    return {name: each for name, each in standing(place, served=True).items() if name.startswith("HTTPRoute")}
