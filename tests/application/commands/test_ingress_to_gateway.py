"""`ingress to-gateway` from the line to the answer, on the embedded cluster with the real definitions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml

from bot.application.execution.dispatch import dispatch
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.chat.report import Bullets, Paragraph, Preformatted, Report, Status, Table, plain
from bot.domain.network.references import GATEWAY, HTTP_ROUTE, INGRESS, JSONObject, Kind, ref_to
from bot.errors import BotError, Refused
from tests.builders import whole
from tests.domain.migration.test_annotations import BESIDE, CARRIED, LOST
from tests.fakes import World, world
from tests.migrations import REAL, SERVICES, any_path, manifest, minimal_definition, path
from tests.mirrors import HAVE_MIRROR, MIRROR
from tests.stage import Stage, catalogue, staged

VERSIONS = ("v1.5.1", "v1.6.1")
needs_mirror = pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real definitions in ../shared/manifests")


def definitions(version: str) -> list[JSONObject]:
    text = (MIRROR / "gateway-api" / version / "standard-install.yaml").read_text()
    return [
        each for each in yaml.load_all(text, yaml.CSafeLoader) if each and each["kind"] == "CustomResourceDefinition"
    ]


@asynccontextmanager
async def with_gateway_api(version: str, *objects: JSONObject) -> AsyncIterator[tuple[Stage, Any]]:
    """The shop with the definitions of a release and these objects; the second is an administrator's cluster."""
    async with staged("shop") as stage, stage.ports.clusters.open("", Actor("terminal:admin")) as opened:
        for each in (*definitions(version), *objects):
            await opened.cluster.apply(each)
        yield stage, opened.cluster


def yaml_of(report: Report) -> list[Any]:
    (block,) = [
        each for each in report.blocks if isinstance(each, Preformatted) and each.title.startswith("As Gateway")
    ]
    return list(yaml.safe_load_all(block.content))


def words(report: Report) -> str:
    lines = [report.title]
    for block in report.blocks:
        match block:
            case Paragraph():
                lines.append(plain(block.text))
            case Bullets():
                lines += [plain(each) for each in block.items]
            case Preformatted():
                lines += [block.title, block.content]
            case Table():
                lines += [" | ".join(plain(cell) for cell in row) for row in block.rows]
    return "\n".join((*lines, *(plain(each) for each in report.footnotes)))


NGINX: JSONObject = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "nginx"},
    "spec": {"controller": "k8s.io/ingress-nginx"},
}


def gateway_class(name: str) -> JSONObject:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": name},
        "spec": {"controllerName": "example.com/gateway"},
    }


_HTTP_ROUTE = {"apiVersion": HTTP_ROUTE.api_version, "kind": HTTP_ROUTE.name}


def _replacing_a_prefix() -> JSONObject:
    path: JSONObject = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/b"}
    return {"type": "URLRewrite", "urlRewrite": {"path": path}}


@needs_mirror
@pytest.mark.parametrize("version", VERSIONS)
async def test_what_real_ingresses_become_is_taken_by_an_api_server_with_the_real_definitions(version: str) -> None:
    async with with_gateway_api(version, NGINX) as (stage, cluster):
        for number, real in enumerate(REAL):
            namespace = await _moved_in(cluster, number)
            for each in (real.manifest, *real.others):
                await cluster.apply({**each, "metadata": {**each["metadata"], "namespace": namespace}})
            report = await stage.say(f"ingress to-gateway web -n {namespace} --gateway-class some")
            assert "would refuse" not in words(report), (real.title, words(report))
            found = yaml_of(report)
            assert not real.expects or tuple(each["kind"] for each in found) == real.expects, real.title
            for each in found:
                await cluster.apply(each)
            for each in (real.manifest, *real.others):  # Hosts are shared by all namespaces, with their manners.
                gone = await cluster.get(ref_to(INGRESS, namespace, each["metadata"]["name"]))
                await cluster.delete(ref_to(INGRESS, namespace, each["metadata"]["name"]), uid=gone["metadata"]["uid"])


async def _moved_in(cluster: Any, number: int) -> str:
    """A namespace of its own, with the Services that the Ingresses name."""
    namespace = f"real-{number}"
    await cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for each in SERVICES:
        ports: list[Any] = [{"name": port.name, "port": port.port} for port in each.spec.ports or ()]
        metadata: Any = {"name": each.name, "namespace": namespace}
        await cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}})
    return namespace


