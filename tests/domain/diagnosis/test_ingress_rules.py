"""Rules about Ingresses: classes, and routes that two of them lead."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bot.domain.diagnosis.diagnose import all_rules, diagnose
from bot.domain.diagnosis.finding import Finding, Observations
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
