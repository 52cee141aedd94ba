"""Routes that only redirect: from HTTP to HTTPS, and between `www.` and the bare name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.migration import routes
from bot.domain.migration.nginx.redirects import tell_https
from bot.domain.migration.reading import Reading
from bot.domain.network.references import HTTP_ROUTE, JSONObject


def to_https(reading: Reading, hosts: Sequence[str]) -> Iterator[JSONObject]:
    """From the HTTP listener, for those hosts that have TLS."""
    secure = [host for host in hosts if reading.secure(host)]
    if reading.served.nginx:
        insecure = bool(reading.spoken_to) and len(secure) < len(hosts)
        if insecure and reading.grpc and reading.redirects.to_https_behind_proxy:
            why = "a GRPCRoute does not redirect what a proxy before it says has come over plain HTTP"
            reading.journal.lose("force-ssl-redirect", why, "have that proxy redirect, or refuse plain HTTP")
        tell_https(reading.redirects, reading.annotations, bool(secure), insecure and not reading.grpc, reading.journal)
    elif secure:
        reading.journal.note(
            "Whether HTTP is redirected to HTTPS is the controller's own setting: here both are answered."
        )
    if not reading.to_https:
        return
    rule = _redirect({"scheme": "https", "statusCode": reading.redirects.https_code})
    for some, own in routes.grouped(dict.fromkeys(secure, (rule,))):
        if parents := reading.attachment.parents(some, ("HTTP",)):
            yield _route(reading, "https-redirect", parents, some, own)


def between_www(reading: Reading) -> Iterator[JSONObject]:
    """From the name that no Ingress has as its host to the one that this Ingress has."""
    journal = reading.journal
    if not reading.redirects.www:
        if reading.annotations.has("from-to-www-redirect"):
            journal.carry("from-to-www-redirect", "nothing: false is what it is without")
        return
    for host in [host for host in reading.paths if host and not host.startswith("*.")]:
        other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
        if reading.around.neighbours.has_host(other):
            journal.carry("from-to-www-redirect", f"nothing for {other}: an Ingress has it as its host")
            continue
        secure = reading.secure(host) and reading.secure(other)
        alone = (
            f"over HTTP alone: spec.tls names no certificate for {other}" if reading.secure(host) and not secure else ""
        )
        if parents := reading.attachment.parents([other], ("HTTP", "HTTPS") if secure else ("HTTP",)):
            journal.carry("from-to-www-redirect", f"a route that redirects {other} to {host}", alone)
            rule = _redirect({"hostname": host, "statusCode": reading.redirects.https_code})
            yield _route(reading, "www-redirect", parents, [other], [rule])


def _redirect(to: JSONObject) -> JSONObject:
    return {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "filters": [{"type": "RequestRedirect", "requestRedirect": to}],
    }


def _route(
    reading: Reading, suffix: str, parents: Sequence[JSONObject], hosts: Sequence[str], rules: Sequence[JSONObject]
) -> JSONObject:
    name = reading.names.next(suffix)
    return routes.route(HTTP_ROUTE, reading.ingress.namespace, name, parents, hosts, rules, {})
