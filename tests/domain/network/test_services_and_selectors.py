"""Who stands behind a Service, who owns a pod, what a selector means, and how long ago something was."""

import datetime
from typing import Any

import msgspec
import pytest

from bot.domain.network.ages import spoken
from bot.domain.network.exempt import exempt
from bot.domain.network.owners import owner_of
from bot.domain.network.probing import HTTPProbe, TCPProbe
from bot.domain.network.questions import questions
from bot.domain.network.references import DEPLOYMENT, Ref
from bot.domain.network.selectors import as_text, matches, matches_selector, probably_meant
from bot.domain.network.services import EndpointIndex, external_text, ports_text
from bot.domain.network.snapshot import LabelSelector
from tests.builders import deployment, endpoint_slice, pod, service, snapshot

_FAMILIES = [
    endpoint_slice(name="v4", pods=["a", "b"]),
    endpoint_slice(name="v6", pods=["a", "b"], addresses=["fd00::1"]),
]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "<invalid>"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (12000, "3h20m"),
        (28800, "8h"),
        (172799, "47h"),
        (172800, "2d"),
        (176400, "2d1h"),
        (691200, "8d"),
        (365 * 86400, "365d"),
        (2 * 365 * 86400, "2y"),
        (2 * 365 * 86400 + 86400, "2y1d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_ages_are_spoken_as_kubectl_speaks_them(seconds: int, expected: str) -> None:
    assert spoken(datetime.timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("owner", "labels", "expected"),
    [
        (("ReplicaSet", "web-5d4f8"), {"pod-template-hash": "5d4f8"}, "Deployment shop/web"),
        (("ReplicaSet", "web-5d4f8"), {}, "ReplicaSet shop/web-5d4f8"),
        (("StatefulSet", "db"), {}, "StatefulSet shop/db"),
        (("DaemonSet", "agent"), {}, "DaemonSet shop/agent"),
        (("Job", "backup-28999999"), {}, "CronJob shop/backup"),
        (("Job", "migrate"), {}, "Job shop/migrate"),
        (("Node", "node1"), {}, "Pod shop/x"),
        (None, {}, "Pod shop/x"),
    ],
)
def test_a_pod_belongs_to_what_outlives_it(owner: Any, labels: dict[str, str], expected: str) -> None:
    assert str(owner_of(pod("x", owner=owner, labels=labels))) == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "api"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["x"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Unheard"}]}, False),
    ],
)
def test_a_workload_s_selector(selector: Any, expected: bool) -> None:
    assert matches_selector(msgspec.convert(selector, LabelSelector), {"app": "web"}) is expected


def test_no_selector_selects_nothing() -> None:
    assert not matches({}, {"app": "web"})
    assert not matches_selector(None, {"app": "web"})


def test_a_selector_is_written_as_it_is_asked_for() -> None:
    expressions = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "old", "operator": "DoesNotExist"},
    ]
    selector = {"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": expressions}
    assert as_text(msgspec.convert(selector, LabelSelector)) == "a=1,b=2,tier in (a,b),!old"
    assert as_text({"b": "2", "a": "1"}) == "a=1,b=2"
    assert as_text(None) == ""


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"app": "wbe"}, {"app": "web"}),
        ({"app": "web", "tier": "fron"}, {"tier": "front"}),
        ({"ap": "web"}, {"app": "web"}),
        ({"app": "database"}, {}),
        ({"nothing": "alike"}, {}),
    ],
)
def test_the_nearest_labels_are_proposed(selector: dict[str, str], expected: dict[str, str]) -> None:
    there = [{"app": "web", "tier": "front"}, {"app": "worker", "tier": "back"}]
    assert probably_meant(selector, there) == expected


def test_a_pod_in_two_address_families_is_one_endpoint() -> None:
    count = EndpointIndex(snapshot(service(), *_FAMILIES)).count(service())
    assert (count.ready, count.total) == (2, 2)


