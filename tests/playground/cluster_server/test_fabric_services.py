"""Addresses of nodes, Services and pods lead where kube-proxy and load balancers would lead, over real sockets."""

import asyncio
import errno

import pytest

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.objects.registry import Writing
from bot.playground.cluster_server.pods.programs import Program, Reply
from tests.playground.cluster_server.reaching import outside

BALANCER, NODE1, NODE2 = "203.0.113.5", "192.0.2.11", "192.0.2.12"


def deployment(name="web", replicas=2, node="", **container):
    ports = [{"containerPort": 8080, "name": "http"}]
    pod = {"containers": [{"name": name, "image": f"shop/{name}:1", "ports": ports} | container]}
    if node:
        pod["nodeSelector"] = {"kubernetes.io/hostname": node}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service(name="web", target="http", **spec):
    port = {"name": "http", "port": 80, "targetPort": target}
    said = {"selector": {"app": name}, "ports": [port]} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": said}


def node_port(number=30080, target="http"):
    return [{"name": "http", "port": 80, "targetPort": target, "nodePort": number}]


@pytest.fixture
async def shop():
    async with EmbeddedCluster(seed=1) as cluster:
        cluster.surroundings.load_balancer_addresses = (BALANCER,)
        cluster.programs.set("shop/web", Program(http={8080: {"": Reply("hello\n"), "/sick": Reply("ill\n", 500)}}))
        async with outside(cluster) as someone:
            yield someone


async def laid_out(someone, *objects):
    someone.cluster.create(objects)
    await someone.cluster.settled()


def get(someone, kind, name, api_version="v1"):
    return someone.cluster.registry.get(someone.cluster.kinds.named(api_version, kind), "default", name)


def change(someone, kind, name, api_version="v1", **spec):
    row, before = someone.cluster.kinds.named(api_version, kind), get(someone, kind, name, api_version)
    changed = before | {"spec": before["spec"] | spec}
    someone.cluster.registry.update(row, "default", name, changed, Writing("tester"))


async def is_refused(someone, address, port):
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*await someone.cluster.way_to(address, port))
    return True


async def test_a_cluster_ip_leads_to_a_ready_pod(shop):
    await laid_out(shop, deployment(), service())
    address = get(shop, "Service", "web")["spec"]["clusterIP"]
    assert (await shop.get(address, 80, "web")).text == "hello\n"
    assert (await shop.get(address, 80, "web", "/sick")).status == 500


@pytest.mark.parametrize("target", ["http", 8080])
async def test_a_node_port_of_any_node_leads_there(shop, target):
    await laid_out(shop, deployment(replicas=1, node="node1"), service(type="NodePort", ports=node_port(target=target)))
    for node in (NODE1, NODE2):
        assert (await shop.get(node, 30080, "web")).text == "hello\n"


async def test_with_the_policy_local_only_nodes_that_have_a_pod_answer_and_others_drop(shop):
    policy = {"type": "NodePort", "externalTrafficPolicy": "Local", "ports": node_port()}
    await laid_out(shop, deployment(replicas=1, node="node1"), service(**policy))
    assert (await shop.get(NODE1, 30080, "web")).text == "hello\n"
    where = await shop.cluster.way_to(NODE2, 30080)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await asyncio.open_connection(*where)


async def test_with_the_policy_local_and_no_pod_at_all_every_node_refuses(shop):
    await laid_out(shop, service(type="NodePort", externalTrafficPolicy="Local", ports=node_port()))
    assert await is_refused(shop, NODE1, 30080)


async def test_a_load_balancers_address_and_external_addresses_lead_there(shop):
    await laid_out(shop, deployment(), service(type="LoadBalancer", externalIPs=["198.51.100.9"]))
    for address in (BALANCER, "198.51.100.9"):
        assert (await shop.get(address, 80, "web")).text == "hello\n"


async def test_a_pods_own_address_leads_to_what_its_program_listens_on_alone(shop):
    await laid_out(shop, deployment(replicas=1))
    (pod,) = shop.cluster.registry.list(shop.cluster.kinds.named("v1", "Pod"))
    assert (await shop.get(pod["status"]["podIP"], 8080, "web")).text == "hello\n"
    assert await is_refused(shop, pod["status"]["podIP"], 8081)


