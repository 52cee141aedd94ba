"""What a connection proves: of a port that is not known to speak HTTP it is an answer, of one that says so it is none.
It is opened at the pod's port behind it, not at whatever comes first."""

from typing import Any

import pytest
from changing import WEB, deployment, endpoints, planned, say, shop

from bot.adapters.terminal.rendering import render_text
from bot.domain.chat.report import Status
from bot.domain.network.probing import HTTPProbe, Outcome
from bot.domain.network.references import POD, ref_to


def two_ports() -> Any:
    """A Deployment with a web and a database port."""
    found = deployment()
    found["spec"]["template"]["spec"]["containers"][0]["ports"] = [
        {"containerPort": 8080, "name": "http"},
        {"containerPort": 5432, "name": "db"},
    ]
    return found


async def test_each_port_of_a_service_is_asked_where_it_leads():
    world = shop()
    world.cluster.put(two_ports())
    slice_ = endpoints()
    slice_["ports"] = [
        {"name": "port-1", "port": 8080, "protocol": "TCP"},
        {"name": "port-2", "port": 5432, "protocol": "TCP"},
    ]
    world.cluster.put(slice_)
    await say(world.ports, await planned(world, "expose deploy/web --port 80:http --port 5432:db -n shop"))
    pod = ref_to(POD, "shop", "web-1")
    assert [probe.port for probe in world.prober.asked if probe.target == pod] == [5432]


@pytest.mark.parametrize(
    ("port", "outcome", "works"),
    [
        ("80:8080", Outcome.MISMATCHED, True),
        ("http=80:8080", Outcome.MISMATCHED, False),
        ("http=80:8080", Outcome.TIMED_OUT, False),
        ("web=443:8080", Outcome.MISMATCHED, True),
        ("https=443:8080", Outcome.MISMATCHED, False),
        ("https=443:8080", Outcome.ANSWERED, True),
    ],
)
async def test_only_a_guess_by_number_is_proven_by_a_connection(port: str, outcome: Outcome, works: bool):
    world = shop()
    slice_ = endpoints()
    slice_["ports"] = [{"name": name, "port": 8080, "protocol": "TCP"} for name in ("", "http", "web", "https")]
    world.cluster.put(slice_)
    world.prober.outcomes[WEB] = outcome
    answer = await say(world.ports, await planned(world, f"expose deploy/web --port {port} -n shop"))
    assert (answer.report.status is Status.OK) is works
    told = render_text(answer.report, colour=False, width=300)
    assert ("but does not answer in HTTP" in told) is not works
    assert any("undo" in action.command for action in answer.report.actions)


async def test_a_port_called_http_is_asked_without_tls_whatever_its_number():
    world = shop()
    await say(world.ports, await planned(world, "expose deploy/web --port http=443:8080 -n shop"))
    asked = [probe for probe in world.prober.asked if isinstance(probe, HTTPProbe)]
    assert [(probe.port, probe.tls) for probe in asked] == [(443, False)]