@needs_mirror
@pytest.mark.parametrize("version", VERSIONS)
async def test_what_each_annotation_becomes_is_taken_too(version: str) -> None:
    values = {
        **{name: value for name, (value, _) in (*LOST.items(), *CARRIED.items())},
        **dict.fromkeys(BESIDE, "true"),
    }
    made = [
        manifest(name=f"of-{name}", host=f"{name}.example.com", annotations={name: value})
        for name, value in values.items()
    ]
    async with with_gateway_api(version, NGINX, *made) as (stage, cluster):
        for name in values:
            report = await stage.say(f"ingress to-gateway of-{name} -n shop --gateway-class some")
            for each in yaml_of(report):
                try:
                    await cluster.apply(each, dry_run=each["metadata"]["namespace"] == "shop")
                except BotError as error:
                    raise AssertionError(f"{name}: {error}") from error


@needs_mirror
@pytest.mark.parametrize(
    ("match", "filters"),
    [
        ({"type": "PathPrefix", "value": "/a//b"}, []),
        ({"type": "Exact", "value": "/a b"}, []),
        ({"type": "Exact", "value": "/a"}, [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]),
        ({"type": "Exact", "value": "/a"}, [_replacing_a_prefix()]),
        (
            {"type": "Exact", "value": "/a"},
            [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "web"}}}],
        ),
    ],
)
async def test_the_server_of_these_tests_refuses_what_a_real_one_does(match: JSONObject, filters: list[Any]) -> None:
    rule = {"matches": [{"path": match}], "filters": filters, "backendRefs": [{"name": "web", "port": 80}]}
    metadata = {"name": "wrong", "namespace": "shop"}
    async with with_gateway_api("v1.6.1") as (_, cluster):
        with pytest.raises(BotError):
            await cluster.apply({**_HTTP_ROUTE, "metadata": metadata, "spec": {"rules": [rule]}})


@needs_mirror
async def test_more_than_a_route_can_hold_is_split_into_several() -> None:
    alternating = [path(f"/p{number}", service="web" if number % 2 else "api") for number in range(20)]
    of_one = [path(f"/q{number}") for number in range(140)]
    many = manifest(*alternating, *of_one, name="many", hosts=[f"h{number}.example.com" for number in range(17)])
    async with with_gateway_api("v1.6.1", NGINX, many) as (stage, cluster):
        found = yaml_of(await stage.say("ingress to-gateway many -n shop --gateway-class some"))
        for each in found:
            await cluster.apply(each)
    routes = [each["spec"] for each in found if each["kind"] == "HTTPRoute"]
    assert all(len(each["rules"]) <= 16 for each in routes)
    assert all(len(each["hostnames"]) <= 16 for each in routes)
    said = {
        (host, match["path"]["value"])
        for each in routes
        for host in each["hostnames"]
        for rule in each["rules"]
        for match in rule["matches"]
    }
    assert len(said) == 17 * 160
    assert all(sum(len(rule["matches"]) for rule in each["rules"]) <= 128 for each in routes)


@needs_mirror
class TestGateways:
    async def test_the_only_class_is_taken(self) -> None:
        async with with_gateway_api("v1.6.1", gateway_class("one")) as (stage, _):
            gateway, *_routes = yaml_of(await stage.say("ingress to-gateway web -n shop"))
        assert gateway["spec"]["gatewayClassName"] == "one"

    async def test_the_only_gateway_that_takes_routes_of_the_namespace_is_attached_to(self) -> None:
        async with with_gateway_api("v1.6.1", gateway_class("one"), edge("edge", "All"), edge("own", "Same")) as (
            stage,
            _,
        ):
            found = yaml_of(await stage.say("ingress to-gateway web -n shop"))
        assert [each["kind"] for each in found] == ["HTTPRoute"]
        assert found[0]["spec"]["parentRefs"] == [{"name": "edge", "namespace": "default", "sectionName": "http"}]

    async def test_one_of_several_has_to_be_named(self) -> None:
        async with with_gateway_api("v1.6.1", gateway_class("one"), edge("a", "All"), edge("b", "All")) as (stage, _):
            report = await stage.say("ingress to-gateway web -n shop")
            named = await stage.say("ingress to-gateway web -n shop --gateway default/b")
        assert report.status is Status.FAILED
        assert "--gateway default/a" in words(report)
        assert yaml_of(named)[0]["spec"]["parentRefs"][0]["name"] == "b"

    async def test_one_that_is_not_there_is_told(self) -> None:
        async with with_gateway_api("v1.6.1", gateway_class("one"), edge("a", "All")) as (stage, _):
            report = await stage.say("ingress to-gateway web -n shop --gateway other")
        assert report.status is Status.FAILED
        assert "There is no Gateway shop/other" in words(report)
        assert "default/a" in words(report)