def test_absent_readiness_means_ready() -> None:
    unsaid = msgspec.convert(
        {"metadata": {"name": "s", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
         "endpoints": [{"addresses": ["10.0.0.1"]}]},
        type(endpoint_slice()),
    )  # fmt: skip
    assert EndpointIndex(snapshot(unsaid)).count(service()).ready == 1


@pytest.mark.parametrize(
    ("spec", "ports", "external"),
    [
        ({}, "80/TCP", "<none>"),
        (
            {"ports": [{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}]},
            "80:30080/TCP,53/UDP",
            "<none>",
        ),
        ({"type": "LoadBalancer"}, "80/TCP", "<pending>"),
        ({"externalIPs": ["192.0.2.7"]}, "80/TCP", "192.0.2.7"),
        ({"type": "ExternalName", "externalName": "example.com", "ports": []}, "<none>", "example.com"),
    ],
)
def test_ports_and_addresses_are_written_as_kubectl_writes_them(spec: Any, ports: str, external: str) -> None:
    assert (ports_text(service(**spec)), external_text(service(**spec))) == (ports, external)


_WEB = Ref("Service", "web", "shop")
_POD = Ref("Pod", "web-1", "shop")


@pytest.mark.parametrize(
    ("port", "probes"),
    [
        ({"port": 80}, (HTTPProbe(_WEB, 80), TCPProbe(_POD, 8080))),
        ({"port": 443}, (HTTPProbe(_WEB, 443, tls=True), TCPProbe(_POD, 8080))),
        ({"port": 5432}, (TCPProbe(_POD, 8080),)),
        ({"port": 9000, "appProtocol": "http"}, (HTTPProbe(_WEB, 9000), HTTPProbe(_POD, 8080))),
        ({"port": 80, "appProtocol": "redis"}, (TCPProbe(_POD, 8080),)),
        ({"port": 80, "appProtocol": "kubernetes.io/h2c"}, (TCPProbe(_POD, 8080),)),
    ],
)
def test_a_port_is_asked_in_the_way_it_seems_to_speak(port: Any, probes: Any) -> None:
    (question,) = questions(snapshot(service(ports=[port]), endpoint_slice()))
    assert question.probes == probes


@pytest.mark.parametrize(("name", "kind"), [("http-api", HTTPProbe), ("https", HTTPProbe), ("grpc", TCPProbe)])
def test_a_port_s_name_says_more_than_its_number(name: str, kind: type) -> None:
    named = {"port": 8080 if name == "grpc" else 9000, "name": name}
    (question,) = questions(snapshot(service(ports=[named]), endpoint_slice(ports=[(name, 8080)])))
    assert {type(probe) for probe in question.probes} == {kind}


@pytest.mark.parametrize(
    "quiet",
    [service(ports=[{"port": 53, "protocol": "UDP"}]), service(selector={}), service(ports=[])],
)
def test_who_cannot_be_asked_is_not(quiet: Any) -> None:
    assert list(questions(snapshot(quiet, endpoint_slice()))) == []


def test_only_three_pods_are_asked_one_by_one() -> None:
    (question,) = questions(snapshot(service(ports=[5432]), endpoint_slice(pods=[f"p{i}" for i in range(9)])))
    assert (len(question.probes), question.endpoints) == (3, 9)


@pytest.mark.parametrize(
    ("quiet", "reason"),
    [
        (service(type="ExternalName", externalName="x"), "ExternalName"),
        (service(selector={}), "no selector"),
        (service(), "scaled to zero"),
        (service(selector={"app": "x"}, ports=[]), "no ports"),
        (service(selector={"app": "x"}, ports=[{"port": 53, "protocol": "UDP"}]), "UDP"),
    ],
)
def test_who_is_passed_over_is_told_with_the_reason(quiet: Any, reason: str) -> None:
    (told,) = exempt(snapshot(quiet, deployment(replicas=0)))
    assert told.startswith(reason)


def test_scaled_to_zero_is_not_presumed_when_deployments_could_not_be_read() -> None:
    assert exempt(snapshot(service(), deployment(replicas=0), unread=[DEPLOYMENT])) == {}
