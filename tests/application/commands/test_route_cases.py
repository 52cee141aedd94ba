"""`route create`, each option and each refusal: from the line to the objects in the cluster, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.adapters.cluster.clusters import KubernetesCluster
from bot.domain.network.references import REFERENCE_GRANT, Kind
from bot.errors import Refused
from tests.fakes import MemoryStorage
from tests.keypairs import tls_secret
from tests.plugging import WorldClock
from tests.routing import Edge, edge, gateway, mirrored, namespace, route, service
from tests.stage import staged

Object = dict[str, Any]
VERSIONS = [
    pytest.param("", id="excerpt"),
    *(
        pytest.param(each, id=each, marks=pytest.mark.skipif(not mirrored(each), reason="needs ../shared/manifests"))
        for each in ("v1.5.1", "v1.6.1")
    ),
]


@pytest.fixture
async def world() -> AsyncIterator[Edge]:
    async with edge() as found:
        yield found


def backend(name: str = "web", port: int = 80, **more: Any) -> Object:
    return {"group": "", "kind": "Service", "name": name, "port": port, **more}


def prefix(path: str = "/", **more: Any) -> Object:
    return {"path": {"type": "PathPrefix", "value": path}, **more}


def rules(*paths: str, **more: Any) -> list[Object]:
    return [{"matches": [prefix(path) for path in paths or ("/",)], "backendRefs": [backend()], **more}]


def redirect(**to: Any) -> list[Object]:
    filters = [{"type": "RequestRedirect", "requestRedirect": {**to, "statusCode": 301}}]
    return [{"matches": [prefix()], "filters": filters}]


def rewritten(path: str, **to: Any) -> Object:
    filters = [{"type": "URLRewrite", "urlRewrite": {"path": to}}]
    return {"matches": [prefix(path)], "backendRefs": [backend()], "filters": filters}


# What is typed after `route create`, the kind and name that it makes, and what stands in its spec.
MADE: dict[str, tuple[str, str, str, Object]] = {
    "a host": (
        "new.example.com --service web:80",
        "HTTPRoute", "web", {"hostnames": ["new.example.com"], "rules": rules()},
    ),
    "a port by name becomes its number": (
        "new.example.com --service web:http",
        "HTTPRoute", "web", {"rules": rules()},
    ),
    "a path": (
        "new.example.com/api --service web:80",
        "HTTPRoute", "web", {"hostnames": ["new.example.com"], "rules": rules("/api")},
    ),
    "several hosts and paths": (
        "a.example.com/one a.example.com/two b.example.com/one b.example.com/two --service web:80",
        "HTTPRoute", "web", {"hostnames": ["a.example.com", "b.example.com"], "rules": rules("/one", "/two")},
    ),
    "a host as people write it": (
        "New.Example.COM./A --service web:80",
        "HTTPRoute", "web", {"hostnames": ["new.example.com"], "rules": rules("/A")},
    ),
    "a wildcard": (
        "*.new.example.com --service web:80",
        "HTTPRoute", "web", {"hostnames": ["*.new.example.com"], "rules": rules()},
    ),
    "every host, one path": (
        "/status --service web:80",
        "HTTPRoute", "web", {"hostnames": None, "rules": rules("/status")},
    ),
    "everything": ("'*' --service web:80", "HTTPRoute", "web", {"hostnames": None, "rules": rules()}),
    "weights": (
        "new.example.com --service web:80@90 --service api:80@10",
        "HTTPRoute", "web",
        {"rules": [{"matches": [prefix()], "backendRefs": [backend(weight=90), backend("api", weight=10)]}]},
    ),
    "an exact path": (
        "new.example.com/api --service web:80 --path-type Exact",
        "HTTPRoute", "web",
        {"rules": [{"matches": [{"path": {"type": "Exact", "value": "/api"}}], "backendRefs": [backend()]}]},
    ),
    "a regular expression": (
        "'new.example.com/v[0-9]+/.*' --service web:80 --path-type RegularExpression",
        "HTTPRoute", "web",
        {"rules": [{"matches": [{"path": {"type": "RegularExpression", "value": "/v[0-9]+/.*"}}],
                    "backendRefs": [backend()]}]},
    ),
    "headers and a method": (
        "new.example.com --service web:80 --header X-Version=2 --header 'X-Who=a b' --method post",
        "HTTPRoute", "web",
        {"rules": [{"matches": [prefix(method="POST", headers=[
            {"type": "Exact", "name": "X-Version", "value": "2"}, {"type": "Exact", "name": "X-Who", "value": "a b"},
        ])], "backendRefs": [backend()]}]},
    ),
    "a redirect to TLS": (
        "new.example.com --redirect https",
        "HTTPRoute", "new-to-https",
        {"parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public",
                         "namespace": "infra", "sectionName": "http"}], "rules": redirect(scheme="https")},
    ),
    "a redirect to another host": (
        "old.example.com --redirect new.example.com",
        "HTTPRoute", "old-to-new", {"rules": redirect(hostname="new.example.com")},
    ),
    "a prefix that is rewritten, a rule for each path": (
        "new.example.com/a new.example.com/b --service web:80 --rewrite /",
        "HTTPRoute", "web",
        {"rules": [rewritten(path, type="ReplacePrefixMatch", replacePrefixMatch="/") for path in ("/a", "/b")]},
    ),
    "a timeout": (
        "new.example.com --service web:80 --timeout 1d90s",
        "HTTPRoute", "web", {"rules": rules(timeouts={"request": "24h1m30s"})},
    ),
    "a listener and a name": (
        "new.example.com --service web:80 --gateway infra/public:http --name mine",
        "HTTPRoute", "mine",
        {"parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public",
                         "namespace": "infra", "sectionName": "http"}]},
    ),
    "gRPC": (
        "grpc.example.com --service web:80 --kind grpc",
        "GRPCRoute", "web", {"hostnames": ["grpc.example.com"], "rules": [{"backendRefs": [backend()]}]},
    ),
    "a gRPC method and a header": (
        "grpc.example.com --service web:80 --kind grpc --method shop.v1.Cart/Add --header Tenant=a",
        "GRPCRoute", "web",
        {"rules": [{"matches": [{"method": {"type": "Exact", "service": "shop.v1.Cart", "method": "Add"},
                                 "headers": [{"type": "Exact", "name": "Tenant", "value": "a"}]}],
                    "backendRefs": [backend()]}]},
    ),
    "a gRPC service": (
        "grpc.example.com --service web:80 --kind grpc --method shop.v1.Cart",
        "GRPCRoute", "web",
        {"rules": [{"matches": [{"method": {"type": "Exact", "service": "shop.v1.Cart"}}],
                    "backendRefs": [backend()]}]},
    ),
    "TLS": (
        "db.example.com --service db:5432 --kind tls",
        "TLSRoute", "db", {"hostnames": ["db.example.com"], "rules": [{"backendRefs": [backend("db", 5432)]}]},
    ),
    "a Service of another namespace": (
        "dns.example.com --service kube-system/kube-dns:metrics",
        "HTTPRoute", "kube-dns",
        {"rules": [{"matches": [prefix()], "backendRefs": [backend("kube-dns", 9153, namespace="kube-system")]}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", MADE)
async def test_what_is_asked_for_is_made_accepted_and_undone(case: str, version: str) -> None:
    line, kind, name, spec = MADE[case]
    async with edge(version) as world:
        before = world.standing()
        words = await world.approved(f"route create {line} -n shop")
        assert ("[x]" in words) is (kind == "TLSRoute"), "the database speaks no TLS, all others answer"
        assert f"[+] created {kind} shop/{name}" in words
        assert f"[+] {kind} shop/{name} is accepted by its Gateways" in words
        found = world.get(kind, "shop", name)["spec"]
        for field, wanted in spec.items():
            assert without_defaults(found.get(field)) == without_defaults(wanted), field
        await world.approved("changes undo 1")
        assert world.standing() == before


def without_defaults(value: Any) -> Any:
    """What the real definitions fill in, taken out."""
    if isinstance(value, dict):
        filled = {"weight": 1}
        return {key: without_defaults(inner) for key, inner in value.items() if filled.get(key) != inner}
    return [without_defaults(each) for each in value] if isinstance(value, list) else value


async def test_a_grant_is_made_where_the_service_is_and_lets_nothing_else_in(world: Edge) -> None:
    plan, approve = await world.planned("route create dns.example.com --service kube-system/kube-dns:metrics -n shop")
    assert "every HTTPRoute of shop may refer to it" in plan
    await world.said(approve)
    grant = world.get("ReferenceGrant", "kube-system", "httproute-shop-to-service-kube-dns")
    assert grant["spec"] == {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Service", "name": "kube-dns"}],
    }


async def test_a_grant_that_is_there_is_used(world: Edge) -> None:
    spec = {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Service"}],
    }
    metadata = {"name": "theirs", "namespace": "kube-system"}
    await world.make(
        {
            "apiVersion": "gateway.networking.k8s.io/v1beta1",
            "kind": "ReferenceGrant",
            "metadata": metadata,
            "spec": spec,
        }
    )
    words = await world.approved("route create dns.example.com --service kube-system/kube-dns:metrics -n shop")
    assert "ReferenceGrant" not in words
    assert "is accepted by its Gateways" in words


async def test_what_is_there_already_is_not_made_again(world: Edge) -> None:
    line = "route create new.example.com/api --service web:80 --service api:80@2 --rewrite / --timeout 5s -n shop"
    await world.approved(line)
    assert "Nothing to do: HTTPRoute shop/web does that already" in await world.said(line)


async def test_a_route_of_ours_for_the_same_requests_is_changed_and_put_back(world: Edge) -> None:
    await world.approved("route create new.example.com --service web:80 --name mine -n shop")
    before = world.standing()
    words = await world.approved("route create new.example.com --service api:80 --name mine -n shop")
    assert "[+] changed HTTPRoute shop/mine" in words
    (rule,) = world.get("HTTPRoute", "shop", "mine")["spec"]["rules"]
    assert without_defaults(rule["backendRefs"]) == [backend("api")]
    await world.approved("changes undo 2")
    assert world.standing() == before


async def test_what_somebody_else_wrote_into_it_keeps_it_from_being_undone(world: Edge) -> None:
    await world.approved("route create new.example.com --service web:80 --name mine -n shop")
    await world.write("HTTPRoute", "shop", "mine", hostnames=["other.example.com"])
    assert "was written to by kubectl-edit since" in await world.said("changes undo 1")


async def test_what_somebody_else_changed_meanwhile_is_kept_and_said(world: Edge) -> None:
    line = "route create new.example.com --name mine -n shop --service"
    await world.approved(f"{line} web:80")
    before = world.get("HTTPRoute", "shop", "mine")["spec"]["rules"]
    await world.approved(f"{line} api:80")
    await world.write("HTTPRoute", "shop", "mine", hostnames=["new.example.com", "theirs.example.com"])
    await world.approved("changes undo 2")
    spec = world.get("HTTPRoute", "shop", "mine")["spec"]
    assert spec["hostnames"] == ["new.example.com", "theirs.example.com"]
    assert spec["rules"] == before


async def test_several_gateways_are_offered_in_a_menu(world: Edge) -> None:
    await world.make(gateway("inner", "shop", hostname="*.example.com"))
    report = await world.stage.say("route create new.example.com --service web:80 -n shop")
    assert report.menu is not None
    labels = [(each.label, each.command) for each in report.menu.choices]
    line = "route create new.example.com --namespace shop --service web:80 --gateway"
    assert labels == [
        ("shop/inner (traefik; HTTP 80)", f"{line} shop/inner"),
        ("infra/public (traefik; HTTP 80, TLS 8443)", f"{line} infra/public"),
    ]
    plan, _ = await world.planned(labels[1][1])
    assert "at Gateway infra/public" in plan


async def test_a_gateway_that_would_not_take_it_is_not_offered(world: Edge) -> None:
    await world.make(gateway("inner", "shop", hostname="*.example.org"))
    plan, _ = await world.planned("route create new.example.com --service web:80 -n shop")
    assert "at Gateway infra/public" in plan


async def test_a_namespace_is_let_in_by_its_labels(world: Edge) -> None:
    selector = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "cart"}}}}
    await world.make(gateway("cart", allowedRoutes=selector), namespace("cart", team="cart"), service("cart", "cart"))
    plan, _ = await world.planned("route create new.example.com --service cart:80 --gateway infra/cart -n cart")
    assert "at Gateway infra/cart" in plan
    refused = await world.said("route create new.example.com --service web:80 --gateway infra/cart -n shop")
    assert "spec.listeners[http].allowedRoutes.namespaces takes those labelled team=cart, and shop is not" in refused


async def test_a_canary_by_header_goes_beside_the_route_that_is_there(world: Edge) -> None:
    words = await world.approved(
        "route create pages.example.com --service api:80 --header X-Canary=yes --name canary -n shop"
    )
    assert "is accepted by its Gateways" in words
    plan, _ = await world.planned("route create pages.example.com --service api:80 --header X=1 --name c2 -n shop")
    assert "It is not asked by address afterwards" in plan


async def test_what_the_controller_does_not_accept_is_told_and_stands(world: Edge) -> None:
    """Between plan and approval the Gateway's owner closes it."""
    _, approve = await world.planned("route create new.example.com --service web:80 -n shop")
    listener = world.get("Gateway", "infra", "public")["spec"]["listeners"][0]
    closed = listener | {"allowedRoutes": {"namespaces": {"from": "Same"}}}
    await world.write("Gateway", "infra", "public", listeners=[closed])
    words = await world.said(approve)
    assert "only routes of infra, not of shop" in words
    assert world.find("HTTPRoute", "shop", "web") is None


