"""Network plugins, the tigera operator and gateway controllers: what becomes of a cluster that begins without any."""

import pytest

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.nodes import node
from bot.playground.cluster_server.objects.registry import Writing

GATEWAY, TIGERA, CALICO = "gateway.networking.k8s.io", "operator.tigera.io", "crd.projectcalico.org"


def definition(group, kind, plural, *, namespaced=True):
    """The least that serves a kind, with a status of its own."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}", "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {"group": group, "scope": "Namespaced" if namespaced else "Cluster", "versions": [version],
                 "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}},
    }  # fmt: skip


def workload(kind, namespace, name, image, **pod):
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": image}]} | pod}
    return {
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }  # fmt: skip


def named(cluster, api_version, kind, name, namespace=""):
    return cluster.registry.get(cluster.kinds.named(api_version, kind), namespace, name)


def conditions(obj):
    return {said["type"]: (said["status"], said["reason"]) for said in obj["status"]["conditions"]}


@pytest.fixture
async def bare():
    """Two nodes that wait for a network plugin."""
    nodes = [
        node({"name": f"n{number}", "address": f"192.0.2.{number}", "pods": f"10.244.{number}.0/24", "network": False})
        for number in (1, 2)
    ]
    async with EmbeddedCluster(nodes, seed=1) as cluster:
        await cluster.settled()
        yield cluster


async def test_a_node_without_a_network_runs_no_pod_that_needs_one(bare):
    bare.create([workload("Deployment", "default", "web", "web:1")])
    await bare.settled()
    assert conditions(named(bare, "v1", "Node", "n1"))["Ready"] == ("False", "KubeletNotReady")
    (pod,) = bare.registry.list(bare.kinds.named("v1", "Pod"))
    assert pod["status"]["conditions"][0]["reason"] == "Unschedulable"


async def test_a_plugin_that_writes_its_configuration_makes_the_nodes_ready(bare):
    volume = {"name": "cni", "hostPath": {"path": "/etc/cni/net.d"}}
    plugin = workload(
        "DaemonSet", "kube-system", "plugin", "plugin:1", hostNetwork=True, volumes=[volume],
        tolerations=[{"operator": "Exists"}],
    )  # fmt: skip
    bare.create([plugin, workload("Deployment", "default", "web", "web:1")])
    await bare.settled()
    for name in ("n1", "n2"):
        found = named(bare, "v1", "Node", name)
        assert conditions(found)["Ready"] == ("True", "KubeletReady")
        assert "taints" not in found["spec"]
    assert named(bare, "apps/v1", "Deployment", "web", "default")["status"]["availableReplicas"] == 1


async def test_a_pod_on_the_host_network_alone_is_no_plugin(bare):
    bare.create(
        [workload("DaemonSet", "kube-system", "agent", "a:1", hostNetwork=True, tolerations=[{"operator": "Exists"}])]
    )
    await bare.settled()
    assert named(bare, "apps/v1", "DaemonSet", "agent", "kube-system")["status"]["numberReady"] == 2
    assert conditions(named(bare, "v1", "Node", "n1"))["Ready"] == ("False", "KubeletNotReady")


async def test_the_tigera_operator_installs_calico(bare):
    bare.create([
        definition(TIGERA, "Installation", "installations", namespaced=False),
        definition(TIGERA, "APIServer", "apiservers", namespaced=False),
        definition(TIGERA, "TigeraStatus", "tigerastatuses", namespaced=False),
        definition(CALICO, "IPPool", "ippools", namespaced=False),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tigera-operator"}},
    ])  # fmt: skip
    await bare.settled()
    pool = {"cidr": "10.244.0.0/16", "encapsulation": "IPIP", "natOutgoing": "Enabled"}
    spec = {"calicoNetwork": {"ipPools": [pool]}}
    bare.create([
        {"apiVersion": f"{TIGERA}/v1", "kind": "Installation", "metadata": {"name": "default"}, "spec": spec},
        {"apiVersion": f"{TIGERA}/v1", "kind": "APIServer", "metadata": {"name": "default"}, "spec": {}},
    ])  # fmt: skip
    await bare.settled()
    assert "status" not in named(bare, f"{TIGERA}/v1", "Installation", "default"), "nobody is there to install it yet"
    operator = workload(
        "Deployment", "tigera-operator", "tigera-operator", "quay.io/tigera/operator:v1.42.3", hostNetwork=True,
        tolerations=[{"operator": "Exists"}],
    )  # fmt: skip
    bare.create([operator])
    await bare.settled()
    installation = named(bare, f"{TIGERA}/v1", "Installation", "default")
    assert (installation["status"]["calicoVersion"], installation["status"]["mtu"]) == ("v3.32.1", 1480)
    assert conditions(installation)["Ready"] == ("True", "AllObjectsAvailable")
    for name in ("calico", "apiserver", "ippools"):
        assert conditions(named(bare, f"{TIGERA}/v1", "TigeraStatus", name))["Degraded"][0] == "False"
    spec = named(bare, f"{CALICO}/v1", "IPPool", "10.244.0.0-16")["spec"]
    assert (spec["cidr"], spec["ipipMode"], spec["vxlanMode"], spec["natOutgoing"]) == (
        "10.244.0.0/16", "Always", "Never", True,
    )  # fmt: skip
    assert conditions(named(bare, "v1", "Node", "n2"))["Ready"] == ("True", "KubeletReady")
    served = named(bare, "apiregistration.k8s.io/v1", "APIService", "v3.projectcalico.org")
    assert conditions(served)["Available"] == ("True", "Passed")


@pytest.fixture
async def gateways():
    """A gateway controller that runs, its class, and a Service."""
    async with EmbeddedCluster(seed=1) as cluster:
        cluster.surroundings.gateway_controllers = {"example.com/gateway": ("default/controller", ("198.51.100.7",))}
        kinds = (("GatewayClass", "gatewayclasses"), ("Gateway", "gateways"), ("HTTPRoute", "httproutes"),
                 ("ReferenceGrant", "referencegrants"))  # fmt: skip
        cluster.create(definition(GATEWAY, kind, plural, namespaced=kind != "GatewayClass") for kind, plural in kinds)
        cluster.create([workload("Deployment", "default", "controller", "controller:1")])
        cluster.create(
            [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}]
        )
        await cluster.settled()
        spec = {"controllerName": "example.com/gateway"}
        cluster.create(
            [{"apiVersion": f"{GATEWAY}/v1", "kind": "GatewayClass", "metadata": {"name": "c"}, "spec": spec}]
        )
        yield cluster


def gateway(**listener):
    said = {"name": "http", "port": 80, "protocol": "HTTP"} | listener
    spec = {"gatewayClassName": "c", "listeners": [said]}
    return {"apiVersion": f"{GATEWAY}/v1", "kind": "Gateway", "metadata": {"name": "g"}, "spec": spec}


def route(backend="web", host="a.example.com", namespace="default", **parent):
    spec = {
        "parentRefs": [{"name": "g", "namespace": "default"} | parent], "hostnames": [host],
        "rules": [{"backendRefs": [{"name": backend, "port": 80}]}],
    }  # fmt: skip
    return {
        "apiVersion": f"{GATEWAY}/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "r", "namespace": namespace},
        "spec": spec,
    }


def told(cluster, namespace="default"):
    return conditions({"status": named(cluster, f"{GATEWAY}/v1", "HTTPRoute", "r", namespace)["status"]["parents"][0]})


async def test_a_gateway_is_programmed_and_routes_are_attached(gateways):
    gateways.create([gateway(hostname="*.example.com"), route()])
    await gateways.settled()
    assert conditions(named(gateways, f"{GATEWAY}/v1", "GatewayClass", "c")) == {"Accepted": ("True", "Accepted")}
    found = named(gateways, f"{GATEWAY}/v1", "Gateway", "g", "default")
    assert conditions(found) == {"Accepted": ("True", "Accepted"), "Programmed": ("True", "Programmed")}
    assert found["status"]["addresses"] == [{"type": "IPAddress", "value": "198.51.100.7"}]
    assert found["status"]["listeners"][0]["attachedRoutes"] == 1
    assert told(gateways) == {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("True", "ResolvedRefs")}


@pytest.mark.parametrize(
    ("listener", "said", "condition", "reason"),
    [
        ({"hostname": "*.example.com"}, {"host": "a.other.com"}, "Accepted", "NoMatchingListenerHostname"),
        ({}, {"sectionName": "https"}, "Accepted", "NoMatchingParent"),
        ({}, {"namespace": "kube-public"}, "Accepted", "NotAllowedByListeners"),
        ({"protocol": "TCP"}, {}, "Accepted", "NotAllowedByListeners"),
        ({}, {"backend": "nothing"}, "ResolvedRefs", "BackendNotFound"),
    ],
)
async def test_why_a_route_does_not_work(gateways, listener, said, condition, reason):
    gateways.create([gateway(**listener), route(**said)])
    await gateways.settled()
    assert told(gateways, said.get("namespace", "default"))[condition] == ("False", reason)


async def test_a_listener_without_its_certificate_is_not_programmed(gateways):
    gateways.create([gateway(protocol="HTTPS", tls={"certificateRefs": [{"name": "missing"}]})])
    await gateways.settled()
    found = named(gateways, f"{GATEWAY}/v1", "Gateway", "g", "default")
    listener = conditions({"status": found["status"]["listeners"][0]})
    assert (listener["ResolvedRefs"], listener["Programmed"]) == (
        ("False", "InvalidCertificateRef"),
        ("False", "Invalid"),
    )
    assert conditions(found)["Programmed"] == ("False", "Invalid")


async def test_nobody_speaks_for_a_controller_that_does_not_run(gateways):
    gateways.registry.delete(gateways.kinds.named("apps/v1", "Deployment"), "default", "controller")
    await gateways.settled()
    gateways.create([gateway()])
    await gateways.settled()
    assert "status" not in named(gateways, f"{GATEWAY}/v1", "Gateway", "g", "default")


async def test_a_daemon_set_is_rolled_over_node_by_node():
    async with EmbeddedCluster(seed=1) as cluster:
        cluster.create([workload("DaemonSet", "default", "agent", "agent:1")])
        await cluster.settled()
        least = [2]

        def watch(change):
            if change.resource == ("apps", "daemonsets") and "numberReady" in change.obj.get("status", {}):
                least.append(change.obj["status"]["numberReady"])

        cluster.store.subscribe(watch)
        kind = cluster.kinds.named("apps/v1", "DaemonSet")
        found = named(cluster, "apps/v1", "DaemonSet", "agent", "default")
        newer = workload("DaemonSet", "default", "agent", "agent:2")["spec"]
        cluster.registry.update(kind, "default", "agent", found | {"spec": found["spec"] | newer}, Writing("kubectl"))
        await cluster.settled()
        assert min(least) == 1
        pods = cluster.registry.list(cluster.kinds.named("v1", "Pod"))
        assert {pod["spec"]["containers"][0]["image"] for pod in pods} == {"agent:2"}
        status = named(cluster, "apps/v1", "DaemonSet", "agent", "default")["status"]
        assert (status["numberReady"], status["updatedNumberScheduled"]) == (2, 2)
