"""Requests that really arrive: at Services, Ingresses and routes that Patchbay made, from the host, by address."""

from __future__ import annotations

import re

import pytest

from tests.real.addressing import arrives, ask
from tests.real.cloud import ADDRESS
from tests.real.hands import Object, Patchbay, applied, until
from tests.real.inhabiting import Place, inhabited

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

NODES = ("172.31.99.11", "172.31.99.12")


def service(place: Place, name: str) -> Object:
    found = place.get("service", name)
    assert found is not None
    return found


def test_a_service_answers_through_the_api_server_and_at_its_cluster_ip(place: Place, bot: Patchbay) -> None:
    _, said = applied(bot, f"expose deploy/web --port 80 --target-port http -n {place.name}")
    assert "HTTP 200" in said
    arrives(service(place, "web")["spec"]["clusterIP"], 80, "web")


def test_a_node_port_answers_at_every_node(place: Place, bot: Patchbay) -> None:
    _, said = applied(bot, f"expose deploy/web --port 80 --target-port 8080 --type NodePort -n {place.name}")
    port = service(place, "web")["spec"]["ports"][0]["nodePort"]
    for node in NODES:
        arrives(node, port, "web")
    assert any(f"{node}:{port}" in said for node in NODES), said


def test_a_load_balancer_answers_at_the_address_that_it_gets(place: Place, cloud: None, bot: Patchbay) -> None:
    _, said = applied(bot, f"expose deploy/web --port 8088 --target-port 8080 --type LoadBalancer -n {place.name}")
    arrives(ADDRESS, 8088, "web")
    assert f"{ADDRESS}:8088" in said, said


@pytest.mark.parametrize("target", ["rs/set", "sts/db", "ds/agent", "rc/old", "po/solo", "svc/base"])
def test_each_kind_of_workload_answers(place: Place, bot: Patchbay, target: str) -> None:
    place.expose("deployment", "web", "--name=base", "--port=80", "--target-port=8080")
    _, said = applied(bot, f"expose {target} --port 80 --target-port 8080 --name asked -n {place.name}")
    assert "HTTP 200" in said
    program = target.partition("/")[2]
    arrives(service(place, "asked")["spec"]["clusterIP"], 80, "web" if program == "base" else program)


def test_several_ports_of_one_service_answer(place: Place, bot: Patchbay) -> None:
    applied(bot, f"expose deploy/many --port www=80:8080 --port metrics=90:metrics -n {place.name}")
    address = service(place, "many")["spec"]["clusterIP"]
    arrives(address, 80, "many")
    arrives(address, 90, "many")


def test_a_port_at_which_nobody_listens_is_told_with_what_is_behind_it(place: Place, bot: Patchbay) -> None:
    status, said = bot(f"expose deploy/web --port 80 --target-port 8081 -n {place.name}")
    assert status != 0, said
    assert "spec.ports[0].targetPort" in said, said
    assert "did you mean 8080?" in said, said


def test_an_ingress_leads_its_host_to_the_pods_and_no_other(place: Place, traefik: None, bot: Patchbay) -> None:
    _expose_both(place)
    host = f"shop.{place.name}.example.com"
    _, said = applied(bot, f"ingress create {host} --service web:80 -n {place.name}")
    arrives(ADDRESS, 80, "web", host)
    other = ask(ADDRESS, 80, f"other.{place.name}.example.com")
    assert other is not None
    assert other.status == 404
    assert re.search(rf"{re.escape(ADDRESS)}:80.*200|200.*{re.escape(ADDRESS)}", said, re.S), said


def test_an_ingress_serves_https_with_the_certificate_of_its_secret(place: Place, traefik: None, bot: Patchbay) -> None:
    _expose_both(place)
    host = f"safe.{place.name}.example.com"
    certificate = place.certify("safe-tls", host)
    _, said = applied(bot, f"ingress create {host} --service web:80 --tls safe-tls -n {place.name}")
    until("the certificate is shown", lambda: arrives(ADDRESS, 443, "web", host, tls=True).certificate == certificate)
    other = ask(ADDRESS, 443, f"other.{place.name}.example.com", tls=True)
    assert other is not None
    assert other.certificate != certificate, "another name gets the certificate of this one"
    assert re.search(r"TLS +CN=[^,]+, by itself, expires .*does not trust it", said), said
    assert re.search(rf"address +{re.escape(ADDRESS)}:443", said), said


