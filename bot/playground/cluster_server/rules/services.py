"""Services: defaults and what is refused. Addresses and node ports are allotted elsewhere, as they need the store."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from bot.playground.cluster_server.naming import LABEL, SUBDOMAIN, labels, name_causes, qualified_name
from bot.playground.cluster_server.rules.contract import (
    Object,
    Rules,
    address,
    endpoint_address,
    member,
    network,
    one_of,
    port_name,
    port_number,
)
from bot.playground.cluster_server.statuses import Cause, duplicate, forbidden_field, invalid, required, shown
from bot.playground.cluster_server.values import dig

CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_NAME = "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
TYPES = (CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_NAME)
PROTOCOLS = ("SCTP", "TCP", "UDP")
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_TOPOLOGY = "service.kubernetes.io/topology-aware-hints"
_DAY_SECONDS = 86400
_POLICIES = ("Cluster", "Local")
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_FAMILIES = ("IPv4", "IPv6")
SINGLE = "SingleStack"
_FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", SINGLE)


def fill(service: Object) -> None:
    spec = service.setdefault("spec", {})
    spec.setdefault("sessionAffinity", "None")
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    spec.setdefault("type", CLUSTER_IP)
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port", 0)
    if spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        config.setdefault("timeoutSeconds", 10800)
    if spec["type"] in (NODE_PORT, LOAD_BALANCER) or (spec["type"] == CLUSTER_IP and spec.get("externalIPs")):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == LOAD_BALANCER:
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec["type"] != EXTERNAL_NAME:
        spec.setdefault("internalTrafficPolicy", "Cluster")
    balancer = service.setdefault("status", {}).setdefault("loadBalancer", {})
    for entry in balancer.get("ingress") or ():
        if entry.get("ip") and spec["type"] == LOAD_BALANCER and service["metadata"].get("uid"):
            entry.setdefault("ipMode", "VIP")


def judge(service: Object, before: Object | None) -> Iterator[Cause]:
    spec = service["spec"]
    ports = spec.get("ports") or []
    if spec["type"] != EXTERNAL_NAME:  # addresses are looked for before anything else is judged
        wrong = [*_judge_families(spec), *_judge_addresses(spec, before)]
        yield from wrong
        if wrong:
            return
    if before is not None:
        yield from _judge_change(spec, before["spec"])
    if not ports and spec["type"] != EXTERNAL_NAME and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    if spec["type"] in (NODE_PORT, LOAD_BALANCER) and spec.get("clusterIP") == "None":
        yield invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {spec['type']} services")
    yield from one_of("spec.sessionAffinity", spec["sessionAffinity"], ("ClientIP", "None"))
    yield from _judge_affinity(spec)
    names: set[str] = set()
    for number, port in enumerate(ports):
        yield from _judge_port(port, f"spec.ports[{number}]", alone=len(ports) == 1, names=names, kind=spec["type"])
    yield from labels("spec.selector", spec.get("selector"))
    yield from one_of("spec.type", spec["type"], TYPES)
    yield from _judge_doubles(ports)
    for number, value in enumerate(spec.get("externalIPs") or ()):
        wrong = list(address(f"spec.externalIPs[{number}]", value))
        yield from wrong or endpoint_address(f"spec.externalIPs[{number}]", value)
    yield from _judge_outside(service)
    if spec["type"] == EXTERNAL_NAME:
        yield from [*_judge_families(spec), *_judge_addresses(spec, before)]
    if spec["type"] == EXTERNAL_NAME:
        if not spec.get("externalName"):
            yield required("spec.externalName")
        else:
            yield from name_causes("spec.externalName", spec["externalName"].rstrip("."), SUBDOMAIN)
    for number, entry in enumerate(dig(service, "status", "loadBalancer", "ingress", default=())):
        yield from _judge_ingress(entry, f"status.loadBalancer.ingress[{number}]")


def _judge_affinity(spec: Object) -> Iterator[Cause]:
    seconds = dig(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds")
    if seconds is not None and not 0 < seconds <= _DAY_SECONDS:
        field = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
        yield invalid(field, seconds, f"must be greater than 0 and less than {_DAY_SECONDS}")


def _judge_port(port: Object, at: str, *, alone: bool, names: set[str], kind: str) -> Iterator[Cause]:
    name = port.get("name", "")
    if not name and not alone:
        yield required(f"{at}.name")
    elif name:
        yield from name_causes(f"{at}.name", name, LABEL)
        if name in names:
            yield duplicate(f"{at}.name", name)
    names.add(name)
    yield from port_number(f"{at}.port", port.get("port", 0))
    yield from one_of(f"{at}.protocol", port["protocol"], PROTOCOLS)
    target = port.get("targetPort")
    if isinstance(target, int):
        yield from port_number(f"{at}.targetPort", target)
    elif target is not None:
        yield from port_name(f"{at}.targetPort", target)
    if port.get("appProtocol") is not None:
        yield from qualified_name(f"{at}.appProtocol", port["appProtocol"])
    if port.get("nodePort") and kind == CLUSTER_IP:
        yield forbidden_field(f"{at}.nodePort", "may not be used when `type` is 'ClusterIP'")


def _judge_doubles(ports: list[Object]) -> Iterator[Cause]:
    seen: set[tuple[int, str]] = set()
    for number, port in enumerate(ports):
        key = (port.get("port", 0), port["protocol"])
        if key in seen:
            names = f'"Name":"","Protocol":{shown(key[1])},"AppProtocol":null'
            printed = f'{{{names},"Port":{key[0]},"TargetPort":0,"NodePort":0}}'
            yield Cause(f"spec.ports[{number}]", f"Duplicate value: {printed}", "FieldValueDuplicate")
        seen.add(key)


def _judge_outside(service: Object) -> Iterator[Cause]:
    """What concerns traffic from outside the cluster."""
    spec = service["spec"]
    balanced = spec["type"] == LOAD_BALANCER
    ranges = spec.get("loadBalancerSourceRanges") or ()
    noted = dig(service, "metadata", "annotations", _RANGES, default="")
    if noted and not balanced:
        yield forbidden_field(f"metadata.annotations[{_RANGES}]", "may only be used when `type` is 'LoadBalancer'")
    elif noted and not ranges:
        for value in noted.split(","):
            wrong = list(network(f"metadata.annotations[{_RANGES}]", value.strip()))
            yield from (invalid(cause.field, noted, cause.message.rpartition(": ")[2]) for cause in wrong)
    if ranges and not balanced:
        yield forbidden_field("spec.LoadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'")
    else:
        for number, value in enumerate(ranges):
            yield from network(f"spec.LoadBalancerSourceRanges[{number}]", value.strip())
    only_balanced = "may only be used when `type` is 'LoadBalancer'"
    if spec.get("allocateLoadBalancerNodePorts") is not None and not balanced:
        yield forbidden_field("spec.allocateLoadBalancerNodePorts", only_balanced)
    if spec.get("loadBalancerClass") is not None and not balanced:
        yield forbidden_field("spec.loadBalancerClass", only_balanced)
    elif balanced and spec.get("loadBalancerClass") is not None:
        yield from qualified_name("spec.loadBalancerClass", spec["loadBalancerClass"])
    policy = spec.get("externalTrafficPolicy")
    is_outside = spec["type"] in (NODE_PORT, LOAD_BALANCER) or (spec["type"] == CLUSTER_IP and spec.get("externalIPs"))
    if policy and not is_outside:
        yield invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services")
    elif is_outside:
        yield from member("spec.externalTrafficPolicy", policy, _POLICIES)
    if spec.get("healthCheckNodePort") and not (balanced and policy == "Local"):
        said = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        yield invalid("spec.healthCheckNodePort", spec["healthCheckNodePort"], said)
    elif spec.get("healthCheckNodePort"):
        yield from port_number("spec.healthCheckNodePort", spec["healthCheckNodePort"])
    yield from member("spec.internalTrafficPolicy", spec.get("internalTrafficPolicy"), _POLICIES)
    yield from member("spec.trafficDistribution", spec.get("trafficDistribution"), _DISTRIBUTIONS)


def _judge_families(spec: Object) -> Iterator[Cause]:
    """This cluster has one family of addresses, as most have."""
    policy, families = spec.get("ipFamilyPolicy"), spec.get("ipFamilies") or []
    for number, family in enumerate(families):
        yield from (found := list(member(f"spec.ipFamilies[{number}]", family, _FAMILIES)))
        if family in families[:number]:
            yield duplicate(f"spec.ipFamilies[{number}]", family)
        elif not found and family != "IPv4":
            yield invalid(f"spec.ipFamilies[{number}]", family, "not configured on this cluster")
    yield from member("spec.ipFamilyPolicy", policy, _FAMILY_POLICIES)
    if policy == "RequireDualStack":
        yield invalid("spec.ipFamilyPolicy", policy, "this cluster is not configured for dual-stack services")


def _judge_addresses(spec: Object, before: Object | None) -> Iterator[Cause]:
    first, addresses = spec.get("clusterIP", ""), spec.get("clusterIPs") or []
    if spec["type"] == EXTERNAL_NAME:
        for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if spec.get(name):
                yield forbidden_field(f"spec.{name}", "may not be set for ExternalName services")
        return
    if first and addresses[:1] != [first]:
        yield invalid("spec.clusterIPs", addresses, "first value must match `clusterIP`")
    elif addresses and not first:
        yield invalid("spec.clusterIPs", addresses, "must be empty when `clusterIP` is not specified")
    if len(addresses) > len(_FAMILIES):
        yield invalid("spec.clusterIPs", addresses, f"may only hold up to {len(_FAMILIES)} values")
    if len(addresses) > 1 and "None" in addresses:
        yield invalid("spec.clusterIPs", addresses, "'None' must be the first and only value")
        return
    yield from _judge_versions(spec, addresses, before)


def _judge_versions(spec: Object, addresses: list[str], before: Object | None) -> Iterator[Cause]:
    """This cluster has addresses of one version."""
    versions: list[int] = []
    for number, value in enumerate(addresses):
        if value not in ("None", ""):
            wrong = list(address(f"spec.clusterIPs[{number}]", value))
            yield from wrong
            versions += [] if wrong else [ipaddress.ip_address(value).version]
    if len(versions) > 1 and len(set(versions)) == len(versions) and spec.get("ipFamilyPolicy") in (None, SINGLE):
        said = "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified"
        yield invalid("spec.ipFamilyPolicy", SINGLE, said)
    elif len(set(versions)) < len(versions):
        yield invalid("spec.clusterIPs", addresses, "may specify no more than one IP for each IP family")
    if 6 in versions and "IPv6" not in (spec.get("ipFamilies") or ()):
        number = versions.index(6)
        at = f"spec.clusterIPs[{number}]"
        if before is None:
            yield invalid(at, addresses, "IPv6 is not configured on this cluster")
        else:
            yield invalid(at, addresses[number], f"expected an IPv4 value as indicated by `ipFamilies[{number}]`")


def _judge_ingress(entry: Object, at: str) -> Iterator[Cause]:
    if entry.get("ip"):
        yield from address(f"{at}.ip", entry["ip"])
        if not entry.get("ipMode"):
            yield required(f"{at}.ipMode", "must be specified when `ip` is set")
    if entry.get("hostname"):
        yield from name_causes(f"{at}.hostname", entry["hostname"], SUBDOMAIN)


def _is_address(value: str) -> bool:
    return value == "None" or not list(address("", value))


def _judge_change(spec: Object, before: Object) -> Iterator[Cause]:
    was, now = before.get("clusterIPs") or [], spec.get("clusterIPs") or []
    headless = [said.get("clusterIP") == "None" for said in (before, spec)]
    if EXTERNAL_NAME in (spec["type"], before.get("type")):
        return
    if was and not all(headless):
        if not now:
            yield invalid("spec.clusterIPs[0]", spec.get("clusterIPs"), "primary clusterIP can not be unset")
        elif now[0] != was[0] and _is_address(now[0]) and ":" not in now[0]:
            yield invalid("spec.clusterIPs[0]", now, "may not change once set")
    if spec["type"] == LOAD_BALANCER == before.get("type"):
        if spec.get("loadBalancerClass") != before.get("loadBalancerClass"):
            yield invalid("spec.loadBalancerClass", spec.get("loadBalancerClass"), "may not change once set")
        ports = [said.get("healthCheckNodePort", 0) for said in (before, spec)]
        if all(said.get("externalTrafficPolicy") == "Local" for said in (before, spec)) and ports[0] != ports[1]:
            yield forbidden_field("spec.healthCheckNodePort", "field is immutable")


def _warn(service: Object) -> Iterator[str]:
    spec = service["spec"]
    headless, outside = spec.get("clusterIP") == "None" and spec["type"] == CLUSTER_IP, spec.get("externalIPs")
    if _TOPOLOGY in dig(service, "metadata", "annotations", default={}):
        yield f"annotation {_TOPOLOGY} is deprecated, please use service.kubernetes.io/topology-mode instead"
    if headless:
        ignored = ("loadBalancerIP", spec.get("loadBalancerIP")), ("externalIPs", outside), (
            "SessionAffinity", spec["sessionAffinity"] != "None",
        )  # fmt: skip
        yield from (f"spec.{name} is ignored for headless services" for name, given in ignored if given)
    elif outside and spec["type"] != EXTERNAL_NAME:
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    elif outside:
        yield f'spec.externalIPs is ignored when spec.type is "{EXTERNAL_NAME}"'
    if spec["type"] != EXTERNAL_NAME and spec.get("externalName"):
        yield f'spec.externalName is ignored when spec.type is not "{EXTERNAL_NAME}"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


RULES = Rules(fill=fill, judge=judge, naming=LABEL, warn=_warn, warns_again=True)
