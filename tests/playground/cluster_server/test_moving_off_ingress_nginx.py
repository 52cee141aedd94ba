"""The same requests at the address of ingress-nginx and at that of the Gateway that an Ingress was translated for: the
answers are the same. Nothing of the two controllers of this world is shared with what translates."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from bot.domain.migration.attaching import Choice
from bot.domain.migration.neighbours import Neighbours
from bot.domain.migration.outcome import Translation
from bot.domain.migration.reading import Around
from bot.domain.migration.translating import translate
from bot.domain.network.snapshot import Ingress, IngressClass, Service
from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.pods.programs import Program, Reply
from tests.migrations import HOST, any_path, manifest, path
from tests.playground.cluster_server.edging import (
    controller,
    gateway_definitions,
    ingress_class,
    namespace,
    of_gateway_api,
    program_of,
    secret,
)
from tests.playground.cluster_server.reaching import Outside, outside

OLD, NEW = "203.0.113.5", "203.0.113.6"
NGINX = (
    "registry.k8s.io/ingress-nginx/controller:v1.15.1",
    "/nginx-ingress-controller",
    "--publish-service=edge/nginx",
)
TRAEFIK = (
    "traefik:v3.7.9", "--entryPoints.web.address=:80", "--entryPoints.websecure.address=:443",
    "--providers.kubernetesgateway", "--providers.kubernetesgateway.statusaddress.service.name=traefik",
    "--providers.kubernetesgateway.statusaddress.service.namespace=edge",
)  # fmt: skip
CLASS = ingress_class("nginx", "k8s.io/ingress-nginx")


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with EmbeddedCluster(seed=1) as cluster:
        cluster.surroundings.load_balancer_addresses = (OLD, NEW)
        cluster.create([namespace("edge"), *gateway_definitions(), CLASS, secret("web-tls", HOST, f"www.{HOST}")])
        cluster.create(controller("nginx", *NGINX))
        await cluster.settled()
        cluster.create([*controller("traefik", *TRAEFIK)])
        cluster.create([of_gateway_api("GatewayClass", "traefik", controllerName="traefik.io/gateway-controller")])
        for name in ("web", "api", "web-next"):
            said = {at: Reply(f"{name} {at}") for at in ("/", "/item", "/api/item", "/v2/item", "/x/item")}
            cluster.programs.set(f"shop/{name}", Program(http={8080: {"": Reply(f"{name} elsewhere"), **said}}))
            cluster.create(program_of(name))
        await cluster.settled()
        async with outside(cluster) as someone:
            yield someone


def here(object: dict[str, Any]) -> dict[str, Any]:
    """In the namespace where the programs are."""
    moved = copy.deepcopy(object)
    moved["metadata"]["namespace"] = "default"
    return moved


def of(*manifests: Any) -> Translation:
    """Of the first, with the others around it."""
    ingresses = [msgspec.convert(each, Ingress) for each in manifests]
    services = {}
    for name in ("web", "api", "web-next"):
        said = {"metadata": {"name": name, "namespace": "default"}, "spec": {"ports": [{"name": "http", "port": 80}]}}
        services[name] = msgspec.convert(said, Service)
    around = Around(
        neighbours=Neighbours(ingresses, [msgspec.convert(CLASS, IngressClass)]),
        services={"default": services},
        choice=Choice(None, "traefik"),
    )
    return translate(ingresses[0], around)


async def laid_out(world: Outside, *manifests: Any) -> Translation:
    found = of(*manifests)
    world.cluster.create([*manifests, *(_as_defined_here(each) for each in found.manifests)])
    await world.cluster.settled()
    return found


def _as_defined_here(object: Any) -> Any:
    """The least definitions of this world have every kind in v1."""
    return {**object, "apiVersion": "gateway.networking.k8s.io/v1"}


async def asked(world: Outside, address: str, request: str, *, tls: bool = False, **more: str) -> tuple[int, str, str]:
    host, slash, rest = request.partition("/")
    answer = await world.get(address, 443 if tls else 80, host or HOST, slash + rest, tls=tls, **more)
    location = answer.headers.get("Location", "").replace(":443/", "/").removesuffix("/")
    return answer.status, answer.text if answer.status == 200 else "", location


CASES = {
    "prefixes and an exact path": (
        manifest(path("/"), path("/api", service="api"), path("/api/item", "Exact", "web-next")),
        ["/", "/item", "/api", "/api/x", "/api/item", "/api/item/x", "/apix"],
    ),
    "a prefix that is stripped": (
        manifest(any_path("/api(/|$)(.*)", "api"), annotations={"rewrite-target": "/$2", "use-regex": "true"}),
        ["/api", "/api/", "/api/item", "/other", "/api/item?a=b"],
    ),
    "a prefix that is replaced": (
        manifest(any_path("/api(/|$)(.*)", "api"), annotations={"rewrite-target": "/v2/$2"}),
        ["/api/item", "/api/none"],
    ),
    "two prefixes that are stripped": (
        manifest(any_path("/x/(.*)"), any_path("/api/(.*)", "api"), annotations={"rewrite-target": "/$1"}),
        ["/x/item", "/api/item", "/x/none"],
    ),
    "a prefix that is put before": (
        manifest(any_path("/(.*)"), annotations={"rewrite-target": "/v2/$1"}), ["/item", "/none"],
    ),
    "everything to one path": (
        manifest(path("/x"), annotations={"rewrite-target": "/item"}), ["/x", "/x/y", "/other"],
    ),
    "regular expressions": (
        manifest(any_path("/[xyz]/item"), any_path("/v[0-9]+/.*", "api"), annotations={"use-regex": "true"}),
        ["/x/item", "/v2/item", "/v/item", "/X/item", "/x/itemised"],
    ),
    "a site that moved": (
        manifest(annotations={"permanent-redirect": "https://new.example.com/start", "permanent-redirect-code": "308"}),
        ["/", "/item"],
    ),
    "a page for a while": (manifest(annotations={"temporal-redirect": "https://new.example.com"}), ["/", "/item"]),
    "a default backend": (
        manifest(path("/api", service="api"), defaultBackend={"service": {"name": "web", "port": {"number": 80}}}),
        ["/api", "/item"],
    ),
    "any host": (manifest(host=""), ["/item", "other.example.com/item"]),
    "a star": (manifest(host="*.example.org"), ["a.example.org/item", "example.org/item"]),
    "two hosts": (
        manifest(hosts=("a.example.com", "b.example.com")), ["a.example.com/item", "b.example.com/item", "/item"],
    ),
    "a port by name": (manifest(path(port="http")), ["/item"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_requests_are_answered_as_before(world: Outside, case: str) -> None:
    said, requests = CASES[case]
    await laid_out(world, here(said))
    before = {each: await asked(world, OLD, each) for each in requests}
    assert {each: await asked(world, NEW, each) for each in requests} == before
    assert any(status in (200, 301, 302, 308) for status, _, _ in before.values())


async def test_plain_http_is_sent_to_https_and_answered_there(world: Outside) -> None:
    await laid_out(world, here(manifest(tls=[HOST])))
    for request in ("/item", "/"):
        assert await asked(world, NEW, request) == await asked(world, OLD, request)
        assert (await asked(world, NEW, request))[0] == 308
        assert await asked(world, NEW, request, tls=True) == await asked(world, OLD, request, tls=True)
    assert await world.subject(NEW, 443, HOST) == HOST


async def test_where_the_redirect_is_off_both_are_answered(world: Outside) -> None:
    await laid_out(world, here(manifest(tls=[HOST], annotations={"ssl-redirect": "false"})))
    for tls in (False, True):
        assert (
            await asked(world, NEW, "/item", tls=tls)
            == (200, "web /item", "")
            == await asked(world, OLD, "/item", tls=tls)
        )


async def test_a_canary_gets_its_share_and_who_asks_for_it(world: Outside) -> None:
    said = {"canary": "true", "canary-weight": "25", "canary-by-header": "X-Canary", "canary-by-cookie": "next"}
    canary = manifest(path(service="web-next"), name="next", annotations=said)
    await laid_out(world, here(manifest()), here(canary))
    for more in (
        {"X_Canary": "always"},
        {"X_Canary": "never"},
        {"Cookie": "a=b; next=always"},
        {"Cookie": "next=never"},
    ):
        answers = {await asked(world, NEW, "/item", **more) for _ in range(8)}
        assert answers == {await asked(world, OLD, "/item", **more)}, more
    answers = [(await asked(world, NEW, "/item"))[1] for _ in range(200)]
    assert answers.count("web-next /item") == 50


async def test_the_root_is_sent_to_the_application(world: Outside) -> None:
    await laid_out(world, here(manifest(annotations={"app-root": "/x/item"})))
    status, _, location = await asked(world, NEW, "/")
    assert (status, location.removeprefix(f"http://{HOST}").removeprefix(":80")) == (302, "/x/item")
    assert (await asked(world, OLD, "/"))[0] == 302
    assert await asked(world, NEW, "/item") == await asked(world, OLD, "/item")


async def test_the_other_name_is_sent_to_the_one_of_the_ingress(world: Outside) -> None:
    await laid_out(world, here(manifest(annotations={"from-to-www-redirect": "true"})))
    status, _, location = await asked(world, NEW, f"www.{HOST}/item")
    assert (status, location.replace(":80/", "/")) == (308, f"http://{HOST}/item")
