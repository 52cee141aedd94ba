"""Asks kubectl the same of the embedded cluster and of a real one, and counts where it prints something else.

`python -m tests.contracts.cluster.compare KUBECONFIG [KUBECTL]` prints each difference and, at the end, how many of how
many commands differ. What servers may differ in is made equal first: names with random parts, ages, addresses, times.
"""

from __future__ import annotations

import asyncio
import difflib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from bot.playground.cluster_server import EmbeddedCluster

COMMANDS = Path(__file__).with_name("kubectl.yaml")
_WITHIN_SECONDS = 60.0


class Side:
    """One cluster, with a kubeconfig of its own so that a context can be set."""

    def __init__(self, kubectl: str, kubeconfig: Path, folder: Path, name: str) -> None:
        self._kubectl = kubectl
        self._kubeconfig = folder / name
        shutil.copy(kubeconfig, self._kubeconfig)
        self._namespace = "compared"
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": str(self._kubeconfig)}

    def put(self, command: dict[str, Any]) -> str:
        """What came of it, made comparable."""
        if "forward" in command:
            return self._forwarded(command["forward"])
        if "watch" in command:
            return self._watched(command)
        ends = time.monotonic() + _WITHIN_SECONDS
        while True:
            status, out, err = self._run(command["run"], command.get("in", ""), command.get("editor", ""))
            if "until" not in command or command["until"] in out or time.monotonic() > ends:
                break
            time.sleep(0.2)
        if command.get("status"):
            return f"exit status {status}"
        lines = common(out).splitlines()
        if command.get("fields"):  # what a field means is prose, which the embedded cluster has none of
            lines = [line for line in lines if re.match(r"(KIND|VERSION|FIELD|GROUP): | *[\w$-]+ <", line)]
        if "without" in command:
            lines = [line for line in lines if not re.search(command["without"], line)]
        if command.get("last"):
            lines = lines[-1:]
        if command.get("sorted"):
            lines.sort()
        return "\n".join([*lines, *common(err).splitlines(), f"exit status {status}"])

    def _argv(self, text: str) -> list[str]:
        return [self._kubectl, *shlex.split(text.replace("{ns}", self._namespace))]

    def _run(self, text: str, stdin: str, editor: str = "") -> tuple[int, str, str]:
        environment = self._environment | ({"KUBE_EDITOR": editor} if editor else {})
        found = subprocess.run(
            self._argv(text), input=stdin, capture_output=True, text=True, env=environment, timeout=120, check=False
        )
        return found.returncode, found.stdout, found.stderr

    def _forwarded(self, place: str) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        target, _, there = place.partition(" ")
        process = subprocess.Popen(
            self._argv(f"port-forward {target} {port}:{there}"), env=self._environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            first = process.stdout.readline().replace(str(port), "PORT")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as reply:
                    answered = f"answered {reply.status}"
            except urllib.error.HTTPError as error:
                answered = f"answered {error.code}"
            except OSError as error:
                answered = f"no answer: {type(error).__name__}"
        finally:
            process.terminate()
            process.wait(10)
        return first + ("answered" if answered.startswith("answered") else answered)

    def _watched(self, command: dict[str, Any]) -> str:
        with tempfile.TemporaryFile("w+") as seen:
            process = subprocess.Popen(self._argv(command["watch"]), env=self._environment, stdout=seen, text=True)
            try:
                time.sleep(1.0)
                for text in command["do"]:
                    self._run(text, "")
                time.sleep(1.0)
            finally:
                process.terminate()
                process.wait(10)
            seen.seek(0)
            return common(seen.read())


_RULES = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w+ \d{4} \d\d:\d\d:\d\d [+-]\d{4}"), "TIME"),
    (re.compile(r"(\b[a-z0-9-]+)-[bcdf2456789]{8,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})?\b"), r"\1-HASH"),
    (re.compile(r"\b(each|once|by-hand|kube-api-access|web|tool)-[bcdfghjklmnpqrstvwxz2456789]{5}\b"), r"\1-HASH"),
    (re.compile(r"\b(pod-template-hash|controller-revision-hash)([=:]\s?)[-a-z0-9\"]+"), r"\1\2HASH"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}(/\d+)?\b"), "ADDRESS"),
    (re.compile(r"\b(80:|nodePort: |NodePort: +<unset>  )3\d{4}\b"), r"\1NODEPORT"),
    (re.compile(r"\b3[012]\d{3}/TCP"), "NODEPORT/TCP"),
    (re.compile(r"(resourceVersion: |Resource Version: +)\S+"), r"\1VERSION"),
    (re.compile(r"(containerd://|sha256:)[0-9a-f]{64}"), r"\1ID"),
    (re.compile(r"\bnode[12]\b"), "NODE"),
    (re.compile(r"(?<=\s)(\d+[smhd]){1,2}\b( ago)?( \(x\d+ over \d+[smhd]+\))?"), "AGE"),
    (re.compile(r"<invalid>"), "AGE"),
    (re.compile(r"https://[^\s\"]+"), "URL"),
    (re.compile(r"/tmp/(LIVE|MERGED)-\d+"), r"/tmp/\1"),  # noqa: S108 - where kubectl diff puts its files
    (re.compile(r"(exec \")[0-9a-f]{64}"), r"\1ID"),
    (re.compile(r"kubectl-edit-\d+"), "kubectl-edit"),
    (re.compile(r"(/tmp/(LIVE|MERGED)/\S+\s+)\d{4}-\d\d-\d\d [0-9:.]+ \+0000"), r"\1TIME"),
    (
        re.compile(r"Successfully pulled image (\S+)"),
        r"Container image \1 already present on machine and can be accessed by the pod",
    ),
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
    (re.compile(r"^-+( -+)*$", re.MULTILINE), "----"),
)


def common(text: str) -> str:
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


async def compare(real: Path, kubectl: str) -> int:
    """The number of commands that differ."""
    commands = yaml.safe_load(COMMANDS.read_bytes())
    differ = 0
    async with EmbeddedCluster() as cluster:
        await cluster.settled()
        with tempfile.TemporaryDirectory() as folder:
            sides = [
                Side(kubectl, real, Path(folder), "real"),
                Side(kubectl, cluster.kubeconfig_path, Path(folder), "ours"),
            ]
            for command in commands:
                found = await asyncio.gather(*(asyncio.to_thread(side.put, command) for side in sides))
                if found[0] != found[1]:
                    differ += 1
                    name = command.get("run") or command.get("watch") or f"port-forward {command['forward']}"
                    print(f"## kubectl {name}")  # noqa: T201 - this is what it is for
                    for line in difflib.unified_diff(
                        found[0].splitlines(), found[1].splitlines(), "real", "embedded", n=0, lineterm=""
                    ):
                        print(f"   {line}")  # noqa: T201
    print(f"{differ} of {len(commands)} commands differ")  # noqa: T201
    return differ


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("which cluster? python -m tests.contracts.cluster.compare KUBECONFIG [KUBECTL]")
    sys.exit(min(1, asyncio.run(compare(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "kubectl"))))
