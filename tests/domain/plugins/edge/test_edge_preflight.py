"""What is looked at before a controller is planned: every verdict of every check, on surroundings made by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.application.execution.controllers import all_controllers, installable
from bot.domain.network.references import DAEMON_SET, INGRESS, INGRESS_CLASS, NODE, POD, SERVICE, Kind, Ref
from bot.domain.network.snapshot import FIELD_OF_KIND, ClusterIdentity, Scope, Snapshot, Unread
from bot.domain.plugins.edge import preflight
from bot.domain.plugins.edge.parameters import EdgeParameters, Exposure
from bot.domain.plugins.edge.preflight import WantedEdge
from bot.domain.plugins.edge.surroundings import Edge, GatewayDefinition
from bot.domain.plugins.fitting import ref
from bot.domain.plugins.releases import Release
from bot.domain.plugins.verdicts import Said
from tests import builders
from tests.edge_worlds import ingress, ingress_class

PAGE = Path(__file__).parents[4] / "docs" / "ingress-controllers.md"
READ = (NODE, POD, SERVICE, DAEMON_SET, INGRESS, INGRESS_CLASS)


def wanted(name: str = "traefik", *, objects: Sequence[Any] = (), version: str = "v1", **said: Any) -> WantedEdge:
    controller, installation = installable(name)
    return WantedEdge(
        name=name,
        controller=controller,
        installation=installation,
        release=Release(version=version, files=(), kubernetes=("1.32", "1.34")),
        parameters=installation.completed(EdgeParameters(**said)),
        objects=tuple(objects),
        known=all_controllers(),
    )


def around(*objects: Any, hidden: Sequence[Kind] = (), version: str = "v1.33.1", **said: Any) -> Edge:
    """A cluster with these objects as Kubernetes has them; what could not be read besides."""
    found: dict[str, list[Any]] = {}
    for each in objects:
        name, kind = next((n, t) for k, (n, t) in FIELD_OF_KIND.items() if k.name == each["kind"])
        found.setdefault(name, []).append(msgspec.convert(each, kind, strict=False))
    seen = Snapshot(
        cluster=ClusterIdentity("c1", "test", version),
        scope=Scope(tuple(FIELD_OF_KIND)),
        taken_at=builders.NOW,
        unread=tuple(Unread(kind, "", "the bot's account may not list it") for kind in hidden),
        **{name: tuple(each) for name, each in found.items()},
    )
    return Edge(snapshot=seen, **said)


def node(
    name: str = "n1",
    *,
    ready: str = "True",
    taint: str = "",
    provider: str = "",
    arch: str = "amd64",
    system: str = "linux",
) -> Any:
    taints = [{"key": taint, "effect": "NoSchedule"}] if taint else []
    return {
        "kind": "Node",
        "metadata": {"name": name},
        "spec": {"taints": taints, "providerID": provider},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "nodeInfo": {"operatingSystem": system, "architecture": arch},
        },
    }


def workload(image: str, *, kind: str = "Deployment", namespace: str = "edge", name: str = "it") -> Any:
    spec = {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def pod(port: int, *, host_network: bool = False, phase: str = "Running") -> Any:
    ports = [{"containerPort": port} if host_network else {"containerPort": 8080, "hostPort": port}]
    spec = {"nodeName": "n1", "hostNetwork": host_network, "containers": [{"name": "c", "ports": ports}]}
    return {"kind": "Pod", "metadata": {"name": "holder", "namespace": "a"}, "spec": spec, "status": {"phase": phase}}


def balanced(*addresses: str) -> Any:
    status = {"loadBalancer": {"ingress": [{"ip": each} for each in addresses]}}
    return {
        "kind": "Service",
        "metadata": {"name": "lb", "namespace": "a"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30080}]},
        "status": status,
    }


def gateway_class(name: str, controller: str) -> Any:
    return {"kind": "GatewayClass", "metadata": {"name": name}, "spec": {"controllerName": controller}}


def gateway(name: str, class_name: str) -> Any:
    return {"metadata": {"name": name, "namespace": "a"}, "spec": {"gatewayClassName": class_name}}


def definitions(version: str, channel: str = "standard", *, but: str = "") -> tuple[GatewayDefinition, ...]:
    plurals = [each for each in ("gatewayclasses", "gateways", "httproutes") if each != but]
    return tuple(GatewayDefinition(f"{each}.gateway.networking.k8s.io", version, channel, False) for each in plurals)


HOSTS = [
    {
        "kind": "DaemonSet",
        "metadata": {"name": "envoy", "namespace": "e"},
        "spec": {"template": {"spec": {"containers": [{"ports": [{"containerPort": 8080, "hostPort": 80}]}]}}},
    }
]
NODE_PORT = [
    {"kind": "Service", "metadata": {"name": "own", "namespace": "e"}, "spec": {"ports": [{"nodePort": 30080}]}}
]
MADE = {"kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "gateway-role"}}
OTHERS = {Ref("ClusterRole", "gateway-role", "", "rbac.authorization.k8s.io/v1"): MADE}
ROUTES: Any = {
    "kind": "CustomResourceDefinition",
    "apiVersion": "apiextensions.k8s.io/v1",
    "metadata": {"name": "httproutes.gateway.networking.k8s.io"},
    "spec": {"scope": "Namespaced"},
}
GW = {"gateway_api": True}

LOOKED = [
    ("same_controller", wanted(), around(), ["ok"], "none is there"),
    (
        "same_controller",
        wanted(),
        around(workload("kong/kubernetes-ingress-controller:3.5")),
        ["ok"],
        "Kong 3.5 in edge",
    ),
    ("same_controller", wanted(), around(workload("traefik:v3.6.2")), ["conflict"], "`controller status traefik`"),
    (
        "same_controller",
        wanted(),
        around(workload("r.io/traefik", kind="DaemonSet")),
        ["conflict"],
        "DaemonSet",
    ),
    ("same_controller", wanted(), around(hidden=[DAEMON_SET]), ["unknown"], "may be there already"),
    ("class_name", wanted(), around(ingress_class("nginx", "k8s.io/ingress-nginx")), ["ok"], "nginx (k8s.io"),
    ("class_name", wanted(), around(), ["ok"], "there is no class yet"),
    (
        "class_name",
        wanted("nginx-inc"),
        around(ingress_class("nginx", "k8s.io/ingress-nginx")),
        ["conflict"],
        "of the controller k8s.io/ingress-nginx; say another one, as in `--class nginx-inc`",
    ),
    (
        "class_name",
        wanted("nginx-inc"),
        around(workload("registry.k8s.io/ingress-nginx/controller:v1.15.1")),
        ["conflict"],
        "obeys the annotation kubernetes.io/ingress.class: nginx",
    ),
    (
        "class_name",
        wanted(),
        around(ingress_class("traefik", "traefik.io/ingress-controller")),
        ["doubt"],
        "taken over",
    ),
    (
        "class_name",
        wanted(**GW),
        around(gateway_classes=(gateway_class("traefik", "acme.io/gateway"),)),
        ["conflict"],
        "GatewayClass traefik is there, of the controller acme.io/gateway",
    ),
    ("class_name", wanted(), around(hidden=[INGRESS_CLASS]), ["unknown"], "could not be read"),
    ("default_class", wanted(), around(), ["ok"], "does not become it"),
    ("default_class", wanted(default_class=True), around(), ["ok"], "traefik becomes the default"),
    (
        "default_class",
        wanted(default_class=True),
        around(ingress_class("nginx", "a", default=True)),
        ["conflict"],
        "IngressClass nginx is the default one already",
    ),
    ("default_class", wanted(), around(ingress_class("nginx", "a", default=True)), ["ok"], "nginx stays the default"),
    (
        "default_class",
        wanted(),
        around(ingress_class("traefik", "traefik.io/ingress-controller", default=True)),
        ["ok"],
        "traefik is the default already, and stays it: Ingresses that are made without a class get it",
    ),
    (
        "default_class",
        wanted(),
        around(ingress_class("traefik", "t", default=True), ingress_class("nginx", "a", default=True)),
        ["ok"],
        "get it, and so is nginx: leave one",
    ),
    ("default_class", wanted(), around(hidden=[INGRESS_CLASS]), ["unknown"], "could not be read"),
    ("takes_over", wanted(), around(ingress("a", "nginx")), ["ok"], "nothing that is there names the class traefik"),
    ("takes_over", wanted(), around(ingress("a", "traefik")), ["doubt"], "1 Ingress (default/a): they name"),
    ("takes_over", wanted(), around(ingress("a", annotated="traefik")), ["doubt"], "default/a"),
    ("takes_over", wanted(), around(ingress("a")), ["ok"], "without a class stay as they are"),
    ("takes_over", wanted(**GW), around(gateways=(gateway("g", "traefik"),)), ["doubt"], "the Gateways a/g"),
    ("takes_over", wanted(), around(gateways=(gateway("g", "traefik"),)), ["ok"], "nothing that is there"),
    ("takes_over", wanted(), around(hidden=[INGRESS]), ["unknown"], "could not all be read"),
    ("host_ports", wanted(), around(pod(80)), ["ok"], "it takes none"),
    ("host_ports", wanted("contour", objects=HOSTS), around(pod(81)), ["ok"], "it takes 80 of every host"),
    ("host_ports", wanted("contour", objects=HOSTS), around(pod(80)), ["conflict"], "pod a/holder on n1"),
    ("host_ports", wanted("contour", objects=HOSTS), around(pod(80, host_network=True)), ["conflict"], "port 80"),
    ("host_ports", wanted("contour", objects=HOSTS), around(pod(80, phase="Succeeded")), ["ok"], "no pod has them"),
    ("host_ports", wanted("contour", objects=HOSTS), around(hidden=[POD]), ["unknown"], "could not be read"),
    ("node_ports", wanted(), around(balanced()), ["ok"], "it names none"),
    ("node_ports", wanted(objects=NODE_PORT), around(), ["ok"], "30080 are free"),
    ("node_ports", wanted(objects=NODE_PORT), around(balanced()), ["conflict"], "30080 is taken by Service a/lb"),
    ("node_ports", wanted(objects=NODE_PORT), around(hidden=[SERVICE]), ["unknown"], "may be taken"),
    ("load_balancer", wanted(service=Exposure.NODE_PORT), around(), [], ""),
    ("load_balancer", wanted(), around(), ["doubt"], "`--service NodePort`"),
    ("load_balancer", wanted(), around(balanced()), ["doubt"], "1 Services of the type wait"),
    ("load_balancer", wanted(), around(balanced("203.0.113.1")), ["ok"], "was given 203.0.113.1"),
    ("load_balancer", wanted(), around(workload("quay.io/metallb/controller:v0.15")), ["ok"], "MetalLB is there"),
    ("load_balancer", wanted(), around(node(provider="aws:///a/i-1")), ["ok"], "aws's"),
    ("load_balancer", wanted(), around(node(provider="kind://docker/a")), ["doubt"], "nobody is seen"),
    ("load_balancer", wanted(), around(hidden=[SERVICE]), ["unknown"], "somebody may give addresses"),
    ("nodes", wanted(), around(node()), ["ok"], "1 linux/amd64"),
    ("nodes", wanted(), around(node(ready="False")), ["doubt"], "no node is ready and takes pods"),
    ("nodes", wanted(), around(node(taint="node-role.kubernetes.io/control-plane")), ["doubt"], "no node"),
    ("nodes", wanted(), around(node(), node("n2", arch="sparc")), ["doubt"], "has no image for sparc"),
    ("nodes", wanted(), around(node(), node("w", system="windows")), ["doubt"], "w are not Linux"),
    ("nodes", wanted(), around(hidden=[NODE]), ["unknown"], "not all nodes could be read"),
    ("kubernetes", wanted(), around(), ["ok"], "1.33; Traefik v1 was tested with 1.32 to 1.34"),
    ("kubernetes", wanted(), around(version="v1.36.2"), ["doubt"], "1.36, and Traefik v1 was tested with"),
    ("gateway_api", wanted(), around(gateway_api=definitions("v1.0.0")), [], ""),
    ("gateway_api", wanted(**GW), around(), ["ok"], "they come first"),
    ("gateway_api", wanted(**GW), around(gateway_api=definitions("v1.9.0")), ["ok"], "left as they are"),
    ("gateway_api", wanted(**GW), around(gateway_api=definitions("v1.1.0")), ["doubt"], "was built with v1.4.0"),
    (
        "gateway_api",
        wanted(**GW),
        around(gateway_api=definitions("v1.6.1", but="httproutes")),
        ["conflict"],
        "httproutes.gateway.networking.k8s.io is missing",
    ),
    ("gateway_api", wanted(**GW), around(unread=("customresourcedefinitions: no",)), ["unknown"], "not known"),
    ("gateway_api", wanted("gateway-api", version="v1.6.1"), around(), ["ok"], "none is there"),
    (
        "gateway_api",
        wanted("gateway-api", version="v1.6.1"),
        around(gateway_api=definitions("v1.5.1")),
        ["doubt"],
        "become v1.6.1",
    ),
    (
        "gateway_api",
        wanted("gateway-api", version="v1.6.1"),
        around(gateway_api=definitions("v1.6.1")),
        ["ok"],
        "v1.6.1, standard channel, 3 definitions",
    ),
    (
        "gateway_api",
        wanted("gateway-api", version="v1.5.1"),
        around(gateway_api=definitions("v1.6.1")),
        ["conflict"],
        "never downgraded",
    ),
    (
        "gateway_api",
        wanted("gateway-api", version="v1.6.1"),
        around(gateway_api=definitions("v1.5.1", "experimental")),
        ["conflict"],
        "left to whoever brought it",
    ),
    (
        "gateway_api",
        wanted("gateway-api", version="v1.6.1"),
        around(gateway_api=definitions("")),
        ["conflict"],
        "cannot be known",
    ),
    (
        "gateway_api",
        wanted("gateway-api", objects=[ROUTES], version="v1.6.1"),
        around(gateway_api=definitions("v1.6.1"), existing={ref(ROUTES): {**ROUTES, "spec": {"scope": "Cluster"}}}),
        ["doubt"],
        "somebody else applied httproutes.gateway.networking.k8s.io, which the plan writes over",
    ),
    (
        "gateway_api",
        wanted("gateway-api", objects=[ROUTES], version="v1.6.1"),
        around(gateway_api=definitions("v1.6.1"), existing={ref(ROUTES): {**ROUTES, "status": {}}}),
        ["ok"],
        "v1.6.1, standard channel",
    ),
    (
        "overwrites",
        wanted("gateway-api", objects=[ROUTES], version="v1.6.1"),
        around(existing={ref(ROUTES): ROUTES}),
        ["ok"],
        "of the Gateway API's definitions see there",
    ),
    ("overwrites", wanted(objects=[MADE]), around(), ["ok"], "nothing of the same name"),
    ("overwrites", wanted(objects=[MADE]), around(existing=OTHERS), ["doubt"], "ClusterRole gateway-role"),
    ("overwrites", wanted(objects=[MADE]), around(missing_rights=("get a",)), ["unknown"], "could not be looked at"),
    ("rights", wanted(), around(missing_rights=()), ["ok"], "SelfSubjectAccessReview"),
    ("rights", wanted(), around(missing_rights=("create jobs.batch",)), ["conflict"], "ingress-controllers.yaml"),
    ("rights", wanted(), around(), ["unknown"], "was not asked"),
]


def looked(check: str, wants: WantedEdge, has: Edge) -> list[Said]:
    return list(preflight.all_checks()[check].look(wants, has))


@pytest.mark.parametrize(("check", "wants", "has", "verdicts", "words"), LOOKED)
def test_each_check_says_what_it_saw(check: str, wants: WantedEdge, has: Edge, verdicts: list[str], words: str) -> None:
    said = looked(check, wants, has)
    assert [each.verdict for each in said] == verdicts, said
    assert words in " ".join(each.evidence for each in said)


def test_every_check_and_every_code_is_tried() -> None:
    assert {row[0] for row in LOOKED} == set(preflight.all_checks())
    codes = {said.code for check, wants, has, *_ in LOOKED for said in looked(check, wants, has) if said.code}
    assert codes == set(preflight.all_codes())


def test_the_page_has_a_row_for_each_check_with_its_doubts() -> None:
    section = PAGE.read_text().partition("## What is looked at before")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line][2:]
    told = {about: set(re.findall(r"`([a-z-]+)`", codes)) for about, _, codes in rows}
    assert told == {check.about: set(check.codes) for check in preflight.all_checks().values()}


@pytest.mark.parametrize("check", sorted(preflight.all_checks()))
def test_the_definitions_alone_are_not_asked_for_pods_and_classes(check: str) -> None:
    said = looked(check, wanted("gateway-api", version="v1.6.1"), around(missing_rights=()))
    assert all(each.verdict == "ok" for each in said), said
