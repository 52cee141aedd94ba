"""What is asked of something that comes back."""

from __future__ import annotations

from typing import Any

from bot.domain.changes.change import Ask, FieldValue, Reach, Step, Until, Wait
from bot.domain.changes.reproving import Around, Returning, steps
from bot.domain.network.references import GATEWAY, Ref, ref_to
from tests.routing import gateway, route
from tests.shops import ingress, service

PUBLIC: Ref = ref_to(GATEWAY, "infra", "public")
HTTP = {"port": 80, "name": "http", "protocol": "TCP"}
HTTPS = {"port": 443, "name": "https", "protocol": "TCP"}


def asked(
    object: Any, around: Around | None = None, now: Any = None, before: tuple[FieldValue, ...] = ()
) -> list[Step]:
    return list(steps([Returning(object, now, before)], around or Around()))


def urls(found: list[Step]) -> list[str]:
    """Each request by address."""
    return [f"{e.scheme}://{e.host}:{e.port}{e.path}" for e in found if isinstance(e, Reach)]


def waits(found: list[Step]) -> list[Until]:
    return [each.until for each in found if isinstance(each, Wait)]


def at(listener: dict[str, Any]) -> Around:
    own = gateway("public", "infra", **listener)
    return Around(gateways={PUBLIC: own})


def test_a_route_is_asked_at_its_own_path_and_listener():
    matches = [{"path": {"type": "PathPrefix", "value": "/api"}}]
    found = asked(route(matches=matches), at({"protocol": "HTTPS", "port": 8443}))
    assert waits(found) == [Until.ATTACHED, Until.ENDPOINTS_READY]
    assert urls(found) == ["https://new.example.com:8443/api"]
    assert [e.probe.path for e in found if isinstance(e, Ask)] == ["/api"]  # type: ignore[union-attr]


def test_what_a_rule_makes_of_the_path_is_what_its_service_is_asked():
    path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}
    found = asked(route(filters=[{"type": "URLRewrite", "urlRewrite": {"path": path}}]), at({}))
    assert [e.probe.path for e in found if isinstance(e, Ask)] == ["/v2"]  # type: ignore[union-attr]


def test_a_route_for_grpc_is_asked_whether_connections_are_taken():
    assert urls(asked(route(kind="GRPCRoute"), at({"port": 8080}))) == ["tcp://new.example.com:8080/"]
    tls = at({"protocol": "TLS", "port": 8443})
    assert urls(asked(route(kind="TLSRoute"), tls)) == ["tls://new.example.com:8443/"]


def test_a_route_that_another_one_goes_before_is_not_asked_by_address():
    around = at({})
    older = route("older")
    older["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z"
    found = asked(route(), Around(gateways=around.gateways, routes=[older]))
    assert urls(found) == []
    assert Until.ATTACHED in waits(found)


def test_each_listener_of_a_gateway_is_asked():
    found = asked(gateway(hostname="a.example.com"))
    assert (waits(found), urls(found)) == ([Until.PROGRAMMED], ["http://a.example.com:80/"])


def test_a_wildcard_certificate_serves_the_hosts_below_it():
    secured = ingress("it", "a.example.com/=web:80", tls=[{"hosts": ["*.example.com"], "secretName": "s"}])
    assert urls(asked(secured)) == ["https://a.example.com:0/"]


def test_a_default_backend_is_asked_at_the_address():
    object = ingress("it")
    object["spec"] = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    assert urls(asked(object)) == ["http://:0/"]


def test_a_cloud_takes_its_time():
    around = Around(controllers={"cloud": "ingress.k8s.aws/alb"})
    found = asked(ingress("it", "a.example.com/=web:80", cls="cloud"), around)
    assert [each.timeout_seconds for each in found if isinstance(each, Wait)] == [300.0]


def test_what_was_put_back_into_an_ingress_is_asked():
    now, then = ingress("it", "a.example.com/=web:80"), ingress("it", "a.example.com/=web:80", "b.example.com/x=api:80")
    assert urls(asked(then, now=now)) == ["http://b.example.com:0/x"]


def test_paths_of_others_are_not_asked_when_nothing_is_put_back():
    then = ingress("it", "a.example.com/=web:80", "theirs.example.com/=gone:80")
    ours = ingress("it", "a.example.com/=web:80", "b.example.com/=web:80", "theirs.example.com/=gone:80")
    stood = (FieldValue(("spec", "rules"), ingress("it", "a.example.com/=web:80")["spec"]["rules"]),)
    assert urls(asked(then, now=ours, before=stood)) == ["http://a.example.com:0/"]


def test_a_service_outside_is_asked_by_what_its_ports_speak():
    found = asked(service("it", HTTP, HTTPS, type="LoadBalancer", selector={"app": "web"}))
    assert waits(found) == [Until.ENDPOINTS_READY, Until.ADDRESS_ASSIGNED]
    assert urls(found) == ["http://:80/", "https://:443/"]
    assert urls(asked(service("it", HTTP, externalIPs=["203.0.113.1"]))) == ["http://:80/"]


def test_ports_of_others_are_not_asked():
    theirs = {"port": 99, "protocol": "TCP", "name": "x"}
    now, then = service("it", HTTP, HTTPS, theirs), service("it", HTTP, theirs)
    found = asked(then, now=now, before=(FieldValue(("spec", "ports"), [HTTP]),))
    assert [e.probe.port for e in found if isinstance(e, Ask)] == [80]
