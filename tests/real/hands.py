"""What tests on a real cluster do with their own hands: kubectl, and waiting."""

import json
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any, Protocol

from tests.real.standins import HOME

Object = dict[str, Any]
KUBECTL = HOME / "bin" / "kubectl"


class Patchbay(Protocol):
    """`patchbay run …`: see conftest.py."""

    def __call__(self, line: str, *, seconds: float = 400) -> tuple[int, str]: ...


def kubectl(*words: str, input: str | None = None, seconds: float = 90) -> str:
    """What it prints; that it did not succeed fails the test."""
    done = subprocess.run([KUBECTL, *words], input=input, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def given(objects: list[Any], *words: str, seconds: float = 120) -> None:
    """Hands objects to kubectl on its standard input, as for `apply`, `delete`."""
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    kubectl(*words, "-f", "-", input=listing, seconds=seconds)


def items(*words: str) -> list[Object]:
    return list(json.loads(kubectl("get", *words, "-o", "json"))["items"])


def ready_nodes() -> list[str]:
    return [
        node["metadata"]["name"]
        for node in items("nodes")
        if any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])
    ]


def until(what: str, holds: Callable[[], Any], seconds: float = 90) -> Any:
    """Looks again until it holds; returns what made it hold."""
    latest = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < latest, what
        time.sleep(0.3)
    return found


def applied(bot: Patchbay, line: str) -> tuple[int, str]:
    """Plans and applies it, which must succeed. Returns the change's number and what was printed."""
    status, said = bot(line)
    number = re.search(r"\(change (\d+)\)", said)
    assert status == 0, said
    assert number, said
    return int(number[1]), said
