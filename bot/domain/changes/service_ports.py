"""The ports of a Service as they are wanted: what was said of them, and what follows from what is exposed.

What is not said is worked out as `kubectl expose` does it (kubectl v1.36, pkg/cmd/expose: createService): a target port
is the port itself, several ports without names are called `port-1`, `port-2`, and the protocol is the one that the
containers declare for that number.
"""

from __future__ import annotations

import msgspec

from bot.domain.changes.target import DeclaredPort, Target
from bot.domain.network.references import JSON, JSONObject
from bot.errors import Refused, UsageError

TCP = "TCP"


class WantedPort(msgspec.Struct, frozen=True, kw_only=True):
    """One port, as it is typed: `[NAME=]PORT[:TARGET][/PROTOCOL]`."""

    port: int
    name: str = ""
    target: str = ""
    """A number or the name of a container's port; empty: the same number."""
    protocol: str = ""
    """`TCP`, `UDP` or `SCTP`; empty: what the containers declare for it, else TCP."""
    node_port: int = 0
    """0: the cluster chooses."""
    app_protocol: str = ""

    def __str__(self) -> str:
        name, target = f"{self.name}=" if self.name else "", f":{self.target}" if self.target else ""
        return f"{name}{self.port}{target}" + (f"/{self.protocol}" if self.protocol else "")

    @property
    def leads_to(self) -> str:
        return self.target or str(self.port)


class NodePort(msgspec.Struct, frozen=True):
    """`30080`, or `https=30443` for the port of that name."""

    number: int
    port_name: str = ""

    def __str__(self) -> str:
        return f"{self.port_name}={self.number}" if self.port_name else str(self.number)


class PortOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of ports beside the ports themselves."""

    target: str = ""
    protocol: str = ""
    node_ports: tuple[NodePort, ...] = ()
    app_protocol: str = ""


def completed(ports: tuple[WantedPort, ...], options: PortOptions) -> tuple[WantedPort, ...]:
    """The ports with what was said beside them: a target port or a protocol is that of each which says none itself, as
    with `kubectl expose`. Raises UsageError for what does not say which port it is about."""
    if options.app_protocol and len(ports) > 1:
        raise UsageError(
            f"`--app-protocol` does not say which of the {len(ports)} ports is meant",
            cause="it goes with one port alone",
            next_step="expose it with one port, and add the others by `service edit`",
        )
    found = []
    for port in ports:
        _said_once(port, options)
        more = msgspec.structs.replace(
            port,
            target=port.target or options.target,
            protocol=port.protocol or options.protocol,
            app_protocol=options.app_protocol,
        )
        found.append(more)
    return _with_node_ports(tuple(found), options.node_ports)


def _said_once(port: WantedPort, options: PortOptions) -> None:
    both = (("target port", port.target, options.target), ("protocol", port.protocol, options.protocol))
    for what, here, there in both:
        if here and there and here != there:
            raise UsageError(
                f"The {what} of port {port.port} was said twice",
                cause=f"`--port {port}` says {here}, and the option beside it says {there}",
                next_step="say one of them",
            )


def _with_node_ports(ports: tuple[WantedPort, ...], node_ports: tuple[NodePort, ...]) -> tuple[WantedPort, ...]:
    for node_port in node_ports:
        index = _meant(ports, node_port)
        if ports[index].node_port:
            raise UsageError(
                f"Port {ports[index].port} was given two node ports",
                cause=f"{ports[index].node_port} and {node_port.number}",
                next_step="say one of them",
            )
        changed = msgspec.structs.replace(ports[index], node_port=node_port.number)
        ports = (*ports[:index], changed, *ports[index + 1 :])
    return ports


def _meant(ports: tuple[WantedPort, ...], node_port: NodePort) -> int:
    named = [index for index, port in enumerate(ports) if node_port.port_name in (port.name, str(port.port))]
    if not node_port.port_name and len(ports) == 1:
        return 0
    if node_port.port_name and named:
        return named[0]
    names = ", ".join(port.name or str(port.port) for port in ports)
    raise UsageError(
        f"`--node-port {node_port}` does not say which port it is for"
        if not node_port.port_name
        else f"There is no port {node_port.port_name} for node port {node_port.number}",
        cause=f"the ports are {names}" if ports else "no port was said",
        next_step=f"write `--node-port {ports[0].name or ports[0].port}={node_port.number}`" if ports else "",
    )


def candidates(target: Target) -> tuple[WantedPort, ...]:
    """The ports that could be meant when none was said: each number with each protocol, once."""
    distinct = {(port.number, port.protocol): port for port in reversed(target.ports)}
    ordered = [port for port in target.ports if distinct[port.number, port.protocol] is port]
    return tuple(_copied(port) for port in ordered)


def _copied(port: DeclaredPort) -> WantedPort:
    """kubectl lets the copy of a Service lead to the pods' port of the Service's own number, where mostly nobody
    listens: here it leads to where the Service leads."""
    target = port.leads_to if port.leads_to != str(port.number) else ""
    return WantedPort(port=port.number, target=target, protocol=port.protocol)


def named(ports: tuple[WantedPort, ...]) -> tuple[WantedPort, ...]:
    """Names for those of several ports that have none."""
    if len(ports) < 2:
        return ports
    taken = {port.name for port in ports}
    found = []
    for number, port in enumerate(ports, 1):
        name = port.name or f"port-{number}"
        if not port.name and name in taken:
            name = f"port-{number}-{(port.protocol or TCP).lower()}"
        found.append(msgspec.structs.replace(port, name=name))
    return tuple(found)


def worked_out(ports: tuple[WantedPort, ...], target: Target) -> tuple[WantedPort, ...]:
    """With protocols and names. A number that is declared with two protocols becomes two ports, as with kubectl.
    Raises Refused when two of them would be the same."""
    found: list[WantedPort] = []
    for number, port in enumerate(ports, 1):
        protocols = (port.protocol,) if port.protocol else _protocols(port, target)
        for protocol in protocols:
            name = port.name
            if len(protocols) > 1:
                name = f"{name or f'port-{number}'}-{protocol.lower()}"
            found.append(msgspec.structs.replace(port, protocol=protocol, name=name))
    _check_distinct(found)
    return named(tuple(found))


def _protocols(port: WantedPort, target: Target) -> tuple[str, ...]:
    """Those declared for the port's own number, as kubectl has it; else for where it leads."""
    own = [each.protocol for each in target.ports if each.number == port.port]
    behind = [each.protocol for each in target.ports if port.leads_to in (str(each.number), each.name)]
    return tuple(dict.fromkeys(own or behind)) or (TCP,)


def _check_distinct(ports: list[WantedPort]) -> None:
    for index, port in enumerate(ports):
        for other in ports[:index]:
            if (port.port, port.protocol) == (other.port, other.protocol):
                raise Refused(
                    f"Port {port.port}/{port.protocol} is there twice",
                    cause="a Service has each port of a protocol once",
                    next_step="give one of the two another number",
                )
            if port.name and port.name == other.name:
                raise Refused(f"Two ports are called {port.name}", next_step="give each a name of its own")


def manifest(port: WantedPort) -> JSONObject:
    """As it stands in `spec.ports`."""
    found: JSONObject = {"name": port.name} if port.name else {}
    found |= {"port": port.port, "protocol": port.protocol or TCP, "targetPort": target_value(port.leads_to)}
    if port.node_port:
        found["nodePort"] = port.node_port
    if port.app_protocol:
        found["appProtocol"] = port.app_protocol
    return found


def target_value(target: str) -> JSON:
    return int(target) if target.isdigit() else target
