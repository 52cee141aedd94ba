"""What the application may rely on of a cluster, kept by the real Kubernetes and by the embedded one alike.

Without options against the embedded cluster; with `--cluster` against the one of KUBECONFIG, in a namespace of its own.
The namespace is filled once; the tests only add to it what they name themselves.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.cluster.kubeconfig import access
from bot.adapters.cluster.session import Call, Session, object_path
from bot.application.ports.cluster import Cluster, LogRequest, OpenCluster, Prober
from bot.domain.chat.invocation import Actor
from bot.domain.network.probing import ByAPIServer, HTTPProbe, Observation, Outcome, Probe, TCPProbe
from bot.domain.network.references import (
    CONFIG_MAP,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    NAMESPACE,
    NODE,
    POD,
    SERVICE,
    Ref,
    ref_to,
)
from bot.domain.network.snapshot import FIELD_OF_KIND, Pod, Scope
from bot.errors import BotError, Conflict, NotFound
from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

READY_WITHIN_SECONDS = 40.0
IMAGE = "registry.local/toolbox:1"
START = "mkdir -p /www && echo hello > /www/index.html && echo one && echo two && exec httpd -f -p 8080 -h /www"


@dataclass
class Stage:
    """A namespace with a Deployment that answers on port 8080, and Services that lead to it or nowhere."""

    kubeconfig: Path
    namespace: str
    cluster: Cluster
    prober: Prober
    pod: Pod

    def ref(self, kind: Any, name: str) -> Ref:
        return ref_to(kind, self.namespace, name)

    def config_map(self, **data: str) -> dict[str, Any]:
        """A manifest of a name that is new each time."""
        name = f"map-{secrets.token_hex(4)}"
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    async def ask(self, probe: Probe) -> Observation:
        return await self.prober.ask(probe, ByAPIServer())


def manifests(namespace: str) -> list[dict[str, Any]]:
    def service(name: str, selector: str, *ports: tuple[int, int]) -> dict[str, Any]:
        listed = [{"name": f"p{port}", "port": port, "targetPort": target} for port, target in ports]
        spec = {"selector": {"app": selector}, "ports": listed}
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}

    container = {
        "name": "web",
        "image": IMAGE,
        "command": ["sh", "-c", START],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    }
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": namespace, "labels": {"app": "web"}},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
                },
            },
        },
        service("web", "web", (80, 8080), (81, 8081)),
        service("empty", "nobody", (80, 8080)),
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kubeconfig(request: pytest.FixtureRequest) -> AsyncIterator[Path]:
    if request.config.getoption("--cluster"):
        yield Path(os.environ["KUBECONFIG"])
        return
    async with EmbeddedCluster() as embedded:
        await World(embedded).load("shop")  # for its nodes
        yield Path(embedded.kubeconfig_path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(kubeconfig: Path) -> AsyncIterator[OpenCluster]:
    clusters = KubernetesClusters(kubeconfig)
    async with clusters.open("", Actor("terminal:contract")) as opened:
        yield opened
    await clusters.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(kubeconfig: Path, opened: OpenCluster) -> AsyncIterator[Stage]:
    namespace = f"patchbay-contract-{secrets.token_hex(3)}"
    for manifest in manifests(namespace):
        await opened.cluster.apply(manifest)
    try:
        pod = await ready_pod(opened.cluster, namespace)
        yield Stage(kubeconfig, namespace, opened.cluster, opened.prober, pod)
    finally:
        ref = ref_to(NAMESPACE, "", namespace)
        await opened.cluster.delete(ref, uid=uid_of(await opened.cluster.get(ref)))


async def ready_pod(cluster: Cluster, namespace: str) -> Pod:
    """The Deployment's pod once it is ready and an EndpointSlice says so."""
    async with asyncio.timeout(READY_WITHIN_SECONDS):
        while True:
            seen = await cluster.read(Scope((POD, ENDPOINT_SLICE), namespace))
            ready = [e for s in seen.endpoint_slices for e in s.endpoints or () if e.conditions.ready]
            if seen.pods and seen.pods[0].ready and ready:
                return seen.pods[0]
            await asyncio.sleep(0.1)


def uid_of(found: Any) -> str:
    return str(found["metadata"]["uid"])


async def test_the_cluster_says_who_it_is(stage: Stage) -> None:
    kube_system = await stage.cluster.get(ref_to(NAMESPACE, "", "kube-system"))
    assert stage.cluster.identity.uid == uid_of(kube_system)
    assert stage.cluster.identity.version.startswith("v1.")


async def test_everything_can_be_read_at_once(stage: Stage) -> None:
    seen = await stage.cluster.read(Scope(tuple(FIELD_OF_KIND)))
    assert seen.unread == ()
    assert seen.could_read(*FIELD_OF_KIND)
    assert seen.nodes
    assert all(node.ready for node in seen.nodes)
    assert {"kube-system", stage.namespace} <= {namespace.name for namespace in seen.namespaces}
    assert stage.pod.ref in [pod.ref for pod in seen.pods]


