"""Requests to the address of a Gateway, judged by its listeners and the routes attached to them, over real sockets."""

import ssl

import pytest

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.pods.programs import Program, Reply
from tests.playground.cluster_server.edging import controller, gateway_definitions, namespace, of_gateway_api, secret
from tests.playground.cluster_server.edging import program_of as workload
from tests.playground.cluster_server.reaching import outside

ADDRESS, HOST = "203.0.113.5", "shop.example.com"
TRAEFIK = (
    "--entryPoints.web.address=:80", "--entryPoints.websecure.address=:443", "--providers.kubernetesgateway",
    "--providers.kubernetesgateway.statusaddress.service.name=traefik",
    "--providers.kubernetesgateway.statusaddress.service.namespace=edge",
)  # fmt: skip


@pytest.fixture
async def world():
    async with EmbeddedCluster(seed=1) as cluster:
        cluster.surroundings.load_balancer_addresses = (ADDRESS,)
        cluster.create([namespace("edge"), namespace("other"), *gateway_definitions()])
        await cluster.settled()
        for name in ("web", "api", "new"):
            said = {"": Reply(name), "/deep/item": Reply("deep"), "/xyz/bar": Reply("rewritten"), "/xyz": Reply("root")}
            cluster.programs.set(f"shop/{name}", Program(http={8080: said}))
            cluster.create(workload(name))
        cluster.create(controller("traefik", "traefik:v3.7.9", *TRAEFIK))
        cluster.create([of_gateway_api("GatewayClass", "traefik", controllerName="traefik.io/gateway-controller")])
        await cluster.settled()
        async with outside(cluster) as someone:
            yield someone


def gateway(*listeners, **said):
    default = {"name": "http", "port": 80, "protocol": "HTTP"} | said
    return of_gateway_api("Gateway", "g", gatewayClassName="traefik", listeners=list(listeners) or [default])


