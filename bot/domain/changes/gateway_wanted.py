"""What a Gateway is wanted to be, checked for what none can have, and written as the object that it becomes.

See https://gateway-api.sigs.k8s.io/reference/spec/#gateway for what goes together in its listeners.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.network.references import GATEWAY, JSON, SECRET, JSONObject, Ref, ref_to
from bot.errors import UsageError

_MOST_LISTENERS = 64
_IN = re.compile(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)")
_EQUALS = re.compile(r"([^=!\s]+)\s*(!=|==?)\s*(\S*)")
SAME, ALL = "same", "all"


@dataclass(frozen=True, slots=True)
class ListenerWanted:
    """Where a Gateway listens."""

    name: str
    protocol: str
    """`HTTP`, `HTTPS`, or `TLS`, which is passed on unread."""
    port: int
    hostname: str = ""
    """Empty: every host name."""

    def __str__(self) -> str:
        return f"{self.name} {self.protocol} {self.port}" + (f" for {self.hostname}" if self.hostname else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The Gateway that is wanted."""

    line: str
    """The canonical request."""
    cluster: str
    namespace: str
    name: str
    class_name: str
    listeners: tuple[ListenerWanted, ...]
    tls: Ref | None = None
    """The Secret with the certificate of all HTTPS listeners."""
    allow: str = SAME
    """From where routes may come: `same`, `all`, or a selector of namespaces by their labels."""

    @property
    def ref(self) -> Ref:
        return ref_to(GATEWAY, self.namespace, self.name)

    @property
    def secured(self) -> tuple[ListenerWanted, ...]:
        """The listeners that need the certificate."""
        return tuple(each for each in self.listeners if each.protocol == "HTTPS")


def named(said: Iterable[tuple[str, str, int, str]]) -> tuple[ListenerWanted, ...]:
    """Listeners from name, protocol, port and host name each; those without a name are called after their protocol.
    Raises UsageError for a name that is given twice."""
    rows = list(said)
    taken = [name for name, *_ in rows if name]
    if twice := next((name for name in taken if taken.count(name) > 1), ""):
        raise UsageError(f"Two listeners are called {twice}", next_step="give each a name of its own")
    found = []
    for name, protocol, port, hostname in rows:
        if not name:
            name = _free(protocol.lower(), taken)
            taken.append(name)
        found.append(ListenerWanted(name, protocol, port, hostname))
    return tuple(found)


def _free(name: str, taken: Sequence[str]) -> str:
    number = 1
    while (candidate := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return candidate


def check(wanted: Wanted) -> None:
    """Raises UsageError for listeners that cannot be in one Gateway, with what to write instead."""
    if len(wanted.listeners) > _MOST_LISTENERS:
        raise UsageError(f"A Gateway takes at most {_MOST_LISTENERS} listeners", next_step="make several Gateways")
    for index, one in enumerate(wanted.listeners):
        for other in wanted.listeners[:index]:
            _check_pair(one, other)
    if wanted.secured and wanted.tls is None:
        raise UsageError(
            f"Listener {wanted.secured[0].name} needs a certificate",
            cause="HTTPS is ended at the Gateway",
            next_step="say the Secret by `--tls`; for TLS that is passed on unread say `--listener TLS:443:HOST`",
        )
    if wanted.tls is not None and not wanted.secured:
        raise UsageError(
            f"Nothing would use the certificate in {wanted.tls}",
            cause="no listener has protocol HTTPS",
            next_step="add `--listener HTTPS:443`, or leave `--tls` out",
        )
    allowed(wanted.allow)


def _check_pair(one: ListenerWanted, other: ListenerWanted) -> None:
    if one.port != other.port:
        return
    if "HTTP" in (one.protocol, other.protocol) and one.protocol != other.protocol:
        raise UsageError(
            f"Port {one.port} cannot speak {other.protocol} and {one.protocol}",
            cause="one is encrypted, and the other is not",
            next_step="give one of them another port",
        )
    if one.hostname == other.hostname and one.protocol != other.protocol:
        raise UsageError(
            f"Port {one.port} cannot both end TLS and pass it on for {one.hostname or 'every host name'}",
            cause=f"one listener has protocol {one.protocol}, the other one {other.protocol}",
            next_step="give one of them another port or host name",
        )
    if one.hostname == other.hostname and one.protocol == other.protocol:
        raise UsageError(
            f"Two listeners are the same: {one.protocol} on port {one.port}, {one.hostname or 'every host name'}",
            next_step="give one of them another port or host name",
        )


def allowed(allow: str) -> JSONObject:
    """`allowedRoutes.namespaces` for what was said. Raises UsageError for what is no selector of labels."""
    if allow.lower() in (SAME, ALL):
        return {"from": allow.capitalize()}
    labels: JSONObject = {}
    expressions: list[JSON] = []
    for part in re.split(r",(?![^(]*\))", allow):
        _add(part.strip(), labels, expressions)
    selector: JSONObject = {"matchLabels": labels} if labels else {}
    if expressions:
        selector["matchExpressions"] = expressions
    return {"from": "Selector", "selector": selector}


def _add(part: str, labels: JSONObject, expressions: list[JSON]) -> None:
    if match := _IN.fullmatch(part):
        values: list[JSON] = [value.strip() for value in match[3].split(",")]
        operator = "In" if match[2] == "in" else "NotIn"
        expressions.append({"key": match[1], "operator": operator, "values": values})
    elif match := _EQUALS.fullmatch(part):
        if match[2] == "!=":
            expressions.append({"key": match[1], "operator": "NotIn", "values": [match[3]]})
        else:
            labels[match[1]] = match[3]
    elif part.startswith("!"):
        expressions.append({"key": part[1:], "operator": "DoesNotExist"})
    else:
        expressions.append({"key": part, "operator": "Exists"})


def manifest(wanted: Wanted) -> JSONObject:
    """The object."""
    return {
        "apiVersion": GATEWAY.api_version,
        "kind": GATEWAY.name,
        "metadata": {"name": wanted.name, "namespace": wanted.namespace},
        "spec": {
            "gatewayClassName": wanted.class_name,
            "listeners": [_listener(wanted, each) for each in wanted.listeners],
        },
    }


def _listener(wanted: Wanted, listener: ListenerWanted) -> JSON:
    found: JSONObject = {"name": listener.name, "protocol": listener.protocol, "port": listener.port}
    if listener.hostname:
        found["hostname"] = listener.hostname
    if listener.protocol == "TLS":
        found["tls"] = {"mode": "Passthrough"}
    elif listener.protocol == "HTTPS" and wanted.tls is not None:
        secret: JSONObject = {"group": "", "kind": SECRET.name, "name": wanted.tls.name}
        if wanted.tls.namespace != wanted.namespace:
            secret["namespace"] = wanted.tls.namespace
        found["tls"] = {"mode": "Terminate", "certificateRefs": [secret]}
    found["allowedRoutes"] = {"namespaces": allowed(wanted.allow)}
    return found
