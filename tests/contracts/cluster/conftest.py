"""The cluster under test: an embedded one on a thread of its own, or with `--cluster` that of KUBECONFIG."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import responses

from bot.playground.cluster_server import EmbeddedCluster
from tests.contracts.cluster.api import API

_WITHIN_SECONDS = 60.0


@pytest.fixture(scope="session")
def kubeconfig(request: pytest.FixtureRequest) -> Iterator[Path]:
    if request.config.getoption("--cluster"):
        yield Path(os.environ["KUBECONFIG"])
        return
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="embedded cluster", daemon=True)
    thread.start()
    cluster = EmbeddedCluster(pace=0.01)

    def run(coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    run(cluster.start())
    run(cluster.settled())
    yield cluster.kubeconfig_path
    run(cluster.stop())
    run(_rounds(10))  # transports are closed only in a later round of the loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


async def _rounds(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture(scope="session")
def _api(kubeconfig: Path) -> Iterator[API]:
    api = API(kubeconfig)
    yield api
    api.close()


@pytest.fixture
def api(_api: API, no_call_by_requests_leaves_a_test: responses.RequestsMock) -> API:
    no_call_by_requests_leaves_a_test.add_passthru(_api.url)
    return _api


@pytest.fixture(scope="module")
def namespace(_api: API) -> Iterator[str]:
    """One of its own for each file of tests."""
    made = _api.ask("POST", "/api/v1/namespaces", {"metadata": {"generateName": "contract-"}})
    assert made.status == 201, made
    name = made.body["metadata"]["name"]
    eventually(lambda: _api.get(f"/api/v1/namespaces/{name}/serviceaccounts/default").status == 200)
    yield name
    _api.ask("DELETE", f"/api/v1/namespaces/{name}")


def eventually(holds: Callable[[], Any], within: float = _WITHIN_SECONDS) -> Any:
    """Looks again until it holds, and gives what made it hold."""
    ends = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < ends, f"never held: {holds}"
        time.sleep(0.02)
    return found
