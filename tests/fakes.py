"""The ports in memory: small, real, and honest about what they promise. Time moves only when it is told to.

`FakeCluster` keeps whole objects with uid, resourceVersion, generation and managedFields. Lists are owned as one field,
which is coarser than a real API server; the contract tests say where the two must agree.
"""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import datetime
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from bot.adapters.network import X509Certificates
from bot.application.ports import (
    Applied,
    LogLines,
    LogRequest,
    Manifest,
    Message,
    MessageId,
    OpenCluster,
    OutboxEntry,
    Ports,
    Process,
    Right,
)
from bot.domain.access import AccessPolicy
from bot.domain.changes.change import ChangeRecord
from bot.domain.chat.invocation import Actor, Place
from bot.domain.chat.report import Report
from bot.domain.incidents.incident import Incident, IncidentState
from bot.domain.network.probing import ByAPIServer, Observation, Outcome, Probe, Vantage
from bot.domain.network.references import JSONObject, Kind, Ref
from bot.domain.network.snapshot import FIELD_OF_KIND, ClusterIdentity, Scope, Snapshot, Unread
from bot.domain.plugins.releases import ManifestFile
from bot.domain.schedules.schedule import Schedule
from bot.errors import BotError, Conflict, NotFound, Refused

NOW = datetime.datetime(2026, 11, 24, 3, 0, tzinfo=datetime.UTC)
MANAGER = "patchbay"


class FakeClock:
    """Stands still unless told to move; a sleep returns at once, and the time has passed. `later` says what happens in
    the world when it has."""

    def __init__(self, now: datetime.datetime = NOW) -> None:
        self._start = now
        self._passed = 0.0
        self._later: list[tuple[float, Callable[[], object]]] = []

    def later(self, seconds: float, happening: Callable[[], object]) -> None:
        self._later.append((self._passed + seconds, happening))

    def now(self) -> datetime.datetime:
        return self._start + datetime.timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self._passed += max(0.0, seconds)
        due = [happening for at, happening in self._later if at <= self._passed]
        self._later = [(at, happening) for at, happening in self._later if at > self._passed]
        for happening in due:
            happening()


class FakeMessenger:
    """Slack as a list of messages. `refuses` names channels where the bot is not; `down` raises for every call."""

    def __init__(self) -> None:
        self.messages: dict[MessageId, Report] = {}
        self.tokens: dict[tuple[str, str], MessageId] = {}
        self.places: dict[MessageId, Place] = {}
        self.edits: list[tuple[MessageId, Report]] = []
        self.replies: list[tuple[str, Report]] = []
        self.channels: dict[str, Place] = {}
        self.refuses: set[str] = set()
        self.down: Exception | None = None

    async def post(self, place: Place, report: Report, token: str) -> MessageId:
        self._check(place.channel)
        message = MessageId(place.channel, f"{len(self.messages) + 1}.000000")
        self.messages[message] = report
        self.places[message] = place
        self.tokens[place.channel, token] = message
        return message

    async def update(self, message: MessageId, report: Report) -> None:
        self._check(message.channel)
        if message not in self.messages:
            raise NotFound("That message is gone")
        self.messages[message] = report
        self.edits.append((message, report))

    async def find(self, place: Place, token: str) -> MessageId | None:
        self._check(place.channel)
        return self.tokens.get((place.channel, token))

    async def reply(self, reply_to: str, report: Report) -> None:
        self._check("")
        self.replies.append((reply_to, report))

    async def channel_named(self, name: str) -> Place | None:
        self._check("")
        return self.channels.get(name.removeprefix("#"))

    def _check(self, channel: str) -> None:
        if self.down:
            raise self.down
        if channel in self.refuses:
            raise Refused("The bot is not in that channel", next_step="say `/invite @patchbay` there")


