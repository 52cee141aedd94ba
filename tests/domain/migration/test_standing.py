"""Routes that are there already: nothing is written over them, and who is served in place of a new one is told."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.migration.outcome import Concern, Verdict
from tests.migrations import HOST, ingress, path, translated

ROUTE = "HTTPRoute"


def made(found: Any) -> Any:
    return next(each for each in found.manifests if each["kind"] == ROUTE)


def standing(route: Any, name: str, namespace: str = "shop", **spec: Any) -> Any:
    """Another route at the same Gateway."""
    parents = [{"namespace": "shop", **each} for each in route["spec"]["parentRefs"]]
    return {
        "apiVersion": route["apiVersion"],
        "kind": ROUTE,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**route["spec"], "parentRefs": parents, **spec},
    }


def test_a_route_of_the_same_name_is_not_written_over() -> None:
    first = made(translated(ingress()))
    other = standing(first, first["metadata"]["name"], hostnames=["news.example.com"])
    found = translated(ingress(), routes=[other])
    assert made(found)["metadata"]["name"] == f"{first['metadata']['name']}-from-ingress"
    assert any("is there, and is another one" in note for note in found.notes)


def test_the_new_name_is_nobodys_either() -> None:
    first = made(translated(ingress()))
    name = first["metadata"]["name"]
    others = [standing(first, each, hostnames=["x.example.com"]) for each in (name, f"{name}-from-ingress")]
    assert made(translated(ingress(), routes=others))["metadata"]["name"] == f"{name}-from-ingress-2"


def test_what_was_applied_before_is_in_nobodys_way() -> None:
    first = made(translated(ingress()))
    filled = {**first, "metadata": {**first["metadata"], "uid": "u"}}
    found = translated(ingress(), routes=[filled])
    assert made(found) == first
    assert found.verdict is Verdict.WHOLLY


def test_a_path_that_leads_nowhere_is_not_told_as_carried_over() -> None:
    found = translated(ingress(path("/a", port="nope"), path("/b")))
    assert "path /a" not in {each.source for each in found.carried}
    assert "path /b" in {each.source for each in found.carried}
    assert any("has no port nope" in each.why for each in found.lost)


@pytest.mark.parametrize("namespace", ["shop", "elsewhere"])
def test_an_older_route_with_the_same_requests_is_told(namespace: str) -> None:
    first = made(translated(ingress()))
    found = translated(ingress(), routes=[standing(first, "older", namespace)])
    [lost] = found.concerning(Concern.TRAFFIC)
    assert f"HTTPRoute {namespace}/older leads" in lost.why
    assert found.verdict is Verdict.PARTLY


@pytest.mark.parametrize(
    "spec",
    [
        {"hostnames": ["other.example.com"]},
        {"rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/other"}}]}]},
        {"parentRefs": [{"name": "another", "namespace": "shop"}]},
    ],
)
def test_routes_with_other_requests_or_gateways_are_none_of_its_business(spec: Any) -> None:
    first = made(translated(ingress()))
    assert not translated(ingress(), routes=[standing(first, "older", **spec)]).lost


class TestRedirectsThatAreThere:
    """Of several Ingresses of a host each has the redirect to HTTPS; at one Gateway one route is enough."""

    @staticmethod
    def redirect(found: Any) -> Any:
        return next(each for each in found.manifests if each["metadata"]["name"].endswith("-https-redirect"))

    def test_one_that_says_the_same_is_not_written_again_and_no_loss(self) -> None:
        there = standing(self.redirect(translated(ingress(name="first", tls=[HOST]))), "first-https-redirect")
        at_it = [{**each, "name": "web"} for each in there["spec"]["parentRefs"]]
        there["spec"]["parentRefs"] = at_it
        found = translated(ingress(path("/api"), tls=[HOST]), routes=[there])
        assert [each["metadata"]["name"] for each in found.manifests if each["kind"] == ROUTE] == ["web"]
        assert not found.lost
        assert any("HTTPRoute shop/first-https-redirect redirects so already" in note for note in found.notes)

    def test_one_for_other_hosts_or_elsewhere_is(self) -> None:
        first = self.redirect(translated(ingress(tls=[HOST])))
        for spec in ({"hostnames": ["b.example.com"]}, {"parentRefs": [{"name": "other", "namespace": "shop"}]}):
            found = translated(ingress(tls=[HOST]), routes=[standing(first, "first-https-redirect", **spec)])
            assert self.redirect(found)