def edge(name: str, from_: str) -> JSONObject:
    listener = {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": from_}}}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"gatewayClassName": "one", "listeners": [listener]},
    }


@needs_mirror
async def test_definitions_that_take_less_are_heeded() -> None:
    real = manifest(name="moved", tls=["web.example.com"], annotations={"enable-cors": "true"})
    async with staged("shop") as stage, stage.ports.clusters.open("", Actor("terminal:admin")) as opened:
        for each in (*_with_less(definitions("v1.5.1")), NGINX, real):
            await opened.cluster.apply(each)
        report = await stage.say("ingress to-gateway moved -n shop --gateway-class some")
        for each in yaml_of(report):
            await opened.cluster.apply(each)
    assert "with 301" in words(report)
    assert "this Gateway API has no CORS filter" in words(report)
    assert "would refuse" not in words(report)


def _with_less(found: list[JSONObject]) -> list[Any]:
    """As before v1.5: a redirect of the standard channel had 301 and 302 alone, and there was no CORS filter."""
    made: list[Any] = []
    for each in found:
        whole: Any = each
        for version in whole["spec"]["versions"] if whole["spec"]["names"]["kind"] == "HTTPRoute" else ():
            rule = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["rules"]["items"]
            for filters in (rule, rule["properties"]["backendRefs"]["items"]):
                filter = filters["properties"]["filters"]["items"]
                del filter["properties"]["cors"]
                filter["x-kubernetes-validations"] = []
                filters["properties"]["filters"]["x-kubernetes-validations"] = []
                filter["properties"]["requestRedirect"]["properties"]["statusCode"]["enum"] = [301, 302]
        made.append(whole)
    return made


class TestOne:
    async def test_without_the_gateway_api_it_is_told_what_to_install(self) -> None:
        async with staged("shop") as stage:
            report = await stage.say("ingress to-gateway web -n shop")
        assert report.status is Status.OK
        assert "First install the Gateway API" in words(report)
        assert "--gateway-class NAME" in words(report)
        assert [each["kind"] for each in yaml_of(report)] == ["Gateway", "HTTPRoute"]

    async def test_what_guarded_it_stands_first_and_in_the_yaml(self) -> None:
        guarded = manifest(
            name="guarded", annotations={"auth-type": "basic", "auth-secret": "users", "proxy-buffer-size": "8k"}
        )
        async with staged("shop") as stage, stage.ports.clusters.open("", Actor("terminal:admin")) as opened:
            await opened.cluster.apply(guarded)
            report = await stage.say("ingress to-gateway guarded -n shop")
        assert report.status is Status.FINDINGS
        assert "SECURITY: 2 things that guard it would be lost" in report.title
        first, second = report.blocks[:2]
        assert isinstance(first, Paragraph)
        assert plain(first.text).startswith("Do not switch over")
        assert isinstance(second, Bullets)
        assert plain(second.items[0]).startswith("auth-secret, auth-type: the Gateway API has no login")
        (block,) = [each for each in report.blocks if isinstance(each, Preformatted)]
        assert block.content.startswith("# NOT in here, and it guarded this Ingress: auth-secret, auth-type\n")

    async def test_a_name_that_is_not_there_is_answered_with_what_was_probably_meant(self) -> None:
        async with staged("shop") as stage:
            report = await stage.say("ingress to-gateway wbe -n shop")
        assert report.status is Status.FAILED
        assert "web" in words(report)

    @pytest.mark.parametrize(
        "line",
        [
            "ingress to-gateway -n shop",
            "ingress to-gateway web --all -n shop",
            "ingress to-gateway web -A",
            "ingress to-gateway web -n shop --gateway a/b/c",
            "ingress to-gateway web -n shop --gateway 'x y'",
            "ingress to-gateway web -n shop --gateway-class §",
        ],
    )
    async def test_what_is_not_clear_is_refused(self, line: str) -> None:
        async with staged("shop") as stage:
            assert (await stage.say(line)).status is Status.FAILED

    async def test_headers_of_a_config_map_elsewhere_are_not_shown(self) -> None:
        def config_map(namespace: str, value: str) -> JSONObject:
            return {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "headers", "namespace": namespace},
                "data": {"X-Own": value},
            }

        own = manifest(name="own", annotations={"custom-headers": "shop/headers"})
        other = manifest(name="other", annotations={"custom-headers": "kube-system/headers"})
        async with staged("shop") as stage, stage.ports.clusters.open("", Actor("terminal:admin")) as opened:
            for each in (config_map("shop", "mine"), config_map("kube-system", "hidden"), own, other):
                await opened.cluster.apply(each)
            assert "value: mine" in words(await stage.say("ingress to-gateway own -n shop"))
            report = await stage.say("ingress to-gateway other -n shop")
        assert "hidden" not in words(report)
        assert "custom-headers" in words(report)