@dataclasses.dataclass
class _State:
    """All that is stored. Values are frozen, so a copy of the containers is a copy of all."""

    changes: dict[int, ChangeRecord] = dataclasses.field(default_factory=dict)
    schedules: dict[int, Schedule] = dataclasses.field(default_factory=dict)
    incidents: dict[int, Incident] = dataclasses.field(default_factory=dict)
    outbox: dict[int, OutboxEntry] = dataclasses.field(default_factory=dict)
    aside: dict[int, tuple[OutboxEntry, str]] = dataclasses.field(default_factory=dict)
    posted: dict[tuple[str, str], MessageId] = dataclasses.field(default_factory=dict)
    seen: dict[str, datetime.datetime] = dataclasses.field(default_factory=dict)
    counters: dict[str, int] = dataclasses.field(default_factory=dict)

    def copy(self) -> _State:
        return _State(**{field.name: dict(getattr(self, field.name)) for field in dataclasses.fields(self)})

    def next_id(self, store: str) -> int:
        self.counters[store] = self.counters.get(store, 0) + 1
        return self.counters[store]


def _found(store: dict[int, Any], id: int, what: str) -> Any:
    if id not in store:
        raise NotFound(f"There is no {what} {id}")
    return store[id]


class _Changes:
    def __init__(self, state: _State) -> None:
        self._state = state

    async def add(self, record: ChangeRecord) -> ChangeRecord:
        stored = msgspec.structs.replace(record, id=self._state.next_id("changes"), revision=1)
        self._state.changes[stored.id] = stored
        return stored

    async def get(self, id: int) -> ChangeRecord:
        return _found(self._state.changes, id, "change")

    async def save(self, record: ChangeRecord) -> ChangeRecord:
        if (await self.get(record.id)).revision != record.revision:
            raise Conflict(f"Somebody else has just saved change {record.id}")
        stored = msgspec.structs.replace(record, revision=record.revision + 1)
        # What is stored must survive being bytes.
        self._state.changes[record.id] = msgspec.json.decode(msgspec.json.encode(stored), type=ChangeRecord)
        return stored

    async def recent(self, cluster: str, limit: int = 20) -> list[ChangeRecord]:
        found = [each for each in self._state.changes.values() if cluster in ("", each.change.cluster)]
        return sorted(found, key=lambda each: -each.id)[:limit]

    async def running(self) -> list[ChangeRecord]:
        return sorted((each for each in self._state.changes.values() if each.state.running), key=lambda each: each.id)


class _Schedules:
    def __init__(self, state: _State) -> None:
        self._state = state

    async def add(self, schedule: Schedule) -> Schedule:
        stored = msgspec.structs.replace(schedule, id=self._state.next_id("schedules"))
        self._state.schedules[stored.id] = stored
        return stored

    async def get(self, id: int) -> Schedule:
        return _found(self._state.schedules, id, "schedule")

    async def save(self, schedule: Schedule) -> None:
        await self.get(schedule.id)
        self._state.schedules[schedule.id] = schedule

    async def remove(self, id: int) -> None:
        await self.get(id)
        del self._state.schedules[id]

    async def all(self) -> list[Schedule]:
        return [self._state.schedules[id] for id in sorted(self._state.schedules)]


class _Incidents:
    def __init__(self, state: _State) -> None:
        self._state = state

    async def add(self, incident: Incident) -> Incident:
        stored = msgspec.structs.replace(incident, id=self._state.next_id("incidents"), revision=1)
        self._state.incidents[stored.id] = stored
        return stored

    async def get(self, id: int) -> Incident:
        return _found(self._state.incidents, id, "incident")

    async def save(self, incident: Incident) -> Incident:
        if (await self.get(incident.id)).revision != incident.revision:
            raise Conflict(f"Somebody else has just saved incident {incident.id}")
        stored = msgspec.structs.replace(incident, revision=incident.revision + 1)
        self._state.incidents[incident.id] = stored
        return stored

    async def unfinished(self, cluster: str) -> list[Incident]:
        over = (IncidentState.RESOLVED, IncidentState.DROPPED)
        return [each for each in self._of(cluster) if each.state not in over]

    async def recent(self, cluster: str, limit: int = 20) -> list[Incident]:
        return [each for each in reversed(self._of(cluster)) if each.opened_at is not None][:limit]

    def _of(self, cluster: str) -> list[Incident]:
        found = [each for each in self._state.incidents.values() if cluster in ("", each.cluster)]
        return sorted(found, key=lambda each: each.id)