async def test_a_gateway_that_nobody_serves_is_told_before_and_after(world: Edge) -> None:
    await world.make(gateway("silent", "shop", class_name="nobody"))
    plan, approve = await world.planned("route create new.example.com --service web:80 --gateway silent -n shop")
    assert "Gateway shop/silent does not serve anything yet" in plan
    words = await world.said(approve)
    assert "Applied, but not proven to work" in words
    assert "no controller has said anything of it at Gateway shop/silent" in words
    assert "Undo: " in words


async def test_a_request_arrives_by_the_gateways_address_with_each_hop_told(world: Edge) -> None:
    words = await world.approved("route create new.example.com/x --service api:80 -n shop")
    assert "[+] asked by address: http://new.example.com:80/x of HTTPRoute shop/api: HTTP 200" in words
    assert "203.0.113.11:80 takes connections" in words


async def test_a_redirect_is_proven_by_where_it_leads(world: Edge) -> None:
    words = await world.approved("route create new.example.com/a --redirect https -n shop")
    assert "[+] asked by address: http://new.example.com:80/a" in words
    assert "HTTP 301, which leads to https://new.example.com/a" in words
    words = await world.approved("route create old.example.com --redirect new.example.com -n shop")
    assert "HTTP 301, which leads to http://new.example.com/" in words
    assert "[x]" not in words
    await world.approved("route delete old-to-new -n shop")
    words = await world.approved("changes undo 3")
    assert "[+] asked by address: http://old.example.com:80/ of HTTPRoute shop/old-to-new" in words