def test_several_hosts_and_paths_lead_where_they_should(place: Place, traefik: None, bot: Patchbay) -> None:
    _expose_both(place)
    a, b = f"a.{place.name}.example.com", f"b.{place.name}.example.com"
    rules = f"--rule {a}/*=web:80 --rule {a}/api*=many:80 --rule {b}/=many:80"
    applied(bot, f"ingress create {rules} --name both -n {place.name}")
    arrives(ADDRESS, 80, "web", a)
    arrives(ADDRESS, 80, "many", a, "/api/")
    arrives(ADDRESS, 80, "many", b)
    elsewhere = ask(ADDRESS, 80, b, "/api/")
    assert elsewhere is not None
    assert elsewhere.status == 404, "the rule without a * is for that path alone"


def test_a_gateway_is_programmed_and_a_route_leads_through_it_to_the_pods(
    place: Place, traefik: None, bot: Patchbay
) -> None:
    _expose_both(place)
    host = f"route.{place.name}.example.com"
    _, said = applied(bot, f"gateway create edge --class traefik --listener HTTP:80 -n {place.name}")
    assert "programmed" in said.lower(), said
    _, said = applied(bot, f"route create {host} --service web:80 --gateway edge -n {place.name}")
    arrives(ADDRESS, 80, "web", host)
    assert re.search(rf"address +{re.escape(ADDRESS)}:80", said), said


def test_a_route_leads_each_path_to_its_service(place: Place, traefik: None, bot: Patchbay) -> None:
    _expose_both(place)
    place.make(_gateway())
    host = f"paths.{place.name}.example.com"
    applied(bot, f"route create {host} --service web:80 --gateway edge --name all -n {place.name}")
    applied(bot, f"route create {host}/api --service many:80 --gateway edge --name api -n {place.name}")
    arrives(ADDRESS, 80, "web", host)
    arrives(ADDRESS, 80, "many", host, "/api/")
    other = ask(ADDRESS, 80, f"other.{place.name}.example.com")
    assert other is not None
    assert other.status == 404


def test_a_weight_of_zero_gets_no_request(place: Place, traefik: None, bot: Patchbay) -> None:
    _expose_both(place)
    place.make(_gateway())
    host = f"weights.{place.name}.example.com"
    line = f"route create {host} --service web:80@1 --service many:80@0 --gateway edge --name split -n {place.name}"
    applied(bot, line)
    for _ in range(8):
        arrives(ADDRESS, 80, "web", host)


def test_a_route_that_redirects_to_tls_says_so(place: Place, traefik: None, bot: Patchbay) -> None:
    place.make(_gateway())
    host = f"old.{place.name}.example.com"
    _, said = applied(bot, f"route create {host} --redirect https --gateway edge --name old -n {place.name}")
    assert f"HTTP 301, which leads to https://{host}/" in said, said

    def redirected() -> bool:
        answer = ask(ADDRESS, 80, host, "/x")
        return answer is not None and answer.location == f"https://{host}/x"

    until("it is redirected to https", redirected, 20)


def test_a_redirect_to_another_host_is_proven_by_where_it_leads(place: Place, traefik: None, bot: Patchbay) -> None:
    place.make(_gateway())
    old, new = (f"{each}.{place.name}.example.com" for each in ("before", "after"))
    _, said = applied(bot, f"route create {old}/x --redirect {new} --gateway edge --name moved -n {place.name}")
    assert f"HTTP 301, which leads to http://{new}/x" in said, said


def test_of_two_routes_for_the_same_one_is_served_and_that_is_told(place: Place, traefik: None, bot: Patchbay) -> None:
    """Which one is told as the Gateway API has it; Traefik 3.7 serves either, so that is not asked."""
    _expose_both(place)
    host = f"both.{place.name}.example.com"
    place.make(_gateway({"name": "web", "protocol": "HTTP", "port": 80, "hostname": host}))
    backend: Object = {"name": "many", "port": 80}
    wide: Object = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "wide"},
        "spec": {
            "parentRefs": [{"name": "edge"}],
            "hostnames": [f"*.{place.name}.example.com"],
            "rules": [{"backendRefs": [backend]}],
        },
    }
    place.make(wide)
    until("the wildcard is served", lambda: arrives(ADDRESS, 80, "many", host))
    status, said = bot(f"route create {host} --service web:80 --gateway edge --name exact -n {place.name}")
    assert status == 0, said
    assert f"HTTPRoute {place.name}/wide gets no request for {host}/ at listener web any more" in said, said
    answers = {answer.text.partition(" ")[0] for _ in range(8) if (answer := ask(ADDRESS, 80, host)) is not None}
    assert len(answers) == 1, "they do not share the requests"
    _, said = bot(f"route list -n {place.name}")
    assert re.search(r"^wide .* shadowed ", said, re.M), said