def https(*names, **said):
    references = [{"name": name} for name in names]
    return {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": references}} | said


def rule(*backends, filters=(), **match):
    said = {"backendRefs": [backend(each) if isinstance(each, str) else each for each in backends]}
    return said | ({"matches": [match]} if match else {}) | ({"filters": list(filters)} if filters else {})


def backend(name, weight=1, **said):
    return {"name": name, "port": 80, "weight": weight} | said


def route(*rules, name="r", hosts=(HOST,), kind="HTTPRoute", namespace="default", **parent):
    parents = [{"name": "g", "namespace": "default"} | parent]
    return of_gateway_api(kind, name, namespace, parentRefs=parents, hostnames=list(hosts), rules=list(rules))


async def laid_out(world, *objects):
    world.cluster.create(objects)
    await world.cluster.settled()


def standing(world):
    """The Gateway as its controller has left it."""
    kind = world.cluster.kinds.named("gateway.networking.k8s.io/v1", "Gateway")
    return world.cluster.registry.get(kind, "default", "g")


async def asked(world, path="/", host=HOST, **said):
    answer = await world.get(ADDRESS, 443 if said.get("tls") else 80, host, path, **said)
    return answer.text if answer.status == 200 else answer.status


def path(kind, value):
    return {"path": {"type": kind, "value": value}}


async def test_a_request_to_the_gateways_address_reaches_the_routes_backend(world):
    await laid_out(world, gateway(), route(rule("web")))
    found = standing(world)
    assert found["status"]["addresses"] == [{"type": "IPAddress", "value": ADDRESS}]
    assert await asked(world) == "web"
    assert await asked(world, host="other.example.com") == 404


@pytest.mark.parametrize(
    ("match", "those", "others"),
    [
        (path("PathPrefix", "/a"), ["/a", "/a/", "/a/b"], ["/ab", "/"]),
        (path("Exact", "/a"), ["/a"], ["/a/", "/a/b"]),
        (path("RegularExpression", "/v[0-9]+/.*"), ["/v1/x", "/v22/"], ["/v/x", "/x/v1/x"]),
    ],
)
async def test_what_a_path_match_means(world, match, those, others):
    await laid_out(world, gateway(), route(rule("web", **match)))
    assert [await asked(world, each) for each in those] == ["web"] * len(those)
    assert [await asked(world, each) for each in others] == [404] * len(others)


async def test_methods_headers_and_query_parameters_are_matched(world):
    await laid_out(
        world, gateway(),
        route(
            rule("web"), rule("api", method="POST"), rule("new", headers=[{"name": "x-new", "value": "yes"}]),
            rule("api", queryParams=[{"name": "v", "value": "2"}]),
        ),
    )  # fmt: skip
    assert await asked(world) == "web"
    assert await asked(world, method="POST") == "api"
    assert await asked(world, X_NEW="yes") == "new"
    assert await asked(world, X_NEW="no") == "web"
    assert await asked(world, "/?v=2") == "api"


async def test_exact_comes_before_the_longest_prefix_and_that_before_methods(world):
    rules = (
        rule("web", method="GET"), rule("api", **path("PathPrefix", "/a")), rule("new", **path("Exact", "/a/b")),
        rule("web", **path("PathPrefix", "/a/b")),
    )  # fmt: skip
    await laid_out(world, gateway(), route(*rules))
    assert [await asked(world, p) for p in ("/x", "/a/x", "/a/b", "/a/b/c")] == ["web", "api", "new", "web"]


async def test_the_most_specific_host_counts_then_the_oldest_route_then_its_name(world):
    wide, twice = ("*.example.com",), route(rule("new"), name="z")
    await laid_out(world, gateway(), route(rule("api"), name="a", hosts=wide), route(rule("web"), name="m"), twice)
    assert await asked(world) == "web"
    assert await asked(world, host="x.example.com") == "api"
    assert await asked(world, host="a.b.example.com") == "api", "a star stands for several labels here"


async def test_weights_share_requests_out_and_none_is_never(world):
    shared = rule(backend("web", 3), backend("api", 1), backend("new", 0))
    await laid_out(world, gateway(), route(shared))
    answers = [await asked(world) for _ in range(40)]
    assert (answers.count("web"), answers.count("api")) == (30, 10)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (rule(), 500),
        (rule(backend("web", 0)), 500),
        (rule("nobody"), 500),
        (rule(backend("web", port=81)), 500),
        (rule(backend("web", namespace="other")), 500),
        (rule(backend("web", kind="Bucket", group="example.com")), 500),
        (rule("web", filters=[{"type": "ExtensionRef", "extensionRef": {"name": "x"}}]), 500),
    ],
)
async def test_why_a_rule_answers_with_an_error(world, wrong, status):
    await laid_out(world, gateway(), route(wrong))
    assert await asked(world) == status


async def test_a_backend_that_is_missing_costs_its_share_of_the_requests(world):
    await laid_out(world, gateway(), route(rule(backend("web", 1), backend("nobody", 1))))
    assert sorted([str(await asked(world)) for _ in range(4)]) == ["500", "500", "web", "web"]


async def test_without_ready_pods_the_answer_is_503(world):
    await laid_out(world, gateway(), route(rule("web")))
    world.cluster.registry.delete(world.cluster.kinds.named("apps/v1", "Deployment"), "default", "web")
    await world.cluster.settled()
    assert await asked(world) == 503


async def test_a_reference_into_another_namespace_needs_a_grant(world):
    apart = route(rule(backend("web", namespace="default")), namespace="other")
    let_in = gateway(allowedRoutes={"namespaces": {"from": "All"}})
    await laid_out(world, let_in, apart)
    assert await asked(world) == 500
    said = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "other"}
    await laid_out(world, of_gateway_api("ReferenceGrant", "x", **{"from": [said], "to": [{"kind": "Service"}]}))
    assert await asked(world) == "web"


