"""Hosts, paths, backends, TLS, canaries and protocols of an Ingress, as objects of the Gateway API."""

from typing import Any

import msgspec
import pytest

from bot.domain.migration.features import Features
from bot.domain.migration.outcome import Concern, Verdict
from bot.domain.network.snapshot import Service
from tests.migrations import (
    CLASSES,
    HOST,
    SERVICES,
    any_path,
    carried,
    ingress,
    ingress_class,
    lost,
    of_kind,
    path,
    routes,
    rules,
    service,
    translated,
)


def backends(found: Any, name: str = "web") -> list[Any]:
    return [rule.get("backendRefs") for rule in rules(found, name)]


class TestPlain:
    def test_host_and_path_become_a_route_at_a_gateway_of_its_own(self) -> None:
        found = translated(ingress(path("/api", "Exact")))
        assert [each["kind"] for each in found.manifests] == ["Gateway", "HTTPRoute"]
        assert routes(found)["web"] == {
            "parentRefs": [{"name": "web", "sectionName": "http"}],
            "hostnames": [HOST],
            "rules": [
                {
                    "matches": [{"path": {"type": "Exact", "value": "/api"}}],
                    "backendRefs": [{"name": "web", "port": 80}],
                }
            ],
        }
        assert found.verdict is Verdict.WHOLLY

    def test_no_host_is_any_host(self) -> None:
        assert "hostnames" not in routes(translated(ingress(host="")))["web"]

    def test_hosts_with_the_same_rules_share_a_route(self) -> None:
        found = translated(ingress(hosts=("a.example.com", "b.example.com")))
        assert routes(found)["web"]["hostnames"] == ["a.example.com", "b.example.com"]

    def test_hosts_with_other_rules_have_their_own(self) -> None:
        own = ingress(hosts=("a.example.com",))
        own.spec.rules.extend(ingress(path(service="api"), host="b.example.com").spec.rules)  # type: ignore[union-attr,arg-type]
        assert [each["hostnames"] for each in routes(translated(own)).values()] == [
            ["a.example.com"],
            ["b.example.com"],
        ]

    def test_paths_to_one_service_share_a_rule(self) -> None:
        found = translated(ingress(path("/a"), path("/b"), path("/c", service="api")))
        assert [len(rule["matches"]) for rule in rules(found)] == [2, 1]

    def test_a_rule_that_replaces_a_prefix_stays_alone(self) -> None:
        paths = (any_path("/a(/|$)(.*)"), any_path("/b(/|$)(.*)"))
        found = translated(ingress(*paths, annotations={"rewrite-target": "/$2"}))
        assert [len(rule["matches"]) for rule in rules(found)] == [1, 1]

    def test_the_default_backend_gets_what_no_path_takes(self) -> None:
        default = {"service": {"name": "docs", "port": {"number": 80}}}
        found = translated(ingress(path("/api"), defaultBackend=default))
        assert rules(found)[1]["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
        assert backends(found) == [[{"name": "web", "port": 80}], [{"name": "docs", "port": 80}]]

    def test_a_default_backend_alone_gets_everything(self) -> None:
        default = {"service": {"name": "docs", "port": {"number": 80}}}
        found = translated(ingress(rules=[], defaultBackend=default))
        assert "hostnames" not in routes(found)["web"]
        assert backends(found) == [[{"name": "docs", "port": 80}]]

    def test_where_the_whole_host_is_taken_the_default_backend_is_left_out(self) -> None:
        default = {"service": {"name": "docs", "port": {"number": 80}}}
        assert len(rules(translated(ingress(path("/"), defaultBackend=default)))) == 1


class TestBackends:
    def test_a_named_port_becomes_its_number(self) -> None:
        assert backends(translated(ingress(path(port="grpc")))) == [[{"name": "web", "port": 9000}]]

    @pytest.mark.parametrize("wrong", [path(port="nope"), path(service="nope", port="http"), path(port=None)])
    def test_what_leads_nowhere_is_lost(self, wrong: Any) -> None:
        found = translated(ingress(wrong))
        assert lost(found) == {"spec.rules[0].http.paths[0]": Concern.TRAFFIC}
        assert found.verdict is Verdict.NOT

    def test_a_name_cannot_be_a_number_while_services_are_not_read(self) -> None:
        found = translated(ingress(path(port="http")), services=None)
        assert "could not be read" in found.lost[0].why

    def test_a_number_needs_no_service(self) -> None:
        assert backends(translated(ingress(), services=None)) == [[{"name": "web", "port": 80}]]

    def test_a_service_that_is_not_there_is_noted(self) -> None:
        assert any("There is no" in each or "there is no" in each for each in translated(ingress(), services=()).notes)

    def test_a_resource_is_no_backend_of_a_route(self) -> None:
        resource = {"path": "/", "pathType": "Prefix", "backend": {"resource": {"kind": "Bucket", "name": "b"}}}
        assert lost(translated(ingress(resource))) == {"spec.rules[0].http.paths[0]": Concern.TRAFFIC}

    def test_an_external_name_is_warned_of(self) -> None:
        found = translated(ingress(), services=[service(type="ExternalName")])
        assert "CVE-2021-25740" in found.lost[0].why
        assert found.verdict is Verdict.PARTLY


class TestTLS:
    def test_http_is_redirected_as_the_controller_does_untold(self) -> None:
        found = translated(ingress(tls=[HOST]))
        (gateway,) = of_kind(found, "Gateway")
        assert gateway["spec"]["listeners"] == [
            {"name": "http", "port": 80, "protocol": "HTTP"},
            {
                "name": f"https-{HOST}",
                "port": 443,
                "protocol": "HTTPS",
                "hostname": HOST,
                "tls": {"mode": "Terminate", "certificateRefs": [{"name": "web-tls"}]},
            },
        ]
        assert routes(found)["web"]["parentRefs"] == [{"name": "web", "sectionName": f"https-{HOST}"}]
        redirect = routes(found)["web-https-redirect"]
        assert redirect["parentRefs"] == [{"name": "web", "sectionName": "http"}]
        assert redirect["rules"][0]["filters"][0]["requestRedirect"] == {"scheme": "https", "statusCode": 308}

    def test_without_the_redirect_both_are_answered(self) -> None:
        found = translated(ingress(tls=[HOST], annotations={"ssl-redirect": "false"}))
        assert [each["sectionName"] for each in routes(found)["web"]["parentRefs"]] == ["http", f"https-{HOST}"]
        assert set(routes(found)) == {"web"}

    def test_force_comes_before_no(self) -> None:
        annotations = {"ssl-redirect": "false", "force-ssl-redirect": "true"}
        assert "web-https-redirect" in routes(translated(ingress(tls=[HOST], annotations=annotations)))

    def test_other_controllers_are_not_said_to_redirect(self) -> None:
        found = translated(ingress(tls=[HOST], class_name="traefik"))
        assert set(routes(found)) == {"web"}
        assert any("the controller's own setting" in each for each in found.notes)

    def test_a_wildcard_certificate_is_one_listener_for_its_hosts(self) -> None:
        found = translated(ingress(hosts=("a.example.com", "b.example.com"), tls=["*.example.com"]))
        listeners = of_kind(found, "Gateway")[0]["spec"]["listeners"]
        assert [each["name"] for each in listeners] == ["http", "https-any.example.com"]
        assert routes(found)["web"]["parentRefs"] == [{"name": "web", "sectionName": "https-any.example.com"}]

    def test_a_name_that_no_rule_has_gets_no_listener(self) -> None:
        found = translated(ingress(tls=[{"hosts": [HOST, "unused.example.com"], "secretName": "web-tls"}]))
        assert len(of_kind(found, "Gateway")[0]["spec"]["listeners"]) == 2
        assert "nothing for unused.example.com: no rule is for it" in [each.becomes for each in found.carried]
        assert not found.lost

    def test_a_host_without_a_certificate_stays_on_http(self) -> None:
        found = translated(ingress(hosts=("a.example.com", "b.example.org"), tls=["a.example.com"]))
        sections = {
            spec["hostnames"][0]: spec["parentRefs"][0]["sectionName"]
            for spec in routes(found).values()
            if len(spec["rules"][0]) == 2 and "backendRefs" in spec["rules"][0]
        }
        assert sections == {"a.example.com": "https-a.example.com", "b.example.org": "http"}

    def test_an_entry_without_hosts_is_for_all_of_them(self) -> None:
        found = translated(ingress(hosts=("a.example.com", "b.example.com"), tls=[{"secretName": "both"}]))
        listeners = of_kind(found, "Gateway")[0]["spec"]["listeners"]
        assert [each.get("hostname") for each in listeners] == [None, "a.example.com", "b.example.com"]

    def test_the_controllers_default_certificate_has_to_be_made(self) -> None:
        found = translated(ingress(tls=[{"hosts": [HOST]}]))
        assert lost(found) == {"spec.tls": Concern.TRAFFIC}
        assert "Secret shop/web-tls" in found.lost[0].instead

    def test_old_definitions_redirect_with_301(self) -> None:
        found = translated(
            ingress(tls=[HOST]), features=Features(version="v1.4.0", redirect_codes=frozenset({301, 302}))
        )
        redirect = routes(found)["web-https-redirect"]["rules"][0]["filters"][0]["requestRedirect"]
        assert redirect["statusCode"] == 301


class TestNames:
    def test_www_is_redirected_to_the_bare_name(self) -> None:
        found = translated(ingress(host="example.com", annotations={"from-to-www-redirect": "true"}))
        redirect = routes(found)["web-www-redirect"]
        assert redirect["hostnames"] == ["www.example.com"]
        assert redirect["rules"][0]["filters"][0]["requestRedirect"] == {"hostname": "example.com", "statusCode": 308}

    def test_and_the_bare_name_to_www(self) -> None:
        found = translated(ingress(host="www.example.com", annotations={"from-to-www-redirect": "true"}))
        assert routes(found)["web-www-redirect"]["hostnames"] == ["example.com"]

    def test_not_where_another_ingress_has_the_name(self) -> None:
        other = ingress(name="other", host="www.example.com")
        found = translated(ingress(host="example.com", annotations={"from-to-www-redirect": "true"}), other)
        assert set(routes(found)) == {"web"}
        assert not found.lost

    def test_over_https_where_a_certificate_is_named(self) -> None:
        annotations = {"from-to-www-redirect": "true"}
        found = translated(ingress(host="example.com", tls=["example.com", "www.example.com"], annotations=annotations))
        sections = [each["sectionName"] for each in routes(found)["web-www-redirect"]["parentRefs"]]
        assert sections == ["http", "https-www.example.com"]

    def test_an_alias_is_one_more_name(self) -> None:
        found = translated(ingress(annotations={"server-alias": "b.example.com, *.c.example.com, ~^d.*$"}))
        assert routes(found)["web"]["hostnames"] == [HOST, "b.example.com", "*.c.example.com"]
        assert lost(found) == {"server-alias": Concern.TRAFFIC}

    def test_an_alias_that_another_ingress_has_stays_that_ones(self) -> None:
        other = ingress(name="other", host="b.example.com")
        found = translated(ingress(annotations={"server-alias": "b.example.com"}), other)
        assert routes(found)["web"]["hostnames"] == [HOST]


class TestRegexHosts:
    def test_one_ingress_with_use_regex_makes_all_paths_of_the_host_patterns(self) -> None:
        other = ingress(any_path("/x/[0-9]+"), name="other", annotations={"use-regex": "true"})
        found = translated(ingress(path("/a", "Exact")), other)
        assert any("in any case" in each.differs for each in found.carried)
        assert not any("in any case" in each.differs for each in translated(ingress(path("/a", "Exact"))).carried)

    def test_another_ingresss_rewriting_is_not_this_ones(self) -> None:
        other = ingress(any_path("/x(/|$)(.*)"), name="other", annotations={"rewrite-target": "/$2"})
        (rule,) = rules(translated(ingress(any_path("/a(/|$)(.*)")), other))
        assert "filters" not in rule
        assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/a"}}]

    def test_longer_patterns_come_first(self) -> None:
        found = translated(ingress(any_path("/[a-z]"), any_path("/[a-z]+/x"), annotations={"use-regex": "true"}))
        (rule,) = rules(found)
        assert [each["path"]["value"] for each in rule["matches"]] == ["(?i)/[a-z]+/x.*", "(?i)/[a-z].*"]


class TestCanaries:
    @staticmethod
    def canary(**annotations: str) -> Any:
        said = {key.replace("_", "-"): value for key, value in annotations.items()}
        return ingress(path(service="web-next"), name="next", annotations={"canary": "true", **said})

    MAIN = ({"name": "web", "port": 80},)
    NEXT = ({"name": "web-next", "port": 80},)

    def test_a_weight_is_shared_by_one_rule(self) -> None:
        found = translated(ingress(), self.canary(canary_weight="30"))
        assert backends(found) == [
            [{"name": "web", "port": 80, "weight": 70}, {"name": "web-next", "port": 80, "weight": 30}]
        ]
        assert carried(found)["next: canary-weight"] == "weights 70 and 30 of one rule"

    @pytest.mark.parametrize(
        ("weight", "total", "weights"),
        [("300", "1000", [700, 300]), ("100", "100", [0, 100]), ("500", "", [0, 100]), ("5", "50", [95, 5])],
    )
    def test_weights_of_a_total(self, weight: str, total: str, weights: list[int]) -> None:
        more = {"canary_weight_total": total} if total else {}
        found = translated(ingress(), self.canary(canary_weight=weight, **more))
        assert [each["weight"] for each in backends(found)[0]] == weights

    @pytest.mark.parametrize("weight", ["0", "-1", "a lot"])
    def test_no_weight_leaves_the_main_one_alone(self, weight: str) -> None:
        assert backends(translated(ingress(), self.canary(canary_weight=weight))) == [[*self.MAIN]]

    def test_a_header_says_always_and_never(self) -> None:
        found = translated(ingress(), self.canary(canary_by_header="X-Canary", canary_weight="10"))
        headers = [rule["matches"][0].get("headers", [{}])[0].get("value") for rule in rules(found)]
        assert headers == ["always", "never", None]
        assert backends(found)[:2] == [[*self.NEXT], [*self.MAIN]]

    def test_a_headers_value_or_pattern(self) -> None:
        value = rules(translated(ingress(), self.canary(canary_by_header="X", canary_by_header_value="v2")))
        assert value[0]["matches"][0]["headers"] == [{"name": "X", "type": "Exact", "value": "v2"}]
        pattern = rules(translated(ingress(), self.canary(canary_by_header="X", canary_by_header_pattern="v[2-3]")))
        assert pattern[0]["matches"][0]["headers"] == [{"name": "X", "type": "RegularExpression", "value": "v[2-3]"}]

    def test_a_cookie_is_looked_for_in_the_header(self) -> None:
        import re

        always = rules(translated(ingress(), self.canary(canary_by_cookie="next")))[0]["matches"][0]["headers"][0]
        assert always["name"] == "Cookie"
        for cookie, found in (
            ("next=always", True),
            ("a=b; next=always; c=d", True),
            ("xnext=always", False),
            ("next=alwaysx", False),
        ):
            assert bool(re.fullmatch(always["value"], cookie)) is found, cookie

    def test_the_oldest_of_several_counts(self) -> None:
        other = ingress(path(service="api"), name="later", annotations={"canary": "true", "canary-weight": "50"})
        found = translated(ingress(), self.canary(canary_weight="10"), other)
        assert len(backends(found)[0]) == 2

    def test_other_paths_are_not_touched(self) -> None:
        found = translated(ingress(path("/"), path("/api", service="api")), self.canary(canary_weight="10"))
        assert backends(found)[1] == [{"name": "api", "port": 80}]

    def test_the_canary_itself_is_a_part_of_the_main_one(self) -> None:
        found = translated(self.canary(canary_weight="10"), ingress())
        assert found.verdict is Verdict.PART
        assert not found.manifests

    def test_a_canary_without_a_main_one_is_nothing(self) -> None:
        found = translated(self.canary(canary_weight="10"))
        assert found.verdict is Verdict.NOT
        assert "without a main Ingress" in found.lost[0].why


class TestProtocols:
    def test_grpc_services_become_methods(self) -> None:
        paths = (path("/shop.v1.Catalog/List", "Exact"), path("/shop.v1.Orders", service="api"))
        found = translated(ingress(*paths, annotations={"backend-protocol": "grpc"}))
        (route,) = of_kind(found, "GRPCRoute")
        assert [rule["matches"][0]["method"] for rule in route["spec"]["rules"]] == [
            {"type": "Exact", "service": "shop.v1.Catalog", "method": "List"},
            {"type": "Exact", "service": "shop.v1.Orders"},
        ]

    def test_any_method_needs_no_match(self) -> None:
        (route,) = of_kind(translated(ingress(annotations={"backend-protocol": "GRPC"})), "GRPCRoute")
        assert route["spec"]["rules"] == [{"backendRefs": [{"name": "web", "port": 80}]}]

    def test_paths_that_name_no_service_need_an_http_route(self) -> None:
        found = translated(ingress(path("/api/v1/x"), annotations={"backend-protocol": "GRPC"}))
        assert lost(found) == {"backend-protocol": Concern.TRAFFIC}
        assert "h2c" in found.lost[0].instead
        assert routes(found)

    def test_a_port_that_says_h2c_loses_nothing(self) -> None:
        spec = {"ports": [{"port": 80, "appProtocol": "kubernetes.io/h2c"}]}
        web = msgspec.convert({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}, Service)
        found = translated(ingress(path("/api/v1/x"), annotations={"backend-protocol": "GRPC"}), services=[web])
        assert not found.lost
        assert carried(found)["backend-protocol"].startswith("an HTTPRoute")

    def test_a_host_that_is_shared_with_http_takes_no_grpc_route_beside(self) -> None:
        other = ingress(path("/"), name="other")
        found = translated(ingress(path("/shop.v1.Orders"), annotations={"backend-protocol": "GRPC"}), other)
        assert routes(found)
        assert "a listener takes one kind of route for a host" in found.lost[0].why
        also = ingress(path("/"), name="other", annotations={"backend-protocol": "GRPCS"})
        assert of_kind(translated(ingress(annotations={"backend-protocol": "GRPC"}), also), "GRPCRoute")

    def test_what_a_grpc_route_lacks_is_lost(self) -> None:
        annotations = {
            "backend-protocol": "GRPC",
            "proxy-read-timeout": "5",
            "upstream-vhost": "a.example.com",
            "enable-cors": "true",
        }
        found = translated(ingress(annotations=annotations))
        assert set(lost(found)) == {"proxy-read-timeout", "upstream-vhost", "enable-cors"}
        assert not {"proxy-read-timeout", "upstream-vhost", "enable-cors"} & set(carried(found))

    def test_tls_towards_the_service_lacks_its_authority(self) -> None:
        annotations = {"backend-protocol": "HTTPS", "proxy-ssl-name": "web.internal"}
        found = translated(ingress(annotations=annotations))
        (policy,) = of_kind(found, "BackendTLSPolicy")
        assert policy["spec"]["validation"] == {
            "hostname": "web.internal",
            "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "web-ca"}],
        }
        assert "ConfigMap shop/web-ca" in found.lost[0].instead

    def test_grpc_over_tls_is_both(self) -> None:
        found = translated(ingress(annotations={"backend-protocol": "GRPCS"}))
        assert [each["kind"] for each in found.manifests] == ["Gateway", "GRPCRoute", "BackendTLSPolicy"]

    @pytest.mark.parametrize("word", ["AJP", "FCGI"])
    def test_what_a_gateway_does_not_speak_is_lost(self, word: str) -> None:
        assert lost(translated(ingress(annotations={"backend-protocol": word}))) == {
            "backend-protocol": Concern.TRAFFIC
        }

    def test_an_unknown_word_means_http(self) -> None:
        found = translated(ingress(annotations={"backend-protocol": "HTTP3"}))
        assert lost(found) == {"backend-protocol": Concern.TUNING}

    def test_tls_that_is_passed_through_becomes_a_tls_route(self) -> None:
        found = translated(
            ingress(path("/a", service="api"), path("/", port=443), annotations={"ssl-passthrough": "true"})
        )
        (route,) = of_kind(found, "TLSRoute")
        assert route["spec"]["rules"] == [{"backendRefs": [{"name": "web", "port": 443}]}]
        (gateway,) = of_kind(found, "Gateway")
        assert gateway["spec"]["listeners"] == [
            {"name": f"tls-{HOST}", "port": 443, "protocol": "TLS", "hostname": HOST, "tls": {"mode": "Passthrough"}}
        ]

    def test_with_it_nothing_else_counts(self) -> None:
        found = translated(ingress(annotations={"ssl-passthrough": "true", "rewrite-target": "/x"}))
        assert not found.lost
        assert carried(found)["rewrite-target"].startswith("nothing: with ssl-passthrough")

    def test_what_guards_it_is_told_as_lost_all_the_same(self) -> None:
        """It counts where the controller was not told to pass TLS through, which is its default."""
        annotations = {"ssl-passthrough": "true", "auth-type": "basic", "denylist-source-range": "192.0.2.0/24"}
        found = translated(ingress(annotations=annotations))
        assert {each.source for each in found.concerning(Concern.SECURITY)} >= {"auth-type", "denylist-source-range"}
        assert "--enable-ssl-passthrough" in found.lost[0].why

    def test_without_a_host_or_a_tls_route_it_is_lost(self) -> None:
        annotations = {"ssl-passthrough": "true"}
        assert translated(ingress(host="", annotations=annotations)).verdict is Verdict.NOT
        old = Features(version="v1.4.1", kinds=frozenset({"HTTPRoute"}))
        assert translated(ingress(annotations=annotations), features=old).verdict is Verdict.NOT


class TestClasses:
    def test_another_controllers_ingress_keeps_hosts_and_paths(self) -> None:
        found = translated(ingress(class_name="contour", annotations={"projectcontour.io/response-timeout": "5s"}))
        assert backends(found) == [[{"name": "web", "port": 80}]]
        assert lost(found) == {"projectcontour.io/response-timeout": Concern.TRAFFIC}

    @pytest.mark.parametrize(
        ("name", "concern"),
        [
            ("nginx.org/client-max-body-size", Concern.TRAFFIC),
            ("nginx.org/basic-auth-secret", Concern.SECURITY),
            ("haproxy.org/allow-list", Concern.SECURITY),
            ("traefik.ingress.kubernetes.io/router.middlewares", Concern.SECURITY),
            ("alb.ingress.kubernetes.io/scheme", Concern.TRAFFIC),
            ("alb.ingress.kubernetes.io/wafv2-acl-arn", Concern.SECURITY),
            ("konghq.com/plugins", Concern.SECURITY),
        ],
    )
    def test_its_annotations_are_lost_by_name_and_louder_where_they_may_guard(
        self, name: str, concern: Concern
    ) -> None:
        assert lost(translated(ingress(class_name="nginx-inc", annotations={name: "x"}))) == {name: concern}

    def test_ingress_nginxs_annotations_have_no_effect_there(self) -> None:
        found = translated(ingress(class_name="traefik", annotations={"auth-type": "basic"}))
        assert not found.lost
        assert any("auth-type" in each and "no effect" in each for each in found.notes)

    def test_without_a_class_the_default_one_serves(self) -> None:
        classes = (ingress_class("main", default=True), *CLASSES[1:])
        found = translated(ingress(class_name="", annotations={"auth-type": "basic"}), classes=classes)
        assert "auth-type" in lost(found)

    def test_a_class_that_is_not_there_is_judged_by_the_annotations(self) -> None:
        found = translated(ingress(class_name="gone", annotations={"auth-type": "basic"}), classes=())
        assert "auth-type" in lost(found)
        assert any("it is taken for one of ingress-nginx" in each for each in found.notes)

    def test_a_controller_with_a_name_of_its_own_is_known(self) -> None:
        classes = (ingress_class("internal", "k8s.io/internal-ingress-nginx"),)
        assert "auth-type" in lost(
            translated(ingress(class_name="internal", annotations={"auth-type": "basic"}), classes=classes)
        )

    def test_certificates_go_along_with_a_gateway_that_is_written(self) -> None:
        found = translated(ingress(tls=[HOST], annotations={"cert-manager.io/cluster-issuer": "le"}))
        (gateway,) = of_kind(found, "Gateway")
        assert gateway["metadata"]["annotations"] == {"cert-manager.io/cluster-issuer": "le"}

    def test_names_go_along_with_the_route_and_their_target_with_the_gateway(self) -> None:
        prefix = "external-dns.alpha.kubernetes.io/"
        found = translated(ingress(annotations={f"{prefix}hostname": "a.example.com", f"{prefix}target": "192.0.2.1"}))
        gateway, route = found.manifests
        assert gateway["metadata"]["annotations"] == {f"{prefix}target": "192.0.2.1"}  # type: ignore[index,call-overload]
        assert route["metadata"]["annotations"] == {f"{prefix}hostname": "a.example.com"}  # type: ignore[index,call-overload]

    def test_what_only_works_with_an_ingress_is_lost(self) -> None:
        annotations = {"acme.cert-manager.io/http01-edit-in-place": "true", "kubernetes.io/tls-acme": "true"}
        assert set(lost(translated(ingress(annotations=annotations)))) == set(annotations)

    def test_bookkeeping_is_not_missed_and_what_nobody_knows_is_noted(self) -> None:
        annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "example.com/team": "shop"}
        found = translated(ingress(annotations=annotations))
        assert not found.lost
        assert not any("last-applied" in each for each in found.notes)
        assert any("example.com/team" in each for each in found.notes)


