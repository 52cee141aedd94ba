"""The scenario `edge`: what is served by whom, with which certificate, and what its faults do to requests."""

import datetime
from collections.abc import AsyncIterator

import pytest

from bot.playground.certifying import WantedCertificate
from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.world import World
from tests.playground.cluster_server.reaching import Outside, common_name, outside

NGINX, GATEWAY = "203.0.113.11", "203.0.113.12"


@pytest.fixture
async def edge() -> AsyncIterator[tuple[World, Outside]]:
    async with EmbeddedCluster(seed=1) as cluster, outside(cluster) as someone:
        world = World(cluster)
        await world.load("edge")
        yield world, someone


async def test_everything_is_well_and_has_an_address(edge):
    world, _ = edge
    assert [seen for seen in world.objects() if not seen.healthy] == []
    states = {(seen.kind, seen.name): seen.state for seen in world.objects()}
    assert states["Gateway", "public"] == GATEWAY
    assert {state for (kind, name), state in states.items() if kind == "Ingress" and name != "web"} == {NGINX}


@pytest.mark.parametrize(
    ("address", "host", "path", "tls", "status", "answer"),
    [
        (NGINX, "www.example.com", "/", True, 200, "hello from web\n"),
        (NGINX, "www.example.com", "/api/healthz", True, 200, "ok"),
        (NGINX, "www.example.com", "/", False, 308, "https://www.example.com/"),
        (NGINX, "cart.example.com", "/", True, 200, "your cart is empty\n"),
        (NGINX, "old.example.com", "/", False, 301, "https://www.example.com"),
        (NGINX, "reports.example.com", "/", False, 200, '{"service": "api"}\n'),
        (NGINX, "shop.example.com", "/", False, 404, ""),
        (GATEWAY, "news.example.com", "/", False, 301, "https://news.example.com/"),
        (GATEWAY, "news.example.com", "/", True, 200, "hello from web\n"),
        (GATEWAY, "news.example.com", "/feed/healthz", True, 200, "ok"),
        (GATEWAY, "help.example.com", "/", True, 200, "hello from web\n"),
        (GATEWAY, "www.example.com", "/", True, 404, ""),
    ],
)
async def test_who_answers_what(edge, address, host, path, tls, status, answer):
    _, someone = edge
    await someone.get(address, 443, host, tls=True)  # the canary's turn is the first of a hundred
    for _ in range(9):
        await someone.get(NGINX, 443, "www.example.com", tls=True)
    found = await someone.get(address, 443 if tls else 80, host, path, tls=tls)
    assert found.status == status
    if status < 400:
        assert answer == (found.text if status == 200 else found.headers["Location"])


async def test_certificates_are_as_old_as_the_scenario_says(edge):
    _, someone = edge
    good = await someone.certificate(NGINX, 443, "www.example.com")
    soon = await someone.certificate(NGINX, 443, "cart.example.com")
    now = datetime.datetime.now(datetime.UTC)
    assert [(each.not_valid_after_utc - now).days in (days - 1, days) for each, days in ((good, 61), (soon, 5))]
    assert common_name(good) == "www.example.com"
    assert (soon.not_valid_after_utc - now).days in (4, 5)
    assert "Fake" in await someone.subject(NGINX, 443, "admin.example.com"), "its own does not cover the host"
    assert await someone.subject(GATEWAY, 443, "news.example.com") == "*.example.com"


async def test_its_faults_break_requests_and_are_mended(edge):
    world, someone = edge
    world.break_("grant")
    await world.cluster.settled()
    assert (await someone.get(GATEWAY, 443, "help.example.com", tls=True)).status == 500
    assert {seen.state for seen in world.objects() if not seen.healthy} == {"RefNotPermitted"}
    world.mend("grant")
    world.break_("listener-certificate")
    await world.cluster.settled()
    assert "TRAEFIK" in await someone.subject(GATEWAY, 443, "news.example.com")
    world.mend("listener-certificate")
    await world.cluster.settled()
    assert [seen for seen in world.objects() if not seen.healthy] == []
    assert not any(fault.broken for fault in world.faults())


async def test_each_loading_has_keys_of_its_own(edge):
    world, someone = edge
    before = await someone.certificate(NGINX, 443, "www.example.com")
    await world.load("edge")
    assert (await someone.certificate(NGINX, 443, "www.example.com")).serial_number != before.serial_number


@pytest.mark.parametrize(
    "said",
    [{"secret": "x", "hosts": ["a"], "days": 1}, {"secret": "a/x", "hosts": [], "days": 1},
     {"secret": "a/x", "hosts": ["a"], "days": 1, "key": "…"}],
)  # fmt: skip
def test_a_certificate_that_cannot_be_meant_is_refused(said):
    with pytest.raises(ValueError):
        WantedCertificate.read(said)
