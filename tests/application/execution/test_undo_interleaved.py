"""What undoing leaves after others have changed the same lists, for every state before us, after us, and after them.

Three states of an object are taken from a small space: all ways of adding, editing and removing its items, by us and
then by somebody else. What undo makes of them is judged by what holds for any right answer, not by how it is worked
out: the API server takes it; what nobody but us touched is as it was; what they touched is as they left it; and nothing
stands there, or leads anywhere, as it did at neither time. Only what the server would not take back may stay as it is,
and that is said.
"""

from __future__ import annotations

import copy
import datetime
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from bot.domain.changes import fields
from bot.domain.changes.change import Change, ChangeRecord, ChangeState, Edit, Restore, StepRecord, StepState
from bot.domain.changes.inverse import inverse
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.statuses import APIError
from tests.plugging import Object
from tests.routing import Edge, edge, mirrored

Facts = dict[Any, Any]
"""What an object says, each item by what it is known by."""
REAL = "v1.5.1"
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Space:
    """One list of one kind of object, and all that may stand in it."""

    kind: str
    field: str
    """Under `spec`."""
    items: dict[Any, Sequence[Any]]
    """By what it is known: the ways in which the item may stand there; None: it does not."""
    built: Callable[[Facts], Any]
    """The list of these items; None: there is none."""
    read: Callable[[Any], Facts]
    """The items in a list; what each leads to, or is."""
    besides: Object
    """The rest of the spec."""
    at_both: bool = False
    """Whether of an item that both changed each field counts by itself, and may be of another time than the others."""

    def states(self) -> Iterator[Facts]:
        for values in itertools.product(*self.items.values()):
            yield {key: value for key, value in zip(self.items, values, strict=True) if value is not None}

    def object(self, facts: Facts) -> Object:
        found = self.built(facts)
        api = {"Service": "v1", "Ingress": "networking.k8s.io/v1"}.get(self.kind, "gateway.networking.k8s.io/v1")
        spec = copy.deepcopy(self.besides) | ({self.field: found} if found is not None else {})
        return {"apiVersion": api, "kind": self.kind, "metadata": {"name": "it", "namespace": "shop"}, "spec": spec}

    def facts(self, object: Object) -> Facts:
        return self.read(object["spec"].get(self.field) or [])


def _backend(led: str) -> Object:
    """Of `web` or `web:81`."""
    name, _, port = led.partition(":")
    return {"service": {"name": name, "port": {"number": int(port or 80)}}}


def _led(backend: Object) -> str:
    service = backend["service"]
    port = service["port"]["number"]
    return str(service["name"]) if port == 80 else f"{service['name']}:{port}"


def _port(target: int, name: str = "") -> Object:
    return ({"name": name} if name else {}) | {"targetPort": target}


def _ports(facts: Facts) -> list[Object]:
    return [{"port": port, "protocol": "TCP"} | item for port, item in facts.items()]


def _read_ports(ports: list[Object]) -> Facts:
    return {each["port"]: {k: each[k] for k in ("name", "targetPort") if k in each} for each in ports}


def _rules(facts: Facts) -> list[Object] | None:
    by_host: dict[str, list[Object]] = {}
    for (host, path, type_), service in facts.items():
        by_host.setdefault(host, []).append({"path": path, "pathType": type_, "backend": _backend(service)})
    return [({"host": host} if host else {}) | {"http": {"paths": paths}} for host, paths in by_host.items()] or None


def _read_rules(rules: list[Object]) -> Facts:
    return {
        (rule.get("host", ""), path["path"], path["pathType"]): _led(path["backend"])
        for rule in rules
        for path in rule["http"]["paths"]
    }


def _tls(facts: Facts) -> list[Object] | None:
    by_secret: dict[str, list[str]] = {}
    for host, secret in facts.items():
        by_secret.setdefault(secret, []).append(host)
    return [{"hosts": hosts, "secretName": secret} for secret, hosts in by_secret.items()] or None


def _read_tls(tls: list[Object]) -> Facts:
    return {host: each.get("secretName", "") for each in tls for host in each["hosts"]}


def _listeners(facts: Facts) -> list[Object]:
    return [{"name": name, "protocol": "HTTP"} | item for name, item in facts.items()]


def _read_listeners(listeners: list[Object]) -> Facts:
    return {each["name"]: {k: each[k] for k in ("port", "hostname") if k in each} for each in listeners}


def _route_rules(facts: Facts) -> list[Object] | None:
    by_path: dict[str, list[Object]] = {}
    for (path, service), weight in facts.items():
        by_path.setdefault(path, []).append({"name": service, "port": 80, "weight": weight})
    return [
        {"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": led}
        for path, led in by_path.items()
    ] or None


