"""Adding, changing and removing single ports of a Service, as one says them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.changes.service_ports import TCP, NodePort, WantedPort, target_value
from bot.domain.network.references import Ref
from bot.errors import Conflict, NotFound, Refused, UsageError

Port = dict[str, Any]
"""As it stands in `spec.ports`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortEdits:
    """What was said of ports."""

    wanted: tuple[WantedPort, ...] = ()
    """A port that is there, by its name or else its number, is changed; any other one is added."""
    removed: tuple[str, ...] = ()
    """Numbers or names."""
    target: str = ""
    """For the one port that is meant."""
    app_protocol: str = ""
    node_ports: tuple[NodePort, ...] = ()


def edited(ref: Ref, standing: Sequence[Port], edits: PortEdits) -> list[Port]:
    """The ports as they are to stand. Raises NotFound for a port that is not there, Refused when none would be left,
    UsageError for what does not say which port it is about."""
    found = [copy.deepcopy(port) for port in standing]
    for word in edits.removed:
        gone = _called(ref, found, word)
        found.remove(gone)
        _check_one_way(gone, edits.wanted)
    if standing and not found and not edits.wanted:
        raise Refused(
            f"{ref} would have no port left",
            cause="a Service without a port leads nowhere",
            next_step=f"delete it: `unexpose {ref.name} -n {ref.namespace}`",
        )
    said = [_put(found, wanted) for wanted in edits.wanted]
    for value, name, flag in ((edits.target, "targetPort", "--target-port"), (edits.app_protocol, "appProtocol", "")):
        if value:
            port = _only(found, said, flag or "--app-protocol")
            port[name] = target_value(value) if name == "targetPort" else value
    for node_port in edits.node_ports:
        meant = _called(ref, found, node_port.port_name) if node_port.port_name else _only(found, said, "--node-port")
        meant["nodePort"] = node_port.number
    _name(found)
    _check_distinct(found)
    return found


def _check_one_way(gone: Port, wanted: Sequence[WantedPort]) -> None:
    for port in wanted:
        if (port.port, port.protocol or TCP) == (gone["port"], gone.get("protocol") or TCP):
            raise UsageError(
                f"Port {port.port} is to stay and to go",
                cause="both `--port` and `--remove-port` name it",
                next_step="`--port` alone changes a port that is there",
            )


def _called(ref: Ref, there: Sequence[Port], word: str) -> Port:
    for port in there:
        if word in (str(port["port"]), port.get("name")):
            return port
    names = ", ".join(f"{port['port']}" + (f" ({port['name']})" if port.get("name") else "") for port in there)
    raise NotFound(f"{ref} has no port {word}", cause=f"it has {names}" if names else "it has none")


def _put(there: list[Port], wanted: WantedPort) -> Port:
    """Changes the port that is meant, or adds one."""
    protocol = wanted.protocol or TCP
    by_name = [port for port in there if wanted.name and port.get("name") == wanted.name]
    by_number = [
        port
        for port in there
        if port["port"] == wanted.port and wanted.protocol in ("", str(port.get("protocol") or TCP))
    ]
    port = next(iter(by_name or by_number), None)
    if port is None:
        port = {"port": wanted.port, "protocol": protocol, "targetPort": target_value(wanted.leads_to)}
        there.append(port)
    port["port"] = wanted.port
    if wanted.protocol:
        port["protocol"] = wanted.protocol
    if wanted.target:
        port["targetPort"] = target_value(wanted.leads_to)
    if wanted.name:
        port["name"] = wanted.name
    return port


def _only(there: list[Port], said: list[Port], flag: str) -> Port:
    """The port that an option without a name is about: the one that was said, else the only one."""
    candidates = said or there
    if len(candidates) == 1:
        return candidates[0]
    names = ", ".join(str(port.get("name") or port["port"]) for port in candidates)
    raise UsageError(
        f"`{flag}` does not say which port is meant",
        cause=f"there are {names}" if names else "there is none",
        next_step="say the port, as in `--port 80:8080`, or for a node port `--node-port 80=30080`",
    )


def _name(there: list[Port]) -> None:
    """Where there are several, each needs a name."""
    if len(there) < 2:
        return
    taken = {port.get("name") for port in there}
    for number, port in enumerate(there, 1):
        if not port.get("name"):
            free = (f"port-{each}" for each in range(number, number + len(there) + 1))
            port["name"] = next(name for name in free if name not in taken)
            taken.add(port["name"])


def _check_distinct(there: list[Port]) -> None:
    for index, port in enumerate(there):
        for other in there[:index]:
            if (port["port"], port.get("protocol", TCP)) == (other["port"], other.get("protocol", TCP)):
                raise Conflict(
                    f"Port {port['port']}/{port.get('protocol', TCP)} is there twice",
                    cause=f"{other.get('name') or other['port']} has it already",
                    next_step="give the other one another number, or remove it first by `--remove-port`",
                )
            if port.get("name") and port.get("name") == other.get("name"):
                raise Refused(f"Two ports are called {port['name']}", next_step="give each a name of its own")