class _Outbox:
    def __init__(self, state: _State, now: Callable[[], datetime.datetime]) -> None:
        self._state = state
        self._now = now

    async def put(self, message: Message) -> None:
        for entry in list(self._state.outbox.values()):
            same = (entry.message.conversation, entry.message.slot) == (message.conversation, message.slot)
            if same and not entry.sending and not entry.attempts:
                self._state.outbox[entry.id] = msgspec.structs.replace(entry, message=message)
                return
        id = self._state.next_id("outbox")
        self._state.outbox[id] = OutboxEntry(id=id, message=message, created_at=self._now())

    async def due(self, now: datetime.datetime, limit: int = 50) -> list[OutboxEntry]:
        first: dict[str, OutboxEntry] = {}
        for id in sorted(self._state.outbox):
            first.setdefault(self._state.outbox[id].message.conversation, self._state.outbox[id])
        return [entry for entry in first.values() if entry.not_before is None or entry.not_before <= now][:limit]

    async def sending(self, id: int) -> None:
        entry = _found(self._state.outbox, id, "outbox entry")
        self._state.outbox[id] = msgspec.structs.replace(entry, sending=True, attempts=entry.attempts + 1)

    async def delivered(self, id: int, message: MessageId | None) -> None:
        entry = _found(self._state.outbox, id, "outbox entry")
        del self._state.outbox[id]
        if message:
            self._state.posted[entry.message.conversation, entry.message.slot] = message

    async def failed(self, id: int, why: str, retry_at: datetime.datetime | None) -> None:
        entry = _found(self._state.outbox, id, "outbox entry")
        if retry_at is None:
            del self._state.outbox[id]
            self._state.aside[id] = (entry, why)
        else:
            self._state.outbox[id] = msgspec.structs.replace(entry, sending=False, not_before=retry_at)

    async def posted(self, conversation: str, slot: str) -> MessageId | None:
        return self._state.posted.get((conversation, slot))


class _Seen:
    def __init__(self, state: _State) -> None:
        self._state = state

    async def first_time(self, id: str, now: datetime.datetime) -> bool:
        for old in [key for key, at in self._state.seen.items() if now - at > datetime.timedelta(days=1)]:
            del self._state.seen[old]
        if id in self._state.seen:
            return False
        self._state.seen[id] = now
        return True


class MemoryTransaction:
    def __init__(self, state: _State, now: Callable[[], datetime.datetime]) -> None:
        self.changes = _Changes(state)
        self.schedules = _Schedules(state)
        self.incidents = _Incidents(state)
        self.outbox = _Outbox(state, now)
        self.seen = _Seen(state)


