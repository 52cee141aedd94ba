"""Clients that nobody here wrote, unmodified: the official one, lightkube, kr8s, and helm where it is installed."""

import gc
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kr8s
import kubernetes
import lightkube
import pytest
from kubernetes.client import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.stream import portforward, stream
from lightkube.core.exceptions import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Pod
from lightkube.types import PatchType

from tests.contracts.cluster.conftest import eventually
from tests.contracts.cluster.places import IMAGE

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning",
    "ignore::UserWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore::DeprecationWarning",
)
_SERVES = "echo one; mkdir -p /www; exec httpd -f -p 8080 -h /www"
_CONTAINER = {
    "name": "c", "image": IMAGE, "command": ["sh", "-c", _SERVES], "ports": [{"containerPort": 8080}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def what_clients_leave_open_is_theirs() -> Iterator[None]:
    """Collected here, where nobody minds: connections that they do not close themselves."""
    yield
    gc.collect()


@pytest.fixture
def official(kubeconfig):
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(str(kubeconfig), client_configuration=configuration)
    configuration.no_proxy = "*"
    with kubernetes.client.ApiClient(configuration) as client:
        yield client


def test_the_official_client_writes_and_reads(official, namespace):
    core = kubernetes.client.CoreV1Api(official)
    made = core.create_namespaced_config_map(namespace, {"metadata": {"name": "official"}, "data": {"a": "b"}})
    assert made.data == {"a": "b"}
    changed = core.patch_namespaced_config_map("official", namespace, {"data": {"c": "d"}})
    assert changed.data == {"a": "b", "c": "d"}
    assert any(found.metadata.name == "official" for found in core.list_namespaced_config_map(namespace).items)
    core.delete_namespaced_config_map("official", namespace)
    with pytest.raises(ApiException) as gone:
        core.read_namespaced_config_map("official", namespace)
    assert (gone.value.status, gone.value.reason) == (404, "Not Found")


def test_the_official_client_watches(official, namespace):
    core = kubernetes.client.CoreV1Api(official)
    since = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "seen"}})
    watch = kubernetes.watch.Watch()
    for event in watch.stream(
        core.list_namespaced_config_map, namespace, resource_version=since, timeout_seconds=20,
        field_selector="metadata.name=seen",
    ):  # fmt: skip
        assert (event["type"], event["object"].metadata.name) == ("ADDED", "seen")
        watch.stop()
    core.delete_namespaced_config_map("seen", namespace)


def test_the_official_dynamic_client_discovers_and_applies(official, namespace):
    services = DynamicClient(official).resources.get(api_version="v1", kind="Service")
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dynamic"}, "spec": {"ports": [{"port": 80}]}}
    made = services.server_side_apply(body=body, name="dynamic", namespace=namespace, field_manager="dynamic")
    assert made.spec.clusterIP
    services.delete(name="dynamic", namespace=namespace)


def test_the_official_client_runs_commands_and_forwards_ports(official, namespace):
    core = kubernetes.client.CoreV1Api(official)
    core.create_namespaced_pod(namespace, {"metadata": {"name": "official"}, "spec": {"containers": [_CONTAINER]}})
    eventually(lambda: core.read_namespaced_pod("official", namespace).status.phase == "Running")
    said = stream(
        core.connect_get_namespaced_pod_exec, "official", namespace, command=["echo", "hi"], stdout=True, stderr=True,
        stdin=False, tty=False,
    )  # fmt: skip
    assert said == "hi\n"
    assert core.read_namespaced_pod_log("official", namespace) == "one\n"
    forwarded = portforward(core.connect_get_namespaced_pod_portforward, "official", namespace, ports="8080")
    socket = forwarded.socket(8080)
    socket.setblocking(True)
    socket.settimeout(20)
    socket.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert socket.recv(8).startswith(b"HTTP/1.")
    socket.close()
    forwarded.close()


def test_the_official_client_asks_what_it_may_do(official, namespace):
    attributes = {"namespace": namespace, "verb": "create", "resource": "pods"}
    review = {"spec": {"resourceAttributes": attributes}}
    api = kubernetes.client.AuthorizationV1Api(official)
    assert api.create_self_subject_access_review(review).status.allowed