class TestNotes:
    def test_habits_of_nginx_are_told(self) -> None:
        told = " ".join(translated(ingress(path("/a/"), tls=[HOST])).notes)
        for word in ("Strict-Transport-Security", "60 s", "1 MB", "/path/"):
            assert word in told

    def test_not_where_the_ingress_says_otherwise(self) -> None:
        told = " ".join(translated(ingress(annotations={"proxy-body-size": "8m", "proxy-read-timeout": "5"})).notes)
        for word in ("Strict-Transport-Security", "60 s", "1 MB", "/path/"):
            assert word not in told


def test_names_of_routes_stay_within_what_kubernetes_takes() -> None:
    found = translated(ingress(*[path(f"/{number}", service=f"s{number}") for number in range(40)], name="n" * 253))
    names = [each["metadata"]["name"] for each in of_kind(found, "HTTPRoute")]
    assert len(names) == len(set(names)) == 3
    assert all(len(each) <= 253 for each in names)


def test_what_is_written_twice_is_the_same() -> None:
    one = translated(ingress(tls=[HOST], annotations={"enable-cors": "true"}), services=SERVICES)
    assert one == translated(ingress(tls=[HOST], annotations={"enable-cors": "true"}), services=SERVICES)


class TestToldOnce:
    """See test_told_once.py for all annotations."""

    def test_a_policy_that_needs_its_ca_is_lost_in_part(self) -> None:
        found = translated(ingress(annotations={"backend-protocol": "HTTPS"}))
        (loss,) = found.lost
        assert loss.kept == "a BackendTLSPolicy for Service web"
        assert "backend-protocol" not in {each.source for each in found.carried}

    @pytest.mark.parametrize("value", ["on", "off"])
    def test_without_a_policy_nothing_is_verified_which_is_told(self, value: str) -> None:
        older = Features(version="v1.2.0", kinds=frozenset({"HTTPRoute"}))
        said = {"backend-protocol": "HTTPS", "proxy-ssl-verify": value, "proxy-ssl-name": "web.internal"}
        assert set(lost(translated(ingress(annotations=said), features=older))) == set(said)

    def test_a_redirect_of_every_request_comes_before_the_one_to_https(self) -> None:
        said = {"permanent-redirect": "https://new.example.com$request_uri", "ssl-redirect": "true"}
        found = translated(ingress(annotations=said, tls=["web.example.com"]))
        (route,) = routes(found).values()
        assert [each["sectionName"] for each in route["parentRefs"]] == ["http", "https-web.example.com"]
        assert {each.source: each.becomes for each in found.carried}["ssl-redirect"].startswith("nothing: permanent-")
