"""Cluster IPs and node ports: what a Service is given when it does not ask for one. The same name gets the same."""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.rules.services import EXTERNAL_NAME, LOAD_BALANCER, NODE_PORT
from bot.playground.cluster_server.statuses import invalid, unprocessable
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

SERVICES = ipaddress.ip_network("10.96.0.0/16")
_RESERVED = 256
"""Addresses at the start that are given only to those who ask, as the real one prefers it."""
NODE_PORTS = range(30000, 32768)
_OUTSIDE = (NODE_PORT, LOAD_BALANCER)
"""Types that are reached from outside the cluster."""


class Allotments:
    """Looks at the Services that there are; keeps nothing of its own that could go stale."""

    def __init__(self, store: Store, services: Kind) -> None:
        self._store = store
        self._services = services

    def complete(self, service: Object, before: Object | None, *, tried: bool = False) -> None:
        """Fills in addresses and ports in place. Raises 422 for an address that is taken or out of range.

        What is only `tried` (a dry run) is not held against everything, as by the real server: an address that is taken
        and a node port out of range pass (pkg/registry/core/service/ipallocator, portallocator/operation.go).
        """
        spec, was = service["spec"], (before or {}).get("spec", {})
        if spec["type"] == EXTERNAL_NAME:
            for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
                spec.pop(name, None)
            return
        self._address(service, spec, was, tried=tried)
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        self._node_ports(service, spec, was, tried=tried)

    def are_free(self, service: Object) -> bool:
        """Whether no other Service has what this one has been allotted."""
        uid, own = service["metadata"]["uid"], _held(service)
        return not any(
            own & _held(stored.obj) for stored in self._store.list(self._services)
            if stored.obj["metadata"]["uid"] != uid
        )  # fmt: skip

    @staticmethod
    def settle(service: Object, before: Object | None) -> None:
        """Makes both forms of the address agree, keeps what was allotted before, and drops, in place, what only the
        former type had and nobody wrote anew."""
        spec, was = service["spec"], (before or {}).get("spec", {})
        _settle_addresses(spec, was)
        if before is None:
            return
        has_address, had_address = spec["type"] != EXTERNAL_NAME, was["type"] != EXTERNAL_NAME
        if has_address and had_address:
            spec["clusterIP"] = spec.get("clusterIP") or was.get("clusterIP", "")
            spec["clusterIPs"] = spec.get("clusterIPs") or was.get("clusterIPs", [])
        elif had_address and spec.get("clusterIP") == was.get("clusterIP"):
            for name in ("clusterIP", "clusterIPs"):
                spec.pop(name, None)
        if had_address and not has_address:
            _drop_same(spec, was, ("ipFamilies", "ipFamilyPolicy"))
        _settle_ports(spec, was)
        if was["type"] == LOAD_BALANCER and spec["type"] != LOAD_BALANCER:
            _drop_same(spec, was, ("allocateLoadBalancerNodePorts", "loadBalancerClass"))
        if was.get("healthCheckNodePort") and not _is_checked(spec):
            _drop_same(spec, was, ("healthCheckNodePort",))
        if was["type"] in _OUTSIDE and spec["type"] not in _OUTSIDE and not spec.get("externalIPs"):
            _drop_same(spec, was, ("externalTrafficPolicy",))
        if spec["type"] != LOAD_BALANCER:
            service["status"] = service.get("status", {}) | {"loadBalancer": {}}

    def _address(self, service: Object, spec: Object, was: Object, *, tried: bool) -> None:
        asked = spec.get("clusterIP")
        if asked and asked != was.get("clusterIP"):
            if was.get("clusterIP") is None and asked != "None":
                self._check(service, asked, tried=tried)
            spec.setdefault("clusterIPs", [asked])
        elif not asked:
            spec["clusterIP"] = self._free_address(service)
            spec["clusterIPs"] = [spec["clusterIP"]]

    def _check(self, service: Object, asked: str, *, tried: bool) -> None:
        try:
            inside = ipaddress.ip_address(asked) in SERVICES
        except ValueError:
            inside = False
        name = service["metadata"]["name"]
        said = ""
        if not inside and tried:
            said = f"the provided IP ({asked}) is not in the valid range. The range of valid IPs is {SERVICES}"
        elif not inside:
            said = "the provided network does not match the current range"
        elif asked in self._addresses() and not tried:
            said = "provided IP is already allocated"
        if said:
            cause = invalid("spec.clusterIPs", [asked], f"failed to allocate IP {asked}: {said}")
            raise unprocessable("Service", "", name, [cause])

    def _addresses(self) -> set[str]:
        return {dig(stored.obj, "spec", "clusterIP", default="") for stored in self._store.list(self._services)}

    def _free_address(self, service: Object) -> str:
        taken, size = self._addresses(), SERVICES.num_addresses - _RESERVED - 1
        for number in _probing(service, size):
            address = str(SERVICES.network_address + _RESERVED + number)
            if address not in taken:
                return address
        raise AssertionError("the range of Services is exhausted")

    def _node_ports(self, service: Object, spec: Object, was: Object, *, tried: bool) -> None:
        if spec["type"] not in _OUTSIDE:
            return
        own = {port["nodePort"] for port in was.get("ports") or () if port.get("nodePort")}
        taken = self._taken_ports() - own
        given: dict[int, set[str]] = {}
        for number, port in enumerate(spec.get("ports") or ()):
            asked = port.get("nodePort")
            if not asked and spec["type"] == LOAD_BALANCER and not spec.get("allocateLoadBalancerNodePorts", True):
                continue
            wrong = asked in taken or port["protocol"] in given.get(asked, ()) or (asked and asked not in NODE_PORTS)
            if wrong and not (tried and asked not in NODE_PORTS):
                self._refuse_port(service, number, asked)
            port["nodePort"] = asked or self._free_port(service, taken | own | given.keys())
            # One number may stand for a port by TCP and one by UDP.
            given.setdefault(port["nodePort"], set()).add(port["protocol"])
        if _is_checked(spec):
            asked = spec.get("healthCheckNodePort") or was.get("healthCheckNodePort")
            spec["healthCheckNodePort"] = asked or self._free_port(service, taken | own | given.keys())

    def _refuse_port(self, service: Object, number: int, asked: int) -> None:
        said = (
            "provided port is already allocated"
            if asked in NODE_PORTS
            else "provided port is not in the valid range. The range of valid ports is 30000-32767"
        )
        cause = invalid(f"spec.ports[{number}].nodePort", asked, said)
        raise unprocessable("Service", "", service["metadata"]["name"], [cause])

    def _taken_ports(self) -> set[int]:
        return {
            port["nodePort"]
            for stored in self._store.list(self._services)
            for port in dig(stored.obj, "spec", "ports", default=())
            if port.get("nodePort")
        } | {dig(stored.obj, "spec", "healthCheckNodePort", default=0) for stored in self._store.list(self._services)}

    def _free_port(self, service: Object, taken: set[int]) -> int:
        for number in _probing(service, len(NODE_PORTS)):
            if NODE_PORTS[number] not in taken:
                return NODE_PORTS[number]
        raise AssertionError("all node ports are taken")