def _read_route_rules(rules: list[Object]) -> Facts:
    return {
        (match["path"]["value"], each["name"]): each["weight"]
        for rule in reversed(rules)  # of two for the same the first one counts
        for match in rule["matches"]
        for each in rule.get("backendRefs", ())
    }


def _names(facts: Facts) -> list[str] | None:
    return [host for host in facts if host != "*"] or None


def _read_names(names: list[str]) -> Facts:
    return dict.fromkeys(names, "led") or {"*": "led"}


WEB = {"defaultBackend": _backend("web"), "ingressClassName": "traefik"}
PUBLIC = {"parentRefs": [{"name": "public", "namespace": "infra"}]}
SPACES = {
    "ports of a Service": Space(
        "Service",
        "ports",
        {
            80: (None, _port(8080), _port(8080, "http"), _port(9090, "http"), _port(8080, "web")),
            443: (None, _port(8443), _port(8443, "https"), _port(8443, "http"), _port(9443, "https")),
        },
        _ports,
        _read_ports,
        {"selector": {"app": "web"}},
        at_both=True,
    ),
    "paths of an Ingress": Space(
        "Ingress",
        "rules",
        {
            ("a.example.com", "/x", "Prefix"): (None, "web", "api", "api:81"),
            ("b.example.com", "/", "Prefix"): (None, "web"),
            ("b.example.com", "/m", "Prefix"): (None, "api"),
        },
        _rules,
        _read_rules,
        WEB,
    ),
    "rules for every host": Space(
        "Ingress",
        "rules",
        {
            ("", "/", "Prefix"): (None, "web"),
            ("", "/m", "Prefix"): (None, "api"),
            ("b.example.com", "/", "Prefix"): (None, "web"),
            ("b.example.com", "/", "Exact"): (None, "api"),
        },
        _rules,
        _read_rules,
        WEB,
    ),
    "certificates of an Ingress": Space(
        "Ingress",
        "tls",
        {f"{name}.example.com": (None, "one", "two") for name in "ab"},
        _tls,
        _read_tls,
        WEB,
    ),
    "listeners of a Gateway": Space(
        "Gateway",
        "listeners",
        {
            "http": (None, {"port": 80}, {"port": 8080}, {"port": 80, "hostname": "a.example.com"}),
            "more": (None, {"port": 8080}, {"port": 80}, {"port": 8080, "hostname": "a.example.com"}),
        },
        _listeners,
        _read_listeners,
        {"gatewayClassName": "traefik"},
        at_both=True,
    ),
    "rules of a route": Space(
        "HTTPRoute",
        "rules",
        {("/a", "web"): (None, 1, 5), ("/a", "api"): (None, 1), ("/b", "web"): (None, 1)},
        _route_rules,
        _read_route_rules,
        PUBLIC,
    ),
    "host names of a route": Space(
        "HTTPRoute",
        "hostnames",
        {f"{name}.example.com": (None, "led") for name in "abc"},
        _names,
        _read_names,
        PUBLIC | {"rules": _route_rules({("/", "web"): 1})},
    ),
}  # fmt: skip


@pytest.fixture
async def standing() -> AsyncIterator[Edge]:
    """With the real definitions of the Gateway API, where this machine has them: they say which listeners may not
    stand beside each other."""
    async with edge(REAL if mirrored(REAL) else "") as found:
        yield found


class Server:
    """The embedded API server's word on an object."""

    def __init__(self, standing: Edge, space: Space) -> None:
        self.registry, self.kind = standing.cluster.registry, standing._kind(space.kind)
        self._taken: dict[str, bool] = {}

    def stored(self, object: Object) -> Object | None:
        """As the server keeps it, defaults included; None: it refuses it."""
        try:
            return self.registry.create(self.kind, "shop", copy.deepcopy(object), Writing("kubectl-edit", dry_run=True))
        except APIError:
            return None

    def put(self, object: Object) -> Object:
        self._taken.clear()
        self.registry.create(self.kind, "shop", copy.deepcopy(object), Writing("kubectl-edit"))
        return copy.deepcopy(self.registry.get(self.kind, "shop", "it"))

    def takes(self, object: Object) -> bool:
        """In the place of the one that is there."""
        asked = msgspec.json.encode(object["spec"]).decode()
        if asked not in self._taken:
            self._taken[asked] = self._takes(object)
        return self._taken[asked]

    def _takes(self, object: Object) -> bool:
        try:
            self.registry.update(self.kind, "shop", "it", copy.deepcopy(object), Writing("patchbay", dry_run=True))
        except APIError:
            return False
        return True

    def remove(self) -> None:
        self.registry.delete(self.kind, "shop", "it", Deleting())


