"""What proves a route: its controller's word, ready endpoints behind it, and requests to them and by address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.changes import fields
from bot.domain.changes.change import Ask, Reach, Step, Until, Wait
from bot.domain.changes.proof import spoken
from bot.domain.changes.route_conflicts import Rivals
from bot.domain.changes.route_gateway import Attachment
from bot.domain.changes.route_wanted import Backend, Wanted
from bot.domain.network.listeners import Verdict, hosts_meet
from bot.domain.network.probing import HTTPProbe, TCPProbe, spoken_of
from bot.domain.network.redirects import redirect
from bot.domain.network.references import GRPC_ROUTE, HTTP_ROUTE, TLS_ROUTE, JSONObject, Ref

ATTACHED_SECONDS = 30.0
ENDPOINTS_SECONDS = 60.0
_MOST_BACKENDS = 3
_MOST_HOSTS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A request by address."""

    host: str
    """As a host name of a route or a listener; empty: the address itself."""
    listener: Verdict
    by: Ref | None
    """Another route that would answer it; None: the one that is wanted, as far as is known."""


def steps(
    wanted: Wanted, object: JSONObject, asked: Sequence[Asked], ports: Mapping[Backend, JSONObject]
) -> Iterator[Step]:
    """None of them is required: what a controller says is no reason to take a right route away again."""
    yield Wait(ref=wanted.ref, until=Until.ATTACHED, timeout_seconds=ATTACHED_SECONDS, required=False)
    for backend in [each for each in wanted.backends if each.used][:_MOST_BACKENDS]:
        yield Wait(ref=backend.ref, until=Until.ENDPOINTS_READY, timeout_seconds=ENDPOINTS_SECONDS, required=False)
        yield _ask(wanted, backend, ports[backend])
    yield from (reach(object, each.host, _path(wanted), each.listener) for each in asked if each.by is None)


def unasked(wanted: Wanted, asked: Sequence[Asked]) -> Iterator[str]:
    """What of it is not asked, or asked less than whole, for the plan to say."""
    for each in asked:
        if each.by is not None:
            yield (
                f"It is not asked by address for {each.host or 'every host'}{_path(wanted)} afterwards: {each.by} "
                "answers that, which says more of the request."
            )
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


def _ask(wanted: Wanted, backend: Backend, port: JSONObject) -> Ask:
    """A port that says it is something else than HTTP (h2c) is asked by TCP, even behind an HTTPRoute."""
    number, said = int(str(port["port"])), spoken(port)
    if not by_http(wanted) or (said.sure and not said.http):
        return Ask(probe=TCPProbe(target=backend.ref, port=number))
    path = wanted.rewrite or _path(wanted)
    return Ask(probe=HTTPProbe(target=backend.ref, port=number, path=path, tls=said.tls), sure=True)


def _path(wanted: Wanted) -> str:
    return wanted.paths[0] if wanted.paths and wanted.asked_by_get else "/"


def asked(wanted: Wanted, attached: Attachment, rivals: Rivals) -> list[Asked]:
    """Each host once, by TLS where there is some. What only answers to headers or other methods is not asked so."""
    if by_http(wanted) and not wanted.asked_by_get:
        return []
    found = []
    for named in (wanted.hosts or ("",))[:_MOST_HOSTS]:
        listener = best(named, attached.served)
        host = named or listener.hostname
        by = rivals.answering(listener, spoken_of(host), _path(wanted)) if by_http(wanted) else None
        found.append(Asked(host, listener, by))
    return found


def reach(route: JSONObject, host: str, path: str, listener: Verdict) -> Reach:
    """The request that proves it there: of a redirect the status and where it leads count alone."""
    ref = fields.ref_of(route)
    scheme = _scheme(ref.kind, listener)
    to = redirect(route, path, scheme, listener.port) if ref.kind == HTTP_ROUTE.name else None
    return Reach(
        ref=ref,
        scheme=scheme,
        host=host,
        path=path,
        port=listener.port,
        status=to.status if to else 0,
        leads_to=to.location if to else "",
    )


def best(host: str, served: Iterable[Verdict]) -> Verdict:
    """The listener to ask for that host: one that speaks TLS first, as browsers do."""
    fitting = [e for e in served if not host or not e.hostname or hosts_meet(e.hostname, host)]
    return min(fitting, key=lambda each: (each.protocol == "HTTP", each.port))


def _scheme(kind: str, listener: Verdict) -> str:
    tls = listener.protocol != "HTTP"
    if kind == TLS_ROUTE.name or (kind == GRPC_ROUTE.name and tls):
        return "tls"
    if kind == GRPC_ROUTE.name:
        return "tcp"
    return "https" if tls else "http"
