"""Requests to the address of an ingress controller, judged by the rules of its Ingresses, over real sockets."""

import io
import ssl

import pytest

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.pods.programs import Program, Reply
from tests.playground.cluster_server.edging import (
    controller,
    ingress,
    ingress_class,
    namespace,
    path,
    program_of,
    secret,
)
from tests.playground.cluster_server.reaching import outside

ADDRESS, HOST = "203.0.113.5", "shop.example.com"
NGINX = "registry.k8s.io/ingress-nginx/controller:v1.15.1"
FAKE = "Kubernetes Ingress Controller Fake Certificate"
IMAGES = {
    "nginx": (NGINX, ("/nginx-ingress-controller", "--publish-service=edge/nginx"), "k8s.io/ingress-nginx"),
    "f5": ("nginx/nginx-ingress:5.5.4", ("-ingress-class=f5",), "nginx.org/ingress-controller"),
    "haproxy": ("haproxytech/kubernetes-ingress:3.2.11", (), "haproxy.org/ingress-controller"),
    "traefik": (
        "traefik:v3.7.9",
        ("--entryPoints.web.address=:80", "--entryPoints.websecure.address=:443", "--providers.kubernetesingress"),
        "traefik.io/ingress-controller",
    ),
}


@pytest.fixture
async def world():
    async with EmbeddedCluster(seed=1) as cluster:
        cluster.surroundings.load_balancer_addresses = (ADDRESS,)
        cluster.create([namespace("edge")])
        for name in ("web", "api", "new"):
            cluster.programs.set(f"shop/{name}", Program(http={8080: {"": Reply(name), "/deep/item": Reply("deep")}}))
            cluster.create(program_of(name))
        async with outside(cluster) as someone:
            yield someone


async def with_controller(world, name, *objects):
    image, args, of = IMAGES[name]
    world.cluster.create([*controller(name, image, *args), ingress_class(name, of), *objects])
    await world.cluster.settled()


async def asked(world, path="/", host=HOST, **said):
    answer = await world.get(ADDRESS, 443 if said.get("tls") else 80, host, path, **said)
    return answer.text if answer.status == 200 else answer.status


@pytest.mark.parametrize(
    ("sort", "value", "those", "others"),
    [
        ("Exact", "/a", ["/a"], ["/a/", "/a/b", "/A", "/ab"]),
        ("Prefix", "/a", ["/a", "/a/", "/a/b", "/a?x=1"], ["/ab", "/"]),
        ("Prefix", "/a/", ["/a", "/a/b"], ["/ab"]),
        ("Prefix", "/", ["/", "/anything"], []),
        ("ImplementationSpecific", "/a", ["/a", "/ab"], ["/b"]),
    ],
)
async def test_what_a_path_type_means(world, sort, value, those, others):
    await with_controller(world, "nginx", ingress(path(value, sort=sort)))
    assert [await asked(world, each) for each in those] == ["web"] * len(those)
    assert [await asked(world, each) for each in others] == [404] * len(others)


async def test_the_longest_path_counts_and_of_equals_the_exact_one(world):
    paths = path("/"), path("/api", "api"), path("/api/v2", "new"), path("/api/v2", "web", "Exact")
    await with_controller(world, "nginx", ingress(*paths))
    assert [await asked(world, p) for p in ("/x", "/api/x", "/api/v2/x", "/api/v2")] == ["web", "api", "new", "web"]


async def test_a_host_itself_comes_before_one_with_a_star_and_that_before_every_host(world):
    await with_controller(
        world, "nginx", ingress(path(name="web"), name="one"), ingress(path(name="new"), name="all", host=""),
        ingress(path(name="api"), name="wide", host="*.example.com"),
    )  # fmt: skip
    hosts = {HOST: "web", "other.example.com": "api", "a.b.example.com": "new", "example.com": "new", "x.test": "new"}
    assert {host: await asked(world, host=host) for host in hosts} == hosts
    assert await asked(world, host=f"{HOST.upper()}:80") == "web"


async def test_a_port_is_named_by_number_or_name_and_must_be_there(world):
    paths = path("/named", port="http"), path("/wrong", port="metrics"), path("/gone", "nobody")
    await with_controller(world, "nginx", ingress(*paths))
    assert [await asked(world, p) for p in ("/named", "/wrong", "/gone")] == ["web", 503, 503]