class TestAll:
    async def test_the_size_of_the_task_is_shown(self) -> None:
        made = [
            manifest(name="plain"),
            manifest(name="guarded", host="b.example.com", annotations={"auth-url": "https://a.example.com"}),
            manifest(
                name="guarded-too",
                host="c.example.com",
                annotations={"auth-url": "https://a.example.com", "proxy-body-size": "8m"},
            ),
            manifest(path(service="api"), name="next", annotations={"canary": "true", "canary-weight": "5"}),
        ]
        async with staged("shop") as stage, stage.ports.clusters.open("", Actor("terminal:admin")) as opened:
            for each in (NGINX, *made):
                await opened.cluster.apply(each)
            report = await stage.say("ingress to-gateway --all -n shop")
            everywhere = await stage.say("ingress to-gateway -A")
        assert report.title == (
            "5 Ingresses in shop: 2 carry over wholly, 2 in part, 0 not, 1 with their main ones; "
            "SECURITY: 2 would lose what guards them"
        )
        assert "5 Ingresses in all namespaces" in everywhere.title
        each, blocking = [block for block in report.blocks if isinstance(block, Table)]
        rows = [[plain(cell) for cell in row] for row in each.rows]
        assert rows[0] == ["shop/guarded-too", "nginx", "partly", "1", "1", "0"]
        assert [[plain(cell) for cell in row] for row in blocking.rows] == [
            ["auth-url", "2", "security"],
            ["proxy-body-size", "1", "traffic"],
        ]

    async def test_a_namespace_without_any_says_so(self) -> None:
        async with staged("shop") as stage:
            assert (await stage.say("ingress to-gateway --all -n default")).title == "No Ingresses in default"

    async def test_a_canary_alone_sends_to_its_main_one(self) -> None:
        main = manifest(any_path("/x"), name="main")
        canary = manifest(any_path("/x", "api"), name="next", annotations={"canary": "true", "canary-weight": "5"})
        async with staged("shop") as stage, stage.ports.clusters.open("", Actor("terminal:admin")) as opened:
            for each in (NGINX, main, canary):
                await opened.cluster.apply(each)
            report = await stage.say("ingress to-gateway next -n shop")
        assert "a part of the routes of shop/main" in words(report)


