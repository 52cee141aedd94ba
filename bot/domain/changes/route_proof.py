"""What proves a route: its controller's word, ready endpoints behind it, and requests to them and by address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.domain.changes.change import Ask, Reach, Step, Until, Wait
from bot.domain.changes.proof import spoken
from bot.domain.changes.route_gateway import Attachment
from bot.domain.changes.route_wanted import Backend, Wanted
from bot.domain.network.listeners import Verdict, hosts_meet
from bot.domain.network.probing import HTTPProbe, Probe, TCPProbe
from bot.domain.network.references import GRPC_ROUTE, HTTP_ROUTE, TLS_ROUTE, JSONObject

ATTACHED_SECONDS = 30.0
ENDPOINTS_SECONDS = 60.0
_MOST_BACKENDS = 3
_MOST_HOSTS = 3


def steps(wanted: Wanted, attached: Attachment, ports: Mapping[Backend, JSONObject]) -> Iterator[Step]:
    """None of them is required: what a controller says is no reason to take a right route away again."""
    yield Wait(ref=wanted.ref, until=Until.ATTACHED, timeout_seconds=ATTACHED_SECONDS, required=False)
    for backend in [each for each in wanted.backends if each.used][:_MOST_BACKENDS]:
        yield Wait(ref=backend.ref, until=Until.ENDPOINTS_READY, timeout_seconds=ENDPOINTS_SECONDS, required=False)
        yield Ask(probe=_probe(wanted, backend, ports[backend]))
    yield from _by_address(wanted, attached)


def unasked(wanted: Wanted) -> Iterator[str]:
    """What of it is not asked, or asked less than whole, for the plan to say."""
    used = [each for each in wanted.backends if each.used]
    if len(used) > _MOST_BACKENDS:
        yield f"Of its {len(used)} Services the first {_MOST_BACKENDS} are asked afterwards."
    if wanted.kind == GRPC_ROUTE:
        yield "No gRPC call is made afterwards: only whether connections are taken is seen, which proves no more."
    elif len(wanted.hosts) > _MOST_HOSTS:
        yield f"Of its {len(wanted.hosts)} hosts the first {_MOST_HOSTS} are asked by address afterwards."
    if by_http(wanted) and wanted.asked_by_get and len(wanted.paths) > 1:
        yield f"Of its {len(wanted.paths)} paths the first one is asked afterwards."


def by_http(wanted: Wanted) -> bool:
    """Whether what it leads to is asked in HTTP."""
    return wanted.kind == HTTP_ROUTE


def _probe(wanted: Wanted, backend: Backend, port: JSONObject) -> Probe:
    number = int(str(port["port"]))
    if not by_http(wanted):
        return TCPProbe(target=backend.ref, port=number)
    return HTTPProbe(target=backend.ref, port=number, path=wanted.rewrite or _path(wanted), tls=spoken(port).tls)


def _path(wanted: Wanted) -> str:
    return wanted.paths[0] if wanted.paths and wanted.asked_by_get else "/"


def _by_address(wanted: Wanted, attached: Attachment) -> Iterator[Step]:
    """Each host once, by TLS where there is some. What only answers to headers or other methods is not asked so."""
    if by_http(wanted) and not wanted.asked_by_get:
        return
    for host in (wanted.hosts or ("",))[:_MOST_HOSTS]:
        listener = _best(host, attached)
        yield Reach(
            ref=wanted.ref,
            scheme=_scheme(wanted, listener),
            host=host or listener.hostname,
            path=_path(wanted),
            port=listener.port,
        )


def _best(host: str, attached: Attachment) -> Verdict:
    """The listener to ask for that host: one that speaks TLS first, as browsers do."""
    fitting = [e for e in attached.served if not host or not e.hostname or hosts_meet(e.hostname, host)]
    return min(fitting, key=lambda each: (each.protocol == "HTTP", each.port))


def _scheme(wanted: Wanted, listener: Verdict) -> str:
    tls = listener.protocol != "HTTP"
    if wanted.kind == TLS_ROUTE or (wanted.kind == GRPC_ROUTE and tls):
        return "tls"
    if wanted.kind == GRPC_ROUTE:
        return "tcp"
    return "https" if tls else "http"