async def test_a_route_that_the_listener_does_not_let_in_is_not_served(world):
    await laid_out(world, gateway(), route(rule("web"), namespace="other"))
    assert await asked(world) == 404


@pytest.mark.parametrize(
    ("said", "status", "location"),
    [
        ({"scheme": "https"}, 302, f"https://{HOST}/foo/bar?x=1"),
        ({"scheme": "https", "statusCode": 301, "port": 8443}, 301, f"https://{HOST}:8443/foo/bar?x=1"),
        ({"hostname": "new.test"}, 302, "http://new.test/foo/bar?x=1"),
        ({"path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"}}, 302, f"http://{HOST}/x?x=1"),
        ({"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/xyz"}}, 302, f"http://{HOST}/xyz/bar?x=1"),
    ],
)
async def test_where_a_redirect_sends_the_client(world, said, status, location):
    sent = rule(filters=[{"type": "RequestRedirect", "requestRedirect": said}], **path("PathPrefix", "/foo"))
    await laid_out(world, gateway(), route(sent))
    answer = await world.get(ADDRESS, 80, HOST, "/foo/bar?x=1")
    assert (answer.status, answer.headers["Location"]) == (status, location)


@pytest.mark.parametrize(
    ("said", "asked_for", "answer"),
    [
        ({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/xyz"}, "/foo/bar", "rewritten"),
        ({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/xyz/"}, "/foo/bar", "rewritten"),
        ({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/xyz"}, "/foo", "root"),
        ({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}, "/foo/deep/item", "deep"),
        ({"type": "ReplaceFullPath", "replaceFullPath": "/deep/item"}, "/foo/bar", "deep"),
    ],
)
async def test_what_a_rewrite_asks_the_backend_for(world, said, asked_for, answer):
    rewriting = rule(
        "web", filters=[{"type": "URLRewrite", "urlRewrite": {"path": said}}], **path("PathPrefix", "/foo")
    )
    await laid_out(world, gateway(), route(rewriting))
    assert await asked(world, asked_for) == answer


async def test_headers_of_the_answer_are_changed(world):
    said = {"set": [{"name": "X-By", "value": "gateway"}], "remove": ["Server"]}
    changing = rule("web", filters=[{"type": "ResponseHeaderModifier", "responseHeaderModifier": said}])
    await laid_out(world, gateway(), route(changing))
    answer = await world.get(ADDRESS, 80, HOST)
    assert answer.headers["X-By"] == "gateway"


async def test_headers_of_the_request_are_changed_before_the_backend_sees_them(world):
    world.cluster.programs.set("shop/web", Program(http={8080: {"": Reply("", echo=True)}}))
    said = {"set": [{"name": "X-Set", "value": "new"}], "add": [{"name": "X-Add", "value": "b"}], "remove": ["X-Gone"]}
    changing = rule("web", filters=[{"type": "RequestHeaderModifier", "requestHeaderModifier": said}])
    await laid_out(world, gateway(), route(changing))
    heard = (await world.get(ADDRESS, 80, HOST, X_Set="old", X_Add="a", X_Gone="here")).text.splitlines()
    assert {"X-Set: new", "X-Add: a, b", f"Host: {HOST}", "X-Forwarded-Proto: http"} <= set(heard)
    assert not any("X-Gone" in line for line in heard)


async def test_https_ends_at_the_listener_with_its_certificate(world):
    await laid_out(world, secret("tls", HOST), gateway(https("tls")), route(rule("web")))
    assert await world.subject(ADDRESS, 443, HOST) == HOST
    assert await asked(world, tls=True) == "web"


def grant(kind, target, name):
    origin = {"group": "gateway.networking.k8s.io", "kind": kind, "namespace": "default"}
    spec = {"from": [origin], "to": [{"group": "", "kind": target, "name": name}]}
    return of_gateway_api("ReferenceGrant", "let-in", "other", **spec)


@pytest.mark.parametrize("permitted", [grant("Gateway", "Secret", "tls"), grant("Gateway", "Secret", "another"), None])
async def test_a_certificate_of_another_namespace_needs_a_grant_or_the_listener_is_not_served(world, permitted):
    listener = https(tls={"certificateRefs": [{"name": "tls", "namespace": "other"}]})
    granted = [permitted] if permitted else []
    await laid_out(world, secret("tls", HOST, namespace="other"), gateway(listener), route(rule("web")), *granted)
    said = {c["type"]: (c["status"], c["reason"]) for c in standing(world)["status"]["listeners"][0]["conditions"]}
    if permitted and permitted["spec"]["to"][0]["name"] == "tls":
        assert said["ResolvedRefs"] == ("True", "ResolvedRefs")
        assert (await world.subject(ADDRESS, 443, HOST), await asked(world, tls=True)) == (HOST, "web")
    else:
        assert said["ResolvedRefs"] == ("False", "RefNotPermitted")
        assert said["Programmed"] == ("False", "Invalid")
        assert await world.subject(ADDRESS, 443, HOST) == "TRAEFIK DEFAULT CERT"
        assert await asked(world, tls=True) == 404


async def test_a_grant_for_another_group_of_that_kind_permits_nothing(world):
    permitted = grant("Gateway", "Secret", "tls")
    permitted["spec"]["to"][0]["group"] = "example.com"
    listener = https(tls={"certificateRefs": [{"name": "tls", "namespace": "other"}]})
    await laid_out(world, secret("tls", HOST, namespace="other"), gateway(listener), route(rule("web")), permitted)
    assert await asked(world, tls=True) == 404


async def test_listeners_of_one_port_are_told_apart_by_name(world):
    wide = https("wide", name="wide", hostname="*.example.com")
    narrow = https("narrow", name="narrow", hostname=HOST)
    of_wide = route(rule("api"), name="of-wide", hosts=("*.example.com",), sectionName="wide")
    await laid_out(
        world, secret("wide", "*.example.com"), secret("narrow", HOST), gateway(wide, narrow), of_wide,
        route(rule("web"), sectionName="narrow"),
    )  # fmt: skip
    assert await world.subject(ADDRESS, 443, HOST) == HOST
    assert await world.subject(ADDRESS, 443, "x.example.com") == "*.example.com"
    assert await asked(world, tls=True) == "web"
    assert await asked(world, host="x.example.com", tls=True) == "api"


async def test_tls_that_is_passed_on_is_read_by_the_backend_alone(world):
    world.cluster.programs.set("shop/web", Program(tcp=(8080,)))
    passing = {"name": "tls", "port": 443, "protocol": "TLS", "tls": {"mode": "Passthrough"}}
    await laid_out(world, gateway(passing), route(rule("web"), kind="TLSRoute"))
    with pytest.raises(ssl.SSLError):  # the program repeats the greeting, which is no answer in TLS
        await world.subject(ADDRESS, 443, HOST)


async def test_a_call_of_grpc_is_matched_by_service_and_method(world):
    calls = rule("api", method={"service": "shop.Cart", "method": "Add"}), rule("web", method={"service": "shop.Cart"})
    await laid_out(world, gateway(), route(*calls, kind="GRPCRoute"))
    found = [await asked(world, p, method="POST") for p in ("/shop.Cart/Add", "/shop.Cart/Get", "/shop.Other/Add")]
    assert found == ["api", "web", 404]


async def test_a_listener_on_a_port_without_an_entry_point_is_not_programmed(world):
    await laid_out(world, gateway(port=8000), route(rule("web")))
    found = standing(world)
    (listener,) = found["status"]["listeners"]
    said = {c["type"]: (c["status"], c["reason"]) for c in listener["conditions"]}
    assert said["Accepted"] == ("False", "PortUnavailable")
    assert said["Programmed"] == ("False", "Invalid")