class TestWhatCannotBeRead:
    @staticmethod
    def where(*refused: str, of_all: bool = False) -> World:
        """The Ingress, its class and its Service in memory; lists of these kinds are refused (or of all namespaces)."""
        there = world(catalogue())
        for each in (NGINX, manifest(path(port="http"), annotations={"auth-type": "basic"}), whole(SERVICES[0])):
            there.cluster.put(each)
        list_all = there.cluster.list

        async def list(kind: Kind, namespace: str = "", selector: str = "", fields: str = "") -> list[JSONObject]:
            if kind.name in refused and (not of_all or not namespace):
                raise Refused(f"may not list {kind.plural}")
            return await list_all(kind, namespace, selector, fields)

        there.cluster.list = list  # type: ignore[method-assign]
        return there

    @staticmethod
    async def say(there: World, line: str) -> Report:
        invocation = Invocation(text=line, source=Source.TERMINAL, actor=Actor("terminal:ann", "ann"))
        return (await dispatch(there.ports, invocation)).report

    async def test_ingresses_of_the_namespace_do_where_no_more_may_be_read(self) -> None:
        report = await self.say(self.where("Ingress", of_all=True), "ingress to-gateway web -n shop")
        assert report.status is Status.FINDINGS
        assert [each["kind"] for each in yaml_of(report)] == ["Gateway", "HTTPRoute"]
        assert "Could not read ingresses" in words(report)

    @pytest.mark.parametrize("line", ["ingress to-gateway web -n shop", "ingress to-gateway --all -n shop"])
    async def test_without_any_it_is_a_failure(self, line: str) -> None:
        report = await self.say(self.where("Ingress"), line)
        assert report.status is Status.FAILED

    async def test_without_services_a_port_has_no_number_which_is_told(self) -> None:
        report = await self.say(self.where("Service"), "ingress to-gateway web -n shop")
        assert "the Services could not be read" in words(report)
        assert "Could not read services" in words(report)

    async def test_without_definitions_the_usual_ones_are_taken_which_is_told(self) -> None:
        report = await self.say(self.where("CustomResourceDefinition"), "ingress to-gateway web -n shop")
        assert yaml_of(report)
        assert "Could not read customresourcedefinitions" in words(report)

    async def test_without_gateways_one_is_written_which_is_told(self) -> None:
        there = self.where("Gateway")
        there.cluster.put(minimal_definition(HTTP_ROUTE))
        there.cluster.put(minimal_definition(GATEWAY))
        report = await self.say(there, "ingress to-gateway web -n shop")
        assert [each["kind"] for each in yaml_of(report)] == ["Gateway", "HTTPRoute"]
        assert "Could not read gateways" in words(report)

    async def test_what_the_clusters_definitions_refuse_is_told(self) -> None:
        there = self.where()
        there.cluster.put(minimal_definition(HTTP_ROUTE))
        report = await self.say(there, "ingress to-gateway web -n shop")
        assert "Gateway: No definition of Gateway" in words(report)


def controller(config_map: str = "edge/nginx") -> JSONObject:
    """A Deployment of ingress-nginx, as its makers' manifests have it."""
    container: JSONObject = {
        "name": "controller",
        "image": "registry.k8s.io/ingress-nginx/controller:v1.13.3@sha256:0",
        "args": ["/nginx-ingress-controller", f"--configmap={config_map}", "--controller-class=k8s.io/ingress-nginx"],
    }
    template: JSONObject = {"metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "controller", "namespace": "edge"},
        "spec": {"selector": {"matchLabels": {"app": "nginx"}}, "template": template},
    }


def config_map(namespace: str = "edge", **data: str) -> JSONObject:
    said: JSONObject = {key.replace("_", "-"): value for key, value in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "nginx", "namespace": namespace},
        "data": said,
    }


class TestController:
    @staticmethod
    async def say(line: str, *objects: JSONObject) -> str:
        edge: JSONObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "edge"}}
        own = manifest(name="own", tls=["web.example.com"])
        async with staged("shop") as stage, stage.ports.clusters.open("", Actor("terminal:admin")) as opened:
            for each in (NGINX, edge, *objects, own):
                await opened.cluster.apply(each)
            return words(await stage.say(line))

    async def test_its_config_map_is_heeded(self) -> None:
        said = await self.say(
            "ingress to-gateway own -n shop",
            controller(config_map="$(POD_NAMESPACE)/nginx"),
            config_map(whitelist_source_range="10.0.0.0/8", ssl_redirect="false"),
        )
        assert "whitelist-source-range (ConfigMap): for all Ingresses (10.0.0.0/8)" in said
        assert "SECURITY: 1 thing" in said
        assert "listeners for HTTP and HTTPS" in said
        assert "Deployment edge/controller was told for all Ingresses was heeded: its arguments and ConfigMap" in said

    async def test_one_that_is_not_there_is_as_good_as_an_empty_one(self) -> None:
        said = await self.say("ingress to-gateway own -n shop", controller())
        assert "own carries over wholly" in said

    async def test_one_elsewhere_is_not_read(self) -> None:
        said = await self.say(
            "ingress to-gateway own -n shop",
            controller(config_map="kube-system/nginx"),
            config_map("kube-system", whitelist_source_range="10.9.8.0/24"),
        )
        assert "10.9.8.0/24" not in said
        assert "ConfigMap kube-system/nginx stands in another namespace than the controller" in said

    async def test_all_are_told_what_holds_for_all(self) -> None:
        said = await self.say(
            "ingress to-gateway --all -n shop", controller(), config_map(global_auth_url="https://a.example.com")
        )
        assert "global-auth-url (ConfigMap) | 1 | security" in said

    async def test_without_a_controller_it_is_said(self) -> None:
        assert "no controller of this class was found" in await self.say("ingress to-gateway own -n shop")
