"""The tigera operator with its makers' manifests: what it makes of an Installation, refuses, rolls over and removes."""

import re
from collections.abc import AsyncIterator

import pytest

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.manifests import FOLDER, RELEASES
from bot.playground.world import World
from tests.playground.cluster_server.conftest import Client, connected
from tests.playground.cluster_server.installing import REAL, install, objects_of, place, remove

NODES = ("control", "worker1", "worker2")


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with EmbeddedCluster(seed=1) as cluster, connected(cluster) as client:
        await World(cluster).load("new-cluster")
        yield client


def real(version: str, file: str) -> list[dict]:
    path = REAL / "calico" / version / file
    if not path.exists():
        pytest.skip(f"{path} is not here: the makers' manifests are no part of this repository")
    return list(objects_of(path))


def custom_resources(**network) -> list[dict]:
    objects = real("v3.32.1", "custom-resources.yaml")
    pool = objects[0]["spec"]["calicoNetwork"]["ipPools"][0]
    pool |= {"cidr": "10.244.0.0/16"} | network.pop("pool", {})
    objects[0]["spec"]["calicoNetwork"] |= network
    return objects


async def operator(client, version="v3.32.1"):
    await install(client, real(version, "operator-crds.yaml"))
    await install(client, real(version, "tigera-operator.yaml"))


def listed(client, kind, namespace="", api_version="v1"):
    return list(client.cluster.registry.list(client.cluster.kinds.named(api_version, kind), namespace))


def told(client, name):
    statuses = listed(client, "TigeraStatus", api_version="operator.tigera.io/v1")
    found = next(each for each in statuses if each["metadata"]["name"] == name)
    return {said["type"]: (said["status"], said["reason"], said["message"]) for said in found["status"]["conditions"]}


def pools(client):
    return {pool["metadata"]["name"]: pool["spec"]
            for pool in listed(client, "IPPool", api_version="crd.projectcalico.org/v1")}  # fmt: skip


def installation(client):
    return next(iter(listed(client, "Installation", api_version="operator.tigera.io/v1")), None)


def images(client, name):
    pods = [pod for pod in listed(client, "Pod", "calico-system") if pod["metadata"]["labels"]["k8s-app"] == name]
    return {pod["spec"]["containers"][0]["image"] for pod in pods}


def ready_nodes(client):
    return [
        node["metadata"]["name"]
        for node in listed(client, "Node")
        if any(said["type"] == "Ready" and said["status"] == "True" for said in node["status"]["conditions"])
    ]


async def test_a_pool_outside_of_what_kubeadm_was_told_is_refused(client):
    await operator(client)
    await install(client, custom_resources(pool={"cidr": "192.168.0.0/16"}))
    assert told(client, "ippools") == {"Degraded": (
        "True", "ResourceReadError",
        "error filling IP pool defaults: Could not resolve CalicoNetwork IPPool and kubeadm configuration: IPPool "
        "192.168.0.0/16 is not within the platform's configured pod network CIDR(s) [10.244.0.0/16]",
    )}  # fmt: skip
    assert told(client, "calico")["Degraded"][1:] == ("ResourceNotFound", "waiting for enabled IP pools to be created")
    assert told(client, "apiserver")["Degraded"][1] == "ResourceNotReady"
    assert ready_nodes(client) == []
    await install(client, custom_resources())
    assert ready_nodes(client) == list(NODES)
    for name in ("calico", "ippools", "apiserver", "goldmane", "whisker"):
        assert told(client, name)["Available"][0] == "True", name
        assert told(client, name)["Degraded"][0] == "False", name


async def test_what_a_pool_says_is_what_it_becomes(client):
    six = {"name": "six", "cidr": "fd00:10:244::/64"}
    four = {
        "name": "four",
        "cidr": "10.244.0.0/16",
        "natOutgoing": "Disabled",
        "blockSize": 28,
        "encapsulation": "VXLAN",
    }
    await operator(client)
    await client.ask("PATCH", "/api/v1/namespaces/kube-system/configmaps/kubeadm-config", {"data": {
        "ClusterConfiguration": "networking: {podSubnet: '10.244.0.0/16,fd00:10:244::/56'}"}},
        patch="merge-patch+json")  # fmt: skip
    await install(client, custom_resources(ipPools=[four, six], mtu=1400))
    made = pools(client)
    assert (made["four"]["natOutgoing"], made["four"]["blockSize"], made["four"]["vxlanMode"]) == (False, 28, "Always")
    assert (made["six"]["natOutgoing"], made["six"]["blockSize"], made["six"]["vxlanMode"]) == (False, 122, "Never")
    assert installation(client)["status"]["mtu"] == 1400
    blocks = listed(client, "IPAMBlock", api_version="crd.projectcalico.org/v1")
    assert {len(block["spec"]["allocations"]) for block in blocks} == {16}
    changed = custom_resources(ipPools=[four | {"natOutgoing": "Enabled"}, six])
    conflict = await client.apply(place(client, changed[0]), changed[0])
    assert conflict.body["message"].endswith("using operator.tigera.io/v1: .spec.calicoNetwork.ipPools")
    await install(client, changed, force=True)
    assert pools(client)["four"]["natOutgoing"] is True