async def test_a_default_backend_takes_what_no_rule_has(world):
    of_all = ingress(name="all", defaultBackend={"service": {"name": "api", "port": {"number": 80}}})
    await with_controller(world, "nginx", ingress(path("/only")), of_all)
    assert await asked(world, host="unknown.example.com") == "api"
    assert await asked(world, "/only") == "web"


async def test_without_ready_pods_the_answer_is_503_and_without_a_rule_404(world):
    await with_controller(world, "nginx", ingress(path()))
    kind = world.cluster.kinds.named("apps/v1", "Deployment")
    world.cluster.registry.delete(kind, "default", "web")
    await world.cluster.settled()
    assert await asked(world) == 503
    assert await asked(world, host="nobody.example.com") == 404


async def test_only_ingresses_of_its_class_are_served(world):
    other = ingress(path(), name="other", host="other.example.com", of="somebody-elses")
    await with_controller(world, "nginx", ingress(path()), other)
    assert await asked(world) == "web"
    assert await asked(world, host="other.example.com") == 404


@pytest.mark.parametrize(
    ("name", "without_class", "annotated"),
    [("nginx", False, True), ("f5", False, True), ("haproxy", True, False), ("traefik", True, True)],
)
async def test_which_ingresses_without_a_class_each_controller_takes(world, name, without_class, annotated):
    said = {"kubernetes.io/ingress.class": name}
    await with_controller(
        world, name, ingress(path(), of="", host="none.example.com"),
        ingress(path(), name="old", of="", host="old.example.com", annotations=said),
    )  # fmt: skip
    assert (await asked(world, host="none.example.com") == "web") is without_class
    assert (await asked(world, host="old.example.com") == "web") is annotated


async def test_an_ingress_gets_the_address_of_the_controllers_service(world):
    await with_controller(world, "nginx", ingress(path()))
    kind = world.cluster.kinds.named("networking.k8s.io/v1", "Ingress")
    found = world.cluster.registry.get(kind, "default", "shop")
    assert found["status"]["loadBalancer"]["ingress"] == [{"ip": ADDRESS}]


async def test_a_controller_that_does_not_run_answers_nobody(world):
    await with_controller(world, "nginx", ingress(path()))
    world.cluster.registry.delete(world.cluster.kinds.named("apps/v1", "Deployment"), "edge", "nginx")
    await world.cluster.settled()
    with pytest.raises(OSError):
        await asked(world)


async def test_the_certificate_of_the_secret_is_shown_for_its_host(world):
    await with_controller(world, "nginx", secret("good", HOST), ingress(path(), tls="good"))
    assert await world.subject(ADDRESS, 443, HOST) == HOST
    assert await asked(world, tls=True) == "web"


@pytest.mark.parametrize(
    ("name", "shown"), [("nginx", FAKE), ("haproxy", "localhost"), ("traefik", "TRAEFIK DEFAULT CERT")]
)
async def test_where_no_certificate_fits_the_controllers_own_is_shown(world, name, shown):
    await with_controller(world, name, secret("other", "other.example.com"), ingress(path(), tls="other", of=name))
    assert await world.subject(ADDRESS, 443, HOST) == shown
    assert await world.subject(ADDRESS, 443, "unknown.example.com") == shown


async def test_nginx_incs_shows_what_the_ingress_names_and_ends_other_handshakes(world):
    await with_controller(world, "f5", secret("other", "other.example.com"), ingress(path(), tls="other", of="f5"))
    assert await world.subject(ADDRESS, 443, HOST) == "other.example.com"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await world.subject(ADDRESS, 443, "unknown.example.com")


async def test_a_new_certificate_counts_at_the_next_handshake(world):
    await with_controller(world, "nginx", secret("tls", HOST, common="first"), ingress(path(), tls="tls"))
    assert await world.subject(ADDRESS, 443, HOST) == "first"
    world.cluster.registry.delete(world.cluster.kinds.named("v1", "Secret"), "default", "tls")
    assert await world.subject(ADDRESS, 443, HOST) == FAKE
    world.cluster.create([secret("tls", HOST, common="second")])
    assert await world.subject(ADDRESS, 443, HOST) == "second"


