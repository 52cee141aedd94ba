"""Services: defaults and what is refused. Addresses and node ports are allotted elsewhere, as they need the store."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.rules.contract import LABEL_1035, Object, Rules, one_of, port_number
from bot.playground.cluster_server.statuses import Cause, duplicate, forbidden_field, invalid, required

CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_NAME = "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
TYPES = (CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_NAME)
PROTOCOLS = ("SCTP", "TCP", "UDP")


def fill(service: Object) -> None:
    spec = service.setdefault("spec", {})
    spec.setdefault("sessionAffinity", "None")
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    spec.setdefault("type", CLUSTER_IP)
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if "port" in port and port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port["port"]
    if spec["sessionAffinity"] == "ClientIP":
        spec.setdefault("sessionAffinityConfig", {"clientIP": {"timeoutSeconds": 10800}})
    if spec["type"] in (NODE_PORT, LOAD_BALANCER):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == LOAD_BALANCER:
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec["type"] != EXTERNAL_NAME:
        spec.setdefault("internalTrafficPolicy", "Cluster")
    service.setdefault("status", {}).setdefault("loadBalancer", {})


def judge(service: Object, before: Object | None) -> Iterator[Cause]:
    spec = service["spec"]
    ports = spec.get("ports") or []
    if not ports and spec["type"] != EXTERNAL_NAME and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    names: set[str] = set()
    for number, port in enumerate(ports):
        yield from _judge_port(port, f"spec.ports[{number}]", alone=len(ports) == 1, names=names, kind=spec["type"])
    yield from one_of("spec.type", spec["type"], TYPES)
    if spec["type"] == EXTERNAL_NAME and not spec.get("externalName"):
        yield required("spec.externalName")
    if before is not None:
        yield from _judge_address(spec, before["spec"])


def _judge_port(port: Object, at: str, *, alone: bool, names: set[str], kind: str) -> Iterator[Cause]:
    name = port.get("name", "")
    if not name and not alone:
        yield required(f"{at}.name")
    elif name in names:
        yield duplicate(f"{at}.name", name)
    names.add(name)
    yield from port_number(f"{at}.port", port.get("port", 0))
    yield from one_of(f"{at}.protocol", port["protocol"], PROTOCOLS)
    target = port.get("targetPort")
    if isinstance(target, int):
        yield from port_number(f"{at}.targetPort", target)
    if port.get("nodePort") and kind == CLUSTER_IP:
        yield forbidden_field(f"{at}.nodePort", "may not be used when `type` is 'ClusterIP'")


def _judge_address(spec: Object, before: Object) -> Iterator[Cause]:
    was, now = before.get("clusterIPs") or [], spec.get("clusterIPs") or []
    if was and was != now and EXTERNAL_NAME not in (spec["type"], before.get("type")):
        yield invalid("spec.clusterIPs[0]", now, "may not change once set")


RULES = Rules(fill=fill, judge=judge, naming=LABEL_1035)
