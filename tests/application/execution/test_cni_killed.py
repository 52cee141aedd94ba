"""A process may die at every write to the cluster and at every commit while a plugin or a controller comes or goes:
the next one ends what it began, and the cluster is as after an undisturbed run."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.application.execution.working import LEASE
from bot.application.routines.resume_changes import resume_changes
from bot.domain.changes.change import ChangeState, StepState
from bot.domain.network.references import POD, Ref
from bot.domain.plugins.releases import ManifestFile, Release
from bot.playground.manifests import FOLDER, RELEASES, VERSION
from tests.plugging import Site, site

Object = dict[str, Any]
OLDER = "older"
CHUNKS = 2


@dataclass(frozen=True)
class Flow:
    """What is asked for, and what was there before."""

    line: str
    before: tuple[str, ...] = ()


FLOWS = {
    "flannel comes": Flow("cni install flannel"),
    "flannel is upgraded": Flow(f"cni upgrade --version {VERSION}", (f"cni install flannel --version {OLDER}",)),
    "flannel goes": Flow("cni uninstall", ("cni install flannel",)),
    "HAProxy comes": Flow("controller install haproxy", ("cni install flannel",)),
    "HAProxy goes": Flow("controller uninstall haproxy", ("cni install flannel", "controller install haproxy")),
}
TRAEFIK = "controller install traefik --gateway-api --service NodePort"
LARGE = {
    "Calico comes": Flow("cni install calico"),
    "Calico is upgraded": Flow(f"cni upgrade --version {VERSION}", (f"cni install calico --version {OLDER}",)),
    "Calico goes": Flow("cni uninstall", ("cni install calico",)),
    "Calico is undone": Flow("changes undo 1", ("cni install calico",)),
    "Traefik comes": Flow(TRAEFIK, ("cni install flannel",)),
    "Traefik goes": Flow("controller uninstall traefik", ("cni install flannel", TRAEFIK)),
}


class Killed(BaseException):
    """kill -9: nothing of the process's own code runs any more."""


class Killer:
    """Counts the moments at which a process may die, and ends it at one of them: the dead do nothing any more."""

    def __init__(self, here: Site) -> None:
        self.at = 0
        """0: nobody dies."""
        self.seen = 0
        self.written: Counter[tuple[str, str]] = Counter()
        """What was really written, pods of a trial apart."""
        here.clusters.on_write = self._write
        here.storage.on_commit = self._moment

    def _write(self, moment: str, verb: str, ref: Ref) -> None:
        if moment == "after" and ref.kind != POD.name:
            self.written[verb, str(ref)] += 1
        self._moment(moment)

    def _moment(self, moment: str) -> None:
        """What is before one is what is after another: nothing outside of the process happens between them."""
        self.seen += moment == "after"
        if self.at and self.seen >= self.at:
            raise Killed

    def expect(self, at: int) -> None:
        self.at, self.seen = at, 0


def older(name: str, mirror: Path, tag: str, *images: tuple[str, str]) -> Release:
    """The playground's own plugin as if it were of the release before: each image's tag, and what it was then."""
    files = []
    for file in RELEASES[name][0].files:
        text = (FOLDER / file.path).read_text()
        for now, then in images:
            text = text.replace(now, then)
        path = file.path.replace(VERSION, OLDER)
        (mirror / path).parent.mkdir(parents=True, exist_ok=True)
        (mirror / path).write_text(text)
        files.append(ManifestFile(path, "", hashlib.sha256(text.encode()).hexdigest()))
    return Release(version=OLDER, tag=tag, files=tuple(files))


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Site]:
    mirror = folder / "mirror"
    flannel = older("flannel", mirror, "v0.28.8", ("v0.28.9", "v0.28.8"))
    calico = older("calico", mirror, "v3.31.7", ("operator:v1.42.3", "operator:v1.40.15"))
    async with site(folder / "cache", mirror=mirror) as here:
        own = {name: (*RELEASES[name], before) for name, before in (("flannel", flannel), ("calico", calico))}
        here.ports = replace(here.ports, own_releases={**RELEASES, **own})
        yield here


async def begun(here: Site, flow: Flow) -> Killer:
    """The world anew, with what was there before."""
    await here.world.load("new-cluster")
    here.storage.state = type(here.storage.state)()
    killer = Killer(here)
    for line in flow.before:
        said = await here.approved(line)
        assert said.startswith("Applied"), said
    killer.written.clear()
    return killer


async def undisturbed(here: Site, flow: Flow) -> tuple[dict[str, Object], Counter[tuple[str, str]]]:
    killer = await begun(here, flow)
    said = await here.approved(flow.line)
    assert said.startswith("Applied"), said
    return seen(here), Counter(killer.written)


async def resumed(here: Site, name: str) -> None:
    here.clock.advance(LEASE.total_seconds() + 1)
    await resume_changes(here.process(name))
    await here.world.cluster.settled()


