"""What proves a route: its controller's word, ready endpoints behind it, and requests to them and by address.

Only what the route itself says decides what is asked: so one that comes back is asked as it was when it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.changes import asking, fields
from bot.domain.changes.change import Ask, Reach, Step
from bot.domain.changes.proof import spoken
from bot.domain.changes.route_conflicts import Rivals
from bot.domain.changes.route_wanted import Wanted
from bot.domain.network.claims import claims, hosts
from bot.domain.network.listeners import Verdict, hosts_meet
from bot.domain.network.probing import HTTPProbe, TCPProbe, spoken_of
from bot.domain.network.redirects import redirect
from bot.domain.network.references import GRPC_ROUTE, HTTP_ROUTE, SERVICE, JSONObject, Ref, ref_to


@dataclass(frozen=True, slots=True)
class Asked:
    """A request by address."""

    host: str
    """As a host name of a route or a listener; empty: the address itself."""
    listener: Verdict
    by: Ref | None
    """Another route that would answer it; None: the one that is wanted, as far as is known."""


def steps(route: JSONObject, asked: Sequence[Asked], services: Mapping[Ref, JSONObject]) -> Iterator[Step]:
    """`services` are those behind it, as far as they are known."""
    yield asking.attached(fields.ref_of(route))
    for service, number, path in list(_behind(route))[: asking.MOST]:
        yield asking.endpoints(service)
        yield _ask(route, service, _port(services.get(service), number), path)
    yield from (reach(route, each.host, get_path(route) or "/", each.listener) for each in asked if each.by is None)


def unasked(wanted: Wanted, asked: Sequence[Asked]) -> Iterator[str]:
    """What of it is not asked, or asked less than whole, for the plan to say."""
    path = wanted.paths[0] if wanted.paths and wanted.asked_by_get else "/"
    for each in asked:
        if each.by is not None:
            yield (
                f"It is not asked by address for {each.host or 'every host'}{path} afterwards: {each.by} "
                "answers that, which says more of the request."
            )
    used = [each for each in wanted.backends if each.used]
    if len(used) > asking.MOST:
        yield f"Of its {len(used)} Services the first {asking.MOST} are asked afterwards."
    if wanted.kind == GRPC_ROUTE:
        yield "No gRPC call is made afterwards: only whether connections are taken is seen, which proves no more."
    elif len(wanted.hosts) > asking.MOST:
        yield f"Of its {len(wanted.hosts)} hosts the first {asking.MOST} are asked by address afterwards."
    if by_http(wanted) and wanted.asked_by_get and len(wanted.paths) > 1:
        yield f"Of its {len(wanted.paths)} paths the first one is asked afterwards."


def by_http(wanted: Wanted) -> bool:
    """Whether what it leads to is asked in HTTP."""
    return wanted.kind == HTTP_ROUTE


def get_path(route: JSONObject, rule: int | None = None) -> str:
    """The first path of an HTTPRoute, or of one of its rules, of which a plain GET is led by it; empty: it is for
    other methods or headers alone, or not for HTTP."""
    every = (each for each in claims(route) if rule in (None, each.rule))
    return next((each.path for each in every if each.gets(each.host, each.path)), "")


def asked(route: JSONObject, served: Sequence[Verdict], rivals: Rivals) -> list[Asked]:
    """Each host once, by TLS where there is some. What only answers to headers or other methods is not asked so.
    `served` are the listeners that take it."""
    http, path = route["kind"] == HTTP_ROUTE.name, get_path(route)
    if http and not path:
        return []
    found = []
    for named in (hosts(route) or ("",))[: asking.MOST]:
        if (listener := _best(named, served)) is None:
            continue
        host = named or listener.hostname
        by = rivals.answering(listener, spoken_of(host), path) if http else None
        found.append(Asked(host, listener, by))
    return found


def reach(route: JSONObject, host: str, path: str, listener: Verdict) -> Reach:
    """The request that proves it there: of a redirect the status and where it leads count alone."""
    ref = fields.ref_of(route)
    scheme = asking.scheme_of_route(ref.kind, listener.protocol)
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


def _behind(route: JSONObject) -> Iterator[tuple[Ref, int, str]]:
    """Each port of a Service that requests are led to, with a path that leads there."""
    spec: Any = route.get("spec") or {}
    seen = set()
    for number, rule in enumerate(spec.get("rules") or ()):
        path = _rewritten(rule) or get_path(route, number) or "/"
        for each in rule.get("backendRefs") or ():
            of_service = each.get("kind", SERVICE.name) == SERVICE.name and not each.get("group")
            where = str(each.get("namespace") or fields.ref_of(route).namespace)
            led = (ref_to(SERVICE, where, str(each.get("name"))), int(each.get("port") or 0))
            if of_service and each.get("weight", 1) and led not in seen:
                seen.add(led)
                yield *led, path


def _rewritten(rule: dict[str, Any]) -> str:
    """What its filters make of the path; empty: nothing else."""
    said = [each.get("urlRewrite") or {} for each in rule.get("filters") or ()]
    paths = [each.get("path") or {} for each in said]
    return next((str(p.get("replaceFullPath") or p.get("replacePrefixMatch") or "") for p in paths if p), "")


def _port(service: JSONObject | None, number: int) -> JSONObject:
    """As it stands in the Service; the number alone where that is not known."""
    spec: Any = (service or {}).get("spec") or {}
    fitting = (each for each in spec.get("ports") or () if each.get("port") == number)
    return next((each for each in fitting if each.get("protocol", "TCP") == "TCP"), {"port": number})


def _ask(route: JSONObject, service: Ref, port: JSONObject, path: str) -> Ask:
    """A port that says it is something else than HTTP (h2c) is asked by TCP, even behind an HTTPRoute."""
    number, said = int(str(port["port"])), spoken(port)
    if route["kind"] != HTTP_ROUTE.name or (said.sure and not said.http):
        return Ask(probe=TCPProbe(target=service, port=number))
    return Ask(probe=HTTPProbe(target=service, port=number, path=path, tls=said.tls), sure=True)


def _best(host: str, served: Iterable[Verdict]) -> Verdict | None:
    """The listener to ask for that host: one that speaks TLS first, as browsers do. None: none is for it."""
    fitting = [e for e in served if not host or not e.hostname or hosts_meet(e.hostname, host)]
    return min(fitting, key=lambda each: (each.protocol == "HTTP", each.port), default=None)
