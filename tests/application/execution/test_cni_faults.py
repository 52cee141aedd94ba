"""What may go wrong while a network plugin is installed or taken away: the change ends taken back or parked, tells the
cause, and what is left in the cluster is what it says."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.cluster.kubeconfig import access
from bot.adapters.cluster.session import Call, Session
from bot.application.execution.working import LEASE
from bot.application.ports import Clusters
from bot.application.routines.resume_changes import resume_changes
from bot.domain.changes.change import ChangeState, StepState
from bot.domain.network.references import Ref
from bot.playground.cluster_server.networks.kube_router import KUBE_ROUTER
from bot.playground.cluster_server.pods.programs import Program
from bot.playground.world import World
from tests.contracts.cluster.hooks import Hooks
from tests.plugging import Site, site, told

Object = dict[str, Any]
FLANNEL = "cni install flannel --timeout 60s"
CALICO = "cni install calico --timeout 60s"
NAMESPACE, AGENT = "kube-flannel", "kube-flannel-ds"
GIVEN = ("ConfigMap {}/kube-root-ca.crt", "ServiceAccount {}/default")
"""What every namespace is given."""


class Killed(BaseException):
    """kill -9."""


def when(verb: str, kind: str, then: Callable[[], object], at: str = "after") -> Callable[[str, str, Ref], None]:
    """Once, when the first object of a kind is written."""
    happened: list[bool] = []

    def heard(moment: str, wrote: str, ref: Ref) -> None:
        if (moment, wrote, ref.kind) == (at, verb, kind) and not happened:
            happened.append(True)
            then()

    return heard


def left_behind(here: Site, before: set[str]) -> set[str]:
    """What was not there before, without what goes with another that is left."""
    found = set()
    for words, each in here.standing().items():
        own = each["metadata"]
        given = {text.format(own.get("namespace")) for text in GIVEN}
        registered = "kube-aggregator.kubernetes.io/automanaged" in (own.get("labels") or {})
        if words not in before and not own.get("ownerReferences") and words not in given and not registered:
            found.add(words)
    return found


def check_ended(here: Site, said: str, before: set[str], state: ChangeState, but: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """`but` is what somebody else made, or a plugin's programs did."""
    record = here.record()
    assert record.state is state, said
    assert said.startswith("Rolled back: " if state is ChangeState.ROLLED_BACK else "Stopped, and a person"), said
    left = {
        str(step.ref)  # type: ignore[union-attr]  # what is left was written
        for step, done in zip(record.change.steps, record.steps, strict=True)
        if done.state is StepState.LEFT
    }
    assert left_behind(here, before) - but == left, said
    for step, done in zip(record.change.steps, record.steps, strict=True):
        if done.state is StepState.LEFT:
            assert step.ref.short in said.partition("Left as it is.")[2], said  # type: ignore[union-attr]


async def tried(here: Site, line: str) -> str:
    """Installs; what happens meanwhile has been laid out."""
    approve = await here.planned(line)
    said = told((await here.answer(approve)).report)
    await here.world.cluster.settled()
    return said


