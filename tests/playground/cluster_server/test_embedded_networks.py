"""Network plugins on a cluster that has none yet: installed from their makers' manifests, working, failing, removed."""

import ipaddress
import json
from collections.abc import AsyncIterator

import pytest

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.objects.registry import Deleting
from bot.playground.manifests import FOLDER
from bot.playground.world import World
from tests.playground.cluster_server.conftest import Client, connected
from tests.playground.cluster_server.installing import REAL, install, objects_of, remove

FILES = {
    "flannel": "flannel/v0.28.9/kube-flannel.yml",
    "weave": "weave/v2.9.0/weave-daemonset-k8s-1.11.yaml",
    "canal": "canal/v3.32.1/canal.yaml",
    "kube-router": "kube-router/v2.11.1/kubeadm-kuberouter.yaml",
    "antrea": "antrea/v2.7.0/tag-source/antrea.yml",
    "calico": "calico/v3.32.1/calico.yaml",
}
NODES = ("control", "worker1", "worker2")
UP = {
    "flannel": ("False", "FlannelIsUp", "Flannel is running on this node"),
    "canal": ("False", "FlannelIsUp", "Flannel is running on this node"),
    "weave": ("False", "WeaveIsUp", "Weave pod has set this"),
    "calico": ("False", "CalicoIsUp", "Calico is running on this node"),
}
REFUSED = {
    "weave": 'plugin type="weave-net" name="weave" failed (add): unable to allocate IP address',
    "canal": 'plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized',
    "antrea": "dial unix /var/run/antrea/cni.sock: connect: connection refused",
}
"""What new pods hear after the plugin was removed; without a line here they still get their addresses."""


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with EmbeddedCluster(seed=1) as cluster, connected(cluster) as client:
        await World(cluster).load("new-cluster")
        yield client


OWN = {
    "flannel": "flannel/playground/kube-flannel.yml",
    "weave": "weave/playground/weave-daemonset-k8s-1.11.yaml",
    "canal": "canal/playground/canal.yaml",
    "kube-router": "kube-router/playground/kubeadm-kuberouter.yaml",
    "antrea": "antrea/playground/antrea.yml",
}


def own(plugin: str) -> list[dict]:
    return list(objects_of(FOLDER / OWN[plugin]))


def real(plugin: str) -> list[dict]:
    file = REAL / FILES[plugin]
    if not file.exists():
        pytest.skip(f"{file} is not here: the makers' manifests are no part of this repository")
    return list(objects_of(file))


def listed(client, kind, namespace="", api_version="v1"):
    return list(client.cluster.registry.list(client.cluster.kinds.named(api_version, kind), namespace))


def node(client, name):
    return next(each for each in listed(client, "Node") if each["metadata"]["name"] == name)


def condition(client, kind, name="worker1"):
    found = (said for said in node(client, name)["status"]["conditions"] if said["type"] == kind)
    return next(((said["status"], said["reason"], said["message"]) for said in found), None)


def ready_nodes(client):
    return [name for name in NODES if condition(client, "Ready", name)[0] == "True"]


def dns_pods(client):
    return [
        pod for pod in listed(client, "Pod", "kube-system") if pod["metadata"]["labels"].get("k8s-app") == "kube-dns"
    ]


def addresses(client):
    return {pod["status"].get("podIP", ""): pod["spec"].get("nodeName") for pod in dns_pods(client)}


def agents(client, prefix):
    return [pod for pod in listed(client, "Pod") if pod["metadata"]["name"].startswith(prefix)]


def warnings(client):
    return " ".join(event["message"] for event in listed(client, "Event") if event["type"] == "Warning")


async def start_dns_anew(client):
    for pod in dns_pods(client):
        pods = client.cluster.kinds.named("v1", "Pod")
        client.cluster.registry.delete(pods, "kube-system", pod["metadata"]["name"], Deleting(grace_seconds=0))
    await client.cluster.settled()


async def patch_node(client, name, spec):
    answer = await client.ask("PATCH", f"/api/v1/nodes/{name}", {"spec": spec}, patch="merge-patch+json")
    assert answer.status == 200, answer.body
    await client.cluster.settled()