class MemoryStorage:
    """Commits when the block ends, forgets when it raises; one writer at a time. `on_commit` is called before and after
    each commit with `before` or `after`: a test may raise there, as if the process had died."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.state = _State()
        self.on_commit: Callable[[str], None] = lambda when: None
        self._clock = clock or FakeClock()
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryTransaction]:
        async with self._writing:
            await asyncio.sleep(0)
            state = self.state.copy()
            yield MemoryTransaction(state, self._clock.now)
            self.on_commit("before")
            self.state = state
            self.on_commit("after")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[MemoryTransaction]:
        await asyncio.sleep(0)
        yield MemoryTransaction(self.state.copy(), self._clock.now)

    @property
    def outbox(self) -> list[Message]:
        """The messages that wait, in order."""
        return [self.state.outbox[id].message for id in sorted(self.state.outbox)]


Path = tuple[str, ...]
_IDENTITY = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}


def _leaves(value: Any, at: Path = ()) -> dict[Path, Any]:
    """Every field that is no object with fields of its own; what only says which object it is, is none."""
    if not isinstance(value, dict) or (not value and at):
        return {at: value}
    found: dict[Path, Any] = {}
    for key, inner in value.items():
        found.update(_leaves(inner, (*at, key)))
    return {path: inner for path, inner in found.items() if path not in _IDENTITY}


def _get(value: Any, path: Path) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _put(value: JSONObject, path: Path, leaf: Any) -> None:
    for key in path[:-1]:
        inner = value.get(key)
        if not isinstance(inner, dict):
            inner = value[key] = {}
        value = inner
    value[path[-1]] = copy.deepcopy(leaf)


def _drop(value: JSONObject, path: Path) -> None:
    parent = _get(value, path[:-1])
    if isinstance(parent, dict):
        parent.pop(path[-1], None)


def _merged(have: Any, wanted: Any) -> Any:
    """A list whose items keep what the server had filled in, as the merge keys of a real one achieve."""
    if isinstance(have, list) and isinstance(wanted, list) and len(have) == len(wanted):
        return [_merged(old, new) for old, new in zip(have, wanted, strict=True)]
    if isinstance(have, dict) and isinstance(wanted, dict):
        return {**have, **{key: _merged(have.get(key), inner) for key, inner in wanted.items()}}
    return wanted


def _fields_v1(paths: Iterable[Path]) -> JSONObject:
    tree: JSONObject = {}
    for path in sorted(paths):
        at: Any = tree
        for key in path:
            at = at.setdefault(f"f:{key}", {})
    return tree


class FakeCluster:
    """Whole objects in memory. `on_write(when, verb, ref)` is called before and after each write that is no dry run,
    and may raise; `writes` lists them; `touch` edits as somebody else."""

    def __init__(self, clock: FakeClock | None = None, identity: ClusterIdentity | None = None) -> None:
        self.identity = identity or ClusterIdentity(uid="c1", name="test", version="v1.36.2")
        self.default_namespace = "default"
        self.clock = clock or FakeClock()
        self.writes: list[tuple[str, Ref]] = []
        self.on_write: Callable[[str, str, Ref], None] = lambda when, verb, ref: None
        self.refuses: dict[str, BotError] = {}
        """Errors by kind, raised by get and list, and put into `unread` by read; by the kind
        SelfSubjectAccessReview, raised by may."""
        self.granted: list[Right] | None = None
        """What the bot is allowed to, `*` for any verb, resource or group; None: everything."""
        self.log_text: dict[Ref, str] = {}
        self._objects: dict[Ref, JSONObject] = {}
        self._owners: dict[Ref, dict[tuple[str, str, str], set[Path]]] = {}
        self._times: dict[Ref, dict[tuple[str, str, str], str]] = {}
        self._counter = 100

    def put(self, object: Any, manager: str = "kubectl-create") -> JSONObject:
        """Puts an object there as somebody else; what is missing of its metadata is filled in."""
        whole = copy.deepcopy(object)
        ref = self._ref(whole)
        self._fill(whole, None)
        self._objects[ref] = whole
        self._owners[ref] = {(manager, "Update", ""): set(_leaves(_meant(whole)))}
        return self._shown(ref)

    def touch(self, ref: Ref, path: Path, value: Any, manager: str = "kubectl-edit", subresource: str = "") -> None:
        """Somebody else writes one field."""
        whole = self._objects[ref]
        _put(whole, path, value)
        for paths in self._owners[ref].values():
            paths.discard(path)
        self._own(ref, (manager, "Update", subresource), {path}, add=True)
        self._bump(whole, spec=path[0] == "spec")

    def remove(self, ref: Ref) -> None:
        """Somebody else deletes it."""
        self._objects.pop(ref, None)
        self._owners.pop(ref, None)

    def has(self, ref: Ref) -> bool:
        return ref in self._objects

    async def read(self, scope: Scope) -> Snapshot:
        found: dict[str, Any] = {}
        unread = []
        for kind in scope.kinds:
            try:
                objects = await self.list(kind, scope.namespace, scope.selector if kind.namespaced else "")
            except BotError as error:
                unread.append(Unread(kind, scope.namespace, str(error)))
                continue
            field, type_ = FIELD_OF_KIND[kind]
            found[field] = tuple(msgspec.convert(each, type_) for each in objects)
        return Snapshot(cluster=self.identity, scope=scope, taken_at=self.clock.now(), unread=tuple(unread), **found)

    async def get(self, ref: Ref) -> JSONObject:
        await asyncio.sleep(0)
        if ref.kind in self.refuses:
            raise self.refuses[ref.kind]
        if ref not in self._objects:
            raise NotFound(f"Cannot read {ref}", cause="there is none")
        return self._shown(ref)

    async def list(self, kind: Kind, namespace: str = "", selector: str = "", fields: str = "") -> list[JSONObject]:
        await asyncio.sleep(0)
        if kind.name in self.refuses:
            raise self.refuses[kind.name]
        found = []
        for ref in sorted(self._objects):
            whole = self._objects[ref]
            labels = _get(whole, ("metadata", "labels")) or {}
            if (ref.kind, ref.api_version) != (kind.name, kind.api_version) or (
                kind.namespaced and namespace and ref.namespace != namespace
            ):
                continue
            if _labelled(labels, selector) and _fielded(whole, fields):
                found.append(self._shown(ref))
        return found

    async def apply(self, manifest: JSONObject, *, force: bool = False, dry_run: bool = False) -> Applied:
        await asyncio.sleep(0)
        ref = self._ref(manifest)
        self._tell("before", "apply", ref, dry_run)
        key = (MANAGER, "Apply", "")
        wanted, have = _leaves(manifest), self._objects.get(ref)
        owners = copy.deepcopy(self._owners.get(ref, {}))
        whole = copy.deepcopy(have) if have else {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"]}
        if have is None:
            whole["metadata"] = {"name": ref.name} | ({"namespace": ref.namespace} if ref.namespace else {})
        self._take_over(ref, whole, wanted, owners, force)
        for path in owners.get(key, set()) - set(wanted):
            if not any(path in paths for other, paths in owners.items() if other != key):
                _drop(whole, path)
        for path, value in wanted.items():
            _put(whole, path, _merged(_get(whole, path), value))
        owners[key] = set(wanted)
        self._fill(whole, have)
        if dry_run:
            return Applied(whole, created=have is None)
        self._store(ref, whole, have, owners)
        self._own(ref, key, set(wanted))
        self.writes.append(("apply", ref))
        self._tell("after", "apply", ref, dry_run)
        return Applied(self._shown(ref), created=have is None)

    def _take_over(self, ref: Ref, whole: JSONObject, wanted: dict[Path, Any], owners: Any, force: bool) -> None:
        """Fields of others that would get another value: a conflict, unless by force."""
        taken: dict[str, list[str]] = {}
        for (manager, _, _), paths in owners.items():
            for path in paths & set(wanted):
                if manager != MANAGER and _merged(_get(whole, path), wanted[path]) != _get(whole, path):
                    taken.setdefault(manager, []).append(".".join(path))
                    if force:
                        paths.discard(path)
        if taken and not force:
            owned = "; ".join(f"{manager} owns {', '.join(sorted(paths))}" for manager, paths in taken.items())
            raise Conflict(f"Cannot apply {ref}", cause=owned)

    async def replace(self, object: JSONObject, *, dry_run: bool = False) -> JSONObject:
        await asyncio.sleep(0)
        ref = self._ref(object)
        self._tell("before", "replace", ref, dry_run)
        have = self._objects.get(ref)
        if have is None:
            raise NotFound(f"Cannot replace {ref}", cause="there is none")
        if _get(object, ("metadata", "resourceVersion")) != _get(have, ("metadata", "resourceVersion")):
            raise Conflict(f"Cannot replace {ref}", cause="the object has been modified")
        whole = copy.deepcopy(object)
        self._fill(whole, have)
        if dry_run:
            return whole
        old, new = _leaves(_meant(have)), _leaves(_meant(whole))
        changed = {path for path, value in new.items() if path not in old or old[path] != value}
        owners = copy.deepcopy(self._owners[ref])
        for paths in owners.values():
            paths -= changed | (set(old) - set(new))
        self._store(ref, whole, have, owners)
        self._own(ref, (MANAGER, "Update", ""), changed, add=True)
        self.writes.append(("replace", ref))
        self._tell("after", "replace", ref, dry_run)
        return self._shown(ref)

    async def delete(self, ref: Ref, *, uid: str, resource_version: str = "", dry_run: bool = False) -> None:
        await asyncio.sleep(0)
        self._tell("before", "delete", ref, dry_run)
        have = self._objects.get(ref)
        if have is None:
            raise NotFound(f"Cannot delete {ref}", cause="there is none")
        if _get(have, ("metadata", "uid")) != uid:
            raise Conflict(f"Cannot delete {ref}", cause="it is another object of the same name")
        if resource_version and _get(have, ("metadata", "resourceVersion")) != resource_version:
            raise Conflict(f"Cannot delete {ref}", cause="the object has been modified")
        if dry_run:
            return
        if _get(have, ("metadata", "finalizers")):
            _put(have, ("metadata", "deletionTimestamp"), _stamp(self.clock.now()))
            self._bump(have, spec=False)
        else:
            self.remove(ref)
        self.writes.append(("delete", ref))
        self._tell("after", "delete", ref, dry_run)

    async def may(self, right: Right) -> bool:
        await asyncio.sleep(0)
        if error := self.refuses.get("SelfSubjectAccessReview"):
            raise error
        return self.granted is None or any(_grants(each, right) for each in self.granted)

    async def logs(self, pod: Ref, request: LogRequest) -> LogLines:
        await self.get(pod)
        content = self.log_text.get(pod, "")
        lines = content.splitlines(keepends=True)[-request.tail if request.tail else 0 :]
        return LogLines(request.container or "web", "".join(lines)[-request.limit_bytes :], cut=False)

    def _tell(self, when: str, verb: str, ref: Ref, dry_run: bool) -> None:
        if not dry_run:
            self.on_write(when, verb, ref)

    def _store(self, ref: Ref, whole: JSONObject, have: JSONObject | None, owners: Any) -> None:
        same = have is not None and _meant(have) == _meant(whole)
        if not same:
            self._bump(whole, spec=have is not None and have.get("spec") != whole.get("spec"))
        self._objects[ref] = whole
        self._owners[ref] = owners

    def _own(self, ref: Ref, key: tuple[str, str, str], paths: set[Path], add: bool = False) -> None:
        owners = self._owners.setdefault(ref, {})
        owners[key] = owners.get(key, set()) | paths if add else paths
        self._times.setdefault(ref, {})[key] = _stamp(self.clock.now())

    def _bump(self, whole: JSONObject, spec: bool) -> None:
        self._counter += 1
        metadata: Any = whole["metadata"]
        metadata["resourceVersion"] = str(self._counter)
        if spec:
            metadata["generation"] = metadata.get("generation", 1) + 1

    def _fill(self, whole: JSONObject, have: JSONObject | None) -> None:
        """What the server fills in: who it is, and the defaults that planners meet."""
        metadata: Any = whole.setdefault("metadata", {})
        metadata.pop("managedFields", None)
        if have is None:
            self._counter += 1
            metadata.setdefault("uid", f"uid-{self._counter}")
            metadata.setdefault("resourceVersion", str(self._counter))
            metadata.setdefault("creationTimestamp", _stamp(self.clock.now()))
            metadata.setdefault("generation", 1)
        if whole.get("kind") == "Service":
            spec: Any = whole.setdefault("spec", {})
            spec.setdefault("type", "ClusterIP")
            spec.setdefault("sessionAffinity", "None")
            if spec["type"] != "ExternalName":
                spec.setdefault("clusterIP", f"10.96.0.{self._counter % 250}")
            for port in spec.get("ports") or []:
                port.setdefault("protocol", "TCP")
                port.setdefault("targetPort", port["port"])
                if spec["type"] in ("NodePort", "LoadBalancer"):
                    port.setdefault("nodePort", 30000 + port["port"] % 2768)
                else:
                    port.pop("nodePort", None)

    def _shown(self, ref: Ref) -> JSONObject:
        whole = copy.deepcopy(self._objects[ref])
        whole["metadata"]["managedFields"] = [  # type: ignore[index, call-overload]
            {
                "manager": manager,
                "operation": operation,
                "apiVersion": ref.api_version,
                "fieldsType": "FieldsV1",
                "fieldsV1": _fields_v1(paths),
                "time": self._times.get(ref, {}).get((manager, operation, subresource), _stamp(NOW)),
                **({"subresource": subresource} if subresource else {}),
            }
            for (manager, operation, subresource), paths in self._owners.get(ref, {}).items()
            if paths
        ]
        return whole

    def _ref(self, object: Any) -> Ref:
        metadata = object["metadata"]
        return Ref(object["kind"], metadata["name"], metadata.get("namespace", ""), object["apiVersion"])


def _grants(given: Right, asked: Right) -> bool:
    """As RBAC has it: what is given everywhere or for any name covers one of them, and not the other way round."""
    kinds = ((given.verb, asked.verb), (given.resource, asked.resource), (given.group, asked.group))
    places = ((given.namespace, asked.namespace), (given.name, asked.name))
    return all(one in ("*", other) for one, other in kinds) and all(one in ("", other) for one, other in places)


def _meant(whole: JSONObject) -> JSONObject:
    """An object without what the server keeps for itself."""
    server = {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"}
    metadata: Any = whole.get("metadata") or {}
    kept = {key: value for key, value in whole.items() if key not in ("status", "metadata")}
    return {**kept, "metadata": {key: value for key, value in metadata.items() if key not in server}}


def _stamp(at: datetime.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _labelled(labels: Any, selector: str) -> bool:
    """As kubectl takes selectors: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"""
    for part in filter(None, (part.strip() for part in re.split(r",(?![^(]*\))", selector))):
        if among := re.fullmatch(r"(\S+) (in|notin) \((.*)\)", part):
            values = {value.strip() for value in among[3].split(",")}
            if (labels.get(among[1]) in values) != (among[2] == "in"):
                return False
        elif "!=" in part:
            key, _, value = part.partition("!=")
            if labels.get(key.strip()) == value.strip():
                return False
        elif "=" in part:
            key, _, value = part.replace("==", "=").partition("=")
            if labels.get(key.strip()) != value.strip():
                return False
        elif (part.lstrip("!") in labels) == part.startswith("!"):
            return False
    return True


def _fielded(whole: Any, fields: str) -> bool:
    for part in filter(None, fields.split(",")):
        path, _, value = part.replace("==", "=").partition("=")
        if str(_get(whole, tuple(path.split("."))) or "") != value:
            return False
    return True


class FakeProber:
    """Answers as it was told to, by what is asked (the probe's target); by default everything answers."""

    def __init__(self) -> None:
        self.outcomes: dict[Ref, list[Outcome] | Outcome] = {}
        """A list is used up, its last one stays."""
        self.asked: list[Probe] = []

    async def ask(self, probe: Probe, vantage: Vantage = ByAPIServer()) -> Observation:  # noqa: B008  frozen
        await asyncio.sleep(0)
        self.asked.append(probe)
        told = self.outcomes.get(probe.target, Outcome.ANSWERED)
        outcome = told if isinstance(told, Outcome) else (told.pop(0) if len(told) > 1 else told[0])
        if outcome is Outcome.ANSWERED:
            return Observation(probe, vantage, outcome, 0.003, f"HTTP 200 from {probe.target.short}", 200)
        return Observation(probe, vantage, outcome, None, f"{outcome.value} by {probe.target.short}")


class FakeClusters:
    """Serves the clusters it is given, the first one by default. `opened` lists (uid, actor)."""

    def __init__(self, *clusters: FakeCluster, prober: FakeProber | None = None) -> None:
        self.clusters = clusters or (FakeCluster(),)
        self.prober = prober or FakeProber()
        self.opened: list[tuple[str, Actor]] = []

    async def identities(self) -> tuple[ClusterIdentity, ...]:
        return tuple(cluster.identity for cluster in self.clusters)

    @asynccontextmanager
    async def open(self, cluster: str, actor: Actor) -> AsyncIterator[OpenCluster]:
        found = next((each for each in self.clusters if cluster in ("", each.identity.uid)), None)
        if found is None:
            raise NotFound(f"This Patchbay does not serve the cluster {cluster}")
        self.opened.append((found.identity.uid, actor))
        yield OpenCluster(found, self.prober)


class FakeManifests:
    """Has the files that it is given, by path; `lines` are what it says of each custom resource."""

    def __init__(self, files: Mapping[str, Iterable[JSONObject]] | None = None) -> None:
        self.files = {path: tuple(objects) for path, objects in (files or {}).items()}
        self.in_mirror: dict[str, tuple[ManifestFile, ...]] = {}
        self.lines: tuple[str, ...] = ()

    async def read(self, file: ManifestFile) -> Manifest:
        if file.path not in self.files:
            raise NotFound(f"Cannot read the manifest {file.path}")
        return Manifest(file, copy.deepcopy(self.files[file.path]), "memory")

    async def mirrored(self, folder: str) -> tuple[ManifestFile, ...]:
        return self.in_mirror.get(folder, ())

    def misfits(self, object: JSONObject, definitions: Sequence[JSONObject]) -> tuple[str, ...]:
        if all(_get(each, ("spec", "names", "kind")) != object["kind"] for each in definitions):
            raise NotFound(f"No definition of {object['kind']}")
        return self.lines


@dataclasses.dataclass
class World:
    """Everything in memory, and the ports onto it."""

    clock: FakeClock
    cluster: FakeCluster
    prober: FakeProber
    storage: MemoryStorage
    messenger: FakeMessenger
    ports: Ports

    def process(self, id: str, kind: str = "serve") -> Ports:
        """The same world as another process sees it."""
        return dataclasses.replace(self.ports, process=Process(id, kind))


def world(catalogue: Any = None, *, changers: Iterable[str] = ("*",), second_person: bool = False) -> World:
    """A world with an empty cluster, in which everyone may change things unless said otherwise."""
    clock = FakeClock()
    cluster, prober, messenger, storage = FakeCluster(clock), FakeProber(), FakeMessenger(), MemoryStorage(clock)
    ports = Ports(
        clusters=FakeClusters(cluster, prober=prober),
        storage=storage,
        clock=clock,
        process=Process("p1", "serve"),
        access=AccessPolicy(frozenset(changers), second_person),
        manifests=FakeManifests(),
        certificates=X509Certificates(),
        catalogue=catalogue or {},
        messenger=messenger,
    )
    return World(clock, cluster, prober, storage, messenger, ports)
