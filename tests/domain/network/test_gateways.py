"""What controllers say by conditions, in plain words; and which listeners take a route."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.network.gateway_reasons import MEANINGS
from bot.domain.network.gateways import explain, not_accepted, not_programmed, parents
from bot.domain.network.listeners import Applicant, hosts_meet, meeting, verdicts

Object = dict[str, Any]


def condition(type_: str, status: str = "True", reason: str = "", message: str = "", observed: int = 0) -> Object:
    said = {"type": type_, "status": status, "reason": reason, "message": message}
    return said | ({"observedGeneration": observed} if observed else {})


# Each reason of the API's `apis/v1` for a condition that is not as it ought to be, version 1.6.
REASONS = [
    ("Accepted", "False", "InvalidParameters"), ("Accepted", "False", "Unsupported"),
    ("SupportedVersion", "False", "UnsupportedVersion"), ("Accepted", "False", "ListenersNotValid"),
    ("Accepted", "False", "UnsupportedAddress"), ("Accepted", "False", "Invalid"),
    ("Accepted", "False", "NotReconciled"), ("Accepted", "Unknown", "Pending"), ("Programmed", "Unknown", "Pending"),
    ("Programmed", "False", "Invalid"), ("Programmed", "False", "NoResources"),
    ("Programmed", "False", "AddressNotAssigned"), ("Programmed", "False", "AddressNotUsable"),
    ("ResolvedRefs", "False", "ListenersNotResolved"), ("ResolvedRefs", "False", "InvalidClientCertificateRef"),
    ("Accepted", "False", "PortUnavailable"), ("Accepted", "False", "UnsupportedProtocol"),
    ("Conflicted", "True", "HostnameConflict"), ("Conflicted", "True", "ProtocolConflict"),
    ("ResolvedRefs", "False", "InvalidCertificateRef"), ("ResolvedRefs", "False", "InvalidRouteKinds"),
    ("OverlappingTLSConfig", "True", "OverlappingCertificates"),
    ("OverlappingTLSConfig", "True", "OverlappingHostnames"), ("Accepted", "False", "NotAllowedByListeners"),
    ("Accepted", "False", "NoMatchingListenerHostname"), ("Accepted", "False", "NoMatchingParent"),
    ("Accepted", "False", "UnsupportedValue"), ("Accepted", "False", "IncompatibleFilters"),
    ("PartiallyInvalid", "True", "UnsupportedValue"), ("ResolvedRefs", "False", "RefNotPermitted"),
    ("ResolvedRefs", "False", "InvalidKind"), ("ResolvedRefs", "False", "BackendNotFound"),
    ("ResolvedRefs", "False", "UnsupportedProtocol"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "status", "reason"), REASONS)
def test_each_reason_of_the_api_has_a_meaning_and_a_next_step(type_: str, status: str, reason: str) -> None:
    told = explain(condition(type_, status, reason, "said by the controller"))
    assert not told.good
    assert told.words.endswith("; said by the controller")
    assert told.next_step


def test_no_meaning_stands_for_a_reason_that_the_api_does_not_have() -> None:
    assert set(MEANINGS) == {(type_, reason) for type_, _, reason in REASONS}


def test_a_controllers_own_reason_is_told_as_it_is() -> None:
    told = explain(condition("Accepted", "False", "TraefikOnStrike", "come back on Monday"))
    assert str(told) == "Accepted is False (TraefikOnStrike): come back on Monday"


def test_what_is_as_it_ought_to_be_needs_no_explanation() -> None:
    assert explain(condition("Conflicted", "False", "NoConflicts")).good
    assert explain(condition("Accepted", "True", "ListenersNotValid")).words == ""


def test_a_long_message_is_cut() -> None:
    assert len(explain(condition("Accepted", "False", "Other", "x" * 5_000)).words) < 400


def route(*said: Object, generation: int = 2, parent: Object | None = None) -> Object:
    reference = {"name": "public", "namespace": "infra"} | (parent or {})
    filled = {"group": "gateway.networking.k8s.io", "kind": "Gateway", **reference}
    status = {"parents": [{"parentRef": filled, "controllerName": "c", "conditions": list(said)}] if said else []}
    metadata = {"name": "web", "namespace": "shop", "generation": generation}
    return {"metadata": metadata, "spec": {"parentRefs": [reference]}, "status": status}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ((condition("Accepted"), condition("ResolvedRefs")), ""),
        ((condition("Accepted", observed=2), condition("ResolvedRefs", observed=2)), ""),
        (
            (condition("Accepted", observed=1), condition("ResolvedRefs")),
            "its newest generation has not been seen",
        ),
        ((condition("Accepted"),), "no controller has said at Gateway infra/public whether it is ResolvedRefs"),
        ((), "no controller has said anything of it at Gateway infra/public"),
        ((condition("Accepted"), condition("ResolvedRefs", "False", "BackendNotFound")), "does not exist"),
    ],
)
def test_a_route_is_accepted_when_its_newest_generation_is(said: tuple[Object, ...], why: str) -> None:
    found = not_accepted(route(*said))
    assert (why in found) if why else not found


def test_a_status_of_another_listener_is_not_about_this_one() -> None:
    said = route(condition("Accepted"), condition("ResolvedRefs"), parent={"sectionName": "http"})
    said["spec"]["parentRefs"].append({"name": "public", "namespace": "infra", "sectionName": "https"})
    http, https = parents(said)
    assert (http.parent, http.missing) == ("Gateway infra/public, listener http", "")
    assert "no controller has said anything" in https.missing


def test_a_gateway_is_programmed_when_each_listener_is_right() -> None:
    right = [condition("Accepted"), condition("Programmed")]
    gateway: Object = {"metadata": {"name": "g", "generation": 1}, "status": {"conditions": right}}
    assert not_programmed(gateway) == ""
    bad = condition("Conflicted", "True", "HostnameConflict")
    gateway["status"]["listeners"] = [{"name": "web", "conditions": [bad]}]
    assert "listener web: Conflicted is True (HostnameConflict): another listener" in not_programmed(gateway)


def gateway(**listener: Any) -> Object:
    said = {"name": "web", "protocol": "HTTP", "port": 80} | listener
    return {"metadata": {"name": "g", "namespace": "infra"}, "spec": {"listeners": [said]}}


def applicant(**said: Any) -> Applicant:
    wanted: Object = {"kind": "HTTPRoute", "namespace": "infra", "labels": {}, "hosts": ("a.example.com",)}
    return Applicant(**(wanted | said))


ALL = {"namespaces": {"from": "All"}}


@pytest.mark.parametrize(
    ("listener", "said", "refusal"),
    [
        ({}, {}, ""),
        ({}, {"namespace": "shop"}, "spec.listeners[web].allowedRoutes.namespaces is Same"),
        ({"allowedRoutes": ALL}, {"namespace": "shop"}, ""),
        ({"allowedRoutes": {"namespaces": {"from": "None"}}}, {}, "is None: no routes at all"),
        ({"allowedRoutes": {"kinds": [{"kind": "GRPCRoute"}]}}, {}, "allowedRoutes.kinds has only GRPCRoute"),
        ({"allowedRoutes": {"kinds": [{"kind": "GRPCRoute"}]}}, {"kind": "GRPCRoute"}, ""),
        ({"protocol": "TLS"}, {}, "protocol is TLS, which takes no HTTPRoute"),
        ({"protocol": "TLS"}, {"kind": "TLSRoute"}, ""),
        ({"protocol": "HTTPS"}, {"kind": "TLSRoute"}, "protocol is HTTPS, which takes no TLSRoute"),
        ({"protocol": "HTTPS"}, {"schemes": ("HTTP",)}, "protocol is HTTPS, and this needs HTTP"),
        ({"hostname": "*.example.com"}, {}, ""),
        ({"hostname": "a.example.com"}, {"hosts": ("*.example.com",)}, ""),
        ({"hostname": "b.example.com"}, {}, "hostname is b.example.com, which is not for a.example.com"),
        ({"hostname": "b.example.com"}, {"hosts": ()}, ""),
    ],
)
def test_which_field_of_a_listener_refuses_a_route(listener: Object, said: Object, refusal: str) -> None:
    (verdict,) = verdicts(gateway(**listener), applicant(**said))
    assert refusal in verdict.refusal
    assert verdict.takes is not bool(refusal)


@pytest.mark.parametrize(
    ("labels", "takes"), [({"team": "shop"}, True), ({"team": "other"}, False), ({}, False), (None, True)]
)
def test_namespaces_are_let_in_by_their_labels_as_far_as_these_are_known(labels: Any, takes: bool) -> None:
    selector = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}}}
    (verdict,) = verdicts(gateway(allowedRoutes=selector), applicant(namespace="shop", labels=labels))
    assert verdict.takes is takes


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("a.example.com", "a.example.com", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "*.b.example.com", True),
        ("*.example.com", "a.example.org", False),
        ("a.example.com", "b.example.com", False),
    ],
)
def test_host_names_that_meet(one: str, other: str, meet: bool) -> None:
    assert hosts_meet(one, other) is meet
    assert hosts_meet(other, one) is meet


@pytest.mark.parametrize(
    ("hostname", "hosts", "served"),
    [
        ("", ("a.example.com",), ["a.example.com"]),
        ("*.example.com", (), ["*.example.com"]),
        ("*.example.com", ("a.example.com", "b.example.org"), ["a.example.com"]),
        ("a.example.com", ("*.example.com",), ["a.example.com"]),
        ("*.a.example.com", ("*.example.com",), ["*.a.example.com"]),
        ("*.example.com", ("*.a.example.com",), ["*.a.example.com"]),
    ],
)
def test_a_route_is_served_under_the_narrower_of_two_names(hostname: str, hosts: tuple[str, ...], served: Any) -> None:
    assert list(meeting(hostname, hosts)) == served
