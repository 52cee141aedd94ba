"""`service edit` and `unexpose` on the embedded cluster: what changes, what is refused, and what undo brings back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from serving import Shop, as_it_was, shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Made by kubectl, not by Patchbay: whoever made a Service, it can be edited and brought back.
MORE = """
apiVersion: v1
kind: Service
metadata: {name: shopfront, namespace: shop, labels: {app: web, team: shop}, annotations: {example.com/owner: ann}}
spec:
  type: NodePort
  selector: {app: web}
  sessionAffinity: ClientIP
  ports:
  - {name: http, port: 80, targetPort: http, nodePort: 30001}
  - {name: plain, port: 8080, targetPort: 8080, nodePort: 30002}
---
apiVersion: v1
kind: Service
metadata: {name: plain, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: peers, namespace: shop}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere, namespace: shop}
spec: {type: ExternalName, externalName: shop.example.net}
---
apiVersion: v1
kind: Service
metadata: {name: manual, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: kept, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata:
  name: charted
  namespace: shop
  labels: {app.kubernetes.io/managed-by: Helm}
  annotations: {meta.helm.sh/release-name: front}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: queue, namespace: shop}
spec:
  serviceName: queue
  replicas: 1
  selector: {matchLabels: {app: queue}}
  template:
    metadata: {labels: {app: queue}}
    spec: {containers: [{name: queue, image: "registry.example.com/shop/db:18.1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: queue, namespace: shop}
spec: {clusterIP: None, selector: {app: queue}, ports: [{port: 5432}]}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[Shop]:
    async with shop(MORE) as opened:
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api", "controller": True}
        owner["uid"] = opened.get("Deployment", "api")["metadata"]["uid"]
        opened.edit("Service", "kept", {"metadata": {"ownerReferences": [owner]}})
        yield opened


HTTP = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http", "nodePort": 30001}
PLAIN = {"name": "plain", "port": 8080, "protocol": "TCP", "targetPort": 8080, "nodePort": 30002}
BARE = {"port": 80, "protocol": "TCP", "targetPort": 8080}

# The Service, what is typed, and fields of the spec that must stand then; None: it must not be there.
EDITED: list[tuple[str, str, dict[str, Any]]] = [
    ("plain", "--target-port http", {"ports": [{**BARE, "targetPort": "http"}]}),
    ("plain", "--port 80:http", {"ports": [{**BARE, "targetPort": "http"}]}),
    ("plain", "--port web=80", {"ports": [{**BARE, "name": "web"}]}),
    (
        "plain",
        "--port 80/UDP",
        {"ports": [{**BARE, "name": "port-1"}, {**BARE, "name": "port-2", "protocol": "UDP", "targetPort": 80}]},
    ),
    (
        "plain",
        "--port 81:http",
        {"ports": [{**BARE, "name": "port-1"}, {**BARE, "port": 81, "targetPort": "http", "name": "port-2"}]},
    ),
    ("plain", "--port 81:8080 --remove-port 80", {"ports": [{**BARE, "port": 81}]}),
    ("plain", "--app-protocol http", {"ports": [{**BARE, "appProtocol": "http"}]}),
    ("plain", "--type NodePort --node-port 30444", {"type": "NodePort", "ports": [{**BARE, "nodePort": 30444}]}),
    ("plain", "--type NodePort --external-traffic-policy local", {"externalTrafficPolicy": "Local"}),
    ("plain", "--type LoadBalancer", {"type": "LoadBalancer", "externalTrafficPolicy": "Cluster"}),
    ("plain", "--type LoadBalancer --external-traffic-policy Local", {"externalTrafficPolicy": "Local"}),
    ("plain", "--session-affinity ClientIP", {"sessionAffinity": "ClientIP"}),
    ("plain", "--internal-traffic-policy Local", {"internalTrafficPolicy": "Local"}),
    ("plain", "--external-ip 198.51.100.7", {"externalIPs": ["198.51.100.7"]}),
    ("plain", "--selector app=cart", {"selector": {"app": "cart"}}),
    ("svc/plain", "--target-port http", {"ports": [{**BARE, "targetPort": "http"}]}),
    ("peers", "--port 81:http", {"clusterIP": "None"}),
    ("shopfront", "--port http=80:8080", {"ports": [{**HTTP, "targetPort": 8080}, PLAIN]}),
    ("shopfront", "--port http=8081", {"ports": [{**HTTP, "port": 8081}, PLAIN]}),
    (
        "shopfront",
        "--port 443:8080 --node-port 443=30443",
        {"ports": [HTTP, PLAIN, {**BARE, "port": 443, "name": "port-3", "nodePort": 30443}]},
    ),
    ("shopfront", "--remove-port plain", {"ports": [HTTP]}),
    ("shopfront", "--remove-port 80", {"ports": [PLAIN]}),
    ("shopfront", "--node-port plain=30003", {"ports": [HTTP, {**PLAIN, "nodePort": 30003}]}),
    (
        "shopfront",
        "--node-port http=30002 --node-port plain=30001",
        {"ports": [{**HTTP, "nodePort": 30002}, {**PLAIN, "nodePort": 30001}]},
    ),
    ("shopfront", "--session-affinity None", {"sessionAffinity": "None", "sessionAffinityConfig": None}),
    ("shopfront", "--type ClusterIP", {"type": "ClusterIP", "externalTrafficPolicy": None}),
    ("shopfront", "--type LoadBalancer", {"type": "LoadBalancer", "ports": [HTTP, PLAIN]}),
    ("outside", "--type ClusterIP", {"type": "ClusterIP", "allocateLoadBalancerNodePorts": None}),
    ("outside", "--external-traffic-policy Local", {"externalTrafficPolicy": "Local"}),
    ("kept", "--target-port http --accept owned", {"ports": [{**BARE, "targetPort": "http"}]}),
]


@pytest.mark.parametrize(("name", "words", "fields"), EDITED, ids=[" ".join(case[:2]) for case in EDITED])
async def test_an_edit_changes_what_was_said_and_undo_brings_all_back(
    world: Shop, name: str, words: str, fields: dict[str, Any]
) -> None:
    before = world.standing("Service")
    number, outcome = await world.approved(f"service edit {name} {words} -n shop")
    assert outcome.startswith("Applied"), outcome
    spec = world.get("Service", name.removeprefix("svc/"))["spec"]
    assert {field: _as_said(spec.get(field), value) for field, value in fields.items()} == fields
    again = await world.said(f"service edit {name} {words} -n shop")
    assert again.startswith(("Nothing to do", "Service shop/")), again
    await world.approved(f"changes undo {number}")
    assert world.standing("Service") == before


def _as_said(found: Any, said: Any) -> Any:
    """Ports without the node ports that nobody asked for."""
    if not (isinstance(found, list) and found and isinstance(found[0], dict)):
        return found
    return [
        {key: value for key, value in each.items() if key != "nodePort" or "nodePort" in wanted}
        for each, wanted in zip(found, said, strict=True)
    ]


REFUSED: list[tuple[str, tuple[str, ...]]] = [
    ("service edit plain", ("needs something to change", "help service edit")),
    ("service edit plian --target-port http", ("There is no Service shop/plian", "Did you mean plain?")),
    ("service edit plain --cluster-ip 10.96.8.8", ("cannot be changed", "expose svc/plain --name plain-new")),
    ("service edit plain --remove-port 80", ("no port left", "unexpose plain -n shop")),
    ("service edit plain --remove-port 81", ("has no port 81", "It has 80")),
    ("service edit plain --target-port htp", ("No container has a TCP port named htp", "Did you mean http?")),
    ("service edit plain --node-port 30333", ("Node port 30333 means nothing", "--type NodePort")),
    ("service edit plain --external-traffic-policy Local", ("external traffic policy means nothing",)),
    ("service edit plain --selector app=wbe", ("Nothing in shop has the labels app=wbe", "--selector app=web")),
    ("service edit plain --type NodePort --node-port 30001", ("Node port 30001 is taken", "Service shop/shopfront")),
    ("service edit plain --type NodePort --node-port 80", ("Node port 80 is out of range",)),
    ("service edit shopfront --target-port 8081", ("does not say which port is meant", "There are http, plain")),
    ("service edit shopfront --node-port 30444", ("does not say which port is meant",)),
    ("service edit shopfront --port http=8080", ("Port 8080/TCP is there twice", "--remove-port")),
    ("service edit shopfront --port plain=8080 --port 8080:80/TCP --port plain=80", ("is there twice",)),
    ("service edit peers --type NodePort", ("cannot be headless and of type NodePort",)),
    ("service edit shopfront --port 80 --remove-port 80", ("Port 80 is to stay and to go", "--port alone changes")),
    ("service edit elsewhere --type ClusterIP", ("another name for shop.example.net", "unexpose elsewhere")),
    ("service edit plain --ip-family-policy RequireDualStack", ("both families",)),
    ("service edit plain --accept nothing --target-port http", ("There is no doubt 'nothing'", "used, owned")),
    (
        "service edit kubernetes -n default --session-affinity ClientIP",
        ("the cluster itself stands on it".capitalize(),),
    ),
    ("unexpose plian", ("There is no Service shop/plian", "Did you mean plain?")),
    ("unexpose kubernetes -n default", ("stays", "The cluster itself stands on it")),
    ("unexpose kube-dns -n kube-system", ("stays", "The cluster itself stands on it")),
    ("unexpose kept", ("would be made again at once", "Deployment api keeps it")),
]


@pytest.mark.parametrize(("line", "told"), REFUSED, ids=[line for line, _ in REFUSED])
async def test_what_cannot_be_is_refused_with_the_reason(world: Shop, line: str, told: tuple[str, ...]) -> None:
    line = line if " -n " in line else f"{line} -n shop"
    answer = await world.answer(line)
    said = await world.said(line)
    assert answer.report.status.value == "failed", said
    assert [each for each in told if each not in said] == [], said


# What is typed, and the doubt that has to be accepted first, with its code.
DOUBTED: list[tuple[str, str, str]] = [
    ("service edit web --port other=81:http --remove-port http", "used", "Ingress shop/web (shop.example.com/)"),
    ("service edit web --port http=81", "used", "Port 80 goes"),
    ("service edit kept --target-port http", "owned", "Deployment api"),
    ("unexpose web", "used", "Ingress shop/web (shop.example.com/)"),
    ("unexpose queue", "used", "StatefulSet shop/queue"),
    ("unexpose manual", "endpoints", "Somebody else wrote its endpoints"),
]


@pytest.mark.parametrize(("line", "code", "told"), DOUBTED, ids=[line for line, *_ in DOUBTED])
async def test_who_is_hurt_is_said_and_has_to_be_accepted(world: Shop, line: str, code: str, told: str) -> None:
    before = world.standing("Service")
    answer = await world.answer(f"{line} -n shop")
    said = await world.said(f"{line} -n shop")
    assert answer.change == 0
    assert f"{code}: " in said
    assert told in said
    number, outcome = await world.approved(answer.report.actions[0].command)
    assert outcome.startswith("Applied"), outcome
    await world.approved(f"changes undo {number}")
    after = world.standing("Service")
    assert {name: as_it_was(each, reborn=True) for name, each in after.items()} == {
        name: as_it_was(each, reborn=True) for name, each in before.items()
    }


@pytest.mark.parametrize("name", ["plain", "shopfront", "outside", "peers", "elsewhere", "charted"])
async def test_a_deleted_service_is_made_again_as_it_was(world: Shop, name: str) -> None:
    before = world.get("Service", name)
    number, outcome = await world.approved(f"unexpose {name} -n shop")
    assert outcome.startswith("Applied"), outcome
    assert world.find("Service", name) is None
    await world.approved(f"changes undo {number}")
    assert as_it_was(world.get("Service", name), reborn=True) == as_it_was(before, reborn=True)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("unexpose outside -n shop", "is given up"),
        ("unexpose charted -n shop", "the Helm release front"),
        ("service edit outside --type ClusterIP -n shop", "is given up"),
        ("service edit shopfront --remove-port plain -n shop", "Node port 30002 is closed"),
        ("service edit charted --target-port http -n shop", "the Helm release front"),
        ("service edit web --selector app=cart -n shop", "goes to other pods"),
        ("service edit plain --target-port 9999 -n shop", "No container declares port 9999"),
    ],
)
async def test_what_people_should_know_is_said_before_they_approve(world: Shop, line: str, told: str) -> None:
    assert told in (await world.said(f"{line} --dry-run")).partition("- 1. ")[0]


async def test_what_somebody_else_changed_meanwhile_is_kept_and_said(world: Shop) -> None:
    number, _ = await world.approved("service edit shopfront --port 443:8080 -n shop")
    world.edit("Service", "shopfront", {"spec": {"ports": [{"port": 9000, "name": "more", "targetPort": 8080}]}})
    plan = await world.said(f"changes undo {number} --dry-run")
    assert "spec.ports[port=9000" in plan, plan
    await world.approved(f"changes undo {number}")
    assert [port["port"] for port in world.get("Service", "shopfront")["spec"]["ports"]] == [9000, 80, 8080]
