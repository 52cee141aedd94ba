"""The account that deploy/kubernetes makes, on an API server that holds it to its rights: what it may plan."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.cluster.kubeconfig import access
from bot.adapters.cluster.session import Call, Session
from bot.domain.chat.invocation import Actor
from bot.domain.chat.report import Status
from tests.contracts.test_rights_port import with_token
from tests.mirrors import HAVE_MIRROR
from tests.stage import Stage, staged

FOLDER = Path(__file__).parent.parent / "deploy" / "kubernetes"
TOKEN = "/api/v1/namespaces/patchbay/serviceaccounts/patchbay/token"


@asynccontextmanager
async def restricted(
    folder: Path, *files: str, without: tuple[str, ...] = (), scenario: str = "new-cluster"
) -> AsyncIterator[Stage]:
    """The bot in a cluster as the account of these files; `without` names verbs, and kinds, that an administrator took
    away."""
    async with staged(scenario) as stage:
        kubeconfig = Path(stage.world.cluster.kubeconfig_path)
        async with stage.ports.clusters.open("", Actor("terminal:admin")) as admin:
            for object in objects_of(*files):
                for rule in object.get("rules") or ():
                    for what in ("verbs", "resources"):
                        rule[what] = [each for each in rule[what] if each not in without]
                if "rules" in object:
                    object["rules"] = [rule for rule in object["rules"] if rule["verbs"] and rule["resources"]]
                await admin.cluster.apply(object)
        session = Session(access(kubeconfig, "", None))
        reply = await session.ask(Call(doing="ask for a token", method="POST", path=TOKEN, body=b'{"spec": {}}'))
        await session.close()
        token = msgspec.json.decode(reply.body)["status"]["token"]
        clusters = KubernetesClusters(with_token(kubeconfig, folder, token))
        try:
            yield Stage(stage.world, dataclasses.replace(stage.ports, clusters=clusters))
        finally:
            await clusters.close()


def objects_of(*files: str) -> list[Any]:
    return [object for file in files for object in yaml.safe_load_all((FOLDER / file).read_text())]


async def test_who_may_only_look_is_told_what_is_missing_and_what_grants_it(tmp_path: Path) -> None:
    async with restricted(tmp_path, "look.yaml") as stage:
        report = await stage.say("cni install flannel")
    assert report.status is Status.FAILED
    told = str(report.blocks)
    assert "rights: Patchbay may not " in told
    assert "create, patch, update, delete namespaces" in told
    assert "deploy/kubernetes/network-plugins.yaml" in told


@pytest.mark.parametrize("plugin", ["antrea", "calico", "canal", "flannel", "kube-router", "weave"])
async def test_with_the_rights_for_network_plugins_each_can_be_planned(tmp_path: Path, plugin: str) -> None:
    async with restricted(tmp_path, "look.yaml", "network-plugins.yaml") as stage:
        report = await stage.say(f"cni install {plugin} --dry-run")
    assert report.status is Status.OK, (report.title, report.blocks)


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("escalate", "escalate clusterroles.rbac.authorization.k8s.io"),
        ("bind", "bind clusterroles.rbac.authorization.k8s.io flannel"),
        ("update", "update namespaces"),
    ],
)
async def test_a_verb_that_was_taken_away_is_missed(tmp_path: Path, verb: str, told: str) -> None:
    """With `escalate` or `bind` gone the API server would refuse in the middle of the plan."""
    async with restricted(tmp_path, "look.yaml", "network-plugins.yaml", without=(verb,)) as stage:
        report = await stage.say("cni install flannel")
    assert report.status is Status.FAILED
    assert told in str(report.blocks)


async def test_who_may_only_look_sees_controllers_and_is_told_what_installing_one_needs(tmp_path: Path) -> None:
    async with restricted(tmp_path, "look.yaml") as stage:
        assert (await stage.say("controller list")).status is Status.OK
        report = await stage.say("controller install haproxy --accept no-node")
    assert report.status is Status.FAILED
    told = str(report.blocks)
    assert "rights: Patchbay may not " in told
    assert "deploy/kubernetes/ingress-controllers.yaml" in told


@pytest.mark.parametrize(
    "said",
    [
        "traefik --gateway-api --service NodePort",
        "contour --gateway-api --service NodePort --accept kubernetes-version",
        "haproxy",
        "nginx-inc --service NodePort",
        "gateway-api",
    ],
)
async def test_with_the_rights_for_controllers_each_can_be_planned(tmp_path: Path, said: str) -> None:
    if said.startswith(("contour", "nginx-inc")) and not HAVE_MIRROR:
        pytest.skip("needs the real manifests in ../shared/manifests")
    async with restricted(tmp_path, "look.yaml", "ingress-controllers.yaml") as stage:
        report = await stage.say(f"controller install {said} --accept no-node --dry-run")
    assert report.status is Status.OK, (report.title, report.blocks)


async def test_what_may_not_be_read_of_controllers_is_said(tmp_path: Path) -> None:
    async with restricted(tmp_path, "look.yaml", without=("list",)) as stage:
        report = await stage.say("controller list")
        status = await stage.say("controller status")
    assert report.status is Status.FAILED
    assert "could not be read" in report.title
    assert any("ingressclasses" in str(note) for note in report.footnotes)
    assert status.status is Status.FAILED


@pytest.mark.parametrize(
    "line",
    [
        "services -n shop",
        "service show web -n shop",
        "check services -n shop",
        "ingress list -n shop",
        "ingress check -A",
        "pods -n shop",
        "expose deploy/web --port 80:http --name new -n shop --dry-run",
    ],
)
async def test_nothing_needs_the_namespace_kube_system(tmp_path: Path, line: str) -> None:
    """Its uid is what a cluster is known by; where no namespace may be read, address and authority do."""
    async with restricted(tmp_path, "look.yaml", "change.yaml", without=("namespaces",), scenario="shop") as stage:
        report = await stage.say(line)
        [identity] = await stage.ports.clusters.identities()
    assert report.status in (Status.OK, Status.FINDINGS), (report.title, report.blocks)
    assert identity.uid.startswith("address-")
