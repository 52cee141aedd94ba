"""EndpointSlices, whose lists are always there, if only as null, and the Endpoints that were before them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from bot.playground.cluster_server.naming import LABEL, SUBDOMAIN, label_value, name_causes, qualified_name
from bot.playground.cluster_server.rules.contract import (
    Object,
    Rules,
    address,
    endpoint_address,
    immutable,
    member,
    one_of,
    port_number,
)
from bot.playground.cluster_server.statuses import Cause, duplicate, invalid, required

_TYPES = ("FQDN", "IPv4", "IPv6")
_MOST_ADDRESSES, _MOST_ENDPOINTS = 100, 1000
_PROTOCOLS = ("SCTP", "TCP", "UDP")


def _fill(endpoint_slice: Object) -> None:
    for name in ("endpoints", "ports"):
        endpoint_slice.setdefault(name, None)
    for port in endpoint_slice["ports"] or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _judge(endpoint_slice: Object, before: Object | None) -> Iterator[Cause]:
    kind = endpoint_slice.get("addressType", "")
    yield from one_of("addressType", kind, _TYPES)
    endpoints = endpoint_slice["endpoints"] or ()
    if len(endpoints) > _MOST_ENDPOINTS:
        said = f"Too many: {len(endpoints)}: must have at most {_MOST_ENDPOINTS} items"
        yield Cause("endpoints", said, "FieldValueTooMany")
        endpoints = ()
    for number, endpoint in enumerate(endpoints):
        at = f"endpoints[{number}]"
        yield from _judge_addresses(endpoint.get("addresses") or (), f"{at}.addresses", kind)
        for name, naming in (("nodeName", SUBDOMAIN), ("hostname", LABEL)):
            if endpoint.get(name) is not None:
                yield from name_causes(f"{at}.{name}", endpoint[name], naming)
        yield from _judge_hints(endpoint.get("hints") or {}, f"{at}.hints")
    names: set[str] = set()
    for number, port in enumerate(endpoint_slice["ports"] or ()):
        at = f"ports[{number}]"
        if port["name"]:
            yield from name_causes(f"{at}.name", port["name"], LABEL)
        if port["name"] in names:
            yield duplicate(f"{at}.name", port["name"])
        names.add(port["name"])
        yield from member(f"{at}.protocol", port["protocol"], _PROTOCOLS)
        if port.get("appProtocol") is not None:
            yield from qualified_name(f"{at}.appProtocol", port["appProtocol"])
    if before is not None and before.get("addressType") != kind:
        yield immutable("addressType", kind)


def _judge_name(field: str, value: str) -> Iterator[Cause]:
    if not value:
        yield required(field)
    elif wrong := list(name_causes(field, value, SUBDOMAIN)):
        yield from wrong
    elif "." not in value:
        yield invalid(field, value, "should be a domain with at least two segments separated by dots")


def _judge_hints(hints: Object, at: str) -> Iterator[Cause]:
    for group in ("forZones", "forNodes"):
        seen: set[str] = set()
        for number, hint in enumerate(hints.get(group) or ()):
            field, name = f"{at}.{group}[{number}].name", hint.get("name", "")
            if name in seen:
                yield duplicate(field, name)
            else:
                seen.add(name)
                yield from label_value(field, name) if group == "forZones" else name_causes(field, name, SUBDOMAIN)


def _judge_addresses(addresses: list[str] | tuple[str, ...], at: str, kind: str) -> Iterator[Cause]:
    if not addresses:
        yield required(at, "must contain at least 1 address")
    if len(addresses) > _MOST_ADDRESSES:
        said = f"Too many: {len(addresses)}: must have at most {_MOST_ADDRESSES} items"
        yield Cause(at, said, "FieldValueTooMany")
    for number, value in enumerate(addresses):
        field = f"{at}[{number}]"
        if kind == "FQDN":
            yield from _judge_name(field, value)
        if kind not in ("IPv4", "IPv6"):
            continue
        wrong = list(address(field, value))
        yield from wrong
        if wrong:
            continue
        if f"IPv{ipaddress.ip_address(value).version}" != kind:
            yield invalid(at, value, f"must be an {kind} address")
        yield from endpoint_address(field, value)


def _fill_endpoints(endpoints: Object) -> None:
    for subset in endpoints.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _judge_endpoints(endpoints: Object, before: Object | None) -> Iterator[Cause]:
    for number, subset in enumerate(endpoints.get("subsets") or ()):
        at = f"subsets[{number}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield required(at, "must specify `addresses` or `notReadyAddresses`")
        for group in ("addresses", "notReadyAddresses"):
            for index, said in enumerate(subset.get(group) or ()):
                place = f"{at}.{group}[{index}]"
                yield from address(f"{place}.ip", said.get("ip", ""))
                if said.get("hostname"):
                    yield from name_causes(f"{place}.hostname", said["hostname"], LABEL)
                if said.get("nodeName") is not None:
                    yield from name_causes(f"{place}.nodeName", said["nodeName"], SUBDOMAIN)
                yield from endpoint_address(f"{place}.ip", said.get("ip", ""))
        ports = subset.get("ports") or ()
        for index, port in enumerate(ports):
            field = f"{at}.ports[{index}]"
            if len(ports) > 1 and not port.get("name"):
                yield required(f"{field}.name")
            elif port.get("name"):
                yield from name_causes(f"{field}.name", port["name"], LABEL)
            yield from port_number(f"{field}.port", port.get("port", 0))
            yield from one_of(f"{field}.protocol", port["protocol"], _PROTOCOLS)
            if port.get("appProtocol") is not None:
                yield from qualified_name(f"{field}.appProtocol", port["appProtocol"])


def _prepare(endpoint_slice: Object, before: Object | None) -> None:
    for endpoint in endpoint_slice["endpoints"] or ():
        endpoint.pop("deprecatedTopology", None)  # of a version that is no more


def _warn(endpoint_slice: Object) -> Iterator[str]:
    if endpoint_slice.get("addressType") == "FQDN":
        yield "spec.addressType: FQDN endpoints are deprecated"


_DEPRECATED = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
RULES = Rules(fill=_fill, judge=_judge, prepare=_prepare, warn=_warn, warns_again=True)
ENDPOINTS = Rules(fill=_fill_endpoints, judge=_judge_endpoints, warn_always=(_DEPRECATED,))
