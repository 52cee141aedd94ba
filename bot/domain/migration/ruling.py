"""The rules of one host: its paths with their backends, canaries and filters."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.migration import canary
from bot.domain.migration.grpc import method_match
from bot.domain.migration.nginx.values import Annotations
from bot.domain.migration.outcome import Journal
from bot.domain.migration.paths import PathMatch, match_of
from bot.domain.migration.reading import Path, Reading
from bot.domain.network.references import JSON, JSONObject
from bot.domain.network.snapshot import HTTPPath


def rules(reading: Reading, host: str) -> Iterator[JSONObject]:
    """In the order in which the controller looks at them, where that is an order at all."""
    regex = reading.served.nginx and reading.around.neighbours.regex(host)
    paths = reading.paths[host]
    if regex:  # The first that matches counts, and longer ones come first.
        paths = tuple(sorted(paths, key=lambda each: -len(each.value)))
    if reading.redirects.app_root:
        yield _app_root(reading)
    for each in paths:
        yield from _of_path(reading, host, each, regex)
    backend = reading.ingress.spec.default_backend
    if backend and not any(each.value == "/" for each in paths):
        yield from _of_path(reading, host, Path("spec.defaultBackend", HTTPPath(backend, "/", "Prefix")), False)


def _app_root(reading: Reading) -> JSONObject:
    root = reading.redirects.app_root
    reading.journal.carry("app-root", f"a rule for / alone that redirects to {root} with 302")
    path: JSONObject = {"type": "ReplaceFullPath", "replaceFullPath": root}
    redirect: JSONObject = {"type": "RequestRedirect", "requestRedirect": {"path": path, "statusCode": 302}}
    return {"matches": [{"path": {"type": "Exact", "value": "/"}}], "filters": [redirect]}


def _of_path(reading: Reading, host: str, path: Path, regex: bool) -> Iterator[JSONObject]:
    target = reading.target if regex else ""
    match = match_of(path.value, path.said.path_type or "", regex=regex, target=target)
    elsewhere = reading.redirects.elsewhere
    main = reading.backends.ref(path.said.backend, path.where) if match.type and not elsewhere else None
    if main is not None or elsewhere or not match.type:  # else it was told why it leads nowhere
        _tell(path, match, reading)
    if elsewhere and match.type:
        yield {"matches": [_path(match)], "filters": [elsewhere]}
    if main is None:
        return
    _speak_to(reading, main)
    if reading.redirects.to_https_behind_proxy and not reading.secure(host) and not reading.grpc:
        yield _behind_proxy(reading, match)
    for each in _with_canary(reading, host, path, _rule(reading, path, match), main):
        # A GRPCRoute's rule for any request has no match at all.
        yield {key: value for key, value in each.items() if value != [{}]}


def _speak_to(reading: Reading, backend: JSONObject) -> None:
    name, port = str(backend["name"]), int(str(backend["port"]))
    reading.spoken_to[name] = None
    if not reading.why_not_grpc:
        return
    if reading.backends.app_protocol(name, port) == "kubernetes.io/h2c":
        reading.journal.carry("backend-protocol", f"an HTTPRoute: {reading.why_not_grpc}; Service {name} says h2c")
        return
    reading.journal.lose(
        "backend-protocol",
        f"{reading.why_not_grpc}, so that it becomes an HTTPRoute, which speaks HTTP/1.1 to a Service unless told",
        "`appProtocol: kubernetes.io/h2c` on the port of the Service",
    )


def _rule(reading: Reading, path: Path, match: PathMatch) -> JSONObject:
    rule: JSONObject = {"matches": [method_match(path.value) if reading.grpc else _path(match)]}
    if made := _filters(reading, match):
        rule["filters"] = made
    if reading.filters.timeouts and not reading.grpc:
        rule["timeouts"] = reading.filters.timeouts
    return rule


def _path(match: PathMatch) -> JSONObject:
    return {"path": {"type": match.type, "value": match.value}}


def _filters(reading: Reading, match: PathMatch) -> list[JSON]:
    made: list[JSON] = [*reading.filters.filters]
    rewrite: JSONObject = {}
    if reading.filters.vhost:
        rewrite["hostname"] = reading.filters.vhost
    if match.rewrite:
        rewrite["path"] = match.rewrite
    if rewrite and not reading.grpc:
        made.append({"type": "URLRewrite", "urlRewrite": rewrite})
    return made


def _behind_proxy(reading: Reading, match: PathMatch) -> JSONObject:
    header: JSONObject = {"name": "X-Forwarded-Proto", "type": "Exact", "value": "http"}
    redirect: JSONObject = {"scheme": "https", "statusCode": reading.redirects.https_code}
    return {
        "matches": [{**_path(match), "headers": [header]}],
        "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}],
    }


def _with_canary(reading: Reading, host: str, path: Path, rule: JSONObject, main: JSONObject) -> Iterator[JSONObject]:
    found = reading.around.neighbours.canary(reading.ingress, host, path.value) if reading.served.nginx else None
    other = reading.backends.ref(found[1].backend, f"{found[0].name}: {path.where}") if found else None
    if found is None or other is None:
        yield {**rule, "backendRefs": [main]}
        return
    _speak_to(reading, other)
    name, journal = found[0].name, Journal()
    wanted = canary.canary_of(name, Annotations(found[0].annotations, journal), journal)
    canary.tell(wanted, journal)
    for carried in journal.carried:
        reading.journal.carry(f"{name}: {carried.source}", carried.becomes, carried.differs)
    for lost in journal.lost:
        reading.journal.lose(f"{name}: {lost.source}", lost.why, lost.instead, lost.concern)
    yield from canary.rules(rule, main, other, wanted)


def _tell(path: Path, match: PathMatch, reading: Reading) -> None:
    journal = reading.journal
    _tell_pattern(match, reading)
    if match.lost and not (reading.grpc and match.type):
        source = "rewrite-target" if match.type else path.where
        instead = "have the application take the path as it is, or a rewrite of the implementation"
        journal.lose(source, match.lost, instead)
    if not match.type or path.where == "spec.defaultBackend":
        return
    if reading.grpc:
        journal.carry(f"path {path.value}", "a method match" if path.value != "/" else "any method")
        return
    by_chance = "regular expressions depend on the implementation, and so does their order"
    differs = "; ".join(filter(None, (match.differs, by_chance if match.type == "RegularExpression" else "")))
    rewrite = match.rewrite or {}
    to = rewrite.get("replacePrefixMatch") or rewrite.get("replaceFullPath")
    becomes = f"{match.type} {match.value}" + (f", {rewrite['type']} {to}" if to else "")
    journal.carry(f"path {path.value}", becomes, differs)


def _tell_pattern(match: PathMatch, reading: Reading) -> None:
    """What `rewrite-target` and `use-regex` have done to a path."""
    if reading.grpc:
        if match.rewrite or match.lost:
            reading.journal.lose("rewrite-target", "a GRPCRoute rewrites no method", "have the Service take it so")
        return
    if match.is_pattern and (reading.rewrites or reading.regex):
        source = "use-regex" if reading.regex else "rewrite-target"
        reading.journal.carry(source, "paths as regular expressions, as is said of each")
    if match.rewrite and not reading.redirects.elsewhere:
        reading.journal.carry("rewrite-target", "URLRewrite filters, as is said of each path")
