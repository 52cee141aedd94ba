"""Controllers installed from their makers' own manifests, as kubectl applies them: recognised, ready, and serving."""

from dataclasses import dataclass

import pytest

from bot.playground.cluster_server import EmbeddedCluster
from tests.mirrors import HAVE_MIRROR
from tests.playground.cluster_server.conftest import connected
from tests.playground.cluster_server.edging import ingress, ingress_class, of_gateway_api, path, program_of, secret
from tests.playground.cluster_server.installing import REAL, install, objects_of, remove
from tests.playground.cluster_server.reaching import outside

pytestmark = pytest.mark.skipif(not HAVE_MIRROR, reason="this machine has no mirror of the makers' manifests")

ADDRESS, HOST, NODES = "203.0.113.5", "shop.example.com", ("192.0.2.11", "192.0.2.12")
F5 = "nginx-inc/v5.5.4"
_F5 = [f"{F5}/{each}.yaml" for each in (
    "deployments/common/ns-and-sa", "deployments/rbac/rbac", "deploy/crds", "deployments/common/nginx-config",
    "deployments/common/ingress-class",
)]  # fmt: skip
TRAEFIK = [f"traefik/v3.7.9/kubernetes-gateway-{each}.yml" for each in ("rbac", "traefik-lb-svc")]


@dataclass(frozen=True)
class Maker:
    """What somebody applies, and what is true then."""

    files: tuple[str, ...]
    of: str
    """The class of its Ingresses."""
    told: bool = True
    """Whether the controller writes an address into Ingresses, with these arguments."""
    balanced: bool = True
    """Whether its Service has a load balancer's address; else it is reached by a node port."""
    on_hosts: bool = False
    """Whether its pods take port 80 of their nodes."""


MAKERS = {
    "contour": Maker(("contour/v1.33.6/contour.yaml",), "contour", on_hosts=True),
    "haproxy": Maker(("haproxy/v3.2.11/haproxy-ingress.yaml",), "", told=False, balanced=False),
    "nginx-inc": Maker((*_F5, f"{F5}/deployments/deployment/nginx-ingress.yaml",
                        f"{F5}/deployments/service/loadbalancer.yaml"), "nginx"),
    "nginx-inc on every node": Maker((*_F5, f"{F5}/deployments/daemon-set/nginx-ingress.yaml",
                                      f"{F5}/deployments/service/nodeport.yaml"), "nginx", told=False, balanced=False,
                                     on_hosts=True),
    "ingress-nginx": Maker(("ingress-nginx/controller-v1.15.1/cloud/deploy.yaml",), "nginx"),
    "ingress-nginx by node port": Maker(("ingress-nginx/controller-v1.15.1/baremetal/deploy.yaml",), "nginx",
                                        balanced=False),
}  # fmt: skip


@pytest.fixture
async def world():
    """The cluster, somebody outside, and who applies manifests."""
    async with EmbeddedCluster(seed=1) as cluster, connected(cluster) as client, outside(cluster) as someone:
        cluster.surroundings.load_balancer_addresses = (ADDRESS,)
        cluster.create(program_of("web"))
        await cluster.settled()
        yield cluster, client, someone


def addresses(cluster):
    kind = cluster.kinds.named("networking.k8s.io/v1", "Ingress")
    found = cluster.registry.get(kind, "default", "shop")["status"]["loadBalancer"].get("ingress", [])
    return [said["ip"] for said in found]


def node_port(cluster):
    """Of whatever Service has port 80 on nodes."""
    services = cluster.registry.list(cluster.kinds.named("v1", "Service"))
    ports = [port for service in services for port in service["spec"]["ports"]]
    return next(port["nodePort"] for port in ports if port["port"] == 80 and port.get("nodePort"))


@pytest.mark.parametrize("maker", MAKERS)
async def test_a_controller_of_its_makers_manifests_is_ready_and_serves(world, maker):
    cluster, client, someone = world
    said = MAKERS[maker]
    cluster.create([ingress(path(), of=said.of)])
    await install(client, objects_of(*[REAL / file for file in said.files]))
    assert all(running.works for running in cluster.edges.all())
    reached = [(ADDRESS, 80)] if said.balanced else [(node, node_port(cluster)) for node in NODES]
    reached += [(node, 80) for node in NODES] if said.on_hosts else []
    for address, port in reached:
        assert (await someone.get(address, port, HOST)).text.startswith("web (shop/web:1)")
        assert (await someone.get(address, port, "nobody.example.com")).status == 404
    assert bool(addresses(cluster)) is said.told
    assert not said.balanced or addresses(cluster) == [ADDRESS]


