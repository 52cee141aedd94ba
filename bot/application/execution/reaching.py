"""Real requests to where a change made something reachable: which addresses it has now, and what each answers."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bot.application.execution.behind import status_behind
from bot.application.execution.diagnosing import diagnosed
from bot.application.execution.verifying import POLL_SECONDS
from bot.application.execution.working import Work
from bot.application.execution.writing import look
from bot.application.ports import Network
from bot.domain.changes import fields
from bot.domain.changes.change import Ask, Reach, StepState
from bot.domain.network.probing import AddressProbe, Hop, Observation, spoken_of
from bot.domain.network.redirects import leads_there
from bot.domain.network.references import GATEWAY, INGRESS, NODE, SERVICE, JSONObject, Ref
from bot.errors import BotError

_USUAL = {"http": 80, "https": 443, "tls": 443, "tcp": 80}
_UNKNOWN = 404
_MOST_ADDRESSES = 3
"""Asked at each attempt; of a hundred nodes a few stand for all."""
NOT_FROM_HERE = (
    "the bot was not told that it can reach addresses from where it stands: PATCHBAY_REACHES_ADDRESSES=yes lets it try"
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to knock."""

    address: str
    port: int


async def reach(work: Work, index: int, step: Reach) -> None:
    """Asks once a second until an address answers. What does not answer is told with what is known so far, and undoes
    nothing; where nothing can be asked from here, that is said."""
    network = work.ports.network
    if network is None:
        await work.mark(index, state=StepState.PASSED_OVER, ended_at=work.now(), note=NOT_FROM_HERE)
        return
    await work.mark(index, state=StepState.STARTED, started_at=work.now())
    named = await _named(work, network, step)
    seen, why = None, ""
    behind = None
    ends = work.ports.clock.monotonic() + step.timeout_seconds
    for attempt in range(step.attempts):
        if attempt:
            if work.ports.clock.monotonic() >= ends:
                break
            await work.ports.clock.sleep(POLL_SECONDS)
            await work.breathe()
        try:
            places = await _places(work, step)
            why = "" if places else "it has no address yet"
        except BotError as error:
            places, why = [], str(error)
        seen = await _ask(work, network, step, places) or seen
        if seen is not None and seen.status == _UNKNOWN:
            behind = await status_behind(work, step)
        if seen is not None and _proves(seen, behind, step) and not _refused_behind(work, step):
            break
    await _tell(work, index, step, named, seen, behind, why)


def _refused_behind(work: Work, step: Reach) -> bool:
    """Whether that very port was asked before in vain: a load balancer takes connections whatever is behind it."""
    return step.scheme in ("tcp", "tls") and any(
        isinstance(other, Ask)
        and other.probe.target == step.ref
        and other.probe.port == step.port
        and done.state is StepState.FAILED
        for other, done in zip(work.record.change.steps, work.record.steps, strict=True)
    )


def served(seen: Observation) -> bool:
    """Whether what answered is more than a sign that nobody stands behind it: 502, 503 and 504 come from whoever
    stands before (https://www.rfc-editor.org/rfc/rfc9110#name-server-error-5xx)."""
    return seen.answered and seen.status not in (502, 503, 504)


def _as_told(seen: Observation, step: Reach) -> bool:
    """Whether it is the very answer that has to come."""
    asked = seen.probe.url if isinstance(seen.probe, AddressProbe) else ""
    leads = not step.leads_to or leads_there(seen.location, step.leads_to, asked)
    return seen.status == step.status and leads and seen.certificate_fits is not False


def _proves(seen: Observation, behind: int | None, step: Reach) -> bool:
    """A 404 is also how an edge says that it does not know a host: it counts only when the Service behind it says the
    same, and for a Gateway itself, where any answer is its own. So is its own certificate, which it shows for each name
    that it has none for (yet). Where it is known what has to be answered, nothing else counts."""
    if step.status:
        return _as_told(seen, step)
    unknown = seen.status == _UNKNOWN and behind != _UNKNOWN and step.ref.kind != GATEWAY.name
    return served(seen) and not unknown and seen.certificate_fits is not False


