"""Paths of an Ingress that name gRPC services: a GRPCRoute says them as methods."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from bot.domain.migration.features import Features
from bot.domain.migration.nginx.filters import Filters
from bot.domain.migration.nginx.redirects import Redirects
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


def why_not(paths: Iterable[str], shared: Iterable[str], features: Features) -> str:
    """Why a GRPCRoute cannot have these paths, so that an HTTPRoute has to do; empty: it can.

    `shared` are hosts that Ingresses have which are no gRPC: of an HTTPRoute and a GRPCRoute for one host a listener
    takes the older one alone (https://gateway-api.sigs.k8s.io/reference/spec/#grpcroutespec, hostnames).
    """
    if why := features.no_kind(GRPC_ROUTE):
        return why
    if hosts := ", ".join(shared):
        return f"{hosts} is a host of Ingresses without gRPC too, and a listener takes one kind of route for a host"
    return "its paths are no names of gRPC services" if None in [method_match(each) for each in paths] else ""


def without_redirects(own: Redirects, journal: Journal) -> Redirects:
    """What a GRPCRoute takes of those that leave some requests to the Service, which is none."""
    if own.app_root:
        journal.lose("app-root", "a GRPCRoute does not redirect", "nothing: what calls methods does not ask for /")
    return replace(own, app_root="")


def without(own: Filters, journal: Journal) -> Filters:
    """What a GRPCRoute takes of the filters; the rest is lost."""
    gone = {"proxy-read-timeout", "proxy-send-timeout"} if own.timeouts else set()
    gone |= {"upstream-vhost"} if own.vhost else set()
    if any(each["type"] == "CORS" for each in own.filters):
        gone |= {each.source for each in journal.written if "cors" in each.source}
    told = {each.source for each in journal.written}
    for name in sorted(gone & told):
        journal.withdraw(name)
        journal.lose(name, "a GRPCRoute has no such filter", "a policy of the implementation")
    return Filters(tuple(each for each in own.filters if each["type"] != "CORS"), mirror=own.mirror)