async def test_a_port_on_the_host_leads_to_the_pod_there(shop):
    ports = [{"containerPort": 8080, "hostPort": 8888}]
    await laid_out(shop, deployment(replicas=1, node="node2", ports=ports))
    assert (await shop.get(NODE2, 8888, "web")).text == "hello\n"
    assert await is_refused(shop, NODE1, 8888)


async def test_a_program_that_speaks_tcp_is_heard(shop):
    shop.cluster.programs.set("shop/db", Program(tcp=(5432,), banner="220 ready\n"))
    await laid_out(shop, deployment("db"), service("db", target=5432))
    address = get(shop, "Service", "db")["spec"]["clusterIP"]
    assert await shop.talk(address, 80, b"select 1") == b"220 ready\nselect 1"


async def test_a_service_without_ready_pods_refuses(shop):
    shop.cluster.programs.set("shop/web", Program(http={8080: {"": Reply("ill", 503)}}))
    probe = {"readinessProbe": {"httpGet": {"path": "/", "port": 8080}}}
    await laid_out(shop, deployment(**probe), service(type="NodePort", ports=node_port()))
    assert await is_refused(shop, get(shop, "Service", "web")["spec"]["clusterIP"], 80)
    assert await is_refused(shop, NODE1, 30080)


async def test_a_target_port_on_which_nothing_listens_refuses(shop):
    await laid_out(shop, deployment(), service(target=9999))
    assert await is_refused(shop, get(shop, "Service", "web")["spec"]["clusterIP"], 80)


async def test_a_port_that_an_address_does_not_have_refuses(shop):
    await laid_out(shop, deployment(), service())
    assert await is_refused(shop, get(shop, "Service", "web")["spec"]["clusterIP"], 81)
    assert await is_refused(shop, NODE1, 22)


async def test_there_is_no_route_to_an_address_that_the_world_does_not_have(shop):
    with pytest.raises(OSError) as raised:
        await shop.cluster.way_to("198.51.100.77", 80)
    assert raised.value.errno == errno.EHOSTUNREACH


async def test_there_is_no_route_to_a_node_that_is_cut_off(shop):
    nodes = shop.cluster.kinds.named("v1", "Node")
    node = shop.cluster.registry.get(nodes, "", "node1")
    conditions = [c | {"status": "Unknown"} for c in node["status"]["conditions"]]
    shop.cluster.registry.write_status(nodes, node, node["status"] | {"conditions": conditions}, "node-controller")
    with pytest.raises(OSError) as raised:
        await shop.cluster.way_to(NODE1, 30080)
    assert raised.value.errno == errno.EHOSTUNREACH


async def test_what_changed_counts_at_the_next_connection_of_the_same_way(shop):
    await laid_out(shop, deployment(), service(type="NodePort", ports=node_port()))
    where = await shop.cluster.way_to(NODE1, 30080)
    change(shop, "Service", "web", selector={"app": "nobody"})
    await shop.cluster.settled()
    reader, _ = await asyncio.open_connection(*where)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    assert await is_refused(shop, NODE1, 30080)
    change(shop, "Service", "web", selector={"app": "web"})
    await shop.cluster.settled()
    assert (await shop.get(NODE1, 30080, "web")).text == "hello\n"


async def test_a_service_without_selector_leads_to_the_slices_that_people_write(shop):
    await laid_out(shop, deployment(replicas=1))
    (pod,) = shop.cluster.registry.list(shop.cluster.kinds.named("v1", "Pod"))
    by_hand = service("by-hand")
    del by_hand["spec"]["selector"]
    piece = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "by-hand-1", "labels": {"kubernetes.io/service-name": "by-hand"}},
        "ports": [{"name": "http", "port": 8080}], "endpoints": [{"addresses": [pod["status"]["podIP"]]}],
    }  # fmt: skip
    await laid_out(shop, by_hand, piece)
    assert (await shop.get(get(shop, "Service", "by-hand")["spec"]["clusterIP"], 80, "web")).text == "hello\n"


async def test_the_service_of_the_api_server_leads_to_it(shop):
    assert (await shop.get("10.96.0.1", 443, "kubernetes.default.svc", "/livez", tls=True)).status == 200


async def test_ways_are_bounded_and_gone_with_the_cluster(shop):
    await laid_out(shop, deployment(), service())
    address = get(shop, "Service", "web")["spec"]["clusterIP"]
    where = await shop.cluster.way_to(address, 80)
    assert where == await shop.cluster.way_to(address, 80), "one listener for one address and port"
    await shop.cluster.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*where)