def _is_checked(spec: Object) -> bool:
    """Whether load balancers ask nodes on a port of its own if they have a pod of it."""
    return bool(spec["type"] == LOAD_BALANCER and spec.get("externalTrafficPolicy") == "Local")


def _held(service: Object) -> set[str | int]:
    """Addresses and node ports."""
    spec = service["spec"]
    ports = {port.get("nodePort") for port in spec.get("ports") or ()} | {spec.get("healthCheckNodePort")}
    return ({spec.get("clusterIP")} | ports) - {None, "", "None", 0}


def _probing(service: Object, size: int) -> Iterator[int]:
    metadata = service["metadata"]
    start = zlib.crc32(f"{metadata.get('namespace', '')}/{metadata['name']}".encode())
    return ((start + step) % size for step in range(size))


def _settle_addresses(spec: Object, was: Object) -> None:
    """Old clients know the first form alone."""
    now, then = spec.get("clusterIP", ""), was.get("clusterIP", "")
    if not was:
        if now and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [now]
        return
    if now == then:
        if not spec.get("clusterIPs") and was.get("clusterIPs"):
            spec["clusterIPs"] = was["clusterIPs"]
    elif spec.get("clusterIPs") == was.get("clusterIPs"):
        spec["clusterIPs"] = [now] if now else []


def _settle_ports(spec: Object, was: Object) -> None:
    """Node ports stay with the names of their ports."""
    then = {port.get("name", ""): port.get("nodePort", 0) for port in was.get("ports") or ()}
    given = {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}
    if was["type"] in _OUTSIDE and spec["type"] in _OUTSIDE:
        for port in spec.get("ports") or ():
            kept = then.get(port.get("name", ""))
            if not port.get("nodePort") and kept and kept not in given:
                port["nodePort"] = kept
    elif was["type"] in _OUTSIDE and given <= set(then.values()):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)


def _drop_same(spec: Object, was: Object, names: tuple[str, ...]) -> None:
    for name in names:
        if spec.get(name) == was.get(name):
            spec.pop(name, None)