async def test_an_image_that_cannot_be_pulled(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.world.break_("flannel-image")
        said = await tried(here, FLANNEL)
        check_ended(here, said, before, ChangeState.ROLLED_BACK)
        assert "ImagePullBackOff" in said
        assert "lookup ghcr.io: no such host" in said
        assert "On hosts where its agent has run /etc/cni/net.d/10-flannel.conflist stays" in said


async def test_a_kubelet_that_stops_meanwhile(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.clusters.on_write = when("apply", "DaemonSet", lambda: here.world.break_("kubelet-stopped"))
        said = await tried(here, FLANNEL)
        check_ended(here, said, before, ChangeState.PARKED)
        assert "node worker2: the node is not Ready, and pod" in said
        assert "node worker2 is not Ready: Kubelet stopped posting node status." in said
        # Its pod there cannot end without a kubelet, nor can the namespace.
        assert "it was deleted, but it is still there: Some resources are remaining: pods. has 1 resource" in said
        assert [pod["spec"]["nodeName"] for pod in here.all("Pod", NAMESPACE)] == ["worker2"]


def stranger_definition() -> Object:
    """Of a name of its own, for a kind that Calico wants to define."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "pools.crd.projectcalico.org"},
        "spec": {
            "group": "crd.projectcalico.org",
            "scope": "Cluster",
            "names": {"plural": "pools", "singular": "pool", "kind": "IPPool", "listKind": "IPPoolList"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }


async def test_a_definition_whose_names_are_taken(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.clusters.on_write = when(
            "apply", "CustomResourceDefinition", lambda: here.create(stranger_definition()), "before"
        )
        said = await tried(here, CALICO)
        mine = {"CustomResourceDefinition pools.crd.projectcalico.org"}
        check_ended(here, said, before, ChangeState.ROLLED_BACK, mine)
        assert "CustomResourceDefinition ippools.crd.projectcalico.org, not within 60 s: its names are taken" in said
        assert '"IPPool" is already in use' in said


def quota(namespace: str, pods: int) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few", "namespace": namespace},
        "spec": {"hard": {"pods": str(pods)}},
    }


async def test_a_quota_that_refuses_the_agents(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.clusters.on_write = when("apply", "Namespace", lambda: here.create(quota(NAMESPACE, 0)))
        said = await tried(here, FLANNEL)
        assert "exceeded quota: few, requested: pods=1, used: pods=0, limited: pods=0" in said
        check_ended(here, said, before, ChangeState.ROLLED_BACK)


async def test_a_quota_that_refuses_the_pods_of_the_trial(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.clusters.on_write = when("apply", "DaemonSet", lambda: here.create(quota("kube-system", 1)))
        said = await tried(here, FLANNEL)
        check_ended(here, said, before, ChangeState.ROLLED_BACK, {"ResourceQuota kube-system/few"})
        assert "exceeded quota: few" in said


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    made = Hooks()
    made.start()
    yield made
    made.stop()


def guard(hooks: Hooks) -> Object:
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["daemonsets"]}
    hook = {
        "name": "guard.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"url": f"{hooks.url}/guard", "caBundle": hooks.authority},
        "rules": [rule],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "guard"},
        "webhooks": [hook],
    }


async def test_a_webhook_that_refuses(tmp_path: Path, hooks: Hooks) -> None:
    hooks.says["/guard"] = lambda _: {"allowed": False, "status": {"message": "no agents on Fridays", "code": 403}}
    async with site(tmp_path) as here:
        before = set(here.standing())
        approve = await here.planned(FLANNEL)
        here.clusters.on_write = when("apply", "Namespace", lambda: here.create(guard(hooks)))
        said = told((await here.answer(approve)).report)
        await here.world.cluster.settled()
        check_ended(here, said, before, ChangeState.ROLLED_BACK, {"ValidatingWebhookConfiguration guard"})
        assert 'admission webhook "guard.example.com" denied the request: no agents on Fridays' in said
        answer = await here.answer(FLANNEL)
        assert not answer.change
        assert "no agents on Fridays" in told(answer.report)


class Line:
    """What lies between the bot and the API server: while it is cut, connections are refused, and open ones end."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()

    async def close(self) -> None:
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, back}
        tasks = {asyncio.create_task(_pass(reader, back)), asyncio.create_task(_pass(there, writer))}
        self._tasks |= tasks
        await asyncio.wait(tasks)
        self._open -= {writer, back}
        self._tasks -= tasks


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def with_line(tmp_path: Path) -> AsyncIterator[tuple[Site, Line]]:
    lines: list[Line] = []

    def clusters(world: World) -> Clusters:
        lines.append(Line(int(world.cluster.url.rpartition(":")[2])))
        kubeconfig = json.loads(world.cluster.kubeconfig_path.read_bytes())
        config = tmp_path / "kubeconfig"
        return _Later(config, kubeconfig, lines[0])

    async with site(tmp_path / "cache", clusters=clusters) as here:
        await lines[0].mend()
        yield here, lines[0]
    await lines[0].close()


class _Later:
    """The kubeconfig can only be written once the line has a port."""

    def __init__(self, path: Path, kubeconfig: Object, line: Line) -> None:
        self._path, self._kubeconfig, self._line = path, kubeconfig, line
        self._real: KubernetesClusters | None = None

    def __getattr__(self, name: str) -> Any:
        if self._real is None:
            self._kubeconfig["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{self._line.port}"
            self._path.write_text(json.dumps(self._kubeconfig))
            self._real = KubernetesClusters(self._path)
        return getattr(self._real, name)


def back_later(here: Site, line: Line, seconds: float) -> None:
    """Cut now, and mended when so many seconds have passed."""
    line.cut()
    mending: list[asyncio.Task[None]] = []
    here.clock.later(seconds, lambda: mending.append(asyncio.ensure_future(line.mend())))


@pytest.mark.parametrize("kind", ["Namespace", "ConfigMap", "DaemonSet"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_api_server_that_restarts_is_waited_for(kind: str, moment: str, tmp_path: Path) -> None:
    async with with_line(tmp_path) as (here, line):
        approve = await here.planned(FLANNEL)
        here.clusters.on_write = when("apply", kind, lambda: back_later(here, line, 60), moment)
        said = told((await here.answer(approve)).report)
        assert here.record().state is ChangeState.APPLIED, said


async def test_an_api_server_that_stays_away_parks_the_change_and_says_what_is_left(tmp_path: Path) -> None:
    async with with_line(tmp_path) as (here, line):
        before = set(here.standing())
        approve = await here.planned(FLANNEL)
        here.clusters.on_write = when("apply", "ConfigMap", line.cut)
        said = told((await here.answer(approve)).report)
        await here.world.cluster.settled()
        check_ended(here, said, before, ChangeState.PARKED)
        assert "it could not be taken back: Cannot" in said


async def test_a_process_that_dies_while_the_api_server_is_away_is_followed_by_another(tmp_path: Path) -> None:
    async with with_line(tmp_path) as (here, line):
        approve = await here.planned(FLANNEL)

        def gone() -> None:
            line.cut()
            raise Killed

        here.clusters.on_write = when("apply", "ConfigMap", gone)
        with pytest.raises(Killed):
            await here.answer(approve)
        here.clock.advance(LEASE.total_seconds() + 1)
        back_later(here, line, 30)
        await resume_changes(here.process("p2"))
        assert here.record().state is ChangeState.APPLIED


async def test_somebody_deletes_the_namespace_meanwhile(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.clusters.on_write = when("apply", "DaemonSet", lambda: here.delete("Namespace", "", NAMESPACE))
        said = await tried(here, FLANNEL)
        check_ended(here, said, before, ChangeState.ROLLED_BACK)
        assert f"DaemonSet {NAMESPACE}/{AGENT}, somebody else has deleted it" in said


async def test_an_agent_that_somebody_changes_meanwhile_stays_with_all_it_needs(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        other = "registry.example/flannel:mine"
        here.world.cluster.programs.set(other, Program(exit_code=1, logs=("I cannot run here",)))
        containers = [{"name": "kube-flannel", "image": other}]
        patch = {"spec": {"template": {"spec": {"containers": containers}}}}
        here.clusters.on_write = when("apply", "DaemonSet", lambda: here.edit("DaemonSet", NAMESPACE, AGENT, patch))
        said = await tried(here, FLANNEL)
        check_ended(here, said, before, ChangeState.PARKED)
        assert "kubectl-edit wrote to it since" in said
        assert "I cannot run here" in said
        assert here.find("DaemonSet", NAMESPACE, AGENT)
        assert here.find("ServiceAccount", NAMESPACE, "flannel")
        assert f"DaemonSet {NAMESPACE}/{AGENT} needs it, and stays" in said


async def test_an_operator_that_crashes(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        lines = ("starting", "panic: no kind is registered for the type v1.Nothing", "password=hunter2hunter2")
        here.world.cluster.programs.set("quay.io/tigera/operator", Program(exit_code=2, logs=lines))
        said = await tried(here, CALICO)
        check_ended(here, said, before, ChangeState.ROLLED_BACK)
        assert "panic: no kind is registered" in said
        assert "hunter2" not in said
        assert "Deployment tigera-operator/tigera-operator, not within 60 s" in said


def other_subnet(here: Site) -> None:
    text = here.get("ConfigMap", "kube-system", "kubeadm-config")["data"]["ClusterConfiguration"]
    changed = text.replace("podSubnet: 10.244.0.0/16", "podSubnet: 10.99.0.0/16")
    here.edit("ConfigMap", "kube-system", "kubeadm-config", {"data": {"ClusterConfiguration": changed}})


async def test_a_pool_that_the_operator_refuses(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.clusters.on_write = when("apply", "Namespace", lambda: other_subnet(here))
        said = await tried(here, CALICO)
        check_ended(here, said, before, ChangeState.ROLLED_BACK)
        assert "it is degraded: " in said
        assert "10.244.0.0/16" in said.partition("degraded")[2]


async def test_what_an_operator_waits_for_is_told_with_the_pod_behind_it(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.world.cluster.programs.set("quay.io/calico/apiserver", Program(exit_code=1, logs=("no certificate",)))
        said = await tried(here, CALICO)
        check_ended(here, said, before, ChangeState.ROLLED_BACK)
        assert "TigeraStatus apiserver" in said
        assert "log of calico-apiserver: no certificate" in said


@pytest.mark.parametrize("line", [FLANNEL, CALICO])
async def test_a_node_of_which_somebody_accepts_that_it_stays_without_is_not_waited_for(
    line: str, tmp_path: Path
) -> None:
    async with site(tmp_path) as here:
        here.world.break_("kubelet-stopped")
        said = await tried(here, f"{line} --accept node-not-ready")
        assert said.startswith("Applied")
        assert "2 of 3 nodes served" in said
        assert "but worker2" in said
        given = said.partition("was given an address: ")[2].splitlines()[0]
        assert "on control" in given
        assert "worker2" not in given


class Deferred:
    """Clusters that are only known once the world is up."""

    def __init__(self) -> None:
        self.real: KubernetesClusters | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


async def as_an_account(here: Site, folder: Path) -> KubernetesClusters:
    """An account that may do everything, until its binding is deleted."""
    rbac = "rbac.authorization.k8s.io"
    account = {"kind": "ServiceAccount", "metadata": {"name": "bot", "namespace": "kube-system"}}
    subject = {"kind": "ServiceAccount", "name": "bot", "namespace": "kube-system"}
    role = {"apiGroup": rbac, "kind": "ClusterRole", "name": "cluster-admin"}
    binding = {"apiVersion": f"{rbac}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "bot"}}
    here.create({"apiVersion": "v1"} | account, binding | {"roleRef": role, "subjects": [subject]})
    kubeconfig = here.world.cluster.kubeconfig_path
    session = Session(access(kubeconfig, "", None))
    path = "/api/v1/namespaces/kube-system/serviceaccounts/bot/token"
    reply = await session.ask(Call(doing="ask for a token", method="POST", path=path, body=b'{"spec":{}}'))
    await session.close()
    said = json.loads(kubeconfig.read_bytes())
    said["users"][0]["user"] = {"token": json.loads(reply.body)["status"]["token"]}
    (folder / "account").write_text(json.dumps(said))
    return KubernetesClusters(folder / "account")


async def test_rights_that_are_taken_away_meanwhile(tmp_path: Path) -> None:
    deferred = Deferred()
    async with site(tmp_path, clusters=lambda _: deferred) as here:  # type: ignore[arg-type, return-value]
        deferred.real = await as_an_account(here, tmp_path)
        before = set(here.standing())
        here.clusters.on_write = when("apply", "ClusterRole", lambda: here.delete("ClusterRoleBinding", "", "bot"))
        said = await tried(here, FLANNEL)
        check_ended(here, said, before - {"ClusterRoleBinding bot"}, ChangeState.PARKED)
        assert "clusterrolebindings" in said
        assert "it could not be taken back" in said
        assert "cannot get resource" in said


async def test_another_configuration_in_front(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.world.cluster.hosts.of("worker1").files.add("05-cilium.conflist")
        said = await tried(here, FLANNEL)
        check_ended(here, said, before, ChangeState.ROLLED_BACK)
        assert "A new pod on node worker1 was given no address" in said
        assert "unable to connect to Cilium agent" in said


async def test_an_address_of_another_range(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        host = here.world.cluster.hosts.of("worker1")
        host.files.add(KUBE_ROUTER.file)
        host.ran[KUBE_ROUTER.title] = ("kube-system", "kube-router")
        line = "cni install weave --pod-cidr 10.50.0.0/16 --timeout 60s"
        answer = await here.answer(line)
        if not answer.change:
            line = answer.report.actions[0].command
        said = await tried(here, line)
        check_ended(here, said, before, ChangeState.ROLLED_BACK)
        assert "which is not in 10.50.0.0/16" in said
        assert "another network plugin's configuration may be in front there (/etc/cni/net.d" in said


async def test_a_node_without_a_range(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        here.clusters.on_write = when("apply", "Namespace", lambda: here.world.break_("no-pod-range"))
        said = await tried(here, FLANNEL)
        check_ended(here, said, before, ChangeState.ROLLED_BACK)
        assert "CrashLoopBackOff" in said
        assert 'failed to acquire lease: node "worker2" pod cidr not assigned' in said


async def test_what_an_agent_prints_last_is_told_without_secrets(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        lines = ("etcd password=hunter2hunter2", "cannot bind: address already in use")
        here.world.cluster.programs.set("ghcr.io/flannel-io/flannel", Program(exit_code=1, logs=lines))
        said = await tried(here, FLANNEL)
        check_ended(here, said, before, ChangeState.ROLLED_BACK)
        assert "cannot bind: address already in use" in said
        assert "hunter2" not in said


async def test_definitions_with_what_strangers_made_stay(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        pool = {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPPool", "metadata": {"name": "mine"}}
        pool |= {"spec": {"cidr": "10.60.0.0/16"}}
        here.world.break_("calico-image")
        here.clusters.on_write = when("apply", "Installation", lambda: here.create(pool))
        said = await tried(here, CALICO)
        check_ended(here, said, before, ChangeState.PARKED, {"IPPool mine", "IPPool default-ipv4-ippool"})
        assert "holds what this change did not make: IPPool mine" in said
        assert "429 Too Many Requests" in said
        assert here.find("IPPool", "", "mine", "crd.projectcalico.org/v1")


async def test_an_undo_leaves_what_strangers_made(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        said = await here.approved("cni install calico")
        assert said.startswith("Applied"), said
        pool = {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPPool", "metadata": {"name": "mine"}}
        here.create(pool | {"spec": {"cidr": "10.60.0.0/16"}})
        plan = told((await here.answer("changes undo 1 --dry-run")).report)
        assert "holds what this change did not make (IPPool mine)" in plan
        said = await here.approved("changes undo 1")
        assert said.startswith("Applied"), said
        assert here.find("IPPool", "", "mine", "crd.projectcalico.org/v1")
        assert not here.find("Namespace", "", "tigera-operator")


async def test_a_finalizer_that_nobody_takes_away_parks_an_uninstall(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        said = await here.approved("cni install calico")
        assert said.startswith("Applied"), said
        here.world.cluster.programs.set("quay.io/tigera/operator", Program(exit_code=1, logs=("stuck",)))
        await here.world.cluster.settled()
        said = await tried(here, "cni uninstall")
        assert here.record().state is ChangeState.PARKED, said
        assert "Installation default, not within 300 s: it is kept by the finalizer" in said
        assert "it is being deleted, which cannot be stopped" in said
        installation = here.get("Installation", "", "default")
        assert "tigera.io/operator-cleanup" in installation["metadata"]["finalizers"]
        assert here.find("Deployment", "tigera-operator", "tigera-operator")
        assert here.find("DaemonSet", "calico-system", "calico-node")
