"""Real requests to where a change made something reachable: which addresses it has now, and what each answers."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import msgspec

from bot.application.execution.behind import status_behind
from bot.application.execution.diagnosing import diagnosed
from bot.application.execution.places import Place, places_of
from bot.application.execution.published import published
from bot.application.execution.verifying import POLL_SECONDS
from bot.application.execution.working import Work
from bot.application.ports import Network
from bot.domain.changes.change import Ask, Reach, StepState
from bot.domain.network.probing import AddressProbe, Hop, Observation, spoken_of
from bot.domain.network.redirects import leads_there, with_host
from bot.domain.network.references import GATEWAY, SERVICE
from bot.errors import BotError

_UNKNOWN = 404
_GRACE = 2
"""Attempts at which all places may come to serve, once one does."""
_MOST_PLACES = 3
"""Asked at each attempt; of a hundred nodes a few stand for all."""
NOT_FROM_HERE = (
    "the bot was not told that it can reach addresses from where it stands: PATCHBAY_REACHES_ADDRESSES=yes lets it try"
)


@dataclass(frozen=True, slots=True)
class _Name:
    """What a host name resolves to, held against where it was asked for. It does not decide where to knock."""

    hops: tuple[Hop, ...] = ()
    astray: str = ""
    """In a few words, when it does not lead there, or not there alone."""


@dataclass(slots=True)
class _Seen:
    """What has come of one request by address so far."""

    resolved: tuple[str, ...] = ()
    """What its host name resolves to here."""
    name: _Name = _Name()
    places: tuple[Place, ...] = ()
    answers: tuple[Observation, ...] = ()
    """Of the places, one each, in their order; those of the last attempt at which there were any."""
    behind: int | None = None
    """The status of the Service behind it, where it was asked to compare."""
    why: str = ""
    """Why nothing was asked."""

    @property
    def best(self) -> Observation | None:
        """The first that serves, else the last; None: nothing was asked."""
        return next(filter(served, self.answers), self.answers[-1] if self.answers else None)

    @property
    def silent(self) -> tuple[Observation, ...]:
        """Places that do not serve, though others may."""
        return tuple(each for each in self.answers if not served(each))

    @property
    def whole(self) -> bool:
        """Whether each place serves of which that can be expected."""
        return not any(
            not place.local for place, each in zip(self.places, self.answers, strict=False) if not served(each)
        )


async def reach(work: Work, index: int, step: Reach) -> None:
    """Asks once a second until an address answers. What does not answer is told with what is known so far, and undoes
    nothing; where nothing can be asked from here, that is said."""
    network = work.ports.network
    if network is None:
        await work.mark(index, state=StepState.PASSED_OVER, ended_at=work.now(), note=NOT_FROM_HERE)
        return
    await work.mark(index, state=StepState.STARTED, started_at=work.now())
    seen = _Seen(resolved=await _resolved(network, step))
    ends = work.ports.clock.monotonic() + step.timeout_seconds
    for attempt in range(step.attempts):
        if attempt:
            if work.ports.clock.monotonic() >= ends:
                break
            await work.ports.clock.sleep(POLL_SECONDS)
            await work.breathe()
        await _attempt(work, network, step, seen, again=attempt > 0)
        # One node may learn of a port a moment after another.
        if _proven(work, step, seen) and (seen.whole or attempt >= _GRACE):
            break
    seen.name = await _name(network, step, seen)
    await _tell(work, index, step, seen)


async def _attempt(work: Work, network: Network, step: Reach, seen: _Seen, *, again: bool) -> None:
    """All places at once; `again`, where none has answered yet, by the ports that Services publish."""
    try:
        places = tuple((await places_of(work, step))[:_MOST_PLACES])
        if again and step.ref.kind != SERVICE.name and not (seen.best and seen.best.answered):
            places = tuple([replace(each, port=await published(work, each.address, each.port)) for each in places])
        seen.why = "" if places else "it has no address yet"
    except BotError as error:
        places, seen.why = (), str(error)
    if places:
        seen.places = places
        seen.answers = tuple(await asyncio.gather(*(_knock(network, step, place) for place in places)))
        await work.breathe()
    if seen.best is not None and seen.best.status == _UNKNOWN:
        seen.behind = await status_behind(work, step)


def _proven(work: Work, step: Reach, seen: _Seen) -> bool:
    return seen.best is not None and _proves(seen.best, seen.behind, step) and not _refused_behind(work, step)


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


async def _tell(work: Work, index: int, step: Reach, seen: _Seen) -> None:
    best, proven = seen.best, _proven(work, step, seen)
    if best is None:
        note, hops = seen.why, seen.name.hops
    else:
        failed = [hop for each in seen.silent if each is not best for hop in each.hops if not hop.right]
        note, hops = best.evidence, (*seen.name.hops, *failed, *best.hops)
        note += _besides(seen, best) if proven else _doubt(step, seen, best, _refused_behind(work, step))
    if not proven:
        note += f" (asked {step.attempts} times from the bot itself)"
    await work.mark(
        index,
        state=StepState.DONE if proven else StepState.FAILED,
        ended_at=work.now(),
        note=note,
        hops=hops,
        evidence=() if proven else await diagnosed(work, step.ref, step),
    )


def _besides(seen: _Seen, best: Observation) -> str:
    """What is to be said of an answer that proves it."""
    said = ", as the Service behind it answers itself" if best.status == _UNKNOWN and seen.behind == _UNKNOWN else ""
    if seen.silent:
        said += f", at {len(seen.answers) - len(seen.silent)} of {len(seen.answers)} addresses asked"
        if any(place.local for place in seen.places):
            said += ": by externalTrafficPolicy Local a node answers only where a pod runs"
    said += f", at its address: the name {seen.name.astray}" if seen.name.astray else ""
    wrong = next((hop.said for hop in best.hops if hop.about == "TLS" and not hop.right), "")
    return said + (f", with a certificate to be looked at: {wrong.rpartition('; ')[2]}" if wrong else "")


def _doubt(step: Reach, seen: _Seen, best: Observation, refused: bool) -> str:
    """Why what came is no proof; empty: nothing came."""
    if not served(best):
        return ""
    if best.certificate_fits is False:
        return f", with a certificate that is not for {step.host}: the edge has none for it, or shows it later"
    if refused:
        return ", while nobody behind it does: a load balancer takes connections whatever stands behind it"
    if step.status:
        leads = f" that leads to {with_host(step.leads_to, step.host)}" if step.leads_to else ""
        return f", while HTTP {step.status}{leads} should come: something else answers this host and path"
    if step.ref.kind == SERVICE.name:
        if seen.behind is None:
            return ", and the Service itself could not be asked to compare: something else may answer at that address"
        return f", while the Service itself answers HTTP {seen.behind}: something else answers at that address"
    if seen.behind is None:
        return ", and what stands behind it could not be asked to compare: an edge that knows no such host says 404"
    return f", while the Service behind it answers HTTP {seen.behind}: the edge does not know this host and path"


async def _resolved(network: Network, step: Reach) -> tuple[str, ...]:
    """What the host name resolves to here; empty for a wildcard and for an address."""
    if not step.host or step.host.startswith("*.") or _is_address(step.host):
        return ()
    return await network.resolve(step.host)


async def _name(network: Network, step: Reach, seen: _Seen) -> _Name:
    if not step.host or step.host.startswith("*.") or _is_address(step.host):
        return _Name()
    if not seen.resolved:
        said = f"{step.host} resolves to nothing here yet: it is asked for at the address itself"
        return _Name((Hop("name", said, right=False),), "resolves to nothing here yet")
    asked: set[str] = set()
    for address in {place.address for place in seen.places}:
        asked |= {address} if _is_address(address) else set(await network.resolve(address))
    said = f"{step.host} resolves to {', '.join(seen.resolved[:4])}"
    elsewhere = [each for each in seen.resolved if each not in asked]
    if not asked or not elsewhere:
        return _Name((Hop("name", said),))
    if len(elsewhere) == len(seen.resolved):
        hop = Hop("name", f"{said}, and not to where {step.ref} has its address", right=False)
        return _Name((hop,), "leads elsewhere")
    hop = Hop("name", f"{said}; no address of {step.ref}: {', '.join(elsewhere[:4])}", right=False)
    return _Name((hop,), "leads elsewhere, too")


async def _knock(network: Network, step: Reach, place: Place) -> Observation:
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


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
