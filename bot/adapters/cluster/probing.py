"""Probes asked by the API server on our behalf: through its HTTP proxy, and by port-forward.

The proxy's own failures arrive in the same way as what the target says. They are told apart by the words in the API
server's `Status`, and only then it is known whether the target answered, refused, or was never asked.
"""

from __future__ import annotations

import re
import time
from urllib.parse import quote

import aiohttp

from bot.adapters.cluster.failures import Status, no_answer, plain, status_in
from bot.adapters.cluster.forwarding import dial
from bot.adapters.cluster.session import Call, Reply, Session, object_path, segment
from bot.domain.network.probing import HTTPProbe, Observation, Outcome, Probe, TCPProbe, Vantage
from bot.domain.network.references import POD, SERVICE
from bot.errors import BotError

BODY_BYTES = 4096
"""How much of an answer is read: enough for the API server's own words, and for nothing else."""
_FAILED = "error trying to reach service: "

_OUTCOMES = (
    ("connection refused", Outcome.REFUSED),
    ("i/o timeout", Outcome.TIMED_OUT),
    ("deadline exceeded", Outcome.TIMED_OUT),
    ("handshake timeout", Outcome.TIMED_OUT),
    ("timeout awaiting", Outcome.TIMED_OUT),
    ("no route to host", Outcome.UNREACHABLE),
    ("network is unreachable", Outcome.UNREACHABLE),
    ("no such host", Outcome.UNREACHABLE),
    ("first record does not look like a TLS handshake", Outcome.MISMATCHED),
    ("HTTP response to HTTPS", Outcome.MISMATCHED),
    ("malformed HTTP", Outcome.MISMATCHED),
    # Whoever listens there speaks it, and did not like what came: a certificate is wanted, say.
    ("tls: ", Outcome.BROKEN_OFF),
    ("x509: ", Outcome.BROKEN_OFF),
    ("connection reset", Outcome.BROKEN_OFF),
    ("broken pipe", Outcome.BROKEN_OFF),
    ("EOF", Outcome.BROKEN_OFF),
)
"""What Go's network library says, and what it means. The first that fits counts."""