@pytest.mark.parametrize(("name", "status"), [("nginx", 308), ("f5", 301), ("haproxy", 302), ("traefik", 200)])
async def test_plain_http_of_a_host_with_tls_is_sent_to_https(world, name, status):
    await with_controller(world, name, secret("good", HOST), ingress(path(), tls="good", of=name))
    answer = await world.get(ADDRESS, 80, HOST, "/a?b=1")
    assert answer.status == status
    assert answer.headers.get("Location", "") == ("" if status == 200 else f"https://{HOST}/a?b=1")


async def test_traefik_serves_https_only_where_a_router_has_tls(world):
    said = {"traefik.ingress.kubernetes.io/router.tls": "true"}
    with_tls = ingress(path(), name="tls", host="tls.example.com", of="traefik", annotations=said)
    await with_controller(world, "traefik", ingress(path(), of="traefik"), with_tls)
    assert await asked(world, tls=True) == 404
    assert await asked(world, host="tls.example.com", tls=True) == "web"
    assert await asked(world, host="tls.example.com") == 404


async def test_traefik_answers_404_for_a_service_that_does_not_exist(world):
    await with_controller(world, "traefik", ingress(path("/gone", "nobody"), of="traefik"))
    assert await asked(world, "/gone") == 404


def nginx(**said):
    return {f"nginx.ingress.kubernetes.io/{name.replace('_', '-')}": value for name, value in said.items()}


async def test_annotations_of_ingress_nginx_rewrite_paths_by_their_groups(world):
    said = nginx(rewrite_target="/$2")
    paths = path("/shop(/|$)(.*)", sort="ImplementationSpecific")
    await with_controller(world, "nginx", ingress(paths, annotations=said))
    assert [await asked(world, p) for p in ("/shop/deep/item", "/shop/x", "/SHOP", "/other")] == [
        "deep", "web", "web", 404,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "path_", "status", "location"),
    [
        (nginx(force_ssl_redirect="true"), "/a", 308, f"https://{HOST}/a"),
        (nginx(permanent_redirect="https://new.test"), "/a", 301, "https://new.test"),
        (nginx(permanent_redirect="https://new.test", permanent_redirect_code="308"), "/a", 308, "https://new.test"),
        (nginx(temporal_redirect="https://new.test"), "/a", 302, "https://new.test"),
        (nginx(app_root="/start"), "/", 302, "/start"),
    ],
)
async def test_annotations_of_ingress_nginx_send_clients_elsewhere(world, said, path_, status, location):
    await with_controller(world, "nginx", ingress(path(), annotations=said))
    answer = await world.get(ADDRESS, 80, HOST, path_)
    assert (answer.status, answer.headers["Location"]) == (status, location)


async def test_a_canary_gets_its_share_and_who_asks_for_it(world):
    said = nginx(canary="true", canary_weight="25", canary_by_header="X-New")
    canary = ingress(path(name="new"), name="canary", annotations=said)
    await with_controller(world, "nginx", ingress(path()), canary)
    answers = [await asked(world) for _ in range(100)]
    assert (answers.count("new"), answers.count("web")) == (25, 75)
    assert await asked(world, X_New="always") == "new"
    assert {await asked(world, X_New="never") for _ in range(30)} == {"web"}


async def test_a_request_that_is_too_large_is_refused(world):
    await with_controller(world, "nginx", ingress(path()))
    where, port = await world.cluster.way_to(ADDRESS, 80)
    async with world.http.post(
        f"http://{where}:{port}/", data=io.BytesIO(b"x" * (2 << 20)), headers={"Host": HOST}
    ) as reply:
        assert reply.status == 413


async def test_an_address_that_only_a_scenario_gives_to_a_controller_leads_to_it(world):
    world.cluster.surroundings.ingress_controllers = {"example.com/edge": ("default/api", ("198.51.100.7",))}
    world.cluster.create([ingress_class("edge", "example.com/edge"), ingress(path(), of="edge")])
    await world.cluster.settled()
    assert (await world.get("198.51.100.7", 80, HOST)).text == "web"
    with pytest.raises(ConnectionRefusedError):
        await world.talk("198.51.100.7", 8080)