def check_done(here: Site, expected: dict[str, Object], where: object) -> None:
    record = here.record()
    assert record.state is ChangeState.APPLIED, (where, record.outcome)
    assert all(step.state is StepState.DONE for step in record.steps), (where, record.steps)
    found = seen(here)
    assert found.keys() == expected.keys(), where
    for words, each in found.items():
        assert not list(differences(expected[words], each)), (where, words)


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", FLOWS)
async def test_a_kill_at_any_moment_changes_nothing_in_the_end(name: str, chunk: int, tmp_path: Path) -> None:
    flow = FLOWS[name]
    async with stage(tmp_path) as here:
        expected, writes = await undisturbed(here, flow)
        number, died = 1 + chunk, True
        while died:
            killer = await begun(here, flow)
            approve = await here.planned(flow.line)
            killer.expect(number)
            try:
                await here.answer(approve)
                died = False
            except Killed:
                killer.expect(0)
                if here.record().state is ChangeState.PLANNED:
                    assert not killer.written, number  # the approval itself was lost: nothing has begun
                    number += CHUNKS
                    continue
                await resumed(here, "p2")
            await here.world.cluster.settled()
            check_done(here, expected, number)
            assert killer.written == writes, number
            number += CHUNKS
        assert number > 10


@pytest.mark.parametrize("lives", [10, 13])
@pytest.mark.parametrize("name", LARGE)
async def test_processes_that_die_one_after_another_come_to_the_same_end(name: str, lives: int, tmp_path: Path) -> None:
    """Each sees but so many moments: as many as the trial of addresses takes, which begins anew for each."""
    flow = LARGE[name]
    async with stage(tmp_path) as here:
        expected, writes = await undisturbed(here, flow)
        killer = await begun(here, flow)
        approve = await here.planned(flow.line)
        killer.expect(lives)
        with pytest.raises(Killed):
            await here.answer(approve)
        deaths = 1
        while here.record().state.running:
            assert deaths < 200, here.record()
            killer.expect(lives)
            try:
                await resumed(here, f"p{deaths}")
            except Killed:
                deaths += 1
        killer.expect(0)
        await here.world.cluster.settled()
        check_done(here, expected, lives)
        assert killer.written == writes
        assert deaths > 1  # an upgrade writes little


# The whole cluster, but for what is another each time.

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_MADE_UP = re.compile(r"kube-api-access-\w{5}")
_VOLATILE = (
    "resourceVersion",
    "clusterIP",
    "clusterIPs",
    "clusterGUID",
    "containerID",
    "nodePort",
    "healthCheckNodePort",
)


def seen(here: Site) -> dict[str, Object]:
    """Every object as it stands, by its name; names and ids that are made up are told by what they are of."""
    objects = [each for each in here.standing().values() if each["kind"] != "EndpointSlice"]
    known = {each["metadata"]["uid"]: f"uid of {_called(each)}" for each in objects}
    pods = [each for each in objects if each["kind"] == "Pod"]
    pods.sort(key=lambda pod: (_called(pod), str(pod["status"].get("podIP"))))
    turn: Counter[str] = Counter()
    for pod in pods:
        turn[_called(pod)] += 1
        known[pod["metadata"]["name"]] = f"{_called(pod)} number {turn[_called(pod)]}"
    longest = sorted(known, key=len, reverse=True)
    names = re.compile("|".join(map(re.escape, longest)))
    found = {}
    for each in objects:
        text = json.dumps(_stable(each), sort_keys=True)
        text = _MADE_UP.sub("kube-api-access", text)
        text = _TIME.sub("then", names.sub(lambda match: known[match.group()], text))
        whole = json.loads(text)
        if whole["kind"] == "IPAMBlock":
            del whole["metadata"]["generation"]  # a trial that begins anew takes addresses once more
        found[f"{whole['kind']} {whole['metadata'].get('namespace', '')}/{whole['metadata']['name']}"] = whole
    return found


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            yield from differences(one.get(name), other.get(name), f"{at}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{at}[{number}]")
    elif one != other:
        yield f"{at}: {one} → {other}"


def _called(obj: Object) -> str:
    """A pod by whose it is, and where."""
    own = obj["metadata"]
    if obj["kind"] == "Pod" and (owners := own.get("ownerReferences")):
        return f"pod of {owners[0]['kind']} {own['namespace']}/{owners[0]['name']} on {obj['spec'].get('nodeName')}"
    return f"{obj['kind']} {own.get('namespace', '')}/{own['name']}"


def _stable(value: Any) -> Any:
    if isinstance(value, list):
        return [_stable(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _stable(each) for name, each in value.items() if name not in _VOLATILE and name != "managedFields"}
    if managers := value.get("managedFields"):
        kept["managers"] = sorted({f"{m['manager']} {m['operation']} {m.get('subresource', '')}" for m in managers})
    return kept