async def _tell(
    work: Work,
    index: int,
    step: Reach,
    named: tuple[Hop, ...],
    seen: Observation | None,
    behind: int | None,
    why: str,
) -> None:
    if seen is None:
        note, hops = why, named
    else:
        note, hops = seen.evidence, (*named, *seen.hops)
    refused = _refused_behind(work, step)
    proven = seen is not None and _proves(seen, behind, step) and not refused
    if seen is not None and seen.status == _UNKNOWN and behind == _UNKNOWN:
        note += ", as the Service behind it answers itself"
    if not proven:
        if seen is not None and served(seen) and seen.certificate_fits is False:
            note += f", with a certificate that is not for {step.host}: the edge has none for it, or shows it later"
        elif seen is not None and served(seen) and refused:
            note += ", while nobody behind it does: a load balancer takes connections whatever stands behind it"
        elif seen is not None and step.status:
            leads = f" that leads to {_whole(step)}" if step.leads_to else ""
            note += f", while HTTP {step.status}{leads} should come: something else answers this host and path"
        elif seen is not None and served(seen) and behind is None:
            note += (
                ", and what stands behind it could not be asked to compare: an edge that knows no such host says 404"
            )
        elif seen is not None and served(seen):
            note += f", while the Service behind it answers HTTP {behind}: the edge does not know this host and path"
        note += f" (asked {step.attempts} times from the bot itself)"
    await work.mark(
        index,
        state=StepState.DONE if proven else StepState.FAILED,
        ended_at=work.now(),
        note=note,
        hops=hops,
        evidence=() if proven else await diagnosed(work, step.ref, step),
    )


def _whole(step: Reach) -> str:
    """Where it should lead, with the host that is asked for."""
    scheme, _, rest = step.leads_to.partition("://")
    return f"{scheme}://{step.host if rest[:1] in ('/', ':') else ''}{rest}"


async def _named(work: Work, network: Network, step: Reach) -> tuple[Hop, ...]:
    """What the host name resolves to here; it is told, and does not decide where to knock."""
    if not step.host or step.host.startswith("*.") or _is_address(step.host):
        return ()
    found = await network.resolve(step.host)
    if not found:
        said = f"{step.host} resolves to nothing here yet: it is asked for at the address itself"
        return (Hop("name", said, right=False),)
    return (Hop("name", f"{step.host} resolves to {', '.join(found[:4])}"),)


async def _ask(work: Work, network: Network, step: Reach, places: list[_Place]) -> Observation | None:
    """All at once: the first that serves, else the last, with what became of those before it."""
    asked = await asyncio.gather(*(_one(network, step, place) for place in places[:_MOST_ADDRESSES]))
    await work.breathe()
    failed: tuple[Hop, ...] = ()
    for seen in asked:
        if served(seen) or seen is asked[-1]:
            return msgspec.structs.replace(seen, hops=(*failed, *seen.hops))
        failed += tuple(hop for hop in seen.hops if not hop.right)
    return None


async def _one(network: Network, step: Reach, place: _Place) -> Observation:
    """A redirect to TLS on the same host is followed, once, unless it is what has to be answered."""
    probe = AddressProbe(
        scheme=step.scheme,
        address=place.address,
        port=place.port,
        host=spoken_of(step.host),
        path=step.path,
    )
    seen = await network.ask(probe)
    if not step.status and (further := _to_tls(seen)):
        then = await network.ask(further)
        seen = msgspec.structs.replace(then, hops=(*seen.hops, *then.hops))
    return seen


def _to_tls(seen: Observation) -> AddressProbe | None:
    """Where a redirect from http to https of the same host leads."""
    probe = seen.probe
    if not isinstance(probe, AddressProbe) or probe.scheme != "http" or not seen.location:
        return None
    try:
        leads = urlsplit(seen.location)
        port = leads.port or 443
    except ValueError:
        return None
    if leads.scheme != "https" or (leads.hostname or "") != (probe.host or probe.address):
        return None
    path = (leads.path or "/") + (f"?{leads.query}" if leads.query else "")
    return msgspec.structs.replace(probe, scheme="https", port=port, path=path)


