"""Plain kubectl against the printed kubeconfig. Skipped, saying so, where there is no kubectl."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.world import World

_BUILT = Path("/root/.cache/patchbay-cluster/bin/kubectl")
KUBECTL = shutil.which("kubectl") or (str(_BUILT) if os.access(_BUILT, os.X_OK) else None)
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="KUBECTL TESTS SKIPPED: kubectl is not on PATH")

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: new, namespace: shop}
spec:
  selector: {matchLabels: {app: new}}
  template:
    metadata: {labels: {app: new}}
    spec: {containers: [{name: new, image: example.com/new:1}]}
"""


@pytest.fixture
async def kubectl(tmp_path):
    async with EmbeddedCluster(seed=1) as cluster:
        await World(cluster).load("broken")

        async def run(*arguments, stdin=""):
            environment = {"KUBECONFIG": str(cluster.kubeconfig_path), "HOME": str(tmp_path), "NO_PROXY": "*"}
            process = await asyncio.create_subprocess_exec(
                KUBECTL,
                *arguments,
                env=environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            printed, _ = await process.communicate(stdin.encode())
            return printed.decode()

        yield run


async def test_get_prints_the_usual_columns(kubectl):
    printed = await kubectl("get", "pods", "-n", "shop")
    assert printed.split("\n")[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert "ImagePullBackOff" in printed


async def test_describe_shows_events(kubectl):
    assert "Failed to pull image" in await kubectl("describe", "pods", "-n", "shop", "-l", "app=cart")


async def test_apply_on_either_side_and_delete(kubectl):
    assert await kubectl("apply", "-f", "-", stdin=MANIFEST) == "deployment.apps/new created\n"
    assert await kubectl("apply", "-f", "-", stdin=MANIFEST) == "deployment.apps/new unchanged\n"
    assert "serverside-applied" in await kubectl("apply", "--server-side", "-f", "-", stdin=MANIFEST)
    assert "deleted" in await kubectl("delete", "-f", "-", stdin=MANIFEST)


async def test_logs(kubectl):
    assert "database migration pending" in await kubectl("logs", "deploy/web", "-n", "shop")
