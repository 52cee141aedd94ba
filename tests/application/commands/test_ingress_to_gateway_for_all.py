"""`ingress to-gateway` beside a controller: what that was told for all Ingresses, and all of a namespace at once."""

from __future__ import annotations

import pytest

from bot.application.execution.dispatch import dispatch
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.network.references import JSONObject, Ref
from bot.errors import Refused
from tests.application.commands.test_ingress_to_gateway import NGINX, words
from tests.fakes import world
from tests.migrations import manifest, path
from tests.stage import catalogue, staged


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
        assert "2 Ingresses in shop: 2 carry over wholly" in said.splitlines()[0]
        assert "SECURITY: 1 thing would be lost for all" in said.splitlines()[0]
        assert said.count("global-auth-url (ConfigMap)") == 1

    async def test_the_yaml_of_all_of_a_namespace_has_one_gateway(self) -> None:
        guarded = manifest(path("/admin"), name="guarded", annotations={"auth-type": "basic"})
        said = await self.say(
            "ingress to-gateway --all --yaml -n shop --gateway-class some", controller(), config_map(), guarded
        )
        assert "As Gateway API: 1 Gateway, 3 HTTPRoute" in said
        assert "# LEFT OUT, as it would lose what guards it: shop/guarded (auth-type)" in said
        assert "kubectl diff --server-side -f shop.yaml" in said

    @pytest.mark.parametrize("line", ["ingress to-gateway own --yaml -n shop", "ingress to-gateway -A --yaml"])
    async def test_yaml_is_asked_for_all_of_one_namespace(self, line: str) -> None:
        assert "is for all Ingresses of one namespace" in await self.say(line, controller())

    async def test_who_has_the_same_host_is_told_to_move_along(self) -> None:
        other = manifest(path("/other"), name="other")
        said = await self.say("ingress to-gateway own -n shop --gateway-class some", controller(), other)
        assert "web.example.com is a host of shop/other as well, and a name has one address" in said
        assert "the others with --gateway shop/own" in said

    async def test_without_a_controller_it_is_said(self) -> None:
        assert "no controller of this class was found" in await self.say("ingress to-gateway own -n shop")

    @pytest.mark.parametrize("kind", ["Deployment", "ConfigMap"])
    async def test_what_may_not_be_read_is_said(self, kind: str) -> None:
        there = world(catalogue())
        for each in (NGINX, manifest(name="own"), controller(), config_map(whitelist_source_range="10.0.0.0/8")):
            there.cluster.put(each)
        get = there.cluster.get

        async def refusing(ref: Ref) -> JSONObject:
            if ref.kind == kind:
                raise Refused("may not get it")
            return await get(ref)

        there.cluster.get = refusing  # type: ignore[method-assign]
        invocation = Invocation(
            text="ingress to-gateway own -n shop", source=Source.TERMINAL, actor=Actor("terminal:ann", "ann")
        )
        said = words((await dispatch(there.ports, invocation)).report)
        assert "may not get it" in said
        assert "is not known here" in said
