"""What a cluster answers when it is asked what the bot may do: the one in memory, which other tests stand on, and an
API server with an account that has just these rights."""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import yaml

from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.cluster.kubeconfig import access
from bot.adapters.cluster.session import Call, Session
from bot.application.ports import Cluster, Right
from bot.domain.chat.invocation import Actor
from bot.playground.cluster_server import EmbeddedCluster
from tests.fakes import FakeCluster

pytestmark = pytest.mark.asyncio(loop_scope="module")

RBAC = "rbac.authorization.k8s.io"
HERE, ELSEWHERE = "here", "kube-system"
NAME = f"patchbay-rights-{secrets.token_hex(3)}"
"""Of the account, its roles, and the namespace that the table calls `here`: names of tests have to stay the same."""
EVERYWHERE = [
    Right("get", "namespaces", name="kube-system"),  # without it one does not even know which cluster this is
    Right("get", "configmaps"),
    Right("*", "daemonsets", "apps"),
    Right("escalate", "clusterroles", RBAC),
    Right("bind", "clusterroles", RBAC, name="view"),
]
IN_HERE = [
    Right("create", "pods", namespace=HERE),
    Right("get", "pods/log", namespace=HERE),
    Right("bind", "roles", RBAC, HERE, "reader"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def account(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The kubeconfig of an account with these rights and no others."""
    folder = tmp_path_factory.mktemp("account")
    if request.config.getoption("--cluster"):
        async with account_of(Path(os.environ["KUBECONFIG"]), folder) as made:
            yield made
    else:
        async with EmbeddedCluster() as embedded, account_of(Path(embedded.kubeconfig_path), folder) as made:
            yield made


@asynccontextmanager
async def account_of(kubeconfig: Path, folder: Path) -> AsyncIterator[Path]:
    session = Session(access(kubeconfig, "", None))

    async def ask(method: str, path: str, body: Any = None) -> Any:
        content = msgspec.json.encode(body) if body is not None else b""
        reply = await session.ask(Call(doing=f"make {path}", method=method, path=path, body=content))
        return msgspec.json.decode(reply.body)

    rbac, namespaced = f"/apis/{RBAC}/v1", f"/apis/{RBAC}/v1/namespaces/{NAME}"
    named = {"metadata": {"name": NAME}}
    try:
        await ask("POST", "/api/v1/namespaces", named)
        await ask("POST", f"/api/v1/namespaces/{NAME}/serviceaccounts", named)
        await ask("POST", f"{rbac}/clusterroles", named | {"rules": rules(EVERYWHERE)})
        await ask("POST", f"{rbac}/clusterrolebindings", named | binding("ClusterRole"))
        await ask("POST", f"{namespaced}/roles", named | {"rules": rules(IN_HERE)})
        await ask("POST", f"{namespaced}/rolebindings", named | binding("Role"))
        token = await ask("POST", f"/api/v1/namespaces/{NAME}/serviceaccounts/{NAME}/token", {"spec": {}})
        yield with_token(kubeconfig, folder, token["status"]["token"])
    finally:
        for path in (f"{rbac}/clusterrolebindings", f"{rbac}/clusterroles", "/api/v1/namespaces"):
            await ask("DELETE", f"{path}/{NAME}")
        await session.close()


def with_token(kubeconfig: Path, folder: Path, token: str) -> Path:
    config = yaml.safe_load(kubeconfig.read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    (folder / "kubeconfig").write_text(yaml.safe_dump(config))
    return folder / "kubeconfig"


def there(right: Right) -> Right:
    return dataclasses.replace(right, namespace=NAME) if right.namespace == HERE else right


def rules(rights: list[Right]) -> list[dict[str, Any]]:
    return [
        {"verbs": [r.verb], "apiGroups": [r.group], "resources": [r.resource]}
        | ({"resourceNames": [r.name]} if r.name else {})
        for r in rights
    ]


def binding(kind: str) -> dict[str, Any]:
    return {
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}],
    }


@pytest_asyncio.fixture(params=["memory", "server"], loop_scope="module")
async def cluster(request: pytest.FixtureRequest, account: Path) -> AsyncIterator[Cluster]:
    if request.param == "memory":
        fake = FakeCluster()
        fake.granted = [there(right) for right in (*EVERYWHERE, *IN_HERE)]
        yield fake
        return
    clusters = KubernetesClusters(account)
    async with clusters.open("", Actor("terminal:contract")) as opened:
        yield opened.cluster
    await clusters.close()


@pytest.mark.parametrize(
    ("right", "allowed"),
    [
        (Right("get", "configmaps"), True),
        (Right("get", "configmaps", namespace=HERE), True),
        (Right("get", "configmaps", namespace=ELSEWHERE, name="a"), True),
        (Right("list", "configmaps"), False),
        (Right("get", "secrets", namespace=HERE), False),
        (Right("create", "daemonsets", "apps", ELSEWHERE), True),
        (Right("create", "daemonsets", "", ELSEWHERE), False),
        (Right("create", "deployments", "apps", ELSEWHERE), False),
        (Right("create", "pods", namespace=HERE), True),
        (Right("create", "pods", namespace=ELSEWHERE), False),
        (Right("create", "pods"), False),
        (Right("get", "pods/log", namespace=HERE), True),
        (Right("get", "pods", namespace=HERE), False),
        (Right("escalate", "clusterroles", RBAC), True),
        (Right("escalate", "roles", RBAC, HERE), False),
        (Right("create", "clusterroles", RBAC), False),
        (Right("bind", "clusterroles", RBAC, name="view"), True),
        (Right("bind", "clusterroles", RBAC, name="cluster-admin"), False),
        (Right("bind", "clusterroles", RBAC), False),
        (Right("bind", "clusterroles", RBAC, HERE, "view"), True),
        (Right("bind", "roles", RBAC, HERE, "reader"), True),
        (Right("bind", "roles", RBAC, ELSEWHERE, "reader"), False),
    ],
    ids=lambda value: str(value).replace(HERE, "here"),  # every process that runs tests has a HERE of its own
)
async def test_what_is_granted_may_be_done_and_nothing_else(cluster: Cluster, right: Right, allowed: bool) -> None:
    assert await cluster.may(there(right)) is allowed


async def test_in_memory_everything_is_allowed_unless_said_otherwise() -> None:
    assert await FakeCluster().may(Right("escalate", "clusterroles", RBAC))
