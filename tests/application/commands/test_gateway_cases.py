"""`gateway create`, and removing Gateways and routes: each option and refusal, to the cluster and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.adapters.cluster.clusters import KubernetesCluster
from bot.domain.network.references import Kind
from bot.errors import Refused
from tests.keypairs import tls_secret
from tests.plugging import told
from tests.routing import GROUP, Edge, edge, gateway, mirrored, namespace, route

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


def listener(name: str, protocol: str, port: int, hostname: str = "", **more: Any) -> Object:
    named = {"hostname": hostname} if hostname else {}
    return {"name": name, "protocol": protocol, "port": port, "allowedRoutes": same(), **named, **more}


def same() -> Object:
    return {"namespaces": {"from": "Same"}}


def selected(**selector: Any) -> Object:
    return {"namespaces": {"from": "Selector", "selector": selector}}


def terminated(name: str, **more: Any) -> Object:
    return {"mode": "Terminate", "certificateRefs": [{"group": "", "kind": "Secret", "name": name, **more}]}


PASSED = {"mode": "Passthrough"}

# What is typed after `gateway create new`, and the listeners that it makes.
MADE: dict[str, tuple[str, list[Object]]] = {
    "nothing said": ("", [listener("http", "HTTP", 80)]),
    "a certificate": (
        "--tls shop-tls",
        [listener("http", "HTTP", 80), listener("https", "HTTPS", 443, tls=terminated("shop-tls"))],
    ),
    "a listener for one name": ("--listener http:80:a.example.com", [listener("http", "HTTP", 80, "a.example.com")]),
    "names of one's own": (
        "--listener web=HTTP:80:a.example.com --listener HTTP:80:b.example.com --listener HTTP:443:c.example.com",
        [
            listener("web", "HTTP", 80, "a.example.com"),
            listener("http", "HTTP", 80, "b.example.com"),
            listener("http-2", "HTTP", 443, "c.example.com"),
        ],
    ),
    "HTTPS for names that the certificate has": (
        "--listener HTTPS:443:*.example.com --tls shop-tls",
        [listener("https", "HTTPS", 443, "*.example.com", tls=terminated("shop-tls"))],
    ),
    "TLS that is passed on": (
        "--listener TLS:8443:db.example.com",
        [listener("tls", "TLS", 8443, "db.example.com", tls=PASSED)],
    ),
    "HTTPS and TLS on one port": (
        "--listener HTTPS:443:*.example.com --listener TLS:443:db.example.org --tls shop-tls",
        [
            listener("https", "HTTPS", 443, "*.example.com", tls=terminated("shop-tls")),
            listener("tls", "TLS", 443, "db.example.org", tls=PASSED),
        ],
    ),
    "routes of everybody": (
        "--allow all",
        [listener("http", "HTTP", 80) | {"allowedRoutes": {"namespaces": {"from": "All"}}}],
    ),
    "routes of some": (
        "--allow 'team=shop,tier in (a, b),!closed,stage!=test,open'",
        [
            listener("http", "HTTP", 80)
            | {
                "allowedRoutes": selected(
                    matchLabels={"team": "shop"},
                    matchExpressions=[
                        {"key": "tier", "operator": "In", "values": ["a", "b"]},
                        {"key": "closed", "operator": "DoesNotExist"},
                        {"key": "stage", "operator": "NotIn", "values": ["test"]},
                        {"key": "open", "operator": "Exists"},
                    ],
                )
            }
        ],
    ),
    "a certificate of another namespace": (
        "--listener HTTPS:443 --tls infra/other-tls",
        [listener("https", "HTTPS", 443, tls=terminated("other-tls", namespace="infra"))],
    ),
    "a class": ("--class traefik", [listener("http", "HTTP", 80)]),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", MADE)
async def test_what_is_asked_for_is_made_programmed_and_undone(case: str, version: str) -> None:
    line, listeners = MADE[case]
    async with edge(version) as world:
        await world.make(
            tls_secret("shop-tls", "*.example.com"), tls_secret("other-tls", "*.example.com", namespace="infra")
        )
        before = world.standing()
        words = await world.approved(f"gateway create new {line} -n shop")
        assert "[+] created Gateway shop/new" in words
        assert "[+] Gateway shop/new is programmed" in words
        assert "[x]" not in words
        assert world.get("Gateway", "shop", "new")["spec"] == {"gatewayClassName": "traefik", "listeners": listeners}
        await world.approved("changes undo 1")
        assert world.standing() == before


async def test_it_is_asked_by_address_with_the_certificate_shown(world: Edge) -> None:
    await world.make(tls_secret("shop-tls", "*.example.com"))
    words = await world.approved("gateway create new --listener HTTPS:443:*.example.com --tls shop-tls -n shop")
    assert "[+] asked by address: https://*.example.com:443/ of Gateway shop/new: HTTP 404" in words
    assert "CN=*.example.com, by CN=a test's CA, expires" in words


async def test_a_grant_lets_gateways_of_one_namespace_use_one_certificate(world: Edge) -> None:
    await world.make(tls_secret("other-tls", "*.example.com", namespace="infra"))
    await world.approved("gateway create new --listener HTTPS:443 --tls infra/other-tls -n shop")
    assert world.get("ReferenceGrant", "infra", "gateway-shop-to-secret-other-tls")["spec"] == {
        "from": [{"group": GROUP, "kind": "Gateway", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Secret", "name": "other-tls"}],
    }


async def test_without_its_grant_the_listener_is_not_served_and_with_it_it_is_again(world: Edge) -> None:
    await world.make(tls_secret("other-tls", "*.example.com", namespace="infra"))
    line = "gateway create new --listener HTTPS:443:*.example.com --tls infra/other-tls -n shop"
    await world.approved(line)
    assert "is served" in await world.said("gateway show new -n shop")
    await world.remove("ReferenceGrant", "infra", "gateway-shop-to-secret-other-tls")
    shown = await world.said("gateway show new -n shop")
    assert "is not all served" in shown
    assert "no ReferenceGrant" in shown
    words = await world.approved(line)
    assert "created ReferenceGrant infra/gateway-shop-to-secret-other-tls" in words
    assert "[+] Gateway shop/new is programmed" in words
    assert "[x]" not in words


async def test_what_is_there_already_is_not_made_again(world: Edge) -> None:
    await world.approved("gateway create new --listener HTTP:80 --allow all -n shop")
    assert "Gateway shop/new does that already" in await world.said("gateway create new --allow all -n shop")


async def test_one_of_ours_with_the_same_listeners_is_changed_and_put_back(world: Edge) -> None:
    await world.approved("gateway create new -n shop")
    before = world.standing()
    words = await world.approved("gateway create new --allow all -n shop")
    assert "[+] changed Gateway shop/new" in words
    (http,) = world.get("Gateway", "shop", "new")["spec"]["listeners"]
    assert http["allowedRoutes"] == {"namespaces": {"from": "All"}}
    await world.approved("changes undo 2")
    assert world.standing() == before


async def test_several_classes_are_offered_in_a_menu(world: Edge) -> None:
    await world.make(gateway_class("envoy"))
    report = await world.stage.say("gateway create new -n shop")
    assert report.menu is not None
    assert [(each.label, each.command) for each in report.menu.choices] == [
        ("envoy (example.com/envoy), not accepted", "gateway create new --namespace shop --class envoy"),
        ("traefik (traefik.io/gateway-controller)", "gateway create new --namespace shop --class traefik"),
    ]


async def test_a_class_that_nobody_serves_is_told_before_and_after(world: Edge) -> None:
    await world.make(gateway_class("envoy"))
    plan, approve = await world.planned("gateway create new --class envoy -n shop")
    assert "GatewayClass envoy is not served: Accepted is Unknown (Pending): its controller has not looked" in plan
    words = await world.said(approve)
    assert "Applied, but not proven to work" in words
    assert "[x] waited until Gateway shop/new is programmed: not within" in words
    assert "its controller has not looked at it yet" in words


def gateway_class(name: str) -> Object:
    spec = {"controllerName": f"example.com/{name}"}
    return {"apiVersion": f"{GROUP}/v1", "kind": "GatewayClass", "metadata": {"name": name}, "spec": spec}


async def test_a_port_that_the_controller_does_not_listen_on_has_to_be_accepted(world: Edge) -> None:
    line = "gateway create new --listener HTTP:80 --listener HTTP:8000 -n shop"
    report = await world.stage.say(line)
    words = told(report)
    assert "Listener http-2 is for port 8000, and the controller listens on 80 (entry point web)" in words
    assert "it would not be programmed (PortUnavailable)" in words
    assert "--accept port" in words
    words = await world.approved(f"{line} --accept port")
    assert "Applied, but not proven to work" in words
    assert "PortUnavailable" in words


async def test_an_entry_point_with_tls_takes_no_plain_http(world: Edge) -> None:
    spec = world.get("Deployment", "infra", "traefik")["spec"]
    spec["template"]["spec"]["containers"][0]["args"].append("--entryPoints.websecure.http.tls=true")
    await world.write("Deployment", "infra", "traefik", template=spec["template"])
    words = await world.said("gateway create new --listener HTTP:443 -n shop")
    assert "Listener http is for plain HTTP on port 443, where entry point websecure ends TLS" in words


async def test_of_a_controller_that_makes_what_listens_nothing_is_said(world: Edge) -> None:
    envoy = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "eg"},
        "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
    }
    await world.make(envoy)
    plan, _ = await world.planned("gateway create new --listener HTTP:8000 --class eg -n shop")
    assert "listens on" not in plan


async def test_a_controller_that_serves_one_gateway_alone_is_told(world: Edge) -> None:
    contour = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "contour"},
        "spec": {"controllerName": "projectcontour.io/gateway-controller"},
    }
    await world.make(contour)
    plan, _ = await world.planned("gateway create new --class contour -n shop")
    assert "The controller of contour serves one Gateway alone: its ConfigMap contour names it" in plan


async def test_a_certificate_that_ends_soon_is_told_before_it_is_used(world: Edge) -> None:
    await world.make(tls_secret("soon", "*.example.com", days=5))
    plan, _ = await world.planned("gateway create new --tls soon -n shop --listener HTTPS:443")
    assert "The certificate in Secret shop/soon expires in" in plan


NEW = "gateway create new"

# What is typed, and pieces of the answer.
REFUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "HTTPS without a certificate": (f"{NEW} --listener HTTPS:443", ("Listener https needs a certificate", "--tls")),
    "a certificate that nothing uses": (f"{NEW} --listener HTTP:80 --tls good", ("no listener has protocol HTTPS",)),
    "a protocol that it does not know": (f"{NEW} --listener TCP:5432", ("--listener cannot be",)),
    "a port out of range": (f"{NEW} --listener HTTP:70000", ("--listener cannot be",)),
    "two listeners alike": (f"{NEW} --listener HTTP:80 --listener a=HTTP:80", ("Two listeners are the same",)),
    "two listeners of one name": (f"{NEW} --listener a=HTTP:80 --listener a=HTTP:81", ("Two listeners are called a",)),
    "two protocols on one port": (
        f"{NEW} --listener HTTP:80 --listener HTTPS:80 --tls good",
        ("Port 80 cannot speak HTTP and HTTPS",),
    ),
    "labels that are none": (f"{NEW} --allow 'a b c'", ("--allow cannot be", "same, all, or a label selector")),
    "a class that does not exist": (f"{NEW} --class traeffik", ("no GatewayClass traeffik", "mean --class traefik?")),
    "a namespace that does not exist": (f"{NEW} -n shoq", ("There is no namespace shoq",)),
    "a Secret that does not exist": (f"{NEW} --tls nothing", ("There is no Secret shop/nothing", "create secret tls")),
    "a Secret of another type": (f"{NEW} --tls opaque", ("its type is Opaque, expected kubernetes.io/tls",)),
    "a Secret without a key": (f"{NEW} --tls keyless", ("it holds no tls.key",)),
    "a key of another certificate": (f"{NEW} --tls foreign", ("does not belong to its certificate",)),
    "an expired certificate": (f"{NEW} --tls old", ("does not fit", "it expired on")),
    "a certificate for another host": (
        f"{NEW} --listener HTTPS:443:www.example.org --tls good",
        ("it is for *.example.com, not for www.example.org",),
    ),
    "a name that is taken": ("gateway create public -n infra", ("Gateway infra/public already", "other listeners")),
    "another's with the same listeners": ("gateway create theirs", ("it was not made by Patchbay",)),
    "a doubt that does not exist": ("gateway delete public -n infra --accept all", ("no doubt 'all' to accept",)),
    "removing what is not there": ("gateway delete pubic -n infra", ("no Gateway infra/pubic", "mean public?")),
    "removing a route that is not there": ("route delete page", ("There is no route shop/page", "mean pages?")),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_is_refused_with_the_reason(case: str, world: Edge) -> None:
    line, pieces = REFUSED[case]
    good = tls_secret("good", "*.example.com")
    await world.make(
        good,
        tls_secret("old", "*.example.com", days=-1, since=-9),
        tls_secret("foreign", "*.example.com", of="somebody else"),
        tls_secret("opaque", "*.example.com", type="Opaque"),
        tls_secret("keyless", type="Opaque", data={}) | {"type": "kubernetes.io/tls", "data": keyless(good)},
        gateway("theirs", "shop", allowedRoutes={"namespaces": {"from": "All"}}),
    )
    before = world.standing()
    words = await world.said(line if " -n " in line else f"{line} -n shop")
    for piece in pieces:
        assert piece.lower() in words.lower()
    assert "Plan" not in words
    assert world.standing() == before


def keyless(secret: Object) -> Object:
    """The API takes no Secret for TLS without a key, but takes an empty one."""
    return secret["data"] | {"tls.key": ""}


async def test_without_any_class_it_says_how_to_get_one(world: Edge) -> None:
    await world.remove("GatewayClass", "", "traefik")
    words = await world.said(f"{NEW} -n shop")
    assert "there is no gatewayclass in this cluster" in words.lower()
    assert "controller install traefik --gateway-api" in words


# --- removing


async def test_a_gateway_with_routes_is_removed_once_somebody_accepts_that(world: Edge) -> None:
    before = world.standing()
    doubtful = await world.stage.answer("gateway delete public -n infra")
    assert not doubtful.change
    assert "HTTPRoute shop/pages (pages.example.com)" in await world.said("gateway delete public -n infra")
    await world.approved("gateway delete public -n infra --accept used")
    assert world.find("Gateway", "infra", "public") is None
    words = await world.said("route list -n shop")
    assert "HTTPRoute shop/pages is not served everywhere" in words
    await world.approved("changes undo 1")
    assert world.standing() == before


async def test_a_gateway_that_nobody_uses_is_removed_without_a_doubt(world: Edge) -> None:
    await world.make(gateway("other"))
    plan, approve = await world.planned("gateway delete other -n infra")
    assert "[+] deleted Gateway infra/other" in await world.said(approve)
    assert world.find("Gateway", "infra", "other") is None
    assert "- used" not in plan


async def test_who_cannot_see_the_routes_of_others_has_to_accept_that(
    world: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = KubernetesCluster.list

    async def refusing(self: Any, kind: Kind, namespace: str = "", *args: Any, **kwargs: Any) -> Any:
        if kind.name.endswith("Route") and not namespace:
            raise Refused(f"Cannot list {kind.plural}")
        return await listed(self, kind, namespace, *args, **kwargs)

    monkeypatch.setattr(KubernetesCluster, "list", refusing)
    words = await world.said("gateway delete public -n infra")
    assert "Only the httproutes of infra could be read: others may be attached to it" in words
    assert "Its controller counts 1 routes that are attached to it" in words
    plan, _ = await world.planned("gateway delete public -n infra --accept used")
    assert "deletes Gateway infra/public" in plan
    plan, _ = await world.planned("route create new.example.com --service web:80 -n shop")
    assert "Only the httproutes of shop could be read: others may be in the way of this" in plan


async def test_what_a_controller_keeps_is_not_removed(world: Edge) -> None:
    made = gateway("made")
    uid = world.get("Service", "infra", "traefik")["metadata"]["uid"]
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "Service", "name": "traefik", "uid": uid, "controller": True}
    ]
    await world.make(made)
    words = await world.said("gateway delete made -n infra")
    assert "Gateway infra/made would be made again" in words
    assert "service traefik keeps it" in words.lower()


async def test_a_route_goes_with_the_grant_that_was_made_for_it(world: Edge) -> None:
    before = world.standing()
    await world.approved("route create dns.example.com --service kube-system/kube-dns:metrics -n shop")
    with_route = world.standing()
    words = await world.approved("route delete kube-dns -n shop")
    assert "deleted ReferenceGrant kube-system/httproute-shop-to-service-kube-dns" in words
    assert world.standing() == before
    await world.approved("changes undo 2")
    assert world.standing() == with_route


async def test_a_grant_that_another_route_needs_stays(world: Edge) -> None:
    await world.approved("route create dns.example.com --service kube-system/kube-dns:metrics -n shop")
    await world.approved("route create dns2.example.com --service kube-system/kube-dns:metrics --name two -n shop")
    words = await world.approved("route delete kube-dns -n shop")
    assert "ReferenceGrant" not in words
    assert world.find("ReferenceGrant", "kube-system", "httproute-shop-to-service-kube-dns") is not None


async def test_a_route_that_comes_back_brings_the_grant_that_went_with_another_one(world: Edge) -> None:
    line = "--service kube-system/kube-dns:metrics -n shop"
    await world.approved(f"route create dns.example.com {line}")
    await world.approved(f"route create dns2.example.com {line} --name two")
    both = world.standing()
    await world.approved("route delete kube-dns -n shop")
    await world.approved("route delete two -n shop")
    words = await world.approved("changes undo 3")
    assert "created ReferenceGrant kube-system/httproute-shop-to-service-kube-dns" in words
    assert "[+] HTTPRoute shop/kube-dns is accepted by its Gateways" in words
    await world.approved("changes undo 4")
    assert world.standing() == both


async def test_a_route_that_comes_back_unpermitted_is_told_in_the_plan(world: Edge) -> None:
    """Nobody asked Patchbay to take the grant away, so it does not make one of its own accord either."""
    await world.approved("route create dns.example.com --service kube-system/kube-dns:metrics -n shop")
    await world.remove("ReferenceGrant", "kube-system", "httproute-shop-to-service-kube-dns")
    await world.approved("route delete kube-dns -n shop")
    plan, approve = await world.planned("changes undo 2")
    assert "No ReferenceGrant in kube-system lets HTTPRoutes of shop refer to Service kube-system/kube-dns" in plan
    words = await world.said(approve)
    assert "Applied, but not proven to work" in words
    assert world.find("ReferenceGrant", "kube-system", "httproute-shop-to-service-kube-dns") is None


async def test_a_grant_for_a_certificate_goes_with_the_last_gateway_that_needs_it_and_comes_back(world: Edge) -> None:
    await world.make(tls_secret("other-tls", "*.example.com", namespace="infra"))
    line = "--listener HTTPS:443:*.example.com --tls infra/other-tls -n shop"
    await world.approved(f"gateway create one {line}")
    await world.approved(f"gateway create two {line}")
    both = world.standing()
    assert "ReferenceGrant" not in await world.approved("gateway delete one -n shop")
    assert "deleted ReferenceGrant infra/gateway-shop-to-secret-other-tls" in await world.approved(
        "gateway delete two -n shop"
    )
    words = await world.approved("changes undo 3")
    assert "created ReferenceGrant infra/gateway-shop-to-secret-other-tls" in words
    await world.approved("changes undo 4")
    assert world.standing() == both


async def test_two_routes_of_one_name_are_told_apart_by_kind(world: Edge) -> None:
    await world.approved("route create g.example.com --service web:80 --kind grpc --name pages -n shop")
    assert "say one of --kind grpc, --kind http" in (await world.said("route delete pages -n shop")).lower()
    words = await world.approved("route delete pages --kind grpc -n shop")
    assert "[+] deleted GRPCRoute shop/pages" in words
    assert world.find("HTTPRoute", "shop", "pages") is not None


# --- looking


async def test_gateways_are_listed_with_what_their_controllers_say(world: Edge) -> None:
    await world.make(gateway("broken", protocol="HTTPS", port=443, tls=terminated("missing")))
    words = await world.said("gateway list -A -o wide")
    (row,) = [line for line in words.splitlines() if line.startswith("infra       public")]
    assert row.split()[:6] == ["infra", "public", "traefik", "203.0.113.11", "yes", "HTTP:80,"]
    assert row.split()[7] == "1"
    assert "its certificate is missing, or is no Secret of type kubernetes.io/tls" in words
    assert "gateway show broken -n infra" in words


async def test_a_gateway_is_shown_with_each_listener_certificate_and_route(world: Edge) -> None:
    for_a = {"hostname": "a.example.com", "tls": terminated("t"), "allowedRoutes": same()}
    await world.make(
        tls_secret("t", "*.example.org"),
        namespace("closed"),
        gateway("g", "shop", protocol="HTTPS", port=443, **for_a),
        route("stranger", "closed", host="a.example.com", parent={"name": "g", "namespace": "shop"}),
    )
    words = await world.said("gateway show g -n shop")
    assert "Gateway shop/g is not all served as it stands" in words
    assert "Listener http, Secret shop/t: it is for *.example.org, not for a.example.com" in words
    assert "no listener of the Gateway takes routes of this namespace and kind" in words
    assert "HTTPRoute closed/stranger" in words


async def test_a_route_is_shown_with_shares_and_who_answers(world: Edge) -> None:
    await world.approved("route create new.example.com/a --service web:80@3 --service api:80@1 --rewrite / -n shop")
    words = await world.said("route show web -n shop")
    assert "HTTPRoute shop/web is served" in words
    assert "path becomes /" in words
    rows = [line.split() for line in words.splitlines() if "%" in line]
    assert [row[-4:] for row in rows] == [["75", "%", "2/2", "ready"], ["25", "%", "2/2", "ready"]]


async def test_why_a_route_is_not_served_is_told_in_plain_words(world: Edge) -> None:
    await world.make(route("lost", backendRefs=[{"name": "nothing", "port": 80}], parent={"sectionName": "nowhere"}))
    for line in ("route show lost -n shop", "route list -n shop"):
        words = await world.said(line)
        assert "the Gateway has no listener of the name or port that the route asks for" in words
        assert "Service shop/nothing does not exist" in words
    await world.make(route("homeless", parent={"name": "gone"}))
    await world.make(
        gateway("bad", "shop", port=81),
        route("unlucky", parent={"name": "bad", "namespace": "shop"}, host="u.example.com"),
    )
    words = await world.said("route show unlucky -n shop")
    assert "HTTPRoute shop/unlucky is not served as it stands" in words
    assert "Gateway shop/bad is not served, or not all of it" in words
    words = await world.said("route show homeless -n shop")
    assert "Gateway infra/gone does not exist" in words


async def test_objects_are_printed_as_kubectl_prints_them(world: Edge) -> None:
    words = await world.said("route list -n shop -o yaml")
    assert "kind: HTTPRoute" in words
    assert "managedFields" not in words
    assert '"kind": "Gateway"' in await world.said("gateway list -n infra -o json")


LOOKING = ["route list -n shop", "gateway list -A", "route show web -n shop", "gateway show a -n shop"]


@pytest.mark.parametrize("line", LOOKING)
async def test_without_the_gateway_api_it_says_how_to_get_it(line: str) -> None:
    async with edge() as world:
        for name in ("gateways", "gatewayclasses", "httproutes", "grpcroutes", "tlsroutes"):
            await world.remove("CustomResourceDefinition", "", f"{name}.{GROUP}")
        words = await world.said(line)
    assert "This cluster has no Gateway API" in words
    assert "controller install gateway-api" in words
