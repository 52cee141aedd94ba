"""Rules about Ingresses: classes, and routes that two of them lead."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bot.domain.diagnosis.diagnose import all_rules, diagnose
from bot.domain.diagnosis.finding import Finding, Observations, Severity
from bot.domain.diagnosis.ingress_hosts import host_finding
from bot.domain.network.snapshot import Ingress, IngressClass
from tests.builders import ingress, snapshot

DEFAULT = {"ingressclass.kubernetes.io/is-default-class": "true"}


def ingress_class(name: str, **annotations: str) -> IngressClass:
    return msgspec.convert({"metadata": {"name": name, "annotations": annotations}}, IngressClass)


def annotated(made: Ingress, **annotations: str) -> Ingress:
    return msgspec.structs.replace(made, metadata=msgspec.structs.replace(made.metadata, annotations=annotations))


def addressed(made: Ingress) -> Ingress:
    status: Any = msgspec.convert({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, type(made.status))
    return msgspec.structs.replace(made, status=status)


def found(code: str, *objects: Any) -> list[Finding]:
    return list(diagnose(snapshot(*objects), Observations(), [all_rules()[code]]).findings)


CLASSES = [
    (ingress(ingressClassName="nginx"), [ingress_class("nginx")], True, "class nginx exists"),
    (ingress(ingressClassName="nginy"), [ingress_class("nginx")], False, "did you mean nginx?"),
    (ingress(ingressClassName="x"), [], False, "there are no classes at all"),
    (ingress(), [ingress_class("nginx", **DEFAULT)], True, "class nginx exists"),
    (ingress(), [ingress_class("nginx")], False, "none took this one"),
    (addressed(ingress()), [ingress_class("nginx")], True, "is served"),
]


@pytest.mark.parametrize(("made", "classes", "right", "words"), CLASSES)
def test_classes(made: Ingress, classes: list[IngressClass], right: bool, words: str) -> None:
    [finding] = found("ingress-class-unserved", made, *classes)
    assert finding.right is right
    assert words in " ".join((finding.summary, *finding.evidence))


def test_what_nothing_is_known_of_is_not_judged() -> None:
    old = {"kubernetes.io/ingress.class": "nginx"}
    assert found("ingress-class-unserved", ingress()) == []
    assert found("ingress-class-unserved", annotated(ingress(), **old), ingress_class("other")) == []


def test_the_same_route_in_two_of_one_class() -> None:
    one, two = ingress("a"), ingress("b", service="other")
    wrong = [each for each in found("ingress-route-taken-twice", one, two) if not each.right]
    assert [(each.object.name, each.field) for each in wrong] == [("b", "spec.rules[0].http.paths[0].path")]
    assert "Ingress shop/a leads that elsewhere" in wrong[0].summary


@pytest.mark.parametrize(
    "other",
    [
        ingress("b"),  # leads to the same Service
        ingress("b", service="other", path="/api"),
        ingress("b", service="other", host="other.example.com"),
        ingress("b", service="other", ingressClassName="another"),
        annotated(ingress("b", service="other"), **{"nginx.ingress.kubernetes.io/canary": "true"}),
    ],
)
def test_what_is_no_clash(other: Ingress) -> None:
    assert all(each.right for each in found("ingress-route-taken-twice", ingress("a"), other))


NEVER = "ingress-path-never-reached"
REGEX = {"nginx.ingress.kubernetes.io/use-regex": "true"}


def of_class(name: str, controller: str) -> IngressClass:
    return msgspec.convert({"metadata": {"name": name}, "spec": {"controller": controller}}, IngressClass)


def wrong(code: str, *objects: Any) -> list[tuple[str, str]]:
    return [(each.object.name, each.field) for each in found(code, *objects) if not each.right]


def paths(name: str, *led: tuple[str, str], **more: Any) -> Ingress:
    """Each a path and the Service that it leads to."""
    each: Any = [
        {"path": path, "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}}}
        for path, service in led
    ]
    return ingress(name, rules=[{"host": "shop.example.com", "http": {"paths": each}}], **more)


def test_a_path_that_one_ingress_leads_twice() -> None:
    assert wrong(NEVER, paths("a", ("/x", "web"), ("/x/", "api"))) == [("a", "spec.rules[0].http.paths[1].path")]
    assert wrong(NEVER, paths("a", ("/x", "web"), ("/x/", "web"))) == []
    [right] = found(NEVER, paths("a", ("/x", "web"), ("/y", "api")))
    assert (right.right, right.field) == (True, "")


def test_a_path_that_an_expression_of_ingress_nginx_takes() -> None:
    nginx = of_class("nginx", "k8s.io/ingress-nginx")
    all_ = annotated(paths("all", ("/(.*)", "web"), ingressClassName="nginx"), **REGEX)
    below = paths("below", ("/x", "api"), ("/longer", "api"), ingressClassName="nginx")
    assert wrong(NEVER, all_, below, nginx) == [("below", "spec.rules[0].http.paths[0].path")]
    assert wrong(NEVER, all_, below, of_class("nginx", "traefik.io/ingress-controller")) == []
    [finding] = [each for each in found(NEVER, all_, below, nginx) if not each.right]
    assert "/(.*) of Ingress shop/all takes its requests" in finding.summary
    assert finding.next_step


def test_a_host_that_nginx_gives_to_an_older_ingress() -> None:
    nginx = of_class("nginx", "nginx.org/ingress-controller")
    one, two = (paths(name, (path, "web"), ingressClassName="nginx") for name, path in (("a", "/"), ("b", "/x")))
    assert wrong(NEVER, one, two, nginx) == [("b", "spec.rules[0].http.paths[0].path")]
    merged = {"nginx.org/mergeable-ingress-type": "minion"}
    assert wrong(NEVER, one, annotated(two, **merged), nginx) == []


def test_a_host_without_tls_beside_those_with_it_is_worth_knowing_and_no_fault() -> None:
    def hosts(*tls: str) -> Ingress:
        backend = {"service": {"name": "web", "port": {"number": 80}}}
        led: Any = [{"path": "/", "pathType": "Prefix", "backend": backend}]
        rules = [{"host": host, "http": {"paths": led}} for host in ("a.example.com", "b.example.com")]
        return ingress("a", rules=rules, tls=[{"hosts": list(tls)}] if tls else [])

    # Plain HTTP throughout is meant so.
    for well in (hosts("a.example.com", "b.example.com"), hosts("*.example.com"), hosts()):
        assert host_finding("c1", well).right
    finding = host_finding("c1", hosts("a.example.com"))
    assert (finding.severity, finding.field, finding.right) == (Severity.INFO, "spec.tls", False)
    assert "b.example.com by HTTP alone" in finding.summary
    assert "ingress edit a b.example.com --tls NAME" in finding.next_step
