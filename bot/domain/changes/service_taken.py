"""What a Service would share with others: node ports, addresses and address families of the cluster."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.changes.service_fitting import OUTSIDE, ports
from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.snapshot import Service, Snapshot
from bot.errors import Conflict, Refused


@dataclass(frozen=True, slots=True)
class PortRange:
    """Node ports that the cluster gives out, both ends included."""

    first: int
    last: int

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.first <= number <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


# https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/: --service-node-port-range
USUAL_NODE_PORTS = PortRange(30000, 32767)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a plan for a Service rests on."""

    snapshot: Snapshot
    """Pods and what makes them, in the Service's namespace."""
    services: tuple[Service, ...]
    """Of all namespaces that may be read."""
    node_ports: PortRange | None
    """None: the API server did not show it."""
    service_ranges: tuple[str, ...] = ()
    """CIDRs of the ServiceCIDRs; empty: not known."""
    unread: tuple[str, ...] = ()
    """What could not be read, and why."""


def check_taken(ref: Ref, spec: JSONObject, around: Around) -> None:
    """Raises Conflict for what another Service has, Refused for what this cluster does not have."""
    _check_node_ports(ref, spec, around)
    _check_address(ref, spec, around)
    _check_families(spec, around)


def _check_node_ports(ref: Ref, spec: JSONObject, around: Around) -> None:
    if spec.get("type") not in OUTSIDE:
        return
    wanted = [int(port["nodePort"]) for port in ports(spec) if port.get("nodePort")]
    own: dict[int, str] = {}
    for port in ports(spec):
        number, protocol = int(port.get("nodePort") or 0), str(port.get("protocol") or "TCP")
        # Two protocols may share one number within one Service.
        if number and own.get(number) == protocol:
            raise Refused(f"Node port {number} is wanted twice", next_step="give one of the ports another one")
        own[number] = protocol
    for number in wanted:
        if number not in (given := around.node_ports or _likely_node_ports(around)):
            whence = "" if around.node_ports else ", as clusters do unless told otherwise; its own flag cannot be read"
            raise Refused(
                f"Node port {number} is out of range",
                cause=f"this cluster gives out node ports from {given}{whence}",
                next_step="say one of these, or none, and the cluster chooses",
            )
        if holder := _holder(number, ref, around):
            raise Conflict(
                f"Node port {number} is taken",
                cause=f"by {holder}",
                next_step="say another one, or none, and the cluster chooses",
            )


def _likely_node_ports(around: Around) -> PortRange:
    """The usual ones, or what encloses those that Services have already: a dry run accepts any."""
    there = [port.node_port for service in around.services for port in service.spec.ports or () if port.node_port]
    return PortRange(min([USUAL_NODE_PORTS.first, *there]), max([USUAL_NODE_PORTS.last, *there]))


def _holder(number: int, ref: Ref, around: Around) -> str:
    for service in around.services:
        if service.ref == ref:
            continue
        if number in {port.node_port for port in service.spec.ports or ()}:
            return str(service.ref)
        if service.spec.health_check_node_port == number:
            return f"the health check of {service.ref}"
    return ""


def _check_address(ref: Ref, spec: JSONObject, around: Around) -> None:
    wanted = str(spec.get("clusterIP") or "")
    if not wanted or wanted == "None":
        return
    for service in around.services:
        if service.ref != ref and wanted in (service.spec.cluster_ip, *(service.spec.cluster_ips or ())):
            raise Conflict(
                f"Cluster IP {wanted} is taken",
                cause=f"by {service.ref}",
                next_step="say another one, or none, and the cluster chooses",
            )
    ranges = [ipaddress.ip_network(each, strict=False) for each in around.service_ranges]
    if ranges and not any(ipaddress.ip_address(wanted) in each for each in ranges):
        raise Refused(
            f"Cluster IP {wanted} is not one of this cluster's",
            cause=f"its Services have addresses of {' and '.join(around.service_ranges)}",
            next_step="say one of these, or none, and the cluster chooses",
        )


def families(around: Around) -> tuple[str, ...]:
    """The address families that Services can have here; empty: not known."""
    versions = {ipaddress.ip_network(each, strict=False).version for each in around.service_ranges}
    return tuple(f"IPv{version}" for version in sorted(versions))


def _check_families(spec: JSONObject, around: Around) -> None:
    here, wanted = families(around), spec.get("ipFamilies") or []
    missing = [str(each) for each in wanted if here and each not in here] if isinstance(wanted, list) else []
    if missing:
        raise Refused(
            f"This cluster has no {' and no '.join(missing)} addresses for Services",
            cause=f"its ServiceCIDRs are {', '.join(around.service_ranges)}",
            next_step=f"take {' or '.join(here)}",
        )
    if spec.get("ipFamilyPolicy") == "RequireDualStack" and len(here) == 1:
        raise Refused(
            "This cluster cannot give a Service addresses of both families",
            cause=f"its Services have {here[0]} addresses alone",
            next_step="take `--ip-family-policy PreferDualStack`, or SingleStack",
        )


def taken_warnings(spec: JSONObject, around: Around) -> Iterator[str]:
    """What could not be found out, and what will be less than was asked for."""
    here = families(around)
    if spec.get("ipFamilyPolicy") == "PreferDualStack" and len(here) == 1:
        yield f"This cluster's Services have {here[0]} addresses alone: it gets one of these."
    if any(port.get("nodePort") for port in ports(spec)) and around.unread:
        yield f"Whether its node ports are free could not be seen everywhere: {'; '.join(around.unread)}."