async def test_a_redirect_that_catches_where_it_leads_is_told_before(world: Edge) -> None:
    plan, _ = await world.planned("route create '*.example.com' --redirect www.example.com --name w -n shop")
    assert "It catches www.example.com itself, too, and goes round in circles there" in plan
    plan, _ = await world.planned("route create '*.example.com' --redirect pages.example.com --name p -n shop")
    assert "circles" not in plan


@pytest.mark.parametrize("line", ["route show pages", "route delete pages", "gateway show public"])
async def test_what_is_in_another_namespace_is_found_there(line: str, world: Edge) -> None:
    words = await world.said(line)
    assert ("It is in infra: add -n infra" if "gateway" in line else "It is in shop: add -n shop") in words


async def test_tls_is_passed_on_to_a_service_that_speaks_it(world: Edge) -> None:
    """The Service is a Gateway's own, which ends TLS with a certificate that is seen from outside."""
    await world.make(tls_secret("db-tls", "db.example.com", namespace="infra"))
    await world.approved("gateway create inner --listener HTTPS:443 --tls db-tls -n infra")
    line = "--service infra/traefik:443 --kind tls --gateway infra/public -n shop"
    words = await world.approved(f"route create db.example.com {line}")
    assert "created ReferenceGrant infra/tlsroute-shop-to-service-traefik" in words
    assert "[+] asked by address: tls://db.example.com:8443 of TLSRoute shop/traefik" in words
    assert "CN=db.example.com" in words
    words = await world.approved(f"route create other.example.com {line} --name two")
    assert "with a certificate that is not for other.example.com" in words
    await world.remove("ReferenceGrant", "infra", "tlsroute-shop-to-service-traefik")
    assert "no ReferenceGrant" in await world.said("route show traefik -n shop")


