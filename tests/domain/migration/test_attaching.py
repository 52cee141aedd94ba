"""To which Gateway and listeners routes attach, and what a Gateway that is there lacks."""

from typing import Any

import pytest

from bot.domain.migration.attaching import Choice, chosen
from bot.domain.migration.gateway_api import GatewayClass, covers, decoded
from bot.domain.migration.outcome import Concern
from bot.errors import NotFound, Refused
from tests.migrations import HOST, gateway, ingress, lost, of_kind, routes, translated


def listener(name: str, protocol: str = "HTTP", hostname: str = "", from_: str = "All", **more: Any) -> dict[str, Any]:
    port = 80 if protocol == "HTTP" else 443
    named = {"hostname": hostname} if hostname else {}
    return {
        "name": name, "port": port, "protocol": protocol, **named, **more,
        "allowedRoutes": {"namespaces": {"from": from_}},
    }  # fmt: skip


def classes(**accepted: bool) -> tuple[GatewayClass, ...]:
    made = [
        {"metadata": {"name": name}, "status": {"conditions": [{"type": "Accepted", "status": str(yes)}]}}
        for name, yes in accepted.items()
    ]
    return decoded(made, GatewayClass)


@pytest.mark.parametrize(
    ("pattern", "host", "taken"),
    [
        (None, "a.example.com", True),
        ("", "a.example.com", True),
        ("a.example.com", "a.example.com", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "b.a.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "badexample.com", False),
        ("b.example.com", "a.example.com", False),
    ],
)
def test_which_hosts_a_listener_takes(pattern: str | None, host: str, taken: bool) -> None:
    assert covers(pattern, host) is taken


class TestChoosing:
    def test_the_one_that_admits_the_namespace(self) -> None:
        own, edge = gateway(listener("http", from_="Same"), name="own"), gateway(listener("http"))
        assert chosen("shop", [own, edge], ()).gateway is edge

    def test_a_selector_may_admit_it(self) -> None:
        edge = gateway(listener("http", from_="Selector"))
        assert chosen("shop", [edge], ()).gateway is edge

    def test_its_own_namespace_is_the_same(self) -> None:
        own = gateway({"name": "http", "port": 80, "protocol": "HTTP"}, namespace="shop")
        assert chosen("shop", [own], ()).gateway is own
        assert chosen("other", [own], ()).gateway is None

    def test_one_of_several_has_to_be_said(self) -> None:
        two = [gateway(listener("http"), name=each) for each in ("a", "b")]
        with pytest.raises(Refused, match="--gateway infra/a"):
            chosen("shop", two, ())
        assert chosen("shop", two, (), "infra/b").gateway is two[1]

    def test_a_name_alone_is_of_the_same_namespace(self) -> None:
        own = gateway(listener("http"), name="own", namespace="shop")
        assert chosen("shop", [own, gateway(listener("http"))], (), "own").gateway is own
        with pytest.raises(NotFound, match="There is no Gateway shop/edge"):
            chosen("shop", [gateway(listener("http"))], (), "edge")

    def test_a_class_that_is_named_means_a_new_one(self) -> None:
        assert chosen("shop", [gateway(listener("http"))], (), "", "some") == Choice(None, "some")

    def test_the_only_class_that_a_controller_has_taken(self) -> None:
        assert chosen("shop", (), classes(one=True, other=False)).gateway_class == "one"
        assert chosen("shop", (), classes(one=False)).gateway_class == "one"
        assert chosen("shop", (), classes(one=True, other=True)).gateway_class == ""
        assert chosen("shop", (), ()).gateway_class == ""


class TestAnExistingGateway:
    def test_routes_name_its_listeners_by_protocol_and_host(self) -> None:
        edge = gateway(
            listener("web"), listener("any", "HTTPS", "*.example.com"), listener("other", "HTTPS", "a.example.org")
        )
        found = translated(ingress(tls=[HOST]), choice=Choice(edge))
        assert not of_kind(found, "Gateway")
        assert routes(found)["web"]["parentRefs"] == [{"name": "edge", "namespace": "infra", "sectionName": "any"}]
        assert routes(found)["web-https-redirect"]["parentRefs"][0]["sectionName"] == "web"
        assert not found.listeners
        assert not found.lost
        (told,) = [each for each in found.carried if each.source == "spec.tls"]
        assert told.differs == "the certificate of the listener counts, not Secret web-tls"

    def test_that_it_selects_namespaces_is_told(self) -> None:
        edge = gateway(listener("http", from_="Selector"))
        assert any("by their labels" in each for each in translated(ingress(), choice=Choice(edge)).notes)
        assert not any("by their labels" in each for each in translated(ingress()).notes)

    def test_in_the_same_namespace_no_namespace_is_said(self) -> None:
        found = translated(ingress(), choice=Choice(gateway(listener("web"), namespace="shop")))
        assert routes(found)["web"]["parentRefs"] == [{"name": "edge", "sectionName": "web"}]

    def test_a_listener_that_is_missing_is_shown_with_the_grant_for_its_certificate(self) -> None:
        found = translated(ingress(tls=[HOST]), choice=Choice(gateway(listener("web"))))
        (missing,) = found.listeners
        assert missing["hostname"] == HOST
        assert missing["tls"] == {"mode": "Terminate", "certificateRefs": [{"name": "web-tls", "namespace": "shop"}]}
        assert lost(found) == {"spec.tls": Concern.SECURITY}
        (grant,) = of_kind(found, "ReferenceGrant")
        assert grant["metadata"]["namespace"] == "shop"
        assert grant["spec"]["from"] == [
            {"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "infra"}
        ]
        assert grant["spec"]["to"] == [{"group": "", "kind": "Secret", "name": "web-tls"}]

    def test_a_listener_that_does_not_admit_the_namespace_is_as_none(self) -> None:
        found = translated(ingress(), choice=Choice(gateway(listener("web", from_="Same"))))
        assert lost(found) == {"spec.rules": Concern.TRAFFIC}
        (missing,) = found.listeners
        assert missing["name"] == "http"
        assert missing["allowedRoutes"]["namespaces"]["selector"] == {  # type: ignore[index,call-overload]
            "matchLabels": {"kubernetes.io/metadata.name": "shop"}
        }
        assert routes(found)["web"]["parentRefs"][0]["sectionName"] == "http"

    def test_what_is_missing_gets_a_name_of_its_own(self) -> None:
        found = translated(ingress(), choice=Choice(gateway(listener("http", from_="Same"))))
        assert found.listeners[0]["name"] == "http-shop"

    def test_the_issuer_has_to_be_said_to_the_gateway(self) -> None:
        found = translated(
            ingress(annotations={"cert-manager.io/issuer": "own"}), choice=Choice(gateway(listener("web")))
        )
        assert lost(found) == {"cert-manager.io/issuer": Concern.TRAFFIC}

    def test_a_listener_that_ends_tls_does_not_pass_it_through(self) -> None:
        ends = listener("tls", "TLS", tls={"mode": "Terminate"})
        passes = listener("through", "TLS", tls={"mode": "Passthrough"})
        found = translated(ingress(annotations={"ssl-passthrough": "true"}), choice=Choice(gateway(ends, passes)))
        (route,) = of_kind(found, "TLSRoute")
        assert [each["sectionName"] for each in route["spec"]["parentRefs"]] == ["through"]
