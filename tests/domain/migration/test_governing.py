"""What a controller was told for all of its Ingresses: what it changes, what of it is lost, and what overrides it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.domain.migration.nginx.controller import Controller, arguments_of, controller_of
from bot.domain.migration.nginx.settings import HEEDED, SETTINGS, SHOWN
from bot.domain.migration.outcome import Concern, Translation
from tests.migrations import HOST, carried, ingress, lost, of_kind, routes, translated

SECURITY, TRAFFIC = Concern.SECURITY, Concern.TRAFFIC


def controller(name: str = "one", config: Mapping[str, str] | None = None, **arguments: str) -> Controller:
    said = {key.replace("_", "-"): value for key, value in arguments.items()}
    return Controller(name=f"Deployment edge/{name}", namespace="edge", arguments=said, config=config)


def found(config: Mapping[str, str], annotations: Mapping[str, str] | None = None, **more: Any) -> Translation:
    return translated(ingress(annotations=annotations, **more), controllers=[controller(config=config)])


class TestArguments:
    def test_they_are_read_as_the_controllers_own_flags_are(self) -> None:
        words = ["/nginx-ingress-controller", "--configmap=$(POD_NAMESPACE)/nginx", "--publish-service", "a/b", "-v=2"]
        said = arguments_of([*words, "--enable-ssl-passthrough", "--watch-namespace="], "edge")
        assert said == {
            "configmap": "edge/nginx",
            "publish-service": "a/b",
            "v": "2",
            "enable-ssl-passthrough": "true",
            "watch-namespace": "",
        }

    def test_endless_ones_are_cut(self) -> None:
        said = arguments_of([f"--{number}=" + "x" * 10_000 for number in range(10_000)], "edge")
        assert len(said) == 200
        assert all(len(each) < 5000 for each in said.values())


class TestWhichOne:
    def test_by_the_class(self) -> None:
        inner = controller("inner", controller_class="k8s.io/inner")
        assert controller_of([controller(), inner], "inner", "k8s.io/inner", "shop") == (inner, "")

    def test_by_the_name_of_a_class_that_is_not_there(self) -> None:
        inner = controller("inner", ingress_class="inner")
        assert controller_of([controller(), inner], "inner", "", "shop") == (inner, "")

    def test_two_that_were_told_the_same_are_as_good_as_one(self) -> None:
        two = [controller("a"), controller("b")]
        assert controller_of(two, "nginx", "k8s.io/ingress-nginx", "shop")[0] is two[0]

    def test_two_that_were_told_different_things_are_not_believed(self) -> None:
        two = [controller("a"), controller("b", {"ssl-redirect": "false"})]
        none, why = controller_of(two, "nginx", "k8s.io/ingress-nginx", "shop")
        assert none is None
        assert "told different things: Deployment edge/a, Deployment edge/b" in why

    def test_one_that_looks_at_another_namespace_is_not_it(self) -> None:
        none, why = controller_of([controller(watch_namespace="other")], "nginx", "k8s.io/ingress-nginx", "shop")
        assert none is None
        assert "namespace other alone" in why

    @pytest.mark.parametrize(
        ("known", "why"), [(None, "workloads could not be read"), ((), "no controller of this class")]
    )
    def test_without_any_it_is_said(self, known: Any, why: str) -> None:
        notes = translated(ingress(), controllers=known).notes
        assert any("is not known here" in each and why in each for each in notes)


def test_a_config_map_that_may_not_be_read_is_told() -> None:
    one = Controller(name="Deployment edge/one", unread="ConfigMap edge/nginx: forbidden")
    notes = translated(ingress(), controllers=[one]).notes
    assert any("is not known here: ConfigMap edge/nginx: forbidden" in each for each in notes)


class TestSettings:
    @pytest.mark.parametrize(
        ("key", "value", "concern"),
        [
            ("whitelist-source-range", "10.0.0.0/8", SECURITY),
            ("global-auth-url", "https://login.example.com", SECURITY),
            ("server-snippet", "deny all;", SECURITY),
            ("block-user-agents", "bad", SECURITY),
            ("use-forwarded-headers", "true", TRAFFIC),
            ("use-proxy-protocol", "true", TRAFFIC),
            ("custom-http-errors", "404,503", TRAFFIC),
            ("proxy-body-size", "50m", TRAFFIC),
            ("proxy-connect-timeout", "30", Concern.TUNING),
        ],
    )
    def test_what_held_for_all_is_lost(self, key: str, value: str, concern: Concern) -> None:
        assert lost(found({key: value})) == {f"{key} (ConfigMap)": concern}

    @pytest.mark.parametrize(
        ("key", "value", "annotation", "said"),
        [
            ("whitelist-source-range", "10.0.0.0/8", "whitelist-source-range", "192.0.2.0/24"),
            ("proxy-body-size", "50m", "proxy-body-size", "8m"),
            ("global-auth-url", "https://login.example.com", "enable-global-auth", "false"),
            ("enable-modsecurity", "true", "enable-modsecurity", "false"),
            ("proxy-read-timeout", "120", "proxy-read-timeout", "30"),
        ],
    )
    def test_an_annotation_comes_before(self, key: str, value: str, annotation: str, said: str) -> None:
        assert f"{key} (ConfigMap)" not in lost(found({key: value}, {annotation: said}))

    def test_what_is_so_anyway_is_no_loss(self) -> None:
        usual = {"proxy-body-size": "1m", "proxy-read-timeout": "60", "use-gzip": "false", "custom-http-errors": ""}
        assert not found(usual).lost

    def test_others_are_named(self) -> None:
        assert any("also says worker-processes" in each for each in found({"worker-processes": "4"}).notes)

    def test_values_that_may_be_secret_are_not_shown(self) -> None:
        said = found({"http-snippet": "set $token hunter2;", "global-auth-url": "https://a:hunter2@b.example.com"})
        assert "hunter2" not in str(said)
        assert "10.0.0.0/8" in str(found({"whitelist-source-range": "10.0.0.0/8"}).lost)

    def test_the_tables_fit(self) -> None:
        assert not HEEDED & set(SETTINGS)
        assert HEEDED | set(SETTINGS) >= SHOWN


class TestRedirects:
    def test_one_that_is_switched_off_for_all_is_off(self) -> None:
        said = found({"ssl-redirect": "false"}, tls=[HOST])
        assert set(routes(said)) == {"web"}
        assert carried(said)["ssl-redirect (ConfigMap)"].startswith("listeners for HTTP and HTTPS")

    def test_an_annotation_switches_it_on_again(self) -> None:
        assert "web-https-redirect" in routes(found({"ssl-redirect": "false"}, {"ssl-redirect": "true"}, tls=[HOST]))

    def test_one_that_is_forced_for_all_is_a_rule(self) -> None:
        said = found({"force-ssl-redirect": "true"})
        assert "X-Forwarded-Proto" in str(of_kind(said, "HTTPRoute"))
        assert "force-ssl-redirect (ConfigMap)" in carried(said)

    @pytest.mark.parametrize(("said", "code"), [("301", 301), ("307", 307), ("308", 308), ("200", 308)])
    def test_its_code(self, said: str, code: int) -> None:
        rules = routes(found({"http-redirect-code": said}, tls=[HOST]))["web-https-redirect"]["rules"]
        assert rules[0]["filters"][0]["requestRedirect"]["statusCode"] == code


class TestFlags:
    def test_tls_is_not_passed_through_where_the_controller_did_not(self) -> None:
        said = translated(ingress(annotations={"ssl-passthrough": "true"}), controllers=[controller()])
        assert not of_kind(said, "TLSRoute")
        assert set(lost(said)) == {"ssl-passthrough"}

    def test_what_does_not_count_beside_it_is_no_loss_where_it_did(self) -> None:
        annotations = {"ssl-passthrough": "true", "whitelist-source-range": "10.0.0.0/8"}
        said = translated(ingress(annotations=annotations), controllers=[controller(enable_ssl_passthrough="true")])
        assert of_kind(said, "TLSRoute")
        assert not said.lost

    def test_annotations_of_another_prefix_are_read_and_those_of_the_usual_one_are_not(self) -> None:
        annotations = {"edge.example.com/auth-type": "basic", "whitelist-source-range": "10.0.0.0/8"}
        one = controller(annotations_prefix="edge.example.com")
        said = translated(ingress(annotations=annotations), controllers=[one])
        assert set(lost(said)) == {"auth-type"}

    def test_the_default_certificate_is_named(self) -> None:
        said = translated(ingress(tls=[{}]), controllers=[controller(default_ssl_certificate="edge/wild")])
        assert "of Secret edge/wild" in said.lost[0].why

    def test_what_is_led_besides_is_named(self) -> None:
        one = Controller(
            name="Deployment edge/one",
            arguments={"default-backend-service": "edge/errors"},
            ports={"TCP": ("5432 to db/postgres:5432",), "UDP": ()},
        )
        notes = " ".join(translated(ingress(), controllers=[one]).notes)
        assert "5432 to db/postgres:5432. They become a TCPRoute each" in notes
        assert "answered by Service edge/errors" in notes

    def test_snippets_that_are_not_heeded_guard_nothing(self) -> None:
        said = found({"allow-snippet-annotations": "false"}, {"configuration-snippet": "deny all;"})
        assert lost(said) == {"configuration-snippet": Concern.TUNING}
        assert lost(found({}, {"configuration-snippet": "deny all;"})) == {"configuration-snippet": SECURITY}