async def test_a_listener_is_asked_by_the_port_under_which_a_service_publishes_it(world: Edge) -> None:
    """As Traefik's Helm chart has it: port 80 outside is 8000 at its pods, for which its listeners are."""
    spec = world.get("Deployment", "infra", "traefik")["spec"]
    container = spec["template"]["spec"]["containers"][0]
    container["args"].append("--entryPoints.plain.address=:8000/tcp")
    container["ports"].append({"name": "plain", "containerPort": 8000})
    await world.write("Deployment", "infra", "traefik", template=spec["template"])
    ports = world.get("Service", "infra", "traefik")["spec"]["ports"]
    ports.append({"name": "plain", "port": 88, "protocol": "TCP", "targetPort": "plain"})
    await world.write("Service", "infra", "traefik", ports=ports)
    words = await world.approved("gateway create chart --listener HTTP:8000 -n shop")
    assert "[+] asked by address: http to port 8000 of Gateway shop/chart: HTTP 404" in words
    words = await world.approved("route create new.example.com --service web:80 --gateway chart -n shop")
    assert "203.0.113.11:88 takes connections" in words
    assert "[x]" not in words


async def test_what_comes_back_is_asked_for_what_it_is_for(world: Edge) -> None:
    """Not at the usual port for `/`, where nobody listens for it."""
    await world.make(gateway("inner", "shop", port=443))
    await world.approved("route create new.example.com/api --service api:80 --gateway inner -n shop")
    await world.approved("route create db.example.com --service db:5432 --kind tls -n shop")
    await world.approved("route delete api -n shop")
    words = await world.approved("changes undo 3")
    assert "[+] asked by address: http://new.example.com:443/api of HTTPRoute shop/api: HTTP 200" in words
    await world.approved("route delete db -n shop")
    assert "tls://db.example.com:8443 of TLSRoute shop/db" in await world.approved("changes undo 5")


