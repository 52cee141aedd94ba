"""Real requests after a change: where is knocked, what is told hop by hop, and what when nobody answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import fakes
import pytest
from changing import deployment, endpoints, planned, say, shop, stored

from bot.application.ports import Changing, Context
from bot.domain.changes.change import Ask, Change, ChangeState, Reach, StepState
from bot.domain.chat.report import Report, Status, Table, plain
from bot.domain.chat.values import ChangeRequest
from bot.domain.network.probing import AddressProbe, ByBot, Hop, Observation, Outcome, TCPProbe
from bot.domain.network.references import GATEWAY, HTTP_ROUTE, INGRESS, SERVICE, ref_to

WEB, SITE = ref_to(SERVICE, "shop", "web"), ref_to(INGRESS, "shop", "site")
ROUTE = ref_to(HTTP_ROUTE, "shop", "site")


class FakeNetwork:
    """Answers as it was told to, by address; by default with 200. `asked` lists what was asked."""

    def __init__(self) -> None:
        self.asked: list[AddressProbe] = []
        self.names = {"shop.example.com": ("203.0.113.10",)}
        self.answers: Callable[[AddressProbe], Any] = lambda probe: 200
        self.shown: Callable[[], bool | None] = lambda: None
        """Whether the certificate fits that is shown."""

    async def ask(self, probe: AddressProbe) -> Observation:
        self.asked.append(probe)
        told = self.answers(probe)
        if isinstance(told, Outcome):
            hops = (Hop("address", f"{told.value}", right=False),)
            return Observation(probe, ByBot(), told, evidence=told.value, hops=hops)
        status, location = told if isinstance(told, tuple) else (told, "")
        hops = (Hop("address", "takes connections", 0.001), Hop("answer", f"HTTP {status}", 0.004))
        fits = self.shown()
        return Observation(probe, ByBot(), Outcome.ANSWERED, 0.004, f"HTTP {status}", status, hops, location, fits)

    async def resolve(self, host: str) -> tuple[str, ...]:
        return self.names.get(host, ())


def node(name: str, address: str, ready: str = "True") -> Any:
    status = {
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
        "conditions": [{"type": "Ready", "status": ready}],
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {}, "status": status}


def service(type_: str = "ClusterIP", **more: Any) -> Any:
    port = {"port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 30080}
    other = {"port": 443, "protocol": "TCP", "targetPort": 8443, "nodePort": 30443, "name": "tls"}
    spec = {"type": type_, "selector": {"app": "web"}, "ports": [port, other], "clusterIP": "10.96.0.9", **more}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


def balanced(object: Any, *addresses: str) -> Any:
    ingress = [{"ip": each} if each[0].isdigit() else {"hostname": each} for each in addresses]
    return {**object, "status": {"loadBalancer": {"ingress": ingress}}}


def ingress() -> Any:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    metadata = {"name": "site", "namespace": "shop"}
    return {"apiVersion": INGRESS.api_version, "kind": "Ingress", "metadata": metadata, "spec": {"rules": [rule]}}


def gateway(**more: Any) -> Any:
    listeners = [
        {"name": "http", "protocol": "HTTP", "port": 8080},
        {"name": "https", "protocol": "HTTPS", "port": 8443, "hostname": "shop.example.com"},
    ]
    return {
        "apiVersion": GATEWAY.api_version,
        "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "infra"},
        "spec": {"gatewayClassName": "x", "listeners": listeners},
        "status": {"addresses": [{"type": "IPAddress", "value": "203.0.113.20"}]},
        **more,
    }


def route(**parent: Any) -> Any:
    spec = {"parentRefs": [{"name": "edge", "namespace": "infra", **parent}], "rules": []}
    metadata = {"name": "site", "namespace": "shop"}
    return {"apiVersion": HTTP_ROUTE.api_version, "kind": "HTTPRoute", "metadata": metadata, "spec": spec}


def world(step: Reach, *before: Ask) -> tuple[fakes.World, FakeNetwork]:
    """A command `knock` whose change is this one step, after others."""

    async def knock(request: ChangeRequest, context: Context) -> Change:
        return Change(cluster="c1", request=context.line, summary="knock", steps=(*before, step))

    found, network = shop(), FakeNetwork()
    command = Changing(name="knock", model=ChangeRequest, planner=knock, summary="knock", examples=())
    found.ports = dataclasses.replace(
        found.ports, catalogue={**found.ports.catalogue, "knock": command}, network=network
    )
    return found, network


async def knocked(found: fakes.World) -> Report:
    return (await say(found.ports, await planned(found, "knock -n shop"))).report


def where(network: FakeNetwork) -> list[str]:
    return [f"{probe.address}:{probe.port}" for probe in network.asked]


@pytest.mark.parametrize(
    ("object", "port", "expected"),
    [
        (service(), 80, "10.96.0.9:80"),
        (service("NodePort"), 80, "10.0.0.2:30080"),
        (service("NodePort"), 443, "10.0.0.2:30443"),
        (balanced(service("LoadBalancer"), "198.51.100.7"), 443, "198.51.100.7:443"),
        (balanced(service("LoadBalancer"), "lb.example.net"), 80, "lb.example.net:80"),
        (service("LoadBalancer"), 80, "10.0.0.2:30080"),
        (service(externalIPs=["192.0.2.3"]), 80, "192.0.2.3:80"),
    ],
)
async def test_where_a_service_is_knocked_at(object: Any, port: int, expected: str):
    found, network = world(Reach(ref=WEB, port=port))
    found.cluster.put(object)
    found.cluster.put(node("node1", "10.0.0.1", ready="False"))
    found.cluster.put(node("node2", "10.0.0.2"))
    report = await knocked(found)
    assert where(network) == expected.split()
    assert report.status is Status.OK


async def test_another_node_is_asked_when_one_does_not_answer():
    found, network = world(Reach(ref=WEB, port=80))
    found.cluster.put(service("NodePort", externalTrafficPolicy="Local"))
    found.cluster.put(node("node1", "10.0.0.1"))
    found.cluster.put(node("node2", "10.0.0.2"))
    network.answers = lambda probe: Outcome.REFUSED if probe.address == "10.0.0.1" else 200
    await knocked(found)
    assert where(network) == ["10.0.0.1:30080", "10.0.0.2:30080"]


async def test_nodes_that_answer_do_not_stand_for_the_address_of_a_load_balancer():
    found, network = world(Reach(ref=WEB, port=80, attempts=2))
    found.cluster.put(balanced(service("LoadBalancer"), "198.51.100.7"))
    found.cluster.put(node("node1", "10.0.0.1"))
    network.answers = lambda probe: Outcome.REFUSED if probe.address == "198.51.100.7" else 200
    await knocked(found)
    assert where(network) == ["198.51.100.7:80", "198.51.100.7:80"]
    assert (await stored(found)).steps[0].state is StepState.FAILED


async def test_an_edge_that_shows_another_certificate_first_is_waited_for():
    found, network = world(Reach(ref=SITE, host="shop.example.com", scheme="https"))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    fits = [False, False, True]
    network.shown = lambda: fits.pop(0)
    report = await knocked(found)
    assert report.status is Status.OK
    assert fits == []


async def test_an_edge_that_shows_another_certificate_to_the_end_proves_nothing():
    found, network = world(Reach(ref=SITE, host="shop.example.com", scheme="https", attempts=2))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    network.shown = lambda: False
    report = await knocked(found)
    [step] = (await stored(found)).steps
    assert step.state is StepState.FAILED
    assert "HTTP 200, with a certificate that is not for shop.example.com" in step.note
    assert report.title.startswith("Applied, but not proven to work")


async def test_an_ingress_is_asked_for_its_host_at_its_address_and_each_hop_is_told():
    found, network = world(Reach(ref=SITE, host="shop.example.com", path="/cart", scheme="https"))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    report = await knocked(found)
    [asked] = network.asked
    assert (asked.host, asked.path, asked.address, asked.port) == ("shop.example.com", "/cart", "203.0.113.10", 443)
    [hops] = [block for block in report.blocks if isinstance(block, Table)]
    assert [plain(row[0]) for row in hops.rows] == ["name", "address", "answer"]
    assert plain(hops.rows[0][1]) == "shop.example.com resolves to 203.0.113.10"
    assert plain(hops.rows[2][2]) == "4 ms"


async def test_a_name_that_resolves_to_nothing_yet_is_told_and_no_reason_to_stop():
    found, _ = world(Reach(ref=SITE, host="new.example.com"))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    report = await knocked(found)
    assert report.status is Status.OK
    assert "new.example.com resolves to nothing here yet" in str(report.blocks)


async def test_a_wildcard_is_asked_for_by_a_name_below_it():
    found, network = world(Reach(ref=SITE, host="*.example.com"))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    await knocked(found)
    assert network.asked[0].host == "patchbay.example.com"


async def test_a_redirect_to_tls_of_the_same_host_is_followed_once():
    found, network = world(Reach(ref=SITE, host="shop.example.com", path="/cart"))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    network.answers = lambda probe: (308, "https://shop.example.com/cart?x=1") if probe.scheme == "http" else 200
    report = await knocked(found)
    assert [(probe.scheme, probe.port, probe.path) for probe in network.asked] == [
        ("http", 80, "/cart"),
        ("https", 443, "/cart?x=1"),
    ]
    assert report.status is Status.OK


@pytest.mark.parametrize(
    "leads", ["https://elsewhere.example.com/", "http://shop.example.com/", "https://[bad", "/login"]
)
async def test_no_other_redirect_is_followed(leads: str):
    found, network = world(Reach(ref=SITE, host="shop.example.com"))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    network.answers = lambda probe: (302, leads)
    await knocked(found)
    assert len(network.asked) == 1


@pytest.mark.parametrize(
    ("parent", "scheme", "expected"),
    [
        ({}, "http", "203.0.113.20:8080"),
        ({}, "https", "203.0.113.20:8443"),
        ({"sectionName": "https"}, "https", "203.0.113.20:8443"),
        ({"port": 9090}, "http", "203.0.113.20:9090"),
    ],
)
async def test_a_route_is_asked_for_at_its_gateway(parent: Any, scheme: str, expected: str):
    found, network = world(Reach(ref=ROUTE, host="shop.example.com", scheme=scheme))
    found.cluster.put(gateway())
    found.cluster.put(route(**parent))
    await knocked(found)
    assert where(network) == [expected]


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_an_edge_that_finds_nobody_behind_it_proves_nothing(status: int):
    found, network = world(Reach(ref=SITE, host="shop.example.com", attempts=3))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    network.answers = lambda probe: status
    report = await knocked(found)
    assert len(network.asked) == 3
    assert report.title.startswith("Applied, but not proven to work")


def answering(found: fakes.World, status: int) -> None:
    """What the Service itself answers, asked through the API server."""

    async def ask(probe: Any, vantage: Any) -> Observation:
        found.prober.asked.append(probe)
        return Observation(probe, vantage, Outcome.ANSWERED, 0.001, f"HTTP {status}", status)

    found.prober.ask = ask  # type: ignore[method-assign]


@pytest.mark.parametrize(("behind", "proven"), [(200, False), (403, False), (404, True)])
async def test_a_404_counts_only_when_the_service_itself_says_so(behind: int, proven: bool):
    found, network = world(Reach(ref=SITE, host="shop.example.com", path="/cart", attempts=3))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    found.cluster.put(service())
    network.answers = lambda probe: 404
    answering(found, behind)
    await knocked(found)
    [step] = (await stored(found)).steps
    assert (step.state is StepState.DONE) is proven
    assert ("the edge does not know this host and path" in step.note) is not proven
    first = found.prober.asked[0]
    assert (first.target, first.port, first.path) == (WEB, 80, "/cart")


async def test_an_edge_that_learns_of_a_host_a_moment_later_is_waited_for():
    found, network = world(Reach(ref=SITE, host="shop.example.com"))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    found.cluster.put(service())
    statuses = [404, 404, 200]
    network.answers = lambda probe: statuses.pop(0)
    answering(found, 200)
    report = await knocked(found)
    assert report.status is Status.OK
    assert statuses == []


@pytest.mark.parametrize("filters", [None, [{"type": "URLRewrite"}]])
async def test_a_404_of_a_route_is_compared_too_and_proves_nothing_where_it_cannot_be(filters: Any):
    found, network = world(Reach(ref=ROUTE, host="shop.example.com", path="/x", attempts=2))
    made = route()
    made["spec"]["rules"] = [
        {"backendRefs": [{"name": "web", "port": 80}], **({"filters": filters} if filters else {})}
    ]
    for object in (gateway(), service(), made):
        found.cluster.put(object)
    network.answers = lambda probe: 404
    answering(found, 200)
    await knocked(found)
    [step] = (await stored(found)).steps
    assert step.state is StepState.FAILED
    assert ("could not be asked to compare" in step.note) is bool(filters)


async def test_a_404_of_a_service_is_compared_with_what_it_answers_through_the_api_server():
    for behind, state in ((200, StepState.FAILED), (404, StepState.DONE)):
        found, network = world(Reach(ref=WEB, port=80, attempts=2))
        found.cluster.put(service())
        network.answers = lambda probe: 404
        answering(found, behind)
        await knocked(found)
        assert (await stored(found)).steps[0].state is state


async def test_a_gateway_that_answers_at_all_is_proven():
    found, network = world(Reach(ref=ref_to(GATEWAY, "infra", "edge"), port=80))
    found.cluster.put(gateway())
    network.answers = lambda probe: 404
    await knocked(found)
    assert (await stored(found)).steps[0].state is StepState.DONE


async def test_a_load_balancer_that_takes_connections_for_a_port_that_refuses_proves_nothing():
    asked = Ask(probe=TCPProbe(target=WEB, port=80), attempts=1)
    found, _ = world(Reach(ref=WEB, scheme="tcp", port=80, attempts=2), asked)
    found.cluster.put(service())
    found.prober.outcomes[WEB] = Outcome.REFUSED
    found.cluster.put(endpoints(ready=False))
    await knocked(found)
    assert [step.state for step in (await stored(found)).steps] == [StepState.FAILED] * 2
    assert "whatever stands behind it" in (await stored(found)).steps[1].note


async def test_what_failed_before_another_address_answered_is_told():
    found, network = world(Reach(ref=WEB, port=80))
    found.cluster.put(service("NodePort"))
    found.cluster.put(node("node1", "10.0.0.1"))
    found.cluster.put(node("node2", "10.0.0.2"))
    network.answers = lambda probe: Outcome.REFUSED if probe.address == "10.0.0.1" else 200
    await knocked(found)
    assert [hop.right for hop in (await stored(found)).steps[0].hops] == [False, True, True]


async def test_it_ends_in_time_however_long_each_attempt_takes():
    found, network = world(Reach(ref=WEB, port=80, attempts=100, timeout_seconds=30.0))
    found.cluster.put(service())

    def slow(probe: AddressProbe) -> Outcome:
        found.clock.advance(9.0)
        return Outcome.TIMED_OUT

    network.answers = slow
    await knocked(found)
    assert len(network.asked) == 4  # the last one is begun just before the time is over


@pytest.mark.parametrize(
    ("answer", "proven"),
    [
        ((301, "https://shop.example.com/cart"), True),
        ((301, "https://SHOP.example.com:443/cart"), True),
        ((301, "//shop.example.com/cart"), False),
        ((302, "https://shop.example.com/cart"), False),
        ((301, "https://www.example.com/cart"), False),
        ((301, "http://shop.example.com/cart"), False),
        ((301, "https://shop.example.com:8443/cart"), False),
        ((301, "https://shop.example.com/login"), False),
        ((301, "https://[bad"), False),
        ((301, ""), False),
        (200, False),
        (404, False),
    ],
)
async def test_a_redirect_is_proven_by_its_status_and_where_it_leads_alone(answer: Any, proven: bool):
    step = Reach(ref=ROUTE, host="shop.example.com", path="/cart", status=301, leads_to="https:///cart", attempts=2)
    found, network = world(step)
    found.cluster.put(gateway())
    found.cluster.put(route())
    network.answers = lambda probe: answer
    await knocked(found)
    [done] = (await stored(found)).steps
    assert (done.state is StepState.DONE) is proven
    assert len(network.asked) == (1 if proven else 2), "it is not followed, and waited for"
    assert ("HTTP 301 that leads to https://shop.example.com/cart should come" in done.note) is not proven


async def test_what_does_not_answer_is_told_with_the_diagnosis_and_a_button_to_undo():
    found, network = world(Reach(ref=WEB, port=80, attempts=4))
    found.cluster.put(service())
    found.cluster.put(endpoints(ready=False))
    network.answers = lambda probe: Outcome.REFUSED
    report = await knocked(found)
    record = await stored(found)
    assert (record.state, record.steps[0].state) == (ChangeState.APPLIED, StepState.FAILED)
    assert "(asked 4 times from the bot itself)" in record.steps[0].note
    assert report.status is Status.FINDINGS
    assert [(action.label, action.style) for action in report.actions] == [("Undo", "danger")]
    assert any("Service shop/web" in line and "no ready endpoints" in line for line in record.steps[0].evidence), (
        record.steps[0].evidence
    )
    assert any("Service shop/web" in str(block) for block in report.blocks)


async def test_what_is_scaled_to_none_is_told_so():
    found, network = world(Reach(ref=WEB, port=80, attempts=2))
    found.cluster.put(service())
    found.cluster.put(deployment(replicas=0))
    network.answers = lambda probe: Outcome.REFUSED
    await knocked(found)
    [step] = (await stored(found)).steps
    assert any("scaled to zero" in line for line in step.evidence), step.evidence


async def test_what_is_wrong_is_told_once():
    """A Service without ready pods fails three proofs for one reason."""
    found, network = shop(), FakeNetwork()
    found.ports = dataclasses.replace(found.ports, network=network)
    found.cluster.put(endpoints(ready=False))
    found.prober.outcomes[WEB] = Outcome.REFUSED
    outcome = await say(found.ports, await planned(found))
    record = await stored(found)
    told = [step.evidence for step in record.steps if step.evidence]
    assert len(told) == 1
    assert any("no ready endpoints" in line for line in told[0])
    assert outcome.report.actions[0].command == "changes undo 1"


async def test_ready_pods_that_refuse_are_told_as_such_and_not_what_stands_before_them():
    found = shop()

    async def ask(probe: Any, vantage: Any) -> Observation:
        return Observation(probe, vantage, Outcome.REFUSED, evidence="connection refused by 10.244.1.2:8080")

    found.prober.ask = ask  # type: ignore[method-assign]
    await say(found.ports, await planned(found))
    [told] = [step.evidence for step in (await stored(found)).steps if step.evidence]
    assert any("port 80 does not answer: nobody listens there" in line for line in told), told
    assert not any("what is before it" in line for line in told)


async def test_what_has_no_address_yet_is_waited_for_and_told():
    found, network = world(Reach(ref=SITE, host="shop.example.com", attempts=5))
    found.cluster.put(ingress())
    found.clock.later(2.5, lambda: found.cluster.put(balanced(ingress(), "203.0.113.10")))
    report = await knocked(found)
    assert where(network) == ["203.0.113.10:80"]
    assert report.status is Status.OK


async def test_without_an_address_to_the_end():
    found, network = world(Reach(ref=SITE, host="shop.example.com", attempts=2))
    found.cluster.put(ingress())
    await knocked(found)
    assert network.asked == []
    assert "it has no address yet" in (await stored(found)).steps[0].note


async def test_where_addresses_cannot_be_reached_it_says_so_and_goes_on():
    found, _ = world(Reach(ref=WEB, port=80))
    found.ports = dataclasses.replace(found.ports, network=None)
    found.cluster.put(service())
    report = await knocked(found)
    [step] = (await stored(found)).steps
    assert step.state is StepState.PASSED_OVER
    assert "PATCHBAY_REACHES_ADDRESSES" in step.note
    assert report.status is Status.OK


async def test_a_load_balancer_that_nobody_makes_is_told_with_the_way_in_meanwhile():
    found, _ = world(Reach(ref=WEB, port=80, attempts=2))
    found.cluster.put(service("LoadBalancer"))
    report = await knocked(found)
    assert "nobody has given it an address" in str(report.blocks)
    assert "meanwhile it is reached at port 30080, 30443 of each node" in str(report.blocks)


@pytest.mark.parametrize(("policy", "times"), [("Local", 1), ("Cluster", 3)])
async def test_nodes_that_do_not_answer_are_told_beside_one_that_does(policy: str, times: int):
    found, network = world(Reach(ref=WEB, port=80))
    found.cluster.put(service("NodePort", externalTrafficPolicy=policy))
    found.cluster.put(node("node1", "10.0.0.1"))
    found.cluster.put(node("node2", "10.0.0.2"))
    network.answers = lambda probe: Outcome.TIMED_OUT if probe.address == "10.0.0.2" else 200
    await knocked(found)
    [step] = (await stored(found)).steps
    assert step.state is StepState.DONE
    assert "at 1 of 2 addresses asked" in step.note
    assert ("by externalTrafficPolicy Local" in step.note) is (policy == "Local")
    assert [hop.right for hop in step.hops] == [False, True, True]
    assert len(network.asked) == 2 * times


async def test_a_node_that_comes_to_answer_a_moment_later_is_no_fault():
    found, network = world(Reach(ref=WEB, port=80))
    found.cluster.put(service("NodePort"))
    found.cluster.put(node("node1", "10.0.0.1"))
    found.cluster.put(node("node2", "10.0.0.2"))
    network.answers = lambda probe: Outcome.REFUSED if probe.address.endswith("2") and len(network.asked) < 3 else 200
    await knocked(found)
    [step] = (await stored(found)).steps
    assert "addresses asked" not in step.note
    assert all(hop.right for hop in step.hops)


@pytest.mark.parametrize(
    ("resolved", "right", "said"),
    [
        (("203.0.113.10",), True, "resolves to 203.0.113.10"),
        (("203.0.113.12",), False, "203.0.113.12, and not to where Ingress shop/site has its address"),
        (
            ("203.0.113.10", "203.0.113.12"),
            False,
            "203.0.113.10, 203.0.113.12; no address of Ingress shop/site: 203.0.113.12",
        ),
        (("203.0.113.12", "203.0.113.13"), False, "203.0.113.13, and not to where Ingress"),
    ],
)
async def test_a_name_is_held_against_the_addresses_that_were_asked(resolved: Any, right: bool, said: str):
    found, network = world(Reach(ref=SITE, host="shop.example.com"))
    network.names["shop.example.com"] = resolved
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    await knocked(found)
    [step] = (await stored(found)).steps
    assert step.hops[0].right is right
    assert said in step.hops[0].said
    assert ("the name leads elsewhere" in step.note) is not right


async def test_the_name_of_a_load_balancer_is_resolved_to_compare():
    found, network = world(Reach(ref=SITE, host="shop.example.com"))
    network.names["lb.example.net"] = network.names["shop.example.com"]
    found.cluster.put(balanced(ingress(), "lb.example.net"))
    await knocked(found)
    assert (await stored(found)).steps[0].hops[0].right


async def test_what_answers_at_the_address_of_a_service_is_not_called_an_edge():
    found, network = world(Reach(ref=WEB, port=80, attempts=2))
    found.cluster.put(service(externalIPs=["192.0.2.3"]))
    network.answers = lambda probe: 404
    answering(found, 200)
    await knocked(found)
    note = (await stored(found)).steps[0].note
    assert "while the Service itself answers HTTP 200: something else answers at that address" in note
    assert "edge" not in note


async def test_a_certificate_that_proves_it_and_is_wrong_is_said_in_the_answer():
    found, network = world(Reach(ref=SITE, host="shop.example.com", scheme="https"))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))

    async def ask(probe: AddressProbe) -> Observation:
        hops = (Hop("TLS", "CN=x, by CN=y, expires 2026-01-01; it expired on 2026-01-01", right=False),)
        return Observation(probe, ByBot(), Outcome.ANSWERED, 0.1, "HTTP 200", 200, hops, certificate_fits=True)

    network.ask = ask  # type: ignore[method-assign]
    await knocked(found)
    note = (await stored(found)).steps[0].note
    assert note == "HTTP 200, with a certificate to be looked at: it expired on 2026-01-01"


async def test_a_step_that_failed_is_told_as_past():
    found, network = world(Reach(ref=SITE, host="shop.example.com", attempts=2))
    found.cluster.put(balanced(ingress(), "203.0.113.10"))
    network.answers = lambda probe: 503
    report = str((await knocked(found)).blocks)
    assert "asked by address: http://shop.example.com/ of Ingress shop/site" in report
    assert "asks by address" not in report
    assert "at most" not in report