async def test_traefiks_example_serves_gateways(world):
    cluster, client, someone = world
    definitions = list(objects_of(REAL / "gateway-api/v1.6.1/standard-install.yaml"))
    await install(client, definitions)
    await install(client, objects_of(*[REAL / file for file in TRAEFIK]))
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    await install(client, [
        of_gateway_api("GatewayClass", "traefik", controllerName="traefik.io/gateway-controller"),
        of_gateway_api("Gateway", "g", gatewayClassName="traefik", listeners=[listener]),
        of_gateway_api("HTTPRoute", "r", parentRefs=[{"name": "g"}], hostnames=[HOST],
                       rules=[{"backendRefs": [{"name": "web", "port": 80}]}]),
    ])  # fmt: skip
    kind = cluster.kinds.named("gateway.networking.k8s.io/v1", "Gateway")
    status = cluster.registry.get(kind, "default", "g")["status"]
    assert "addresses" not in status, "its arguments name no address to tell"
    assert {c["type"]: c["status"] for c in status["conditions"]} == {"Accepted": "True", "Programmed": "True"}
    assert (await someone.get(ADDRESS, 80, HOST)).text.startswith("web")


async def test_contour_serves_the_gateway_that_its_configuration_names_alone(world):
    cluster, client, someone = world
    await install(client, objects_of(REAL / "gateway-api/v1.6.1/standard-install.yaml"))
    objects = list(objects_of(REAL / "contour/v1.33.6/contour.yaml"))
    config = next(obj for obj in objects if obj["kind"] == "ConfigMap")
    config["data"]["contour.yaml"] += "\ngateway:\n  gatewayRef:\n    namespace: default\n    name: ours\n"
    await install(client, objects)
    gateways = [
        of_gateway_api("Gateway", name, gatewayClassName="contour",
                       listeners=[{"name": "http", "port": 80, "protocol": "HTTP"}])
        for name in ("ours", "theirs")
    ]  # fmt: skip
    routes = [
        of_gateway_api("HTTPRoute", name, parentRefs=[{"name": name}], hostnames=[f"{name}.example.com"],
                       rules=[{"backendRefs": [{"name": "web", "port": 80}]}])
        for name in ("ours", "theirs")
    ]  # fmt: skip
    of = of_gateway_api("GatewayClass", "contour", controllerName="projectcontour.io/gateway-controller")
    await install(client, [of, *gateways, *routes])
    assert (await someone.get(ADDRESS, 80, "ours.example.com")).status == 200
    assert (await someone.get(ADDRESS, 80, "theirs.example.com")).status == 404
    kind = cluster.kinds.named("gateway.networking.k8s.io/v1", "Gateway")
    conditions = cluster.registry.get(kind, "default", "theirs")["status"]["conditions"]
    assert {c["status"] for c in conditions} == {"Unknown"}, "as the definition has it before anybody looks"


async def test_contour_shows_the_certificate_that_an_ingress_names_and_knows_no_other_host(world):
    cluster, client, someone = world
    cluster.create([secret("tls", HOST), ingress(path(), of="contour", tls="tls")])
    await install(client, objects_of(REAL / "contour/v1.33.6/contour.yaml"))
    assert await someone.subject(ADDRESS, 443, HOST) == HOST
    assert (await someone.get(ADDRESS, 443, HOST, tls=True)).status == 200
    with pytest.raises(OSError):
        await someone.subject(ADDRESS, 443, "nobody.example.com")


async def test_haproxy_with_a_class_takes_what_is_of_that_class(world):
    cluster, client, someone = world
    objects = list(objects_of(REAL / "haproxy/v3.2.11/haproxy-ingress.yaml"))
    workload = next(obj for obj in objects if obj["kind"] == "Deployment")
    workload["spec"]["template"]["spec"]["containers"][0]["args"] += [
        "--ingress.class=edge", "--publish-service=haproxy-controller/haproxy-kubernetes-ingress",
    ]  # fmt: skip
    service = next(obj for obj in objects if obj["kind"] == "Service")
    service["spec"]["type"] = "LoadBalancer"
    of = ingress_class("edge", "haproxy.org/ingress-controller/edge")
    cluster.create([of, ingress(path(), of="edge"), ingress(path(), name="other", host="other.example.com", of="")])
    await install(client, objects)
    assert addresses(cluster) == [ADDRESS]
    assert (await someone.get(ADDRESS, 80, HOST)).status == 200
    assert (await someone.get(ADDRESS, 80, "other.example.com")).status == 404


async def test_nobody_answers_once_a_controller_is_uninstalled(world):
    cluster, client, someone = world
    objects = list(objects_of(REAL / "haproxy/v3.2.11/haproxy-ingress.yaml"))
    cluster.create([ingress(path(), of="")])
    await install(client, objects)
    port = node_port(cluster)
    assert (await someone.get(NODES[0], port, HOST)).status == 200
    await remove(client, [obj for obj in objects if obj["kind"] == "Deployment"])
    assert cluster.edges.all() == []
    with pytest.raises(ConnectionRefusedError):
        await someone.talk(NODES[0], port)
