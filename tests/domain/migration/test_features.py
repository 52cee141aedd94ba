"""What an implementation says that it supports is heeded."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bot.domain.migration.features import OPTIONAL, Features, supported_by
from bot.domain.migration.gateway_api import GatewayClass
from bot.domain.migration.outcome import Concern
from tests.migrations import HOST, any_path, carried, ingress, lost, of_kind, path, routes, rules, translated

TRAFFIC, TUNING = Concern.TRAFFIC, Concern.TUNING
# Of Traefik v3.7.9 (pkg/provider/kubernetes/gateway/features.go), as far as they are among OPTIONAL.
TRAEFIK = OPTIONAL - {"HTTPRouteCORS", "HTTPRouteRequestMirror", "HTTPRouteRequestTimeout"}


def supporting(*names: str, plain: bool = False) -> Features:
    said: list[Any] = [each if plain else {"name": each} for each in ("Gateway", "HTTPRoute", *names)]
    one = {"metadata": {"name": "one"}, "status": {"supportedFeatures": said}}
    return supported_by(Features(version="v1.6.1"), msgspec.convert(one, GatewayClass))


def test_a_class_that_says_nothing_is_taken_to_have_all() -> None:
    silent = msgspec.convert({"metadata": {"name": "one"}}, GatewayClass)
    assert supported_by(Features(), silent) == Features()
    assert supported_by(Features(), None) == Features()


def test_names_of_old_are_read_as_well() -> None:
    assert supporting("HTTPRouteCORS", plain=True).unsupported == OPTIONAL - {"HTTPRouteCORS"}


class TestTraefik:
    def test_a_filter_that_it_does_not_know_is_not_written(self) -> None:
        annotations = {"enable-cors": "true", "cors-allow-origin": "https://a.example.com"}
        found = translated(ingress(annotations=annotations), features=supporting(*TRAEFIK))
        assert "filters" not in rules(found)[0]
        assert lost(found) == dict.fromkeys(annotations, TRAFFIC)
        assert "GatewayClass one does not name HTTPRouteCORS among what it supports" in found.lost[0].why

    def test_nor_a_mirror_nor_times(self) -> None:
        annotations = {"mirror-target": "http://api.shop.svc$request_uri", "proxy-read-timeout": "30"}
        found = translated(ingress(annotations=annotations), features=supporting(*TRAEFIK))
        assert set(rules(found)[0]) == {"matches", "backendRefs"}
        assert lost(found) == dict.fromkeys(annotations, TUNING)

    def test_codes_that_it_knows_are_written_without_a_warning(self) -> None:
        found = translated(ingress(tls=[HOST]), features=supporting(*TRAEFIK))
        assert not found.lost
        redirect = routes(found)["web-https-redirect"]["rules"][0]["filters"][0]["requestRedirect"]
        assert redirect["statusCode"] == 308
        assert not any("308" in each for each in found.notes)


class TestLess:
    def test_a_code_that_it_does_not_know_becomes_another(self) -> None:
        found = translated(ingress(tls=[HOST]), features=supporting("HTTPRouteSchemeRedirect"))
        redirect = routes(found)["web-https-redirect"]["rules"][0]["filters"][0]["requestRedirect"]
        assert redirect["statusCode"] == 301
        assert any("it was 308" in each.differs for each in found.carried)

    @pytest.mark.parametrize(
        ("annotations", "paths", "feature"),
        [
            ({"rewrite-target": "/$2"}, [any_path("/x(/|$)(.*)")], "HTTPRoutePathRewrite"),
            ({"upstream-vhost": "b.example.com"}, [path()], "HTTPRouteHostRewrite"),
            ({"app-root": "/x"}, [path()], "HTTPRoutePathRedirect"),
            ({"permanent-redirect": "https://b.example.com:8443"}, [path()], "HTTPRoutePortRedirect"),
        ],
    )
    def test_what_the_routes_ask_for_all_the_same_is_told(self, annotations: Any, paths: Any, feature: str) -> None:
        found = translated(ingress(*paths, annotations=annotations), features=supporting(*OPTIONAL - {feature}))
        assert lost(found)["spec.rules"] is TRAFFIC
        assert not translated(ingress(*paths, annotations=annotations), features=supporting(*OPTIONAL)).lost

    def test_a_policy_that_it_does_not_know_is_not_written(self) -> None:
        found = translated(ingress(annotations={"backend-protocol": "HTTPS"}), features=supporting(*TRAEFIK))
        assert of_kind(found, "BackendTLSPolicy")
        found = translated(ingress(annotations={"backend-protocol": "HTTPS"}), features=supporting())
        assert not of_kind(found, "BackendTLSPolicy")
        assert "does not name BackendTLSPolicy" in found.lost[0].why

    def test_nor_are_kinds_of_routes(self) -> None:
        grpc = ingress(path("/shop.v1.Cart", port="grpc"), annotations={"backend-protocol": "GRPC"})
        assert of_kind(translated(grpc, features=supporting("GRPCRoute")), "GRPCRoute")
        assert not of_kind(translated(grpc, features=supporting()), "GRPCRoute")
        assert "backend-protocol" not in carried(translated(grpc, features=supporting()))
