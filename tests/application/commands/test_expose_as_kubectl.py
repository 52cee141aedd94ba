"""From the same arguments `expose` makes the object that `kubectl expose` makes, where kubectl can."""

from __future__ import annotations

import asyncio
import copy
import json
import shlex
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from serving import Shop, shop
from test_expose_cases import MORE

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl"),
]
SHORT = {"deployment": "deploy", "replicaset": "rs", "pod": "po", "service": "svc", "rc": "rc"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[Shop]:
    async with shop(MORE) as opened:
        yield opened


@pytest.mark.parametrize(
    "words",
    [
        "deployment web",
        "deployment web --port=80",
        "deployment web --port=80 --target-port=http",
        "deployment web --port=80 --target-port=8080",
        "deployment web --port=80 --protocol=UDP",
        "deployment web --port=80 --type=NodePort",
        "deployment web --port=80 --type=LoadBalancer --load-balancer-ip=203.0.113.12",
        "deployment web --port=80 --labels=team=shop,tier=front",
        "deployment web --port=80 --selector=app=cart",
        "deployment web --port=80 --cluster-ip=None",
        "deployment web --port=80 --session-affinity=ClientIP",
        "deployment web --port=80 --external-ip=198.51.100.7",
        "deployment resolver --port=53",
        "replicaset lone --port=80 --target-port=8080",
        "pod tool --port=80",
        "rc old",
        "service web --port=8080 --target-port=http",
    ],
)
async def test_the_object_is_the_one_that_kubectl_makes(world: Shop, words: str) -> None:
    theirs = await _by_kubectl(world, words)
    kind, name, *options = shlex.split(words)
    number, _ = await world.approved(f"expose {SHORT[kind]}/{name} {shlex.join(options)} --name new -n shop")
    ours = world.get("Service", "new")
    await world.approved(f"changes undo {number}")
    assert _compared(ours) == _compared(theirs)


async def _by_kubectl(world: Shop, words: str) -> Any:
    config = str(world.stage.world.cluster.kubeconfig_path)
    line = ("kubectl", "--kubeconfig", config, "expose", *shlex.split(words), "--name=new", "-n", "shop")
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(*line, "--dry-run=server", "-o", "json", stdout=pipe, stderr=pipe)
    out, err = await program.communicate()
    assert program.returncode == 0, err.decode()
    return json.loads(out)


def _compared(service: Any) -> Any:
    """Without the addresses and node ports that each is given."""
    spec = copy.deepcopy(service["spec"])
    if spec["clusterIP"] != "None":
        del spec["clusterIP"], spec["clusterIPs"]
    for port in spec.get("ports", ()):
        port.pop("nodePort", None)
    return spec, service["metadata"].get("labels")