class APIServerProber:
    """Puts probes to the live network by way of the API server."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def ask(self, probe: Probe, vantage: Vantage) -> Observation:
        """Never raises for what the network does, nor for a cluster that is gone: then the probe was not asked."""
        try:
            if isinstance(probe, TCPProbe):
                return await self._tcp(probe, vantage)
            return await self._http(probe, vantage)
        except BotError as error:
            return _not_asked(probe, vantage, str(error))
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            return self._lost(probe, vantage, error)
        except TimeoutError:
            evidence = f"no answer within {probe.timeout_seconds:g} s"
            return Observation(probe, vantage, Outcome.TIMED_OUT, evidence=evidence)
        except (aiohttp.ClientError, OSError) as error:
            return self._lost(probe, vantage, error)

    async def _tcp(self, probe: TCPProbe, vantage: Vantage) -> Observation:
        if probe.target.kind != POD.name:
            return _not_asked(probe, vantage, f"a TCP probe asks a Pod, not a {probe.target.kind}")
        return await dial(self._session, probe, vantage)

    async def _http(self, probe: HTTPProbe, vantage: Vantage) -> Observation:
        path = proxy_path(probe)
        if not path:
            return _not_asked(probe, vantage, f"an HTTP probe asks a Service or a Pod, not a {probe.target.kind}")
        call = Call(
            doing=str(probe),
            path=path,
            # Nothing is unpacked: a few bytes could become many.
            headers={"Accept": "*/*", "Accept-Encoding": "identity"},
            timeout_seconds=2 * probe.timeout_seconds + 5,
            silence_seconds=probe.timeout_seconds,
            limit_bytes=BODY_BYTES,
        )
        began = time.monotonic()
        reply = await self._session.exchange(call)
        latency_seconds = time.monotonic() - began
        if reply.status == 401 and await self._not_let_in():
            return _not_asked(probe, vantage, "the API server does not accept the bot's credentials")
        return observed(probe, vantage, reply, latency_seconds)

    async def _not_let_in(self) -> bool:
        """Whether a 401 comes from the API server itself: those of targets may look exactly the same."""
        reply = await self._session.exchange(Call(doing="ask the API server", path="/api"))
        return reply.status == 401

    def _lost(self, probe: Probe, vantage: Vantage, error: Exception) -> Observation:
        return _not_asked(probe, vantage, str(no_answer(error, self._session.host, "ask the API server")))


def proxy_path(probe: HTTPProbe) -> str:
    """The path below which the API server asks for us; empty for kinds that it cannot ask.

    Raises BotError for a path that would lead out of the proxy.
    """
    target = probe.target
    kind = {POD.name: POD, SERVICE.name: SERVICE}.get(target.kind)
    if kind is None:
        return ""
    path, _, query = probe.path.partition("?")
    if ".." in path.replace("%2e", ".").replace("%2E", ".").split("/"):
        raise BotError(f"Cannot ask for {probe.path!r}", cause="a path may not hold `..`")
    name = f"{'https:' if probe.tls else ''}{segment(target.name)}:{probe.port}"
    escaped = quote(path if path.startswith("/") else f"/{path}", safe="/%:@!$&'()*+,;=~")
    asked = "?" + quote(query, safe="%:@!$&'()*+,;=~/?") if query else ""
    return f"{object_path(kind, target.namespace)}/{name}/proxy{escaped}{asked}"


def observed(probe: HTTPProbe, vantage: Vantage, reply: Reply, latency_seconds: float) -> Observation:
    """What an answer means: the target's own, or the API server's that could not reach it."""
    status = status_in(reply.body) if reply.status >= 400 else Status()
    if verdict := _of_the_proxy(probe, reply.status, status):
        outcome, evidence = verdict
        latency = None if outcome is Outcome.NOT_ASKED else latency_seconds
        return Observation(probe, vantage, outcome, latency, evidence)
    evidence = f"HTTP {reply.status} from {probe.target.short}:{probe.port}"
    return Observation(probe, vantage, Outcome.ANSWERED, latency_seconds, evidence, reply.status)


def _of_the_proxy(probe: HTTPProbe, code: int, status: Status) -> tuple[Outcome, str] | None:
    """The verdict when it was the API server that spoke; None: the target did."""
    if not status.known or status.code != code:
        return None
    said = status.message
    target = f"{probe.target.short}:{probe.port}"
    if said.startswith(_FAILED):
        return _dialled(said.removeprefix(_FAILED), target)
    if said.startswith("no endpoints available for service"):
        # It dials pods only: endpoints that somebody wrote by hand count as none (seen in 1.36).
        return Outcome.REFUSED, f"there is no ready pod behind {probe.target}"
    if said.startswith("no service port"):
        return Outcome.REFUSED, f"{probe.target} has no port {probe.port}"
    if code == 403 and re.search(r'resource "(services|pods)/proxy"', said):
        plural = POD.plural if probe.target.kind == POD.name else SERVICE.plural
        return Outcome.NOT_ASKED, f"the bot's account may not use {plural}/proxy in {probe.target.namespace}"
    if code == 404 and status.details and status.details.kind in ("services", "pods", "endpoints"):
        return Outcome.NOT_ASKED, _unknown_target(probe)
    if code == 429:
        return Outcome.NOT_ASKED, "the API server is too busy"
    return None


def _dialled(said: str, target: str) -> tuple[Outcome, str]:
    outcome = next((outcome for words, outcome in _OUTCOMES if words in said), Outcome.UNREACHABLE)
    address = re.search(r"\bdial tcp (\S+?):? ", said + " ")
    at = address[1] if address else target
    if "connection refused" in said:
        return outcome, f"connection refused by {at}"
    if outcome is Outcome.TIMED_OUT:
        return outcome, f"{at} did not answer in time"
    return outcome, f"{at}: {plain(said.rpartition('connect: ')[2], 160)}"


def _unknown_target(probe: HTTPProbe) -> str:
    if probe.target.kind == POD.name:
        return f"there is no {probe.target}"
    # Seen in 1.36: also said of a Service without selector whose EndpointSlices were made by hand.
    return f"the API server knows no endpoints of {probe.target}, or no such Service"


def _not_asked(probe: Probe, vantage: Vantage, evidence: str) -> Observation:
    return Observation(probe, vantage, Outcome.NOT_ASKED, evidence=evidence)