async def _places(work: Work, step: Reach) -> list[_Place]:
    """Raises BotError."""
    there = await look(work, step.ref)
    if there is None:
        return []
    if step.ref.kind == SERVICE.name:
        return list(_of_service(there, step, await _node_addresses(work, there)))
    port = step.port or _USUAL[step.scheme]
    if step.ref.kind in (INGRESS.name, GATEWAY.name):
        return [_Place(address, port) for address in _addresses(there)]
    return await _of_route(work, there, step)


async def _of_route(work: Work, route: JSONObject, step: Reach) -> list[_Place]:
    """The addresses of the Gateways that it is attached to."""
    found = []
    parents: Any = fields.at(route, ("spec", "parentRefs")).value or []
    for parent in parents:
        if parent.get("kind", GATEWAY.name) != GATEWAY.name:
            continue
        namespace = str(parent.get("namespace") or step.ref.namespace)
        gateway = await look(work, Ref(GATEWAY.name, str(parent.get("name")), namespace, GATEWAY.api_version))
        if gateway is not None:
            port = step.port or int(parent.get("port") or 0) or _listener_port(gateway, parent, step)
            found += [_Place(address, port) for address in _addresses(gateway)]
    return found


def _listener_port(gateway: JSONObject, parent: dict[str, Any], step: Reach) -> int:
    protocols = {"http": ("HTTP",), "https": ("HTTPS",), "tls": ("TLS",), "tcp": ("TCP",)}[step.scheme]
    listeners: Any = fields.at(gateway, ("spec", "listeners")).value or []
    fitting = [
        each
        for each in listeners
        if each.get("protocol") in protocols and parent.get("sectionName", each.get("name")) == each.get("name")
    ]
    return int(fitting[0].get("port")) if fitting else _USUAL[step.scheme]


def _of_service(service: JSONObject, step: Reach, nodes: list[str]) -> Iterator[_Place]:
    """From the outermost inwards: load balancer, external addresses, node ports, the Service's own address. The ports
    of the nodes prove nothing of a load balancer that has an address."""
    spec: Any = service.get("spec") or {}
    ports: Any = spec.get("ports") or []
    port = next((each for each in ports if each.get("port") == step.port), ports[0] if ports else {})
    number = int(port.get("port") or 0)
    balanced = _addresses(service) if spec.get("type") == "LoadBalancer" else []
    yield from (_Place(address, number) for address in balanced)
    yield from (_Place(str(address), number) for address in spec.get("externalIPs") or ())
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        if port.get("nodePort") and not balanced:
            yield from (_Place(address, int(port["nodePort"])) for address in nodes)
    elif spec.get("type") == "ClusterIP" and spec.get("clusterIP") not in (None, "", "None"):
        yield _Place(str(spec["clusterIP"]), number)


async def _node_addresses(work: Work, service: JSONObject) -> list[str]:
    """Of nodes that are Ready, the outer addresses first. Raises BotError."""
    if fields.at(service, ("spec", "type")).value not in ("NodePort", "LoadBalancer"):
        return []
    nodes = await work.call(work.cluster.list(NODE))
    ready = [node for node in nodes if _ready(node)]
    found = []
    for kind in ("ExternalIP", "InternalIP"):
        for node in ready:
            addresses: Any = fields.at(node, ("status", "addresses")).value or []
            found += [str(each["address"]) for each in addresses if each.get("type") == kind and each.get("address")]
    return found


def _ready(node: JSONObject) -> bool:
    conditions: Any = fields.at(node, ("status", "conditions")).value or []
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _addresses(object: JSONObject) -> list[str]:
    """As an Ingress or a Service (`status.loadBalancer`) and as a Gateway (`status.addresses`) has them."""
    balanced: Any = fields.at(object, ("status", "loadBalancer", "ingress")).value or []
    given: Any = fields.at(object, ("status", "addresses")).value or []
    found = [str(each.get("ip") or each.get("hostname") or "") for each in balanced]
    found += [str(each.get("value") or "") for each in given]
    return [address for address in found if address]


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
