"""The bot as somebody runs it in a terminal, against the cluster of KUBECONFIG."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.__main__ import main
from tests.mirrors import MIRROR
from tests.real import edge
from tests.real.cloud import clouded
from tests.real.hands import Patchbay, ready_nodes
from tests.real.inhabiting import Place, inhabited

ROOT = Path(__file__).parents[2]


@pytest.fixture
def patchbay(tmp_path: Path) -> Patchbay:
    """`patchbay run …` as somebody types it; a plan is approved. Returns the exit status and what was printed."""

    def run(line: str, *, seconds: float = 400) -> tuple[int, str]:
        environment = os.environ | {
            "PATCHBAY_MANIFESTS": str(MIRROR),
            "PATCHBAY_MANIFEST_CACHE": str(tmp_path / "cache"),
            "PATCHBAY_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/patchbay.db",
        }
        words = [sys.executable, "-m", "bot", "run", "--yes", *shlex.split(line)]
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds)
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Patchbay:
    """The same without a process for each line, which takes a tenth of the time. It may ask addresses itself: the host
    reaches those of nodes, pods and Services."""
    monkeypatch.setenv("PATCHBAY_MANIFESTS", str(MIRROR))
    monkeypatch.setenv("PATCHBAY_MANIFEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATCHBAY_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/patchbay.db")
    monkeypatch.setenv("PATCHBAY_REACHES_ADDRESSES", "yes")
    monkeypatch.setenv("COLUMNS", "500")

    def run(line: str, *, seconds: float = 400) -> tuple[int, str]:
        status = main(["run", "--yes", *shlex.split(line)])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


@pytest.fixture(scope="session")
def network(request: pytest.FixtureRequest) -> None:
    """A cluster whose pods have a network."""
    if not ready_nodes():
        pytest.skip("needs a cluster with a network: `cluster up --fresh --cni bridge`")


@pytest.fixture(scope="session")
def _inhabited(network: None) -> Iterator[Place]:
    with inhabited() as made:
        yield made


@pytest.fixture
def place(_inhabited: Place) -> Iterator[Place]:
    """A namespace with programs that run, and nothing yet that leads to them."""
    yield _inhabited
    _inhabited.clear()


@pytest.fixture(scope="session")
def cloud(network: None) -> Iterator[None]:
    """Services of type LoadBalancer get an address."""
    with clouded():
        yield


@pytest.fixture(scope="session")
def served(network: None, cloud: None) -> Iterator[str]:
    """The class `traefik`, the default one, with a real Traefik behind it; or why nobody serves it."""
    try:
        edge.give_image()
    except edge.NotBuilt as error:
        edge.give_class()
        yield str(error)
    else:
        edge.install()
        yield ""
    edge.uninstall()


@pytest.fixture
def traefik(served: str) -> None:
    """A real Traefik, which serves Ingresses of the class `traefik` and Gateways."""
    if served:
        pytest.skip(served)
