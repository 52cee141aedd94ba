"""What a route is wanted to be, checked for what no route can have.

An HTTPRoute, a GRPCRoute or a TLSRoute of the Gateway API: https://gateway-api.sigs.k8s.io/reference/spec/. Limits are
those of its definitions, version 1.6.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from bot.domain.network.references import (
    GRPC_ROUTE,
    HTTP_ROUTE,
    SERVICE,
    TLS_ROUTE,
    Kind,
    Ref,
    ref_to,
)
from bot.errors import UsageError

PREFIX, EXACT, REGULAR_EXPRESSION = "PathPrefix", "Exact", "RegularExpression"
HTTPS = "https"
"""As the target of a redirect: the same host, by TLS."""
_MOST = {"host names": 16, "paths": 16, "backends": 16, "headers": 16}
"""Of hostnames in a route, rules in it, and backendRefs and headers in a rule."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service's port that requests are led to."""

    namespace: str
    service: str
    port: str
    """A number or a name."""
    weight: int | None = None
    """None: 1, and not written."""

    @property
    def ref(self) -> Ref:
        return ref_to(SERVICE, self.namespace, self.service)

    @property
    def used(self) -> bool:
        """Whether any request is led there."""
        return self.weight != 0

    def __str__(self) -> str:
        share = f" (weight {self.weight})" if self.weight is not None else ""
        return f"Service {self.namespace}/{self.service}:{self.port}{share}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The route that is wanted."""

    line: str
    """The canonical request."""
    cluster: str
    kind: Kind
    namespace: str
    name: str
    hosts: tuple[str, ...]
    """Empty: every host that the listener has."""
    paths: tuple[str, ...] = ()
    """Empty: every path."""
    path_type: str = PREFIX
    method: str = ""
    """For HTTP one of its methods; for gRPC `SERVICE/METHOD` or `SERVICE`; empty: every one."""
    headers: tuple[tuple[str, str], ...] = ()
    backends: tuple[Backend, ...] = ()
    redirect: str = ""
    """`https`, or the host name to redirect to; empty: no redirect."""
    rewrite: str = ""
    """What stands in place of the path, or of its prefix, for the backend; empty: nothing does."""
    timeout: datetime.timedelta | None = None
    """For the whole request."""

    @property
    def ref(self) -> Ref:
        return ref_to(self.kind, self.namespace, self.name)

    @property
    def to_https(self) -> bool:
        return self.redirect == HTTPS

    @property
    def protocols(self) -> tuple[str, ...]:
        """Of listeners that would do; empty: any that takes the kind. A redirect to TLS on a listener that speaks TLS
        would go round in circles."""
        return ("HTTP",) if self.to_https else ()

    @property
    def asked_by_get(self) -> bool:
        """Whether a plain GET of one of its paths is led by it."""
        return not self.headers and self.method in ("", "GET") and self.path_type != REGULAR_EXPRESSION

    def what(self) -> str:
        """`shop.example.com/api and /v2`, for people."""
        hosts = ", ".join(self.hosts) or "every host"
        return f"{hosts}{self.paths[0]}" if len(self.paths) == 1 else f"{hosts} {', '.join(self.paths)}".strip()


def check(wanted: Wanted) -> None:
    """Raises UsageError for what cannot be in one route of this kind, with what to write instead."""
    counts = {
        "host names": len(wanted.hosts),
        "paths": len(wanted.paths),
        "backends": len(wanted.backends),
        "headers": len(wanted.headers),
    }
    for what, most in _MOST.items():
        if counts[what] > most:
            raise UsageError(
                f"A route takes at most {most} {what}",
                cause=f"{counts[what]} were given",
                next_step="make several routes, each with a `--name` of its own",
            )
    if wanted.kind == HTTP_ROUTE:
        _check_http(wanted)
    else:
        _check_not_http(wanted)
    _check_headers(wanted)
    _check_backends(wanted)


