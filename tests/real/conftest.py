"""The bot as somebody runs it in a terminal, against the cluster of KUBECONFIG."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mirrors import MIRROR
from tests.real.hands import Patchbay

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