async def log(client, pod, container):
    metadata = pod["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log?container={container}&previous=true"
    return (await client.get(path)).body


async def test_a_new_cluster_is_as_kubeadm_leaves_it(client):
    assert ready_nodes(client) == []
    said = condition(client, "Ready")[2]
    assert said.endswith("message:Network plugin returns error: cni plugin not initialized")
    taints = {taint["key"] for taint in node(client, "control")["spec"]["taints"]}
    assert taints == {"node.kubernetes.io/not-ready", "node-role.kubernetes.io/control-plane"}
    assert [pod["status"]["phase"] for pod in dns_pods(client)] == ["Pending"] * 2
    static = [pod for pod in listed(client, "Pod") if pod["metadata"].get("labels", {}).get("tier") == "control-plane"]
    assert {pod["status"]["phase"] for pod in static} == {"Running"}
    (cidr,) = listed(client, "ServiceCIDR", api_version="networking.k8s.io/v1")
    assert cidr["spec"]["cidrs"] == ["10.96.0.0/16"]


@pytest.mark.parametrize(
    ("plugin", "source"), [*((plugin, real) for plugin in FILES), *((plugin, own) for plugin in OWN)]
)
async def test_a_plugin_makes_nodes_ready_and_gives_pods_addresses(client, plugin, source):
    await install(client, source(plugin))
    assert ready_nodes(client) == list(NODES)
    assert condition(client, "NetworkUnavailable") == UP.get(plugin)
    assert "taints" not in node(client, "worker1")["spec"]
    network = ipaddress.ip_network("10.32.0.0/12" if plugin == "weave" else "10.244.0.0/16")
    found = addresses(client)
    assert len(found) == 2
    assert all(ipaddress.ip_address(address) in network for address in found)
    if plugin not in ("weave", "calico"):
        for address, name in found.items():
            assert ipaddress.ip_address(address) in ipaddress.ip_network(node(client, name)["spec"]["podCIDR"])


@pytest.mark.parametrize("source", [real, own])
@pytest.mark.parametrize("plugin", OWN)
async def test_a_removed_plugin_leaves_nodes_ready_and_pods_running(client, plugin, source):
    await install(client, source(plugin))
    before = addresses(client)
    await remove(client, source(plugin))
    assert ready_nodes(client) == list(NODES), "its configuration still lies on the hosts"
    assert addresses(client) == before
    await start_dns_anew(client)
    if plugin not in REFUSED:
        assert "" not in addresses(client)
        return
    assert set(addresses(client)) == {""}
    assert REFUSED[plugin] in warnings(client)
    assert {status["state"]["waiting"]["reason"] for pod in dns_pods(client)
            for status in pod["status"]["containerStatuses"]} == {"ContainerCreating"}  # fmt: skip


async def test_calico_says_that_it_stops_and_no_pod_comes_to_its_nodes(client):
    await install(client, real("calico"))
    await remove(client, real("calico"))
    assert condition(client, "NetworkUnavailable") == ("True", "CalicoIsDown", "Calico is shutting down on this node")
    assert {"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"} in node(client, "worker1")["spec"][
        "taints"
    ]
    await start_dns_anew(client)
    assert {pod["spec"].get("nodeName") for pod in dns_pods(client)} == {None}


async def test_what_calico_left_behind_stands_in_the_way_of_the_next_plugin(client):
    await install(client, real("calico"))
    await remove(client, real("calico"))
    await install(client, real("flannel"))
    assert condition(client, "NetworkUnavailable") == UP["flannel"]
    await start_dns_anew(client)
    assert set(addresses(client)) == {""}
    assert "error getting ClusterInformation: connection is unauthorized: Unauthorized" in warnings(client)
    await install(client, [cleaner("rm -f /host/cni/net.d/10-calico.conflist")])
    await start_dns_anew(client)
    assert "" not in addresses(client)
    await remove(client, [cleaner("")])
    assert ready_nodes(client) == list(NODES)


@pytest.mark.parametrize("command", ["rm -rf /host/cni/net.d/*", "rm -r /host/cni/net.d", "rm /host/cni/net.d/10-fl*"])
async def test_a_node_without_any_configuration_has_no_network(client, command):
    await install(client, own("flannel"))
    await remove(client, own("flannel"))
    await install(client, [cleaner(command)])
    assert ready_nodes(client) == []
    assert condition(client, "Ready")[2].endswith("cni plugin not initialized")
    await install(client, own("flannel"))
    await remove(client, [cleaner(command)])
    assert ready_nodes(client) == list(NODES)


def cleaner(command):
    """What people run on every node to take a plugin's configuration away."""
    pod = {
        "hostNetwork": True, "tolerations": [{"operator": "Exists"}],
        "volumes": [{"name": "etc", "hostPath": {"path": "/etc"}}],
        "initContainers": [{
            "name": "rm", "image": "busybox:1.37", "volumeMounts": [{"name": "etc", "mountPath": "/host"}],
            "command": ["sh", "-c", command],
        }],
        "containers": [{"name": "wait", "image": "registry.k8s.io/pause:3.10"}],
    }  # fmt: skip
    return {
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "clean", "namespace": "kube-system"},
        "spec": {"selector": {"matchLabels": {"app": "clean"}},
                 "template": {"metadata": {"labels": {"app": "clean"}}, "spec": pod}},
    }  # fmt: skip


