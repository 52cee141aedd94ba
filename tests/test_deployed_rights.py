"""The rights in deploy/kubernetes are the calls that the bot makes: none is missing, none is granted for nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from bot.application.execution.controllers import all_controllers
from bot.application.execution.plugins import all_plugins
from bot.application.execution.rights import TRIAL_RIGHTS, needed_rights
from bot.application.ports import Changing
from bot.domain.chat.invocation import Actor
from bot.domain.network.references import GATEWAY, GATEWAY_CLASS, Kind
from bot.domain.plugins.edge.parameters import EdgeOption, EdgeParameters, WorkloadKind
from bot.domain.plugins.facts import CONFIG_MAPS
from bot.domain.plugins.parameters import Parameters
from bot.playground.cluster_server.http.requests import target_of
from bot.playground.cluster_server.http.serving import Serving
from tests.migrations import minimal_definition
from tests.mirrors import HAVE_MIRROR, Offline
from tests.plugin_worlds import calico_world
from tests.shops import CERT_MANAGER, CERTIFICATES, shop
from tests.stage import Stage, catalogue, staged

FOLDER = Path(__file__).parent.parent / "deploy" / "kubernetes"
Right = tuple[str, str, str]
"""Verb, API group, resource with subresource."""


def granted(file: str) -> set[Right]:
    roles = [o for o in yaml.safe_load_all((FOLDER / file).read_text()) if o["kind"] in ("ClusterRole", "Role")]
    return {
        (verb, group, resource)
        for role in roles
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> set[Right]:
    """What is asked of the API server, as its authorizer names it."""
    made: set[Right] = set()
    answer: Callable[..., Any] = Serving._answer

    async def recording(serving: Serving, request: web.Request) -> web.StreamResponse:
        parts = request.path.strip("/").split("/")
        if len(parts) > {"api": 2, "apis": 3}.get(parts[0], len(parts)):
            target = target_of(request.rel_url.raw_path, serving._kinds)
            resource = f"{target.kind.plural}/{target.subresource}" if target.subresource else target.kind.plural
            made.add((_verb(request, target.name), target.kind.group, resource))
        return await answer(serving, request)

    monkeypatch.setattr(Serving, "_answer", recording)
    return made


def _verb(request: web.Request, name: str) -> str:
    if request.method == "GET":
        return "get" if name else "list"
    return {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[request.method]


async def _approved(stage: Stage, line: str) -> int:
    planned = await stage.answer(line)
    approve = next(a.command for a in planned.report.actions if a.command.startswith("changes approve "))
    await stage.say(approve)
    return planned.change


async def test_looking_needs_what_is_granted_and_no_more(calls: set[Right]) -> None:
    for scenario in ("shop", "broken"):
        async with staged(scenario) as stage:
            for command in catalogue().values():
                for example in () if isinstance(command, Changing) else command.examples:
                    await stage.say(example)
            await stage.say("check services -A")
            await stage.say("logs svc/web -n shop")
            await stage.say("expose deploy/web --port 80 -n shop --name another --dry-run")
            await stage.say("expose rc/web --port 80 -n shop --name another --dry-run")
            await stage.say("ingress create new.example.com --service web:80 -n shop --name another --dry-run")
    async with staged("gateway") as stage:
        for command in catalogue().values():
            for example in command.examples if command.scenario == "gateway" else ():
                await stage.say(example)
        await stage.say("route create a.example.com --service kube-system/kube-dns:dns-tcp --kind tls -n shop")
    await _look_at_gateways()
    looked = set(calls)
    async with calico_world() as stage:
        calls.clear()
        await stage.say("cni status")
        await stage.say("cni check")
    reading = {call for call in looked | calls if call[0] in ("get", "list")}
    allowed = granted("look.yaml")
    assert reading - allowed == set(), "calls without a right"
    assert {call[1:] for call in allowed} == {call[1:] for call in reading}, "rights to things that nothing asks for"
    # The API server's authorizer asks for `create` on a port-forward over WebSocket besides `get`.
    assert {verb for verb, *_ in allowed} == {"get", "list", "create"}


_ROUTES = ("HTTP", "GRPC", "TLS", "TCP", "UDP")


async def _look_at_gateways() -> None:
    """They are listed only where they are defined."""
    async with staged("shop") as stage, stage.ports.clusters.open("", Actor("terminal:admin")) as admin:
        routes = [Kind(f"{name}Route", f"{name.lower()}routes", GATEWAY.api_version) for name in _ROUTES]
        for kind in (GATEWAY, GATEWAY_CLASS, *routes):
            await admin.cluster.apply(minimal_definition(kind))
        await stage.say("controller list")
        await stage.say("ingress to-gateway web -n shop")


def test_config_maps_of_plugins_may_be_read_by_name_alone() -> None:
    role = next(o for o in yaml.safe_load_all((FOLDER / "look.yaml").read_text()) if o["kind"] == "ClusterRole")
    plugins, nginx = [rule for rule in role["rules"] if rule["resources"] == ["configmaps"]]
    assert set(plugins["resourceNames"]) == set(CONFIG_MAPS.values())
    assert all("nginx" in each or each.endswith("-services") for each in nginx["resourceNames"])


async def test_certificates_need_rights_of_their_own_that_nobody_has_to_give(calls: set[Right]) -> None:
    async with shop(*CERTIFICATES, *CERT_MANAGER) as site:
        for option in ("--tls shop-cert", "--cluster-issuer nobody", "--issuer nobody"):
            await site.answer(f"ingress create new.example.com --service web:80 -n shop --name another {option}")
    assert calls - granted("look.yaml") - granted("change.yaml") == granted("certificates.yaml")


async def test_changing_needs_what_is_granted_and_no_more(calls: set[Right]) -> None:
    async with staged("shop") as stage:
        for line in (
            "expose deploy/web --port 80 -n shop --name another",
            "ingress create new.example.com --service web:80 -n shop --name another",
        ):
            calls.clear()
            await _approved(stage, f"changes undo {await _approved(stage, line)}")
            writing = {call for call in calls if call[0] not in ("get", "list")}
            assert writing
            assert writing <= granted("change.yaml")
    async with staged("gateway") as stage:
        calls.clear()
        line = "route create new.example.com --service kube-system/kube-dns:metrics -n shop"
        await _approved(stage, f"changes undo {await _approved(stage, line)}")
        writing = {call for call in calls if call[0] not in ("get", "list")}
        assert writing
        assert writing <= granted("change.yaml")


def _covered(right: Right, allowed: set[Right]) -> bool:
    return right in allowed or (right[0], right[1], "*") in allowed


@pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real manifests in ../shared/manifests")
async def test_installing_each_plugin_needs_what_is_granted(tmp_path: Path) -> None:
    allowed = granted("network-plugins.yaml") | granted("look.yaml")
    manifests, needed = Offline(tmp_path), set[Right]()
    for plugin in all_plugins().values():
        for release in plugin.install.releases if plugin.install else ():
            assert plugin.install
            objects = tuple([each for file in release.files for each in (await manifests.read(file)).objects])
            everything = Parameters(pod_cidrs=plugin.install.pod_cidrs, extras=frozenset(plugin.install.extras))
            rights = [*needed_rights(plugin.install.fit(objects, everything)), *TRIAL_RIGHTS]
            needed |= {(right.verb, right.group, right.resource) for right in rights}
    assert {right for right in needed if not _covered(right, allowed)} == set()
    for_nothing = {
        (verb, group, resource)
        for verb, group, resource in granted("network-plugins.yaml")
        if verb not in ("get", "list") and resource != "*" and (verb, group, resource) not in needed
    }
    assert for_nothing == set()


async def test_a_plugins_life_needs_what_is_granted(calls: set[Right]) -> None:
    allowed = granted("network-plugins.yaml") | granted("look.yaml")
    async with staged("new-cluster", pace=0.01) as stage:
        await _approved(stage, "cni install calico")
        await _approved(stage, "cni uninstall")
    # Anybody may ask what they may do.
    needed = calls - {("create", "authorization.k8s.io", "selfsubjectaccessreviews")}
    assert {right for right in needed if not _covered(right, allowed)} == set()


@pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real manifests in ../shared/manifests")
async def test_installing_each_controller_needs_what_is_granted(tmp_path: Path) -> None:
    allowed = granted("ingress-controllers.yaml") | granted("look.yaml")
    manifests, needed = Offline(tmp_path), set[Right]()
    for controller in all_controllers().values():
        install = controller.install
        for release in install.releases if install else ():
            assert install
            objects = tuple([each for file in release.files for each in (await manifests.read(file)).objects])
            for kind in WorkloadKind if EdgeOption.KIND in install.options else (None,):
                gateways = EdgeOption.GATEWAY_API in install.options
                said = install.completed(EdgeParameters(gateway_api=gateways, kind=kind))
                rights = needed_rights(install.fit(objects, said, release))
                needed |= {(right.verb, right.group, right.resource) for right in rights}
    assert {right for right in needed if not _covered(right, allowed)} == set()
    for_nothing = {
        (verb, group, resource)
        for verb, group, resource in granted("ingress-controllers.yaml")
        if verb not in ("get", "list") and resource != "*" and (verb, group, resource) not in needed
    }
    assert for_nothing == set()


async def test_a_controllers_life_needs_what_is_granted(calls: set[Right]) -> None:
    allowed = granted("ingress-controllers.yaml") | granted("look.yaml")
    async with staged("new-cluster", pace=0.01) as stage:
        await _approved(stage, "cni install flannel")
        calls.clear()
        await _approved(stage, "controller install haproxy")
        await _approved(stage, "controller uninstall haproxy")
        await _approved(stage, "controller install traefik --gateway-api --service NodePort")
        await _approved(stage, "controller uninstall traefik")
        await _approved(stage, "controller uninstall gateway-api")
    # Anybody may ask what they may do.
    needed = calls - {("create", "authorization.k8s.io", "selfsubjectaccessreviews")}
    assert {right for right in needed if not _covered(right, allowed)} == set()
