"""`service show` and the warnings of `services`, in a shop where things are broken on purpose."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from serving import Shop, shop

from bot.domain.chat.report import Status

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORE = """
apiVersion: v1
kind: Service
metadata: {name: lost, namespace: shop}
spec: {selector: {app: wbe}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: misnamed, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: htp}]}
---
apiVersion: v1
kind: Service
metadata: {name: pending, namespace: shop}
spec:
  type: LoadBalancer
  loadBalancerClass: example.com/none
  selector: {app: cart}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: v1
kind: Service
metadata: {name: twin, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere, namespace: shop}
spec: {type: ExternalName, externalName: shop.example.net}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: asleep, namespace: shop}
spec:
  replicas: 0
  selector: {matchLabels: {app: asleep}}
  template:
    metadata: {labels: {app: asleep}}
    spec: {containers: [{name: asleep, image: "registry.example.com/shop/cart:1.4.0"}]}
---
apiVersion: v1
kind: Service
metadata: {name: asleep, namespace: shop}
spec: {selector: {app: asleep}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sick, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: sick}}
  template:
    metadata: {labels: {app: sick}}
    spec:
      containers:
      - name: sick
        image: registry.example.com/shop/cart:1.4.0
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {tcpSocket: {port: 9999}}
---
apiVersion: v1
kind: Service
metadata: {name: sick, namespace: shop}
spec: {type: NodePort, selector: {app: sick}, ports: [{port: 80, targetPort: http, nodePort: 30555}]}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[Shop]:
    async with shop(MORE) as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        (
            "web",
            Status.OK,
            ("2 of 2 endpoints ready", "Deployment web (2 of 2 pods ready)", "Ingress shop/web: shop.example.com/",
             "spec.rules[0].http.paths[0].backend", "worker1"),
        ),
        ("svc/web", Status.OK, ("2 of 2 endpoints ready",)),
        ("lost", Status.FINDINGS, ("selects no pods", "did you mean app=web", "It has no endpoints")),
        ("misnamed", Status.FINDINGS, ("NONE HAS IT", "which no container has", "did you mean http?")),
        ("pending", Status.OK, ("<pending>", "example.com/none")),
        ("elsewhere", Status.OK, ("stands for shop.example.net",)),
        ("asleep", Status.OK, ("Deployment asleep (0 of 0 pods ready)", "It has no endpoints")),
        ("sick", Status.FINDINGS, ("0 of 1 endpoint ready", "not ready", "readiness probe", "30555", "192.0.2.11")),
    ],
)  # fmt: skip
async def test_all_about_a_service_is_in_one_answer(
    world: Shop, name: str, status: Status, told: tuple[str, ...]
) -> None:
    report = (await world.answer(f"service show {name} -n shop")).report
    said = await world.said(f"service show {name} -n shop")
    assert [each for each in told if each not in said] == [], said
    assert report.status is status, said


async def test_a_service_that_is_not_there_is_told_with_what_was_meant(world: Shop) -> None:
    assert "Did you mean web?" in await world.said("service show wbe -n shop")


async def test_what_the_cluster_stands_on_is_not_offered_to_be_deleted(world: Shop) -> None:
    labels = [each.label for each in (await world.answer("service show kube-dns -n kube-system")).report.actions]
    assert labels == ["Check"]


@pytest.mark.parametrize(
    "told",
    [
        "shop/lost selects nothing",
        "shop/misnamed leads to a port named htp, which no container has",
        "shop/pending waits for an address",
        "shop/twin and shop/web lead the same ports to the same pods",
        "shop/asleep has no ready endpoints (0/0, scaled to zero)",
        "shop/sick has no ready endpoints (0/1)",
    ],
)
async def test_the_list_warns_of_what_a_person_should_look_at(world: Shop, told: str) -> None:
    assert told in await world.said("services -n shop")


async def test_the_wide_list_names_what_makes_the_pods(world: Shop) -> None:
    said = await world.said("services -n shop -o wide")
    rows = {line.split()[0]: line.split()[-1] for line in said.splitlines() if line.startswith(("web ", "lost "))}
    assert rows == {"web": "Deployment/web", "lost": "<none>"}
