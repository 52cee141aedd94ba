"""Runs controllers: one queue, one task, no polling. The order of work depends on the changes alone."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.playground.cluster_server.access.people import AUTHENTICATED, User, account_groups
from bot.playground.cluster_server.edges.recognising import Edges
from bot.playground.cluster_server.networks.hosts import Hosts
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Acting, Place, Postponed, Registry
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.pods.programs import Programs
from bot.playground.cluster_server.statuses import APIError
from bot.playground.cluster_server.webhooks.asking import Asker

Object = dict[str, Any]
Key = tuple[str, str]

_log = logging.getLogger(__name__)
_CONFLICT = 409
_MOST_TRIES = 6
_LONGEST_PAUSE = 1000.0
"""Seconds: as long as the real controllers wait at most between two tries."""
_GATES = (
    ("", "resourcequotas"), ("", "limitranges"), ("", "serviceaccounts"), ("scheduling.k8s.io", "priorityclasses"),
)  # fmt: skip
"""What may have refused a controller's write: when it changes, those that were refused try again."""


@dataclass
class Surroundings:
    """What a scenario says of the world around the API: what a cloud and its controllers would give."""

    load_balancer_addresses: tuple[str, ...] = ()
    """Empty: there is no load balancer, and Services stay pending."""
    ingress_controllers: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """By the name that IngressClasses use: the Deployment (`namespace/name`) that does it, and its addresses."""
    gateway_controllers: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """The same by the name that GatewayClasses use."""


@dataclass
class Scene:
    """What every controller works with."""

    registry: Registry
    programs: Programs
    hosts: Hosts
    surroundings: Surroundings
    edges: Edges
    ca_pem: str
    pace: float
    """Real seconds for one second of a controller's waiting; 0: nobody waits."""

    def elapsed(self) -> float:
        """Seconds on a clock that only runs forward, in the world's own pace."""
        return time.monotonic() / self.pace if self.pace else 0.0

    def kind(self, api_version: str, name: str) -> Kind:
        return self.registry.kinds.named(api_version, name)


@dataclass(frozen=True, slots=True)
class Idle:
    """Look again after that many seconds, but nobody waits for it: a world with a crash loop in it is settled."""

    seconds: float


Pause = float | Idle | None
"""Seconds after which to look at a key again; None: when something changes."""


_ACCOUNT = "system:serviceaccount:kube-system:"