def test_lightkube_works(kubeconfig, namespace):
    config = lightkube.KubeConfig.from_file(str(kubeconfig))
    client = lightkube.Client(config=config, namespace=namespace, field_manager="lightkube", trust_env=False)
    made = client.create(ConfigMap(metadata=ObjectMeta(name="light", labels={"by": "lightkube"}), data={"a": "b"}))
    assert made.metadata is not None
    assert made.metadata.uid
    assert client.patch(ConfigMap, "light", {"data": {"c": "d"}}).data == {"a": "b", "c": "d"}
    applied = client.apply(ConfigMap(metadata=ObjectMeta(name="light"), data={"a": "e"}), force=True)
    assert (applied.data or {})["a"] == "e"
    found = [item.metadata.name for item in client.list(ConfigMap, labels={"by": "lightkube"}) if item.metadata]
    assert found == ["light"]
    patch = [{"op": "remove", "path": "/data/c"}]
    assert client.patch(ConfigMap, "light", patch, patch_type=PatchType.JSON).data == {"a": "e"}
    client.delete(ConfigMap, "light")
    with pytest.raises(ApiError) as gone:
        client.get(ConfigMap, "light")
    assert gone.value.status.code == 404
    pod = Pod.from_dict({"metadata": {"name": "light"}, "spec": {"containers": [_CONTAINER]}})
    client.create(pod)
    client.wait(Pod, "light", for_conditions=["Ready"])
    assert list(client.log("light")) == ["one\n"]
    client.delete(Pod, "light", grace_period=0)


async def test_kr8s_works(kubeconfig, namespace):
    api = await kr8s.asyncio.api(kubeconfig=str(kubeconfig), namespace=namespace)
    from kr8s.asyncio.objects import ConfigMap as Map
    from kr8s.asyncio.objects import Pod as RunningPod

    made = await Map({"metadata": {"name": "kr8s", "namespace": namespace}, "data": {"a": "b"}}, api=api)
    await made.create()
    assert await made.exists()
    await made.patch({"data": {"c": "d"}})
    await made.refresh()
    assert made.raw["data"] == {"a": "b", "c": "d"}
    await made.label(by="kr8s")
    found = [item.name async for item in api.get("configmaps", namespace=namespace, label_selector={"by": "kr8s"})]
    assert found == ["kr8s"]
    await made.delete()
    pod = await RunningPod(
        {"metadata": {"name": "kr8s", "namespace": namespace}, "spec": {"containers": [_CONTAINER]}}, api=api
    )
    await pod.create()
    await pod.wait("condition=Ready", timeout=60)
    assert [line async for line in pod.logs()] == ["one"]
    said = await pod.exec(["echo", "hi"])
    assert said.stdout == b"hi\n"
    await pod.delete(grace_period=0)


_CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "values.yaml": "replicas: 1\nport: 80\n",
    "templates/all.yaml": """
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}"}
data: {port: "{{ .Values.port }}"}
---
apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}"}
spec: {selector: {app: "{{ .Release.Name }}"}, ports: [{port: {{ .Values.port }}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec: {containers: [{name: c, image: "registry.local/toolbox:1"}]}
""",
}


def test_helm_installs_upgrades_goes_back_and_removes(kubeconfig, namespace, tmp_path, api):
    helm = shutil.which("helm")
    if helm is None:
        pytest.skip("helm is not installed")
    chart = tmp_path / "web"
    for name, text in _CHART.items():
        path = chart / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(*words: str) -> str:
        home = {f"HELM_{name}_HOME": str(tmp_path / name) for name in ("CACHE", "CONFIG", "DATA")}
        environment = home | {"KUBECONFIG": str(Path(kubeconfig).resolve()), "HOME": str(tmp_path), "NO_PROXY": "*"}
        found = subprocess.run(
            [helm, "--namespace", namespace, *words],
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        return found.stdout

    def port() -> Any:
        return api.get(f"/api/v1/namespaces/{namespace}/services/web").body["spec"]["ports"][0]["port"]

    run("install", "web", str(chart), "--wait", "--timeout", "60s")
    assert port() == 80
    run("upgrade", "web", str(chart), "--set", "port=81,replicas=2", "--wait", "--timeout", "60s")
    assert port() == 81
    assert "deployed" in run("status", "web")
    assert len(run("history", "web", "--output", "yaml").split("revision:")) == 3
    run("rollback", "web", "1", "--wait", "--timeout", "60s")
    assert port() == 80
    run("uninstall", "web", "--wait", "--timeout", "60s")
    assert api.get(f"/api/v1/namespaces/{namespace}/services/web").status == 404