async def test_calico_keeps_what_it_gave_out(client):
    await install(client, real("calico"))
    (pool,) = listed(client, "IPPool", api_version="crd.projectcalico.org/v1")
    assert pool["spec"]["cidr"] == "10.244.0.0/16"
    blocks = listed(client, "IPAMBlock", api_version="crd.projectcalico.org/v1")
    assert len(blocks) == len(NODES)
    given = [attribute["secondary"] for block in blocks for attribute in block["spec"]["attributes"]]
    named = {said["pod"] for said in given if "pod" in said}
    assert {pod["metadata"]["name"] for pod in dns_pods(client)} < named
    assert [said["type"] for said in given if "type" in said] == ["ipipTunnelAddress"] * 3
    for block in blocks:
        used = [place for place in block["spec"]["allocations"] if place is not None]
        assert len(used) + len(block["spec"]["unallocated"]) == 64
    before = {attribute["handle_id"] for block in blocks for attribute in block["spec"]["attributes"]}
    await start_dns_anew(client)
    blocks = listed(client, "IPAMBlock", api_version="crd.projectcalico.org/v1")
    after = {attribute["handle_id"] for block in blocks for attribute in block["spec"]["attributes"]}
    assert len(after) == len(before)
    assert after != before


async def test_flannel_wants_its_network_around_what_nodes_were_given(client):
    objects = real("flannel")
    config = next(obj for obj in objects if obj["kind"] == "ConfigMap")
    config["data"]["net-conf.json"] = json.dumps({"Network": "10.99.0.0/16", "Backend": {"Type": "vxlan"}})
    await install(client, objects)
    assert ready_nodes(client) == list(NODES), "the configuration is there before flanneld starts"
    pod = next(pod for pod in agents(client, "kube-flannel-ds") if pod["spec"]["nodeName"] == "worker1")
    assert pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert (
        'Error registering network: failed to acquire lease: subnet "10.99.0.0/16" specified in the flannel net config '
        'doesn\'t contain "10.244.1.0/24" PodCIDR of the "worker1" node'
    ) in await log(client, pod, "kube-flannel")
    assert set(addresses(client)) == {""}
    assert "open /run/flannel/subnet.env: no such file or directory" in warnings(client)
    config["data"]["net-conf.json"] = json.dumps({"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}})
    await install(client, [config])
    assert "" not in addresses(client)


LAST_WORDS = {
    "flannel": ("kube-flannel-ds", "kube-flannel", 'failed to acquire lease: node "worker1" pod cidr not assigned'),
    "canal": ("canal", "kube-flannel", 'failed to acquire lease: node "worker1" pod cidr not assigned'),
    "kube-router": ("kube-router", "kube-router", "Error: node.Spec.PodCIDR not set for node: worker1"),
    "antrea": ("antrea-agent", "antrea-agent", "Spec.PodCIDR is empty for Node worker1"),
}


@pytest.mark.parametrize("plugin", LAST_WORDS)
async def test_an_agent_does_not_start_where_no_range_was_given(client, plugin):
    await patch_node(client, "worker1", {"podCIDR": None, "podCIDRs": None})
    await install(client, real(plugin))
    prefix, container, words = LAST_WORDS[plugin]
    found = {pod["spec"]["nodeName"]: pod for pod in agents(client, prefix)}
    assert words in await log(client, found["worker1"], container)
    states = {status["name"]: status for status in found["worker1"]["status"]["containerStatuses"]}
    assert states[container]["ready"] is False
    assert all(status["ready"] for status in found["worker2"]["status"]["containerStatuses"])
    await patch_node(client, "worker1", {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24"]})
    healed = {pod["spec"]["nodeName"]: pod for pod in agents(client, prefix)}["worker1"]
    assert all(status["ready"] for status in healed["status"]["containerStatuses"])


async def test_weave_takes_its_range_from_its_agent(client):
    objects = real("weave")
    agent = next(obj for obj in objects if obj["kind"] == "DaemonSet")
    agent["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "IPALLOC_RANGE", "value": "10.50.0.0/16"})
    await install(client, objects)
    await start_dns_anew(client)
    found = addresses(client)
    assert all(ipaddress.ip_address(address) in ipaddress.ip_network("10.50.0.0/16") for address in found)
    assert len({str(ipaddress.ip_network(f"{address}/18", strict=False)) for address in found}) == 2, "a part each"


async def test_a_stopped_kubelet_starts_no_agent(client):
    world = World(client.cluster)
    await world.load("new-cluster")
    world.break_("kubelet-stopped")
    await install(client, real("flannel"))
    assert ready_nodes(client) == ["control", "worker1"]
    assert condition(client, "Ready", "worker2")[0] == "Unknown"
    world.mend("kubelet-stopped")
    await client.cluster.settled()
    assert ready_nodes(client) == list(NODES)


async def test_an_image_that_cannot_be_pulled_leaves_the_nodes_as_they_are(client):
    world = World(client.cluster)
    await world.load("new-cluster")
    world.break_("flannel-image")
    await install(client, real("flannel"))
    assert ready_nodes(client) == []
    states = [pod["status"]["initContainerStatuses"][1]["state"] for pod in agents(client, "kube-flannel-ds")]
    assert {state["waiting"]["reason"] for state in states} == {"ImagePullBackOff"}
    world.mend("flannel-image")
    await client.cluster.settled()
    assert ready_nodes(client) == list(NODES)
