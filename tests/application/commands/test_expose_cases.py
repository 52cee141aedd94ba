"""Every option of `expose`, and every refusal, on the embedded cluster: what it makes, and that it goes again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from serving import Shop, shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: queue, namespace: shop, labels: {app: queue}}
spec:
  serviceName: queue
  replicas: 2
  selector: {matchLabels: {app: queue}}
  template:
    metadata: {labels: {app: queue}}
    spec:
      containers:
      - name: queue
        image: registry.example.com/shop/db:18.1
        ports: [{name: amqp, containerPort: 5432}, {name: admin, containerPort: 15672}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop, labels: {app: agent}}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers:
      - {name: agent, image: "registry.example.com/shop/cart:1.4.0", ports: [{name: http, containerPort: 8080}]}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: old, namespace: shop, labels: {app: old}}
spec:
  replicas: 0
  selector: {app: old}
  template:
    metadata: {labels: {app: old}}
    spec:
      containers: [{name: old, image: "registry.example.com/shop/cart:1.4.0", ports: [{containerPort: 8080}]}]
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: lone, namespace: shop, labels: {app: lone}}
spec:
  replicas: 1
  selector: {matchLabels: {app: lone}}
  template:
    metadata: {labels: {app: lone}}
    spec:
      containers: [{name: lone, image: "registry.example.com/shop/cart:1.4.0", ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: tool, namespace: shop, labels: {run: tool}}
spec:
  containers: [{name: tool, image: "registry.example.com/shop/cart:1.4.0", ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: shop}
spec:
  containers: [{name: bare, image: "registry.example.com/shop/cart:1.4.0"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: resolver, namespace: shop, labels: {app: resolver}}
spec:
  replicas: 1
  selector: {matchLabels: {app: resolver}}
  template:
    metadata: {labels: {app: resolver}}
    spec:
      containers:
      - name: dns
        image: registry.k8s.io/coredns/coredns:v1.13.1
        ports: [{name: dns, containerPort: 53, protocol: UDP}, {name: dns-tcp, containerPort: 53, protocol: TCP}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: picky, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: picky}, matchExpressions: [{key: tier, operator: Exists}]}
  template:
    metadata: {labels: {app: picky, tier: back}}
    spec:
      containers: [{name: picky, image: "registry.example.com/shop/cart:1.4.0"}]
---
apiVersion: v1
kind: Service
metadata: {name: taken, namespace: shop}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 31999}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody, namespace: shop}
spec: {ports: [{port: 80}]}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[Shop]:
    async with shop(MORE) as opened:
        yield opened


def port(number: int, target: Any = None, protocol: str = "TCP", **more: Any) -> dict[str, Any]:
    return {"port": number, "protocol": protocol, "targetPort": number if target is None else target, **more}


# What is typed (all in the namespace shop, as a Service called `new`), and fields of the spec that must stand then.
# `metadata.labels` stands under `labels`.
MADE: list[tuple[str, dict[str, Any]]] = [
    ("deploy/web --port 80", {"type": "ClusterIP", "selector": {"app": "web"}, "ports": [port(80)]}),
    ("deploy/web", {"ports": [port(8080)]}),
    ("deploy/web --target-port http", {"ports": [port(8080, "http")]}),
    ("deploy/web --port 80 --target-port 8080", {"ports": [port(80, 8080)]}),
    ("deploy/web --port 80 --target-port http", {"ports": [port(80, "http")]}),
    ("deploy/web --port 80:http", {"ports": [port(80, "http")]}),
    ("deploy/web --port web=80:8080/tcp", {"ports": [port(80, 8080, name="web")]}),
    ("deployment.apps/web --port 80", {"selector": {"app": "web"}}),
    ("sts/queue --port 5672:amqp", {"selector": {"app": "queue"}, "ports": [port(5672, "amqp")]}),
    ("sts/queue --target-port admin", {"ports": [port(15672, "admin")]}),
    ("ds/agent", {"selector": {"app": "agent"}, "ports": [port(8080)]}),
    ("rs/lone --port 80:8080", {"selector": {"app": "lone"}}),
    ("po/tool --port 80:8080", {"selector": {"run": "tool"}}),
    ("po/bare --port 80 --selector run=tool", {"selector": {"run": "tool"}}),
    ("rc/old", {"selector": {"app": "old"}, "ports": [port(8080)]}),
    ("svc/web --port 8080:http", {"selector": {"app": "web"}, "ports": [port(8080, "http")]}),
    ("svc/web", {"ports": [port(80, "http")]}),
    (
        "deploy/web --port 80:http --port 8081:8080",
        {"ports": [port(80, "http", name="port-1"), port(8081, 8080, name="port-2")]},
    ),
    (
        "deploy/web --port 80:http,8081:8080",
        {"ports": [port(80, "http", name="port-1"), port(8081, 8080, name="port-2")]},
    ),
    (
        "deploy/web --port=80,81 --target-port=8080",
        {"ports": [port(80, 8080, name="port-1"), port(81, 8080, name="port-2")]},
    ),
    (
        "deploy/web --port web=80:http --port 8081:8080",
        {"ports": [port(80, "http", name="web"), port(8081, 8080, name="port-2")]},
    ),
    (
        "deploy/resolver --port 53",
        {"ports": [port(53, protocol="UDP", name="port-1-udp"), port(53, name="port-1-tcp")]},
    ),
    ("deploy/resolver --port 53/UDP", {"ports": [port(53, protocol="UDP")]}),
    ("deploy/resolver --port 5353:dns --protocol udp", {"ports": [port(5353, "dns", "UDP")]}),
    ("deploy/resolver --port 5353:dns", {"ports": [port(5353, "dns", "UDP")]}),
    ("deploy/web --port 80:8080 --protocol SCTP", {"ports": [port(80, 8080, "SCTP")]}),
    ("deploy/web --port 80:http --type NodePort", {"type": "NodePort", "externalTrafficPolicy": "Cluster"}),
    ("deploy/web --port 80:http --type nodeport --node-port 30111", {"ports": [port(80, "http", nodePort=30111)]}),
    (
        "deploy/web --port a=80:http --port b=81:http --type NodePort --node-port b=30112 --node-port a=30113",
        {"ports": [port(80, "http", name="a", nodePort=30113), port(81, "http", name="b", nodePort=30112)]},
    ),
    ("deploy/web --port 80:http --type LoadBalancer", {"type": "LoadBalancer"}),
    (
        "deploy/web --port 80:http --type LoadBalancer --load-balancer-class example.com/inner",
        {"loadBalancerClass": "example.com/inner"},
    ),
    (
        "deploy/web --port 80:http --type LoadBalancer --load-balancer-ip 203.0.113.12",
        {"loadBalancerIP": "203.0.113.12"},
    ),
    ("deploy/web --port 80:http --labels team=shop,tier=front", {"labels": {"team": "shop", "tier": "front"}}),
    ("deploy/web --port 80:http -l team=shop", {"labels": {"team": "shop"}}),
    ("deploy/web --port 80:http", {"labels": {"app": "web"}}),
    ("deploy/web --port 80:8080 --selector app=cart", {"selector": {"app": "cart"}}),
    ("deploy/picky --port 80:8080 --selector app=picky", {"selector": {"app": "picky"}}),
    ("deploy/web --port 80:http --cluster-ip None", {"clusterIP": "None"}),
    ("deploy/web --port 80:http --cluster-ip 10.96.9.9", {"clusterIP": "10.96.9.9", "clusterIPs": ["10.96.9.9"]}),
    ("po/bare --selector run=tool --cluster-ip none", {"clusterIP": "None", "ports": None}),
    (
        "deploy/web --port 80:http --session-affinity ClientIP",
        {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}},
    ),
    ("deploy/web --port 80:http --session-affinity None", {"sessionAffinity": "None"}),
    (
        "deploy/web --port 80:http --type NodePort --external-traffic-policy Local",
        {"externalTrafficPolicy": "Local"},
    ),
    ("deploy/web --port 80:http --internal-traffic-policy local", {"internalTrafficPolicy": "Local"}),
    ("deploy/web --port 80:http --ip-families ipv4", {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}),
    ("deploy/web --port 80:http --ip-family-policy PreferDualStack", {"ipFamilyPolicy": "PreferDualStack"}),
    ("deploy/web --port 80:http --external-ip 198.51.100.7", {"externalIPs": ["198.51.100.7"]}),
    (
        "deploy/web --port 80:http --external-ip 198.51.100.7 --external-ip 198.51.100.8",
        {"externalIPs": ["198.51.100.7", "198.51.100.8"]},
    ),
    (
        "deploy/web --port 80:http --app-protocol kubernetes.io/ws",
        {"ports": [port(80, "http", appProtocol="kubernetes.io/ws")]},
    ),
    ("deploy/web --port 80:http --publish-not-ready-addresses", {"publishNotReadyAddresses": True}),
]


@pytest.mark.parametrize(("words", "fields"), MADE, ids=[words for words, _ in MADE])
async def test_what_is_said_is_what_stands_there_and_goes_again(
    world: Shop, words: str, fields: dict[str, Any]
) -> None:
    before = world.standing("Service")
    number, outcome = await world.approved(f"expose {words} --name new -n shop")
    assert outcome.startswith("Applied"), outcome
    service = world.get("Service", "new")
    found = {**service["spec"], "labels": service["metadata"].get("labels")}
    assert {name: _as_said(found.get(name), value) for name, value in fields.items()} == fields
    again = await world.said(f"expose {words} --name new -n shop")
    assert again.startswith("Nothing to do"), again
    _, undone = await world.approved(f"changes undo {number}")
    assert undone.startswith("Applied"), undone
    assert world.find("Service", "new") is None
    assert world.standing("Service") == before


def _as_said(found: Any, said: Any) -> Any:
    """Ports without the node ports that nobody asked for."""
    if not (isinstance(found, list) and found and isinstance(found[0], dict)):
        return found
    return [
        {key: value for key, value in each.items() if key != "nodePort" or "nodePort" in wanted}
        for each, wanted in zip(found, said, strict=True)
    ]


# What is typed, and what the answer must say: what is wrong, and what to do.
REFUSED: list[tuple[str, tuple[str, ...]]] = [
    ("web --port 80", ("What is web?", "deploy/web")),
    ("deployment --port 80", ("which one is meant?", "deploy/NAME")),
    ("ing/web --port 80", ("cannot be", "deploy/NAME, sts/NAME")),
    ("deploy/wbe --port 80", ("There is no Deployment shop/wbe", "Did you mean web?")),
    ("deploy/picky --port 80", ("cannot be exposed", "matchExpressions", "--selector")),
    ("po/bare --port 80", ("cannot be exposed", "no labels")),
    ("po/tool --selector app=wbe --port 80", ("Nothing in shop has the labels app=wbe", "--selector app=web")),
    ("svc/nobody --port 80", ("cannot be exposed", "no selector")),
    ("svc/web --port 80 --name web", ("cannot be exposed as itself", "--name web-new")),
    ("deploy/picky --selector app=picky", ("declares a port", "--port 80")),
    ("deploy/web --port 80:htp", ("No container has a TCP port named htp", "named http", "Did you mean http?")),
    ("deploy/web --port 80:http/UDP", ("No container has a UDP port named http",)),
    ("deploy/web --port 0", ("--port", "[NAME=]PORT[:TARGET][/PROTOCOL]")),
    ("deploy/web --port 80:99999", ("--port", "Expected")),
    ("deploy/web --port 80/ICMP", ("--port", "Expected")),
    ("deploy/web --port 80 --port 80:8080", ("Port 80/TCP is there twice",)),
    ("deploy/web --port a=80 --port a=81:8080", ("Two ports are called a",)),
    ("deploy/web --port 80:8080 --port 81 --target-port 9090", ("target port of port 80 was said twice",)),
    ("deploy/web --port 80 --port 81 --app-protocol http", ("--app-protocol", "which of the 2 ports")),
    ("deploy/web --port 80:http --target-port 8081", ("was said twice",)),
    ("deploy/web --port 80 --node-port 30500", ("Node port 30500 means nothing", "--type NodePort")),
    ("deploy/web --port 80 --type NodePort --node-port 31999", ("Node port 31999 is taken", "Service shop/taken")),
    ("deploy/web --port 80 --type NodePort --node-port 80", ("Node port 80 is out of range", "from 30000 to 32767")),
    (
        "deploy/web --port a=80 --port b=81:80 --type NodePort --node-port 30500",
        ("does not say which port it is for", "--node-port a=30500"),
    ),
    (
        "deploy/web --port a=80 --port b=81:80 --type NodePort --node-port c=30500",
        ("There is no port c", "the ports are a, b".capitalize()),
    ),
    (
        "deploy/web --port a=80 --port b=81:80 --type NodePort --node-port a=30500 --node-port b=30500",
        ("Node port 30500 is wanted twice",),
    ),
    ("deploy/web --port 80 --type ExternalName", ("--type", "ClusterIP, NodePort, LoadBalancer")),
    ("deploy/web --port 80 --type NodePort --cluster-ip None", ("cannot be headless and of type NodePort",)),
    ("deploy/web --port 80 --external-traffic-policy Local", ("external traffic policy means nothing", "--type")),
    ("deploy/web --port 80 --session-affinity Cookie", ("--session-affinity", "None, ClientIP")),
    ("deploy/web --port 80 --load-balancer-ip 203.0.113.9", ("--load-balancer-ip", "--type LoadBalancer")),
    ("deploy/web --port 80 --load-balancer-class a/b", ("--load-balancer-class", "--type LoadBalancer")),
    ("deploy/web --port 80 --cluster-ip 10.96.0.10", ("10.96.0.10 is taken", "Service kube-system/kube-dns")),
    ("deploy/web --port 80 --cluster-ip 192.0.2.1", ("not one of this cluster's", "10.96.0.0/16")),
    ("deploy/web --port 80 --cluster-ip ten", ("--cluster-ip", "None for a headless Service")),
    ("deploy/web --port 80 --ip-families IPv6", ("no IPv6 addresses for Services",)),
    ("deploy/web --port 80 --ip-family-policy RequireDualStack", ("both families", "IPv4 addresses alone")),
    ("deploy/web --port 80 --labels team", ("--labels", "KEY=VALUE")),
    ("deploy/web --port 80 --selector 'app in (web)'", ("--selector", "KEY=VALUE")),
    (
        "deploy/web --port 80 --name taken --type NodePort",
        ("There is a Service shop/taken already", "--name taken-new"),
    ),
    ("deploy/web --port 80 --name api", ("There is a Service shop/api already", "leads to other pods")),
    ("deploy/web --port 80 --name 9lives", ("--name", "beginning with a letter")),
]


@pytest.mark.parametrize(("words", "told"), REFUSED, ids=[words for words, _ in REFUSED])
async def test_what_cannot_be_is_refused_with_the_reason(world: Shop, words: str, told: tuple[str, ...]) -> None:
    before = world.standing("Service")
    named = "" if "--name" in words else " --name new"
    answer = await world.answer(f"expose {words}{named} -n shop")
    said = await world.said(f"expose {words}{named} -n shop")
    assert answer.report.status.value == "failed", said
    assert answer.change == 0
    assert [each for each in told if each not in said] == [], said
    assert world.standing("Service") == before


# What is typed, and what the plan warns of.
WARNED: list[tuple[str, str]] = [
    ("deploy/web --port 80:9999", "No container declares port 9999"),
    ("rc/old", "scaled to zero"),
    ("deploy/web --port 80:http --type LoadBalancer", "stays pending"),
    ("deploy/resolver --port 53 --type LoadBalancer", "TCP and UDP in one Service"),
    ("deploy/web --port 80:http --type LoadBalancer --load-balancer-ip 203.0.113.12", "deprecated"),
    ("deploy/resolver --port 53/UDP", "cannot be asked from here"),
    ("deploy/web --port 80:http --cluster-ip None --session-affinity ClientIP", "Session affinity is ignored"),
    ("deploy/web --port 80:http --ip-family-policy PreferDualStack", "IPv4 addresses alone"),
    ("deploy/web --port 80:http --external-ip 198.51.100.7", "not managed by Kubernetes"),
    ("deploy/web --port 80:http --internal-traffic-policy Local", "on their own node"),
    ("deploy/web --port 80:http --publish-not-ready-addresses", "not ready get traffic"),
    ("svc/web", "kubectl would take its own numbers"),
]


@pytest.mark.parametrize(("words", "told"), WARNED, ids=[words for words, _ in WARNED])
async def test_what_people_should_know_is_said_before_they_approve(world: Shop, words: str, told: str) -> None:
    said = await world.said(f"expose {words} --name new -n shop --dry-run")
    assert told in said.partition("- 1. creates")[0], said


async def test_several_ports_are_asked_about_and_each_answer_is_a_whole_line(world: Shop) -> None:
    report = (await world.answer("expose sts/queue --name new -n shop --type NodePort")).report
    assert report.menu is not None
    assert report.menu.label == "Choose a port"
    assert [choice.label for choice in report.menu.choices] == [
        "5432/TCP amqp of container queue",
        "15672/TCP admin of container queue",
        "all 2 of them",
    ]
    for choice, ports in zip(report.menu.choices, ([5432], [15672], [5432, 15672]), strict=True):
        number, _ = await world.approved(choice.command)
        spec = world.get("Service", "new")["spec"]
        assert [each["port"] for each in spec["ports"]] == ports
        assert spec["type"] == "NodePort"
        await world.approved(f"changes undo {number}")


async def test_our_own_service_is_changed_and_taken_back_to_what_it_was(world: Shop) -> None:
    made, _ = await world.approved("expose deploy/web --port 80:http --name new -n shop")
    before = world.get("Service", "new")
    changed, _ = await world.approved(
        "expose deploy/web --port 80:http --port 81:8080 --type NodePort --name new -n shop"
    )
    assert len(world.get("Service", "new")["spec"]["ports"]) == 2
    await world.approved(f"changes undo {changed}")
    after = world.get("Service", "new")
    assert after["spec"] == before["spec"]
    await world.approved(f"changes undo {made}")


@pytest.mark.parametrize("type_", ["NodePort", "LoadBalancer"])
async def test_a_service_that_is_open_outside_answers_by_its_address(world: Shop, type_: str) -> None:
    number, outcome = await world.approved(f"expose deploy/web --port 80:http --type {type_} --name new -n shop")
    assert outcome.startswith("Applied: "), outcome  # nothing is left unproven
    assert "[+] asked by address: http to port 80 of Service shop/new: HTTP 200" in outcome, outcome
    assert "takes connections" in outcome, outcome
    await world.approved(f"changes undo {number}")