async def test_a_route_that_takes_all_that_another_one_gets_is_told_before(world: Edge) -> None:
    await world.make(
        gateway("narrow", "shop", hostname="new.example.com"),
        route("wide", host="*.example.com", parent={"name": "narrow", "namespace": "shop"}),
    )
    plan, approve = await world.planned("route create new.example.com --service api:80 --gateway narrow -n shop")
    assert "HTTPRoute shop/wide gets no request for new.example.com/ at listener http any more" in plan
    assert "it says new.example.com, the other *.example.com" in plan
    await world.said(approve)
    listed = await world.said("route list -n shop")
    assert "HTTPRoute shop/wide gets no request: by the Gateway API HTTPRoute shop/api gets what comes for" in listed
    assert "Not every controller keeps to that" in listed
    assert "shadowed" in listed
    shown = await world.said("route show wide -n shop")
    assert "HTTPRoute shop/wide is not served as it stands" in shown
    assert "is served" in await world.said("route show api -n shop")
    assert "shadowed" in await world.said("gateway show narrow -n shop")


async def test_a_route_that_another_one_would_keep_from_everything_is_refused(world: Edge) -> None:
    await world.make(
        gateway("narrow", "shop", hostname="new.example.com"),
        route("exact", host="new.example.com", parent={"name": "narrow", "namespace": "shop"}),
    )
    words = await world.said("route create '*.example.com/api' --service api:80 --gateway narrow -n shop")
    assert "new.example.com/api is led somewhere already" in words
    assert "By HTTPRoute shop/exact" in words
    assert "it says new.example.com, the other *.example.com" in words