def _check_http(wanted: Wanted) -> None:
    if wanted.method and wanted.method not in _METHODS:
        raise UsageError(
            f"`--method` cannot be {wanted.method[:60]!r}",
            cause=f"for HTTP it is one of {', '.join(_METHODS)}",
            next_step="for gRPC add `--kind grpc`" if "/" in wanted.method or "." in wanted.method else "",
        )
    if wanted.redirect == "http":
        raise UsageError(
            "A redirect to plain HTTP is not made here",
            cause="`http` was taken for the name of a host",
            next_step="say `--redirect https`, or the host name to redirect to",
        )
    if wanted.redirect in wanted.hosts:
        raise UsageError(
            f"A redirect from {wanted.redirect} to itself goes round in circles",
            next_step="leave that host out, or for the same host by TLS say `--redirect https`",
        )
    if wanted.redirect.startswith("*."):
        raise UsageError("A redirect needs one host name", cause=f"{wanted.redirect} stands for many")
    if wanted.redirect and wanted.rewrite:
        raise UsageError("A redirect cannot be rewritten", next_step="leave `--rewrite` or `--redirect` out")
    if wanted.redirect and wanted.timeout:
        raise UsageError(
            "A redirect has no timeout", cause="it is answered by the Gateway itself", next_step="leave `--timeout` out"
        )
    for path in wanted.paths:
        _check_path(path, wanted.path_type)


def _check_path(path: str, type_: str) -> None:
    """As the definition's rules for values of matches have it."""
    if type_ == REGULAR_EXPRESSION:
        return
    wrong = next((part for part in ("//", "/./", "/../", "%2f", "%2F", "#", "?") if part in path), "")
    if not wrong and path.endswith(("/.", "/..")):
        wrong = path[path.rindex("/") :]
    if wrong:
        raise UsageError(
            f"The path {path[:60]!r} cannot be matched",
            cause=f"it holds {wrong!r}, which the Gateway API takes in regular expressions alone",
            next_step="write the path as it is after a browser has cleaned it up, without a query",
        )


def _check_not_http(wanted: Wanted) -> None:
    """What only HTTPRoutes have."""
    title, grpc = wanted.kind.name, wanted.kind == GRPC_ROUTE
    given = {
        "a path": bool(wanted.paths),
        "`--path-type`": wanted.path_type != PREFIX,
        "`--redirect`": bool(wanted.redirect),
        "`--rewrite`": bool(wanted.rewrite),
        "`--timeout`": wanted.timeout is not None,
        "`--header`": bool(wanted.headers) and not grpc,
        "`--method`": bool(wanted.method) and not grpc,
    }
    for what, said in given.items():
        if said:
            instead = "say `--method SERVICE/METHOD`" if grpc and what == "a path" else "leave it out"
            raise UsageError(
                f"A {title} takes no {what.removeprefix('a ')}",
                cause="gRPC is led by host name, service, method and headers"
                if grpc
                else "TLS is passed on unread: only the host name (SNI) is seen",
                next_step=instead,
            )
    if wanted.kind == TLS_ROUTE and not wanted.hosts:
        raise UsageError(
            "A TLSRoute needs a host name",
            cause="by it alone is known where a connection goes",
            next_step="say it, as in `route create db.example.com --kind tls …`",
        )


def _check_headers(wanted: Wanted) -> None:
    """Names of headers know no case, and of two conditions of one name only the first would count:
    https://gateway-api.sigs.k8s.io/reference/spec/#httpheadermatch."""
    names = [name.lower() for name, _ in wanted.headers]
    if twice := next((name for name, _ in wanted.headers if names.count(name.lower()) > 1), ""):
        raise UsageError(
            f"`--header` was given twice for {twice}",
            cause="the names of headers know no case, and only the first condition would count",
            next_step="say it once; for another value make another route, with a `--name` of its own",
        )


def _check_backends(wanted: Wanted) -> None:
    if wanted.redirect and wanted.backends:
        raise UsageError(
            "A redirect leads to no Service",
            cause="the Gateway itself answers it",
            next_step="leave `--service` out, or `--redirect`",
        )
    if not wanted.redirect and not wanted.backends:
        raise UsageError(
            "`route create` needs `--service`: the Service and its port",
            next_step="example: `--service web:80`; for a redirect say `--redirect https`",
        )
    targets = [(each.namespace, each.service, each.port) for each in wanted.backends]
    if twice := next((each for each in targets if targets.count(each) > 1), None):
        raise UsageError(f"Service {twice[0]}/{twice[1]}:{twice[2]} was given twice", next_step="give it one weight")
    if wanted.backends and not any(each.used for each in wanted.backends):
        raise UsageError(
            "No Service would get any request",
            cause="all weights are 0: the Gateway would answer with status 500",
            next_step="give one of them a weight above 0",
        )
