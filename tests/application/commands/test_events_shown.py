"""`ingress show` and `service show` list the latest events, and what controllers wrote into the status."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.plugging import Object, Site, told
from tests.shops import ingress, ingress_class, shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


def event(about: Object, number: int, **more: Any) -> Object:
    own = about["metadata"]
    involved = {"apiVersion": about["apiVersion"], "kind": about["kind"], "namespace": own["namespace"]}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{own['name']}.{about['kind'].lower()}{number}", "namespace": own["namespace"]},
        "involvedObject": {**involved, "name": own["name"], "uid": own["uid"]},
        "type": "Warning",
        "reason": f"Reason{number}",
        "message": f"what happened, {number}",
        "source": {"component": "some-controller"},
        "firstTimestamp": f"2026-01-01T00:0{number}:00Z",
        "lastTimestamp": f"2026-01-01T00:0{number}:00Z",
        "count": number + 1,
        **more,
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    unserved = ingress("alone", "alone.example.com/=web:80", cls="nobodys")
    async with shop(ingress_class("nobodys"), unserved) as site:
        for about in (site.get("Ingress", "shop", "web"), site.get("Service", "shop", "web")):
            gone = {**about, "metadata": {**about["metadata"], "uid": "of-another-life"}}
            site.create(*(event(about, number) for number in range(8)))
            site.create(event(gone, 8, reason="Former"), event(about, 9, message="token\x1b[31m  is\nred"))
        await site.world.cluster.settled()
        yield site


def write_status(site: Site, kind: str, name: str, status: Object) -> None:
    """As a controller does that is none of this world's."""
    site.world.cluster.registry.write_status(site._kind(kind), site.get(kind, "shop", name), status, "some-controller")


@pytest.mark.parametrize("line", ["ingress show web -n shop", "service show web -n shop"])
async def test_the_latest_events_of_this_very_object_stand_at_the_end(site: Site, line: str) -> None:
    said = told((await site.answer(line)).report)
    listed = said.partition("Events, the latest 6 of ")[2].splitlines()
    reasons = [word for row in listed for word in row.split() if word.startswith("Reason") and word != "REASON"]
    assert reasons == ["Reason9", "Reason7", "Reason6", "Reason5", "Reason4", "Reason3"]
    assert "(x8)" in listed[3]
    assert "some-controller" in listed[2]
    assert "Former" not in said
    assert "token is red" in said


async def test_one_without_events_has_no_such_table(site: Site) -> None:
    assert "Events" not in told((await site.answer("service show cart -n shop")).report)


async def test_what_a_controller_wrote_of_ports_and_conditions_is_shown(site: Site) -> None:
    ports = [{"port": 80, "protocol": "TCP"}, {"port": 443, "protocol": "TCP", "error": "example.com/NoCertificate"}]
    points = {"loadBalancer": {"ingress": [{"ip": "203.0.113.9", "ports": ports}]}}
    write_status(site, "Ingress", "alone", points)
    said = told((await site.answer("ingress show alone -n shop")).report)
    assert "203.0.113.9 (80/TCP, 443/TCP: example.com/NoCertificate)" in said
    condition = {
        "type": "LoadBalancerPortsError",
        "status": "True",
        "reason": "Mixed",
        "message": "one protocol each",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    write_status(site, "Service", "web", {"conditions": [condition]})
    said = told((await site.answer("service show web -n shop")).report)
    assert "LoadBalancerPortsError" in said
    assert "True (Mixed): one protocol each" in said