async def test_what_a_deployment_makes_belongs_together(stage: Stage) -> None:
    seen = await stage.cluster.read(Scope(tuple(FIELD_OF_KIND), stage.namespace))
    assert [deployment.name for deployment in seen.deployments] == ["web"]
    assert seen.deployments[0].status.available_replicas == 1
    owner, replica_set = stage.pod.controller, seen.replica_sets[0]
    assert owner is not None
    assert (owner.kind, owner.name) == ("ReplicaSet", replica_set.name)
    assert replica_set.controller is not None
    assert replica_set.controller.name == "web"
    endpoints = [e for s in seen.endpoint_slices if s.service_name == "web" for e in s.endpoints or ()]
    assert [e.addresses for e in endpoints] == [[stage.pod.status.pod_ip]]
    assert {service.name for service in seen.services} == {"web", "empty"}
    assert next(s for s in seen.services if s.name == "web").spec.cluster_ip


async def test_labels_select(stage: Stage) -> None:
    some = await stage.cluster.read(Scope((POD, NODE), stage.namespace, "app=web"))
    none = await stage.cluster.read(Scope((POD, NODE), stage.namespace, "app=other"))
    assert (len(some.pods), len(none.pods)) == (1, 0)
    assert len(none.nodes) == len(some.nodes) > 0


async def test_whole_objects(stage: Stage) -> None:
    found = await stage.cluster.get(stage.ref(DEPLOYMENT, "web"))
    assert (found["apiVersion"], found["kind"]) == ("apps/v1", "Deployment")
    listed = await stage.cluster.list(SERVICE, stage.namespace, fields="metadata.name=web")
    assert [(o["apiVersion"], o["kind"], o["metadata"]["name"]) for o in listed] == [("v1", "Service", "web")]
    assert len(await stage.cluster.list(POD, stage.namespace, selector="app=web")) == 1


async def test_what_is_not_there_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound, match=f"{stage.namespace}/nothing"):
        await stage.cluster.get(stage.ref(SERVICE, "nothing"))


async def test_apply_creates_and_then_changes(stage: Stage) -> None:
    manifest = stage.config_map(a="1")
    first = await stage.cluster.apply(manifest)
    second = await stage.cluster.apply({**manifest, "data": {"a": "2"}})
    assert (first.created, second.created) == (True, False)
    assert uid_of(first.object) == uid_of(second.object)
    assert (await stage.cluster.get(stage.ref(CONFIG_MAP, manifest["metadata"]["name"])))["data"] == {"a": "2"}


async def test_a_dry_run_answers_as_if_and_writes_nothing(stage: Stage) -> None:
    manifest = stage.config_map(a="1")
    tried = await stage.cluster.apply(manifest, dry_run=True)
    assert tried.created
    assert tried.object["data"] == {"a": "1"}
    with pytest.raises(NotFound):
        await stage.cluster.get(stage.ref(CONFIG_MAP, manifest["metadata"]["name"]))


async def test_fields_of_another_manager_are_a_conflict_until_forced(stage: Stage) -> None:
    manifest = stage.config_map(a="1")
    await as_manager("helm", stage, manifest)
    with pytest.raises(Conflict, match=r"helm owns data\.a"):
        await stage.cluster.apply({**manifest, "data": {"a": "2"}})
    with pytest.raises(Conflict, match=r"helm owns data\.a"):
        await stage.cluster.apply({**manifest, "data": {"a": "2"}}, dry_run=True)
    forced = await stage.cluster.apply({**manifest, "data": {"a": "2"}}, force=True)
    assert forced.object["data"] == {"a": "2"}


async def as_manager(manager: str, stage: Stage, manifest: dict[str, Any]) -> None:
    session = Session(access(stage.kubeconfig, "", None))
    try:
        await session.ask(
            Call(
                doing="apply as somebody else",
                method="PATCH",
                path=object_path(CONFIG_MAP, stage.namespace, manifest["metadata"]["name"]),
                query={"fieldManager": manager},
                body=msgspec.json.encode(manifest),
                content_type="application/apply-patch+yaml",
            )
        )
    finally:
        await session.close()


async def test_a_field_that_the_schema_lacks_is_told(stage: Stage) -> None:
    metadata = {"name": "web", "namespace": stage.namespace}
    manifest: Any = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replica": 2}}
    with pytest.raises(BotError, match=r"spec\.replica"):
        await stage.cluster.apply(manifest, dry_run=True)