def test_a_listener_on_a_port_without_an_entry_point_is_a_doubt(place: Place, traefik: None, bot: Patchbay) -> None:
    line = f"gateway create apart --class traefik --listener HTTP:8181 -n {place.name}"
    status, said = bot(line)
    assert status != 0
    assert "Listener http is for port 8181, and the controller listens on" in said, said
    status, said = bot(f"{line} --accept port")
    assert "PortUnavailable" in said, said


def test_a_certificate_elsewhere_is_shown_as_long_as_it_is_permitted(
    place: Place, traefik: None, bot: Patchbay
) -> None:
    host = f"lent.{place.name}.example.com"
    with inhabited() as elsewhere:
        certificate = elsewhere.certify("lent-tls", host)
        listener = f"--listener HTTPS:443:{host} --tls {elsewhere.name}/lent-tls"
        number, _ = applied(bot, f"gateway create edge --class traefik {listener} -n {place.name}")

        def shown() -> str:
            answer = ask(ADDRESS, 443, host, tls=True)
            return answer.certificate if answer is not None else ""

        until("the certificate is shown", lambda: shown() == certificate)
        applied(bot, f"changes undo {number}")
        assert elsewhere.names("referencegrants") == []
        until("it is shown no more", lambda: shown() != certificate)


def test_a_route_that_comes_back_is_permitted_again(place: Place, traefik: None, bot: Patchbay) -> None:
    """The grant went with the last route that needed it, and comes back with the first one."""
    place.make(_gateway())
    with inhabited() as elsewhere:
        _expose_both(elsewhere)
        hosts = [f"{name}.{place.name}.example.com" for name in ("one", "two")]
        for name, host in zip(("one", "two"), hosts, strict=True):
            to = f"--service {elsewhere.name}/many:80 --gateway edge"
            applied(bot, f"route create {host} {to} --name {name} -n {place.name}")
        number, _ = applied(bot, f"route delete one -n {place.name}")
        applied(bot, f"route delete two -n {place.name}")
        assert elsewhere.names("referencegrants") == []
        applied(bot, f"changes undo {number}")
        arrives(ADDRESS, 80, "many", hosts[0])
        applied(bot, f"route delete one -n {place.name}")
        assert elsewhere.names("referencegrants") == []


def test_a_route_serves_https_at_a_listener_with_a_certificate(place: Place, traefik: None, bot: Patchbay) -> None:
    _expose_both(place)
    host = f"gate.{place.name}.example.com"
    certificate = place.certify("gate-tls", host)
    secure = {"name": "websecure", "protocol": "HTTPS", "port": 443, "hostname": host}
    place.make(_gateway(secure | {"tls": {"certificateRefs": [{"name": "gate-tls"}]}}))
    _, said = applied(bot, f"route create {host} --service web:80 --gateway edge:websecure --name gate -n {place.name}")
    assert arrives(ADDRESS, 443, "web", host, tls=True).certificate == certificate
    assert re.search(rf"address +{re.escape(ADDRESS)}:443", said), said


def test_a_route_to_a_service_elsewhere_brings_the_permission(place: Place, traefik: None, bot: Patchbay) -> None:
    host = f"far.{place.name}.example.com"
    place.make(_gateway())
    with inhabited() as elsewhere:
        _expose_both(elsewhere)
        line = f"route create {host} --service {elsewhere.name}/many:80 --gateway edge --name far -n {place.name}"
        number, _ = applied(bot, line)
        arrives(ADDRESS, 80, "many", host)
        applied(bot, f"changes undo {number}")
        assert elsewhere.names("referencegrants") == []


def test_a_route_that_no_listener_takes_is_refused_beforehand(place: Place, traefik: None, bot: Patchbay) -> None:
    _expose_both(place)
    place.make(_gateway({"name": "web", "protocol": "HTTP", "port": 80, "hostname": "only.example.com"}))
    status, said = bot(f"route create other.example.com --service web:80 --gateway edge -n {place.name}")
    assert status != 0
    assert "only.example.com" in said, said
    assert place.names("httproutes") == []


def _gateway(*listeners: Object) -> Object:
    """Traefik serves listeners whose ports its entry points have."""
    plain: Object = {"name": "web", "protocol": "HTTP", "port": 80}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "edge"},
        "spec": {"gatewayClassName": "traefik", "listeners": list(listeners) or [plain]},
    }


def _expose_both(place: Place) -> None:
    for name in ("web", "many"):
        place.expose("deployment", name, "--port=80", "--target-port=8080")