async def test_a_request_that_another_route_answers_proves_nothing_and_is_not_made(world: Edge) -> None:
    theirs = route("root", matches=[{"path": {"type": "Exact", "value": "/"}}])
    await world.make(theirs)
    plan, approve = await world.planned("route create new.example.com --service api:80 -n shop")
    assert "It is not asked by address for new.example.com/ afterwards: HTTPRoute shop/root answers that" in plan
    assert "asked by address" not in await world.said(approve)
    plan, _ = await world.planned("route create new.example.com/api --service api:80 --name two -n shop")
    assert "It is not asked by address" not in plan


async def test_a_redirect_to_tls_that_would_be_passed_by_is_told() -> None:
    async with staged_edge() as world:
        line = "route create new.example.com --service web:80 -n shop"
        plan, _ = await world.planned(line)
        assert "At listener http HTTPRoute gateway/to-https redirects to TLS what comes for new.example.com" in plan
        plan, approve = await world.planned(f"{line} --gateway gateway/public:https --name two")
        assert "redirects to TLS" not in plan
        words = await world.said(approve)
        assert "[+] asked by address: https://new.example.com:443/ of HTTPRoute shop/two: HTTP 200" in words
        assert "CN=*.example.com" in words


async def test_a_certificate_that_does_not_fit_the_new_host_is_told_before() -> None:
    async with staged_edge() as world:
        await world.write("Gateway", "gateway", "public", listeners=[https_for_all()])
        plan, _ = await world.planned("route create www.example.org --service web:80 -n shop")
        assert (
            "Listener https has no certificate that fits. Secret gateway/wildcard-tls: it is for *.example.com" in plan
        )
        plan, _ = await world.planned("route create www.example.com --service web:80 -n shop")
        assert "no certificate that fits" not in plan


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("new.example.com", 443, ""),
        ("new.example.com", 8443, "The redirect leads to port 443, and Gateway gateway/public serves"),
        ("new.example.org", 443, "No listener of Gateway gateway/public serves new.example.org by TLS"),
    ],
)
async def test_a_redirect_to_tls_that_leads_nowhere_is_told_before(host: str, port: int, said: str) -> None:
    async with staged_edge() as world:
        http, https = world.get("Gateway", "gateway", "public")["spec"]["listeners"]
        await world.write("Gateway", "gateway", "public", listeners=[http, https | {"port": port}])
        plan, _ = await world.planned(f"route create {host} --redirect https -n shop")
        assert (said in plan) if said else ("redirect leads" not in plan and "by TLS" not in plan)


async def test_a_service_that_wants_tls_is_told_before(world: Edge) -> None:
    await world.make(service("secure", "shop", {"port": 8443, "name": "https", "targetPort": 8443}))
    plan, _ = await world.planned("route create new.example.com --service secure:https -n shop")
    assert "Port 8443 of Service shop/secure probably wants TLS" in plan
    plan, _ = await world.planned("route create db.example.com --service secure:https --kind tls -n shop")
    assert "probably wants TLS" not in plan


async def test_a_tls_route_to_plain_http_is_doubted_before(world: Edge) -> None:
    plan, _ = await world.planned("route create tls.example.com --service web:80 --kind tls -n shop")
    assert "Port 80 of Service shop/web probably speaks plain HTTP" in plan
    plan, _ = await world.planned("route create db.example.com --service db:5432 --kind tls -n shop")
    assert "plain HTTP" not in plan


def https_for_all() -> Object:
    tls = {"certificateRefs": [{"name": "wildcard-tls"}]}
    everybody = {"namespaces": {"from": "All"}}
    return {"name": "https", "port": 443, "protocol": "HTTPS", "tls": tls, "allowedRoutes": everybody}


@asynccontextmanager
async def staged_edge() -> AsyncIterator[Edge]:
    """The scenario `edge`: a Gateway with HTTPS, and a redirect to it for every host."""
    clock = WorldClock(times=1.0)
    async with staged("edge", MemoryStorage(clock), clock) as stage:
        clock.settle = stage.world.cluster.settled
        yield Edge(stage)


