"""What proves that a Service answers: its endpoints, a question through the API server, and a request by address.

None of it is ever required: whether pods are ready is no reason to take a right object away again, and a status may not
change a digest. Only what the specs say decides here what is asked, and how.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from bot.domain.changes import asking
from bot.domain.changes.change import Ask, Reach, Step
from bot.domain.changes.service_fitting import OUTSIDE, ports
from bot.domain.network.probing import HTTPProbe, Probe, TCPProbe
from bot.domain.network.questions import Speech, speech
from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.selected import Selected


def of_service(
    ref: Ref, spec: JSONObject, selected: Selected, changed: Collection[int] | None = None
) -> Iterator[Step]:
    """For a Service as it will stand; nothing for what is scaled to zero, where nobody would answer, nor for a name
    outside of the cluster. `changed` are the ports that come before others when not all are asked."""
    if selected.idle or spec.get("type") == "ExternalName":
        return
    if spec.get("selector"):
        yield asking.endpoints(ref)
    speaking = [port for port in ports(spec) if str(port.get("protocol") or "TCP") == "TCP"]
    asked = sorted(speaking, key=lambda port: bool(changed) and _number(port) not in (changed or ()))[: asking.MOST]
    for port in asked:
        yield ask_port(ref, port, selected)
    yield from _by_address(ref, spec, asked, selected)


def _by_address(ref: Ref, spec: JSONObject, asked: Sequence[JSONObject], selected: Selected) -> Iterator[Step]:
    if spec.get("type") == "LoadBalancer":
        yield asking.address(ref)
    if spec.get("type") in OUTSIDE or spec.get("externalIPs"):
        for port in asked:
            yield Reach(ref=ref, scheme=asking.scheme_of_port(spoken(port, selected)), port=_number(port))


def ask_port(service: Ref, port: JSONObject, selected: Selected | None = None, path: str = "/") -> Ask:
    """One port of a Service, asked through the API server: by HTTP where it is thought to speak that, else by opening
    a connection. `port` is as it stands in `spec.ports`."""
    said = spoken(port, selected)
    probe: Probe = TCPProbe(target=service, port=_number(port))
    if said.http:
        probe = HTTPProbe(target=service, port=_number(port), path=path, tls=said.tls)
    return Ask(probe=probe, sure=said.http and said.sure)


def spoken(port: JSONObject, selected: Selected | None = None) -> Speech:
    """What a port of a Service is thought to speak, by what it and the containers' ports behind it are called."""
    target, protocol = str(port.get("targetPort") or port.get("port")), str(port.get("protocol") or "TCP")
    names = [str(port.get("name") or ""), "" if target.isdigit() else target]
    numbers = [_number(port)] + ([int(target)] if target.isdigit() else [])
    if selected is not None:
        names += selected.names(target, protocol)
        numbers += selected.numbers(target, protocol)
    return speech(str(port.get("appProtocol") or ""), names, numbers)


def changed_ports(before: JSONObject, after: JSONObject) -> set[int]:
    """The ports of one spec that the other does not have, or not so."""
    return {_number(port) for port in ports(after) if port not in ports(before)}


def _number(port: JSONObject) -> int:
    number: Any = port.get("port")
    return int(number)