class Controller:
    """Brings objects to what they should be."""

    account = "kube-controller-manager"
    """The service account in kube-system under which it writes."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.registry = scene.registry

    def concerns(self, change: Change) -> Iterable[Key]:
        """The keys to look at after a change."""
        raise NotImplementedError

    def reconcile(self, key: Key) -> Pause:
        """Looks at one key; says when to look again."""
        raise NotImplementedError

    def user(self, key: Key) -> User:
        """As whom it writes."""
        name = f"{_ACCOUNT}{self.account}"
        return User(name, (*account_groups(name), AUTHENTICATED))

    def asker(self, key: Key) -> Asker:
        """The same, as webhooks hear of it."""
        return Asker(self.user(key).info())

    def everything(self) -> Iterable[Key]:
        """The keys to look at when something changed that is no object, such as a program."""
        return ()


class Controllers:
    """The queue, and the task that works it off."""

    def __init__(self, scene: Scene, kinds: Iterable[type[Controller]]) -> None:
        self._scene = scene
        self._all = [kind(scene) for kind in kinds]
        self._queue: dict[tuple[int, Key], None] = {}
        self._timers: dict[tuple[int, Key], asyncio.TimerHandle] = {}
        self._idle_timers: dict[tuple[int, Key], asyncio.TimerHandle] = {}
        self._tries: dict[tuple[int, Key], int] = {}
        self._waiting: set[tuple[int, Key]] = set()
        """Keys at which a write waits for webhooks."""
        self._refusals: dict[tuple[int, Key], dict[Place, APIError]] = {}
        """What webhooks said to those."""
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        scene.registry.store.subscribe(self._hear)

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="controllers")

    async def stop(self) -> None:
        for timers in (self._timers, self._idle_timers):
            for timer in timers.values():
                timer.cancel()
            timers.clear()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def settled(self) -> None:
        """Returns when there is nothing to do and nothing to wait for. Raises what ended the controllers, if that."""
        while not self._idle.is_set():
            waiting = asyncio.ensure_future(self._idle.wait())
            assert self._task is not None
            await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if self._task.done():
                waiting.cancel()
                self._task.result()
                return

    def look_at_everything(self) -> None:
        for number, controller in enumerate(self._all):
            for key in list(controller.everything()):
                self._add(number, key)

    def _hear(self, change: Change) -> None:
        for number, controller in enumerate(self._all):
            for key in controller.concerns(change):
                self._add(number, key)
        if self._tries and change.resource in _GATES:
            for number, key in list(self._tries):
                self._add(number, key)

    def _add(self, number: int, key: Key) -> None:
        for timers in (self._timers, self._idle_timers):
            if timer := timers.pop((number, key), None):
                timer.cancel()
        self._queue[number, key] = None
        self._idle.clear()
        self._work.set()

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            worked = 0
            while self._queue:
                number, key = next(iter(self._queue))
                del self._queue[number, key]
                self._reconcile(number, key)
                worked += 1
                if worked % 20 == 0:
                    await asyncio.sleep(0)  # requests come between
            self._work.clear()
            if not self._timers and not self._waiting:
                self._idle.set()

    def _reconcile(self, number: int, key: Key) -> None:
        if (number, key) in self._waiting:
            return
        controller, registry = self._all[number], self._scene.registry
        registry.waiting.acting = Acting(partial(controller.asker, key), self._refusals.pop((number, key), {}))
        try:
            again = controller.reconcile(key)
        except Postponed as postponed:
            self._wait(number, key, postponed, registry.waiting.acting.refusals)
            return
        except APIError as error:
            again = self._after_failure(number, key, error)
        else:
            self._tries.pop((number, key), None)
        finally:
            registry.waiting.acting = None
        if isinstance(again, Idle):
            if self._scene.pace:
                self._later(self._idle_timers, number, key, again.seconds)
        elif again is not None and self._scene.pace:
            self._later(self._timers, number, key, again)
        elif again is not None:
            self._add(number, key)

    def _wait(self, number: int, key: Key, postponed: Postponed, refusals: dict[Place, APIError]) -> None:
        """Looks at a key again when the write that waits for webhooks is done, or refused."""
        self._waiting.add((number, key))

        def ended(task: asyncio.Task[Any]) -> None:
            self._waiting.discard((number, key))
            error = None if task.cancelled() else task.exception()
            if isinstance(error, APIError):
                refusals[postponed.place] = error
            self._refusals[number, key] = refusals
            self._add(number, key)

        postponed.task.add_done_callback(ended)

    def _after_failure(self, number: int, key: Key, error: APIError) -> Pause:
        """Who was refused tries again, ever later; after a while nobody waits for it any more."""
        if error.code == _CONFLICT or error.is_of_an_ending_namespace:
            return None  # somebody was quicker, or ends it all: the change that says so is queued already, or will be
        _log.info("%s could not handle %s: %s", type(self._all[number]).__name__, key, error)
        tries = self._tries[number, key] = self._tries.get((number, key), 0) + 1
        return float(2**tries) if tries < _MOST_TRIES else Idle(min(2.0**tries, _LONGEST_PAUSE))

    def _later(self, timers: dict[tuple[int, Key], asyncio.TimerHandle], number: int, key: Key, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        timers[number, key] = loop.call_later(max(seconds, 0) * self._scene.pace, self._due, number, key)

    def _due(self, number: int, key: Key) -> None:
        for timers in (self._timers, self._idle_timers):
            timers.pop((number, key), None)
        self._add(number, key)


def key_of(obj: Object) -> Key:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def owner_of(obj: Object) -> Object | None:
    """The owner that controls it."""
    return next((owner for owner in obj["metadata"].get("ownerReferences") or () if owner.get("controller")), None)


def reference_to(owner: Object) -> Object:
    return {
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def is_owned_by(obj: Object, owner: Object) -> bool:
    found = owner_of(obj)
    return found is not None and found["uid"] == owner["metadata"]["uid"]


def is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(said["type"] == "Ready" and said["status"] == "True" for said in conditions)


def is_going(obj: Object) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))
