"""Network plugins on a real cluster of two nodes that has none: pods get addresses only after the install."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.plugins.cni import calico
from bot.domain.plugins.parameters import Encapsulation, Parameters
from tests.mirrors import HAVE_MIRROR, Offline
from tests.real.hands import KUBECTL, Patchbay, given, items, kubectl, ready_nodes, until
from tests.real.standins import cluster, give_images

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def addresses(app: str) -> dict[str, str]:
    """The pods' addresses by node; of those that have one."""
    pods = items("pods", "-l", f"app={app}")
    return {pod["spec"]["nodeName"]: pod["status"]["podIP"] for pod in pods if pod["status"].get("podIP")}


@pytest.fixture(scope="module")
def bare() -> Iterator[None]:
    """Two nodes without a network, with images that stand in for the plugins' own, and a DaemonSet that waits."""
    if not HAVE_MIRROR:
        pytest.skip("needs the real manifests in ../shared/manifests")
    if ready_nodes():
        pytest.skip("needs a cluster without a network: `cluster up --fresh --cni none`")
    give_images()
    labels = {"app": "waiting"}
    container = {"name": "toolbox", "image": "registry.local/toolbox:1"}
    tolerations = [{"operator": "Exists"}]
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}
    spec["template"]["spec"] = {
        "containers": [container],
        "tolerations": tolerations,
        "terminationGracePeriodSeconds": 0,
    }
    manifest = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "waiting"}, "spec": spec}
    given([manifest], "apply")
    yield
    kubectl("delete", "daemonset", "waiting", "--wait=false")


def clear_hosts(report: str) -> None:
    """Does on each host what the report says: the very lines."""
    commands = [line.strip("- ") for line in report.splitlines() if line.startswith(("-   rm", "-   ip"))]
    assert commands, report
    for node in ("node1", "node2"):
        for command in commands:
            cluster("exec", node, "sh", "-c", f"{command}; true")


def carries_packets() -> bool:
    """Whether a pod of node1 reaches the one of node2."""
    there = addresses("waiting")
    pods = {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in items("pods", "-l", "app=waiting")}
    if len(there) < 2:
        return False
    words = ["exec", pods["node1"], "--", "ping", "-c", "1", "-W", "2", there["node2"]]
    return subprocess.run([KUBECTL, *words], capture_output=True, timeout=30).returncode == 0


def restart_waiting() -> None:
    kubectl("delete", "pods", "-l", "app=waiting", "--grace-period=0", "--force", "--wait=true")


def _in_range(found: dict[str, str]) -> bool:
    return found.keys() == {"node1", "node2"} and all(
        address.startswith(f"10.244.{node[-1]}.") for node, address in found.items()
    )


def test_an_image_that_cannot_be_pulled_is_told_and_taken_back(bare: None, patchbay: Patchbay) -> None:
    status, said = patchbay("cni install flannel --registry registry.invalid/x --timeout 20s --accept no-kube-proxy")
    assert status == 2, said
    assert "ErrImagePull" in said or "ImagePullBackOff" in said
    assert "registry.invalid/x/flannel-io/flannel" in said
    assert "kube-flannel" not in kubectl("get", "ns", "-o", "name")


@pytest.mark.parametrize("version", ["v3.32.1", "v3.31.7"])
def test_calico_is_taken_by_the_real_api_server(bare: None, patchbay: Patchbay, version: str) -> None:
    """All of it, definitions first; the operator's image is not there, so it is taken back."""
    accept = "--accept no-kube-proxy --accept leftovers --accept kubernetes-version"
    status, said = patchbay(f"cni install calico --version {version} --timeout 15s {accept}")
    assert status == 2, said
    assert "tigera-operator" in said
    assert "ErrImagePull" in said or "ImagePullBackOff" in said
    assert "tigera-operator" not in kubectl("get", "ns", "-o", "name")
    assert "tigera.io" not in kubectl("get", "crd", "-o", "name")


@pytest.mark.parametrize(
    "said",
    [
        Parameters(pod_cidrs=("192.168.0.0/16",), encapsulation=Encapsulation.IPIP, nat_outgoing=True),
        Parameters(pod_cidrs=("10.244.0.0/16", "fd00:10:244::/56"), encapsulation=Encapsulation.VXLAN, mtu=1400),
        Parameters(pod_cidrs=("10.244.0.0/16",), encapsulation=Encapsulation.NONE, nat_outgoing=False, block_size=24),
        Parameters(
            pod_cidrs=("10.244.0.0/16",), registry="registry.example.com/x", extras=frozenset({"goldmane", "whisker"})
        ),
    ],
    ids=["IPIP", "dual stack", "plain", "mirrored"],
)
async def test_the_real_api_server_takes_what_calico_is_told(bare: None, tmp_path: Path, said: Parameters) -> None:
    """Custom resources cannot be tried before their definitions are there: here they are, for a while."""
    release, manifests = calico.CNI.install.releases[0], Offline(tmp_path)
    files = [each for file in release.files for each in (await manifests.read(file)).objects]
    objects = calico.CNI.install.fit(tuple(files), said)
    definitions = [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    told = [each for each in objects if str(each["apiVersion"]).startswith("operator.tigera.io")]
    assert {"Installation", "APIServer"} <= {str(each["kind"]) for each in told}
    try:
        given(definitions, "apply", "--server-side")
        kubectl("wait", "--for=condition=Established", "crd", "installations.operator.tigera.io")
        given(told, "apply", "--server-side", "--dry-run=server")
    finally:
        given(definitions, "delete", "--ignore-not-found")


def test_flannel_brings_the_network_is_upgraded_and_goes(bare: None, patchbay: Patchbay) -> None:
    assert addresses("waiting") == {}, "a pod has an address without a network plugin"
    status, said = patchbay("cni install flannel --version v0.28.8 --timeout 90s --accept no-kube-proxy")
    assert status == 0, said
    assert "2 of 2 nodes served" in said
    assert sorted(ready_nodes()) == ["node1", "node2"]
    until("pods get addresses", lambda: _in_range(addresses("waiting")))
    until("packets go from node to node", carries_packets)

    status, said = patchbay("cni upgrade --timeout 90s --accept no-kube-proxy")
    assert status == 0, said
    images = kubectl("get", "ds", "-n", "kube-flannel", "-o", "jsonpath={..image}")
    assert "v0.28.9" in images
    assert "flannel:v0.28.8" not in images

    status, said = patchbay("cni uninstall")
    assert status == 0, said
    until("the namespace is gone", lambda: "kube-flannel" not in kubectl("get", "ns", "-o", "name"))
    clear_hosts(said)
    until("nodes have no network again", lambda: ready_nodes() == [])


def test_kube_router_brings_the_network_and_goes(bare: None, patchbay: Patchbay) -> None:
    restart_waiting()
    assert addresses("waiting") == {}
    # flannel's condition NetworkUnavailable stays on the nodes: kube-router never sets it, so somebody must accept it.
    status, said = patchbay("cni install kube-router --timeout 90s --accept no-kube-proxy --accept leftovers")
    assert status == 0, said
    assert "2 of 2 nodes served" in said
    until("pods get addresses", lambda: _in_range(addresses("waiting")))
    until("packets go from node to node", carries_packets)
    status, said = patchbay("cni uninstall")
    assert status == 0, said
    clear_hosts(said)
    until("nodes have no network again", lambda: ready_nodes() == [])