@pytest.mark.parametrize(
    ("pool", "said"),
    [
        ({"blockSize": 19}, "IPv4 pool block size must be greater than 19 and less than or equal to 32"),
        ({"cidr": "10.244.0.0/28"}, "IP pool size is too small. It must be equal to or greater than the block size."),
    ],
)
async def test_a_pool_that_cannot_be_is_refused(client, pool, said):
    await operator(client)
    await install(client, custom_resources(pool=pool))
    why = told(client, "ippools")["Degraded"]
    assert why == ("True", "InvalidConfigurationError", f"error validating IP pool configuration: {said}")


async def test_images_come_from_the_registry_that_is_asked_for(client):
    objects = custom_resources()
    objects[0]["spec"] |= {"registry": "registry.example.com:5000/", "imagePath": "mirror", "imagePrefix": "x-"}
    await operator(client)
    await install(client, objects)
    assert images(client, "calico-node") == {"registry.example.com:5000/mirror/x-node:v3.32.1"}
    assert ready_nodes(client) == list(NODES), "an agent is known by its DaemonSet too"


async def test_a_newer_operator_rolls_the_agents_over(client):
    await operator(client, "v3.31.7")
    await install(client, custom_resources())
    assert images(client, "calico-node") == {"quay.io/calico/node:v3.31.7"}
    least = []
    client.cluster.store.subscribe(
        lambda change: (
            least.append(change.obj.get("status", {}).get("numberReady", 3))
            if change.obj["kind"] == "DaemonSet" and change.obj["metadata"]["name"] == "calico-node"
            else None
        )
    )
    await operator(client)
    assert images(client, "calico-node") == {"quay.io/calico/node:v3.32.1"}
    assert images(client, "calico-kube-controllers") == {"quay.io/calico/kube-controllers:v3.32.1"}
    assert installation(client)["status"]["calicoVersion"] == "v3.32.1"
    assert min(least) == 2
    (information,) = listed(client, "ClusterInformation", api_version="crd.projectcalico.org/v1")
    assert information["spec"]["calicoVersion"] == "v3.32.1"
    assert ready_nodes(client) == list(NODES)


async def test_an_installation_goes_once_what_needs_the_network_has_ended(client):
    await operator(client)
    await install(client, custom_resources())
    assert "tigera.io/operator-cleanup" in installation(client)["metadata"]["finalizers"]
    await remove(client, custom_resources())
    assert installation(client) is None
    assert "calico-system" not in {found["metadata"]["name"] for found in listed(client, "Namespace")}
    assert ready_nodes(client) == list(NODES)
    await remove(client, real("v3.32.1", "tigera-operator.yaml"))
    assert [pod for pod in listed(client, "Pod") if "tigera" in pod["metadata"]["namespace"]] == []


async def test_without_an_operator_a_deleted_installation_stays(client):
    await operator(client)
    await install(client, custom_resources())
    await remove(client, [obj for obj in real("v3.32.1", "tigera-operator.yaml") if obj["kind"] == "Deployment"])
    (deleted, *_) = custom_resources()
    await client.ask("DELETE", place(client, deleted))
    await client.cluster.settled()
    assert installation(client)["metadata"]["deletionTimestamp"]
    assert images(client, "calico-node") == {"quay.io/calico/node:v3.32.1"}
    await operator(client)
    assert installation(client) is None


async def test_the_playgrounds_own_manifests_install_calico(client):
    (release,) = RELEASES["calico"]
    definitions, controller, resources = (list(objects_of(FOLDER / file.path)) for file in release.files)
    await install(client, definitions)
    await install(client, controller)
    await install(client, resources)
    assert told(client, "ippools")["Degraded"][0] == "True"
    resources[0]["spec"]["calicoNetwork"]["ipPools"][0]["cidr"] = "10.244.0.0/16"
    await install(client, resources)
    assert ready_nodes(client) == list(NODES)
    assert images(client, "calico-node") == {"quay.io/calico/node:v3.32.1"}
    assert len(listed(client, "IPAMBlock", api_version="crd.projectcalico.org/v1")) == len(NODES)
    wrong = resources[0] | {"spec": {"calicoNetwork": {"ipPools": [{"cidr": "10.244.0.0/16", "natOutgoing": True}]}}}
    refused = await client.apply(place(client, wrong), wrong, query="&force=true")
    # What is no text is found before the enum is: a real server says so with 500, too.
    assert refused.status == 500
    await remove(client, resources)
    await remove(client, [*definitions, *controller])
    assert installation_is_no_kind(client)


def installation_is_no_kind(client):
    return client.cluster.kinds.of("operator.tigera.io/v1", "Installation") is None


async def test_agents_whose_image_cannot_be_pulled_are_told_of(client):
    world = World(client.cluster)
    await world.load("new-cluster")
    world.break_("calico-image")
    await operator(client)
    await install(client, custom_resources())
    status, reason, message = told(client, "calico")["Degraded"]
    assert (status, reason) == ("True", "PodFailure")
    assert re.search(r"Pod calico-system/calico-node-\w+ failed to pull container image for: calico-node", message)
    assert told(client, "calico")["Available"] == ("False", "Unknown", "")
    own = {said["type"]: said["reason"] for said in installation(client)["status"]["conditions"]}
    assert own == {"Ready": "Unknown", "Progressing": "Unknown", "Degraded": "PodFailure"}
    world.mend("calico-image")
    await client.cluster.settled()
    assert told(client, "calico")["Degraded"] == ("False", "AllObjectsAvailable", "All Objects Available")
    assert ready_nodes(client) == list(NODES)
