"""Paths of an Ingress that name gRPC services: a GRPCRoute says them as methods."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.domain.migration.gateway_api import Features
from bot.domain.migration.nginx.filters import Filters
from bot.domain.migration.outcome import Journal
from bot.domain.network.references import GRPC_ROUTE, JSON, JSONObject

_SERVICE = r"[a-zA-Z_][a-zA-Z_0-9]*(?:\.[a-zA-Z_][a-zA-Z_0-9]*)*"


def method_match(path: str) -> JSONObject | None:
    """The match of `/package.Service/Method`; empty: any request; None: it is no such path.

    See https://gateway-api.sigs.k8s.io/reference/spec/#grpcmethodmatch.
    """
    path = re.sub(r"(\(/\|\$\))?\(?\.\*\)?$", "", path) or "/"  # as in `/package.Service(/|$)(.*)`
    if path == "/":
        return {}
    found = re.fullmatch(rf"/({_SERVICE})/?(?:([A-Za-z_][A-Za-z_0-9]*))?", path)
    if found is None or ("." not in found[1] and not found[2]):
        return None
    method: JSON = {"type": "Exact", "service": found[1], **({"method": found[2]} if found[2] else {})}
    return {"method": method}


def can_be_said(paths: Iterable[str], features: Features, journal: Journal) -> bool:
    """Whether a GRPCRoute can have these paths; where not, an HTTPRoute has to do, which is told."""
    if GRPC_ROUTE.name in features.kinds and None not in [method_match(each) for each in paths]:
        return True
    journal.withdraw("backend-protocol")
    journal.lose(
        "backend-protocol",
        "its paths are no names of gRPC services, so that it becomes an HTTPRoute, which speaks HTTP/1.1 unless told",
        "`appProtocol: kubernetes.io/h2c` on the port of the Service",
    )
    return False


def without(own: Filters, journal: Journal) -> Filters:
    """What a GRPCRoute takes of the filters; the rest is lost."""
    gone = {"proxy-read-timeout", "proxy-send-timeout"} if own.timeouts else set()
    gone |= {"upstream-vhost"} if own.vhost else set()
    if any(each["type"] == "CORS" for each in own.filters):
        gone |= {each.source for each in journal.carried if "cors" in each.source}
    told = {each.source for each in journal.carried}
    for name in sorted(gone & told):
        journal.withdraw(name)
        journal.lose(name, "a GRPCRoute has no such filter", "a policy of the implementation")
    return Filters(tuple(each for each in own.filters if each["type"] != "CORS"), mirror=own.mirror)
