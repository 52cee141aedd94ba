"""Many Ingresses at one Gateway: nothing twice, nothing unguarded, and what does not go together is told."""

from __future__ import annotations

from typing import Any

from bot.domain.migration.attaching import Choice
from bot.domain.migration.together import Together, together
from bot.domain.network.snapshot import Ingress
from tests.migrations import HOST, gateway, ingress, path, translated

ONE = Choice(None, "some", "shop")


def lot(*ingresses: Ingress, choice: Choice = ONE) -> Together:
    return together([translated(each, *(one for one in ingresses if one != each), choice=choice) for each in ingresses])


def names(found: Together, kind: str) -> list[str]:
    return [str(each["metadata"]["name"]) for each in found.manifests if each["kind"] == kind]  # type: ignore[index, call-overload]


def listeners(found: Together) -> list[Any]:
    (gateway,) = [each for each in found.manifests if each["kind"] == "Gateway"]
    spec: Any = gateway["spec"]
    return list(spec["listeners"])


def test_they_share_a_gateway_its_listeners_and_the_redirect_of_their_host() -> None:
    found = lot(ingress(tls=[HOST]), ingress(path("/api", service="api"), name="api", tls=[HOST]))
    assert names(found, "Gateway") == ["shop"]
    assert [each["name"] for each in listeners(found)] == ["http", f"https-{HOST}"]
    assert names(found, "HTTPRoute") == ["web", "web-https-redirect", "api"]
    assert not found.clashes


def test_other_hosts_bring_their_own() -> None:
    found = lot(ingress(tls=[HOST]), ingress(name="b", host="b.example.com", tls=["b.example.com"]))
    assert [each["name"] for each in listeners(found)] == ["http", f"https-{HOST}", "https-b.example.com"]
    assert names(found, "HTTPRoute") == ["web", "web-https-redirect", "b", "b-https-redirect"]


def test_what_would_stand_there_unguarded_is_left_out() -> None:
    found = lot(ingress(), ingress(path("/admin"), name="admin", annotations={"auth-type": "basic"}))
    assert names(found, "HTTPRoute") == ["web"]
    assert found.left_out == (("shop/admin", ("auth-type",)),)


def test_two_certificates_for_one_host_are_told() -> None:
    other = [{"hosts": [HOST], "secretName": "other-tls"}]
    found = lot(ingress(tls=[HOST]), ingress(path("/api"), name="api", tls=other))
    assert len(listeners(found)) == 2
    assert found.clashes == (
        f"listener https-{HOST} of shop/api has another certificate than that of an Ingress before it",
    )


def test_two_issuers_are_told() -> None:
    annotations = [{"cert-manager.io/issuer": each} for each in ("one", "two")]
    found = lot(ingress(annotations=annotations[0]), ingress(path("/b"), name="b", annotations=annotations[1]))
    assert any("cert-manager.io/issuer of shop/b says two, another Ingress one" in each for each in found.clashes)


def test_more_listeners_than_a_gateway_may_have_are_told() -> None:
    many = [ingress(name=f"n{each}", host=f"h{each}.example.com", tls=[f"h{each}.example.com"]) for each in range(70)]
    assert any("would have 71 listeners, and may have 64" in each for each in lot(*many).clashes)


def test_a_gateway_that_is_there_gets_its_missing_listeners_once() -> None:
    there = gateway({"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}})
    one = Choice(there)
    found = lot(ingress(tls=[HOST]), ingress(path("/b"), name="b", tls=[HOST]), choice=one)
    assert len(found.listeners) == 1
    assert not names(found, "Gateway")
    assert names(found, "HTTPRoute") == ["web", "web-https-redirect", "b"]


def test_a_policy_that_two_need_is_written_once() -> None:
    annotations = {"backend-protocol": "HTTPS"}
    found = lot(ingress(annotations=annotations), ingress(path("/b"), name="b", annotations=annotations))
    assert names(found, "BackendTLSPolicy") == ["web"]