def undone(space: Space, before: Object, ours: Object, theirs: Object) -> tuple[Object, list[str]]:
    """What stands there once our edit is undone, and what is said."""
    path = ("spec", space.field)
    there, written = fields.at(before, path), fields.at(ours, path)
    ref = fields.ref_of(theirs)
    step = Edit(ref=ref, fields=(written,), prior=(there,))
    change = Change(cluster="c", request="r", summary="s", steps=(step,))
    done = StepRecord(state=StepState.DONE, uid=fields.uid(theirs), written=(written,))
    record = ChangeRecord(
        id=1, change=change, author="a", origin="run", state=ChangeState.APPLIED, steps=(done,), created_at=NOW,
        expires_at=NOW,
    )  # fmt: skip
    way = inverse(record, {ref: theirs})
    for back in way.steps:
        assert isinstance(back, Restore)
        assert fields.hold(theirs, back.expected)
        theirs = fields.with_fields(theirs, back.fields)
    return theirs, way.left


def expected(space: Space, was: Facts, ours: Facts, theirs: Facts, key: Any) -> Any:
    """How an item should stand; None: not at all."""
    zero, one, two = (each.get(key) for each in (was, ours, theirs))
    if one == two:
        return zero
    if zero == one or two is None or zero is None or one is None or not space.at_both:
        return two
    found = {name: (two if two.get(name) != one.get(name) else zero).get(name) for name in {*zero, *one, *two}}
    return {name: value for name, value in found.items() if value is not None}


def could_be_right(space: Space, server: Server, facts: tuple[Facts, Facts, Facts, Facts], key: Any) -> bool:
    """Whether the server takes the object with that item as it should be, and everything else as undo leaves it; and
    no other item means anything new by it."""
    was, ours, theirs, now = facts
    should = expected(space, was, ours, theirs, key)
    tried = {each: value for each, value in now.items() if each != key} | ({key: should} if should else {})
    object = space.object(tried)
    again = space.facts(object)
    return server.takes(object) and all(again[each] in (now.get(each), should) for each in again)


def left_whole(space: Space, facts: tuple[Facts, Facts, Facts, Facts], theirs: Object) -> bool:
    """Whether they took the list away, into which nothing is put back; or the list would stand for everything, or did
    so before; or it holds nothing but ours."""
    was, ours, others, _ = facts
    keys = [key for key in {*was, *ours, *others} if key in others or not whole_is_gone(key, ours, others)]
    should = [expected(space, was, ours, others, key) for key in keys]
    return space.field not in theirs["spec"] or "*" in was or not any(should)


def whole_is_gone(key: Any, ours: Facts, theirs: Facts) -> bool:
    """Whether they took away what the item was a part of: a host with all its paths."""
    return isinstance(key, tuple) and any(e[0] == key[0] for e in ours) and all(e[0] != key[0] for e in theirs)


@pytest.mark.parametrize("name", SPACES)
async def test_an_undo_takes_ours_back_and_nothing_else(name: str, standing: Edge) -> None:
    space, server = SPACES[name], Server(standing, SPACES[name])
    if space.field == "listeners" and not mirrored(REAL):
        pytest.skip("the excerpts of the definitions do not say which listeners exclude each other")
    states = [stored for facts in space.states() if (stored := server.stored(space.object(facts))) is not None]
    assert len(states) > 5
    faults = []
    for last in states:
        theirs = server.put(last)
        for before, ours in itertools.permutations(states, 2):
            found, said = undone(space, before, ours, theirs)
            facts = tuple(space.facts(each) for each in (before, ours, theirs, found))
            was, mine, others, now = facts
            if not server.takes(found):
                faults.append(("refused", facts, said))
            if any(now[key] not in (was.get(key), others.get(key)) for key in now) and not space.at_both:
                faults.append(("led where nobody led", facts, said))
            if others == now and said and left_whole(space, facts, theirs):
                continue
            for key in {*was, *mine, *others, *now}:
                if now.get(key) == expected(space, was, mine, others, key):
                    continue
                if now.get(key) is None and said and whole_is_gone(key, mine, others):
                    continue
                if now.get(key) != others.get(key) or not said or could_be_right(space, server, facts, key):
                    faults.append((key, facts, said))
        server.remove()
    assert not faults, f"{len(faults)} of them"