async def test_a_stale_object_replaces_nothing(stage: Stage) -> None:
    manifest = stage.config_map(a="1")
    stale = (await stage.cluster.apply(manifest)).object
    fresh = await stage.cluster.replace({**stale, "data": {"a": "2"}})
    assert fresh["data"] == {"a": "2"}
    with pytest.raises(Conflict):
        await stage.cluster.replace({**stale, "data": {"a": "3"}})
    assert (await stage.cluster.get(stage.ref(CONFIG_MAP, manifest["metadata"]["name"])))["data"] == {"a": "2"}


async def test_what_was_put_back_whole_can_be_applied_again(stage: Stage) -> None:
    manifest = stage.config_map(a="1")
    applied = (await stage.cluster.apply(manifest)).object
    await stage.cluster.replace({**applied, "data": {"a": "0"}})
    assert (await stage.cluster.apply(manifest)).object["data"] == {"a": "1"}


async def test_only_the_very_object_is_deleted(stage: Stage) -> None:
    manifest = stage.config_map()
    made = (await stage.cluster.apply(manifest)).object
    ref = stage.ref(CONFIG_MAP, manifest["metadata"]["name"])
    with pytest.raises(Conflict):
        await stage.cluster.delete(ref, uid="00000000-0000-0000-0000-000000000000")
    with pytest.raises(Conflict):
        await stage.cluster.delete(ref, uid=uid_of(made), resource_version="1")
    await stage.cluster.delete(ref, uid=uid_of(made), dry_run=True)
    await stage.cluster.get(ref)
    await stage.cluster.delete(ref, uid=uid_of(made))
    with pytest.raises(NotFound):
        await stage.cluster.get(ref)
    with pytest.raises(NotFound):
        await stage.cluster.delete(ref, uid=uid_of(made))


async def test_kinds_that_only_discovery_knows_can_be_written(stage: Stage) -> None:
    lease: Any = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "contract", "namespace": stage.namespace},
        "spec": {"holderIdentity": "me"},
    }
    assert (await stage.cluster.apply(lease)).created
    found: Any = await stage.cluster.get(Ref("Lease", "contract", stage.namespace, "coordination.k8s.io/v1"))
    assert found["spec"]["holderIdentity"] == "me"
    with pytest.raises(NotFound, match="does not know the kind Bus of"):
        await stage.cluster.get(Ref("Bus", "contract", stage.namespace, "coordination.k8s.io/v1"))


async def test_logs(stage: Stage) -> None:
    lines = await stage.cluster.logs(stage.pod.ref, LogRequest())
    assert lines.container == "web"
    assert lines.text
    last = await stage.cluster.logs(stage.pod.ref, LogRequest(tail=1))
    assert lines.text.endswith(last.text) or last.text.count("\n") == 1
    with pytest.raises(BotError, match="nope"):
        await stage.cluster.logs(stage.pod.ref, LogRequest(container="nope"))
    with pytest.raises(BotError, match="previous"):
        await stage.cluster.logs(stage.pod.ref, LogRequest(previous=True))
    with pytest.raises(NotFound):
        await stage.cluster.logs(stage.ref(POD, "nothing"), LogRequest())


Probes = Callable[[Stage], Probe]


@pytest.mark.parametrize(
    ("probe", "outcome", "evidence"),
    [
        (lambda s: HTTPProbe(s.ref(SERVICE, "web"), 80), Outcome.ANSWERED, "HTTP 200"),
        (lambda s: HTTPProbe(s.pod.ref, 8080), Outcome.ANSWERED, "HTTP 200"),
        (lambda s: HTTPProbe(s.ref(SERVICE, "web"), 81), Outcome.REFUSED, "connection refused by"),
        (lambda s: HTTPProbe(s.pod.ref, 8081), Outcome.REFUSED, "connection refused by"),
        (lambda s: HTTPProbe(s.ref(SERVICE, "web"), 99), Outcome.REFUSED, "has no port 99"),
        (lambda s: HTTPProbe(s.ref(SERVICE, "empty"), 80), Outcome.REFUSED, "no ready pod"),
        (lambda s: HTTPProbe(s.ref(SERVICE, "web"), 80, tls=True), Outcome.MISMATCHED, "TLS"),
        (lambda s: HTTPProbe(s.ref(SERVICE, "nothing"), 80), Outcome.NOT_ASKED, "no such Service"),
        (lambda s: TCPProbe(s.pod.ref, 8080), Outcome.ANSWERED, "accepts connections"),
        (lambda s: TCPProbe(s.pod.ref, 8081), Outcome.REFUSED, "connection refused by"),
        (lambda s: TCPProbe(s.ref(POD, "nothing"), 80), Outcome.NOT_ASKED, "there is no Pod"),
    ],
)
async def test_probes(stage: Stage, probe: Probes, outcome: Outcome, evidence: str) -> None:
    seen = await stage.ask(probe(stage))
    assert seen.outcome is outcome, seen.evidence
    assert evidence in seen.evidence
    assert seen.status == (200 if "HTTP" in evidence else None)