async def test_where_grants_may_not_be_read_one_is_planned_and_that_is_said(
    world: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = KubernetesCluster.list

    async def refusing(self: Any, kind: Kind, *args: Any, **kwargs: Any) -> Any:
        if kind == REFERENCE_GRANT:
            raise Refused("Cannot list referencegrants")
        return await listed(self, kind, *args, **kwargs)

    monkeypatch.setattr(KubernetesCluster, "list", refusing)
    plan, _ = await world.planned("route create dns.example.com --service kube-system/kube-dns:metrics -n shop")
    assert "The ReferenceGrants of kube-system could not be read" in plan
    assert "creates ReferenceGrant kube-system/httproute-shop-to-service-kube-dns" in plan


ROUTE = "route create new.example.com --service web:80"
TWO = "route create a.example.com"

# What is typed, and what is said to it: pieces of the answer. Nothing is read or written for it but what is there.
REFUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "no Service": ("route create new.example.com", ("needs --service",)),
    "a Service that does not exist": (f"{TWO} --service wep:80", ("There is no Service shop/wep", "Did you mean web?")),
    "a port that it does not have": (f"{TWO} --service web:443", ("has no port 443", "It has 80 (http)")),
    "a port by UDP": (f"{TWO} --service kube-system/kube-dns:dns", ("is UDP", "come by TCP")),
    "a namespace that does not exist": (f"{TWO} --service shoq/web:80", ("There is no namespace shoq",)),
    "no weight above 0": (f"{TWO} --service web:80@0 --service api:80@0", ("all weights are 0",)),
    "a weight too high": (f"{TWO} --service web:80@1000001", ("--service cannot be",)),
    "the same Service twice": (f"{TWO} --service web:80 --service web:80@2", ("was given twice",)),
    "redirect and Service": (f"{ROUTE} --redirect https", ("A redirect leads to no Service",)),
    "redirect and rewrite": (f"{TWO} --redirect https --rewrite /", ("A redirect cannot be rewritten",)),
    "redirect and timeout": (f"{TWO} --redirect https --timeout 5s", ("A redirect has no timeout",)),
    "redirect to the scheme": (f"{TWO} --redirect http", ("A redirect to plain HTTP is not made here",)),
    "redirect to itself": (f"{TWO} --redirect a.example.com", ("goes round in circles", "--redirect https")),
    "redirect to many": (f"{TWO} --redirect '*.example.com'", ("stands for many",)),
    "a method that is none": (f"{ROUTE} --method FETCH", ("one of GET, HEAD",)),
    "a gRPC method for HTTP": (f"{ROUTE} --method a.B/C", ("add --kind grpc",)),
    "a gRPC method that is none": (f"{ROUTE} --kind grpc --method 'a b'", ("expected a gRPC service",)),
    "gRPC with a path": (f"{TWO}/x --service web:80 --kind grpc", ("GRPCRoute takes no path", "--method")),
    "gRPC with a timeout": (f"{ROUTE} --kind grpc --timeout 5s", ("GRPCRoute takes no --timeout",)),
    "TLS without a host": ("route create '*' --service db:5432 --kind tls", ("A TLSRoute needs a host name",)),
    "two conditions for one header": (
        f"{ROUTE} --header X-A=1 --header x-a=2",
        ("given twice for X-A", "know no case"),
    ),
    "TLS with a header": (f"{ROUTE} --kind tls --header A=b", ("TLSRoute takes no --header", "passed on unread")),
    "a path that cannot be matched": (f"{TWO}/a%2fb --service web:80", ("it holds '%2f'",)),
    "paths of one host alone": (f"{TWO}/x b.example.com --service web:80", ("every path is for every host",)),
    "every host and one": (f"{TWO} / --service web:80", ("either for every host or for those it names",)),
    "too many hosts": (
        "route create " + " ".join(f"h{n}.example.com" for n in range(17)) + " --service web:80",
        ("at most 16 host names", "17 were given"),
    ),
    "a Gateway that does not exist": (f"{ROUTE} --gateway infra/pubic", ("There is no Gateway infra/pubic", "public")),
    "a Gateway of another namespace": (f"{ROUTE} --gateway public", ("did you mean --gateway infra/public?",)),
    "a listener that it does not have": (f"{ROUTE} --gateway infra/public:web", ("no listener web", "http, passth")),
    "a kind that the listener does not take": (
        f"{ROUTE} --gateway infra/public:passthrough",
        ("spec.listeners[passthrough].protocol is TLS, which takes no HTTPRoute",),
    ),
    "a host that no listener is for": (
        "route create db.example.org --service db:5432 --kind tls --gateway infra/public",
        ("spec.listeners[passthrough].hostname is *.example.com, which is not for db.example.org",),
    ),
    "one of two hosts that no listener is for": (
        "route create db.example.com db.example.org --service db:5432 --kind tls",
        ("No listener of Gateway infra/public is for db.example.org", "leave db.example.org out"),
    ),
    "another route for the same requests": (
        "route create pages.example.com --service api:80",
        ("is led somewhere already", "HTTPRoute shop/pages, at listener http of Gateway infra/public"),
    ),
    "HTTP and gRPC on one host": (
        "route create pages.example.com --service api:80 --kind grpc",
        ("an HTTPRoute and a GRPCRoute cannot share",),
    ),
    "a name that is taken": (
        f"{ROUTE} --name pages",
        ("There is a HTTPRoute shop/pages already", "It is for other hosts or paths", "--name pages-new"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_is_refused_with_the_reason(case: str, world: Edge) -> None:
    line, pieces = REFUSED[case]
    before = world.standing()
    words = await world.said(f"{line} -n shop")
    for piece in pieces:
        assert piece.lower() in words.lower()
    assert "Plan" not in words
    assert world.standing() == before


async def test_without_the_gateway_api_it_says_how_to_get_it() -> None:
    async with edge() as world:
        for name in ("gateways", "gatewayclasses"):
            await world.remove("CustomResourceDefinition", "", f"{name}.gateway.networking.k8s.io")
        words = await world.said(f"{ROUTE} -n shop")
    assert "This cluster has no Gateway API" in words
    assert "controller install gateway-api" in words


async def test_an_older_gateway_api_without_the_kind_is_told_with_its_version(world: Edge) -> None:
    await world.remove("CustomResourceDefinition", "", "tlsroutes.gateway.networking.k8s.io")
    words = await world.said("route create db.example.com --service db:5432 --kind tls -n shop")
    assert "The Gateway API of this cluster has no TLSRoute" in words
    assert "installed is v1.6.1, channel standard" in words.lower()


async def test_without_a_gateway_it_says_how_to_make_one(world: Edge) -> None:
    await world.remove("Gateway", "infra", "public")
    words = await world.said(f"{ROUTE} -n shop")
    assert "There is no Gateway" in words
    assert "gateway create" in words


async def test_somebody_elses_route_of_that_name_is_not_taken_over(world: Edge) -> None:
    await world.make(route("web", parent={"namespace": "infra", "name": "public"}))
    words = await world.said("route create new.example.com --service api:80 --name web -n shop")
    assert "It was not made by Patchbay" in words


@pytest.mark.parametrize(
    ("theirs", "clashes"),
    [
        (route(matches=[prefix("/api/")]), True),
        (route(matches=[prefix("/ap")]), False),
        (route(matches=[{"path": {"type": "Exact", "value": "/api"}}]), False),
        (route(matches=[prefix("/api", method="GET")]), False),
        (route(matches=[prefix("/api")], host="other.example.com"), False),
        (route(matches=[prefix("/api")], host=""), False),
        (route(matches=[prefix("/api")], parent={"sectionName": "http"}), True),
        (route(matches=[prefix("/api")], parent={"sectionName": "passthrough"}), False),
        (route(matches=[prefix("/api")], parent={"name": "elsewhere"}), False),
        (route(matches=[prefix("/api")], namespace="infra"), True),
    ],
)
async def test_only_a_route_for_the_very_same_requests_is_in_the_way(
    world: Edge, theirs: Object, clashes: bool
) -> None:
    await world.make(theirs)
    words = await world.said("route create new.example.com/api --service api:80 --name mine -n shop --dry-run")
    assert ("is led somewhere already" in words) is clashes
