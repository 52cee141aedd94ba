"""`expose` over a Service that it made: what that would lose is a doubt, and what it keeps is none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from serving import Shop, as_it_was, shop

PORTS = "--port one=80:http --port two=81:8080"
MORE = "--type NodePort --node-port one=30080 --session-affinity ClientIP -l tier=front"
NEW = "--name new -n shop"
FULL = f"expose deploy/web {PORTS} {MORE} {NEW}"


@pytest_asyncio.fixture
async def world() -> AsyncIterator[Shop]:
    async with shop() as found:
        await found.approved(FULL)
        yield found


# What is typed over it, and what is named as lost.
LOSING: list[tuple[str, tuple[str, ...]]] = [
    (
        "--port one=80:http",
        (
            "port 81; ",
            "type NodePort, which becomes ClusterIP",
            "node port 30080 of port 80",
            "sessionAffinity ClientIP",
            "label tier front",
        ),
    ),
    (
        f"--port http=80:http --port two=81:9999 {MORE}".replace("one=", "http="),
        ("port 81 leading to 8080, which becomes 9999", "the name one of port 80, which becomes http"),
    ),
    (f"{PORTS} {MORE.replace('30080', '30081')}", ("node port 30080 of port 80",)),
]


@pytest.mark.parametrize(("words", "told"), LOSING)
async def test_what_it_would_lose_has_to_be_accepted(world: Shop, words: str, told: tuple[str, ...]) -> None:
    before = world.get("Service", "new")
    line = f"expose deploy/web {words} {NEW}"
    answer = await world.answer(line)
    said = await world.said(line)
    assert answer.change == 0
    assert "loss: Service shop/new would lose what this request does not say" in said
    assert [each for each in told if each not in said] == [], said
    assert world.get("Service", "new") == before
    number, outcome = await world.approved(answer.report.actions[0].command)
    assert outcome.startswith("Applied") or "[+] changed Service shop/new" in outcome, outcome
    await world.approved(f"changes undo {number}")
    assert as_it_was(world.get("Service", "new")) == as_it_was(before)


@pytest.mark.parametrize(
    "line",
    [
        FULL.replace("NodePort", "LoadBalancer"),
        f"{FULL} --publish-not-ready-addresses".replace(" --node-port one=30080", ""),  # one that is not said stays
        FULL.replace(" --type", " --port three=82:http --type"),
    ],
)
async def test_what_only_adds_is_no_doubt(world: Shop, line: str) -> None:
    before = world.get("Service", "new")["spec"]
    await world.approved(line)
    after = world.get("Service", "new")["spec"]
    assert [port["nodePort"] for port in before["ports"]] == [port["nodePort"] for port in after["ports"]][:2]
    assert after["sessionAffinity"] == "ClientIP"


async def test_a_port_that_somebody_else_gave_it_stays_and_is_said() -> None:
    async with shop() as world:
        await world.approved("expose deploy/web --port one=80:http --name new -n shop")
        await world.approved("service edit new --port two=81:http -n shop")
        said = await world.said("expose deploy/web --port one=80:http --type NodePort --name new -n shop")
        assert "Port 81 of the Service stays: somebody else gave it." in said
        assert "loss" not in said
        said = await world.said("expose deploy/web --port 82:http --name new -n shop")
        assert "Port 82 of Service shop/new needs a name" in said
        assert "beside port 81" in said.lower()
        assert "--port NAME=82:http" in said


async def test_the_address_of_a_load_balancer_is_named() -> None:
    async with shop() as world:
        await world.approved("expose deploy/web --port 80:http --type LoadBalancer --name new -n shop")
        (point,) = world.get("Service", "new")["status"]["loadBalancer"]["ingress"]
        said = await world.said("expose deploy/web --port 80:http --type NodePort --name new -n shop")
        assert f"its address {point['ip']}" in said


async def test_a_code_that_is_none_is_refused(world: Shop) -> None:
    said = await world.said(f"{FULL} --accept nothing")
    assert "There is no doubt 'nothing'" in said
    assert "loss" in said
