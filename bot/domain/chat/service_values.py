"""The kinds of words that commands about Services are made of."""

from __future__ import annotations

import ipaddress
import re
from enum import Enum
from typing import Annotated, Any

from bot.domain.changes.service_ports import NodePort, WantedPort
from bot.domain.chat.grammar import Value
from bot.domain.chat.values import Named
from bot.domain.network.references import (
    DAEMON_SET,
    DEPLOYMENT,
    POD,
    REPLICA_SET,
    REPLICATION_CONTROLLER,
    SERVICE,
    STATEFUL_SET,
    kind_called,
)
from bot.errors import UsageError

EXPOSABLE = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET, POD, SERVICE, REPLICATION_CONTROLLER)
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"(?:[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_PART}")
_LABEL_VALUE = re.compile(rf"(?:{_PART})?")
_PORT_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TARGET_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_MOST_LABELS = 50


def _target(word: str) -> Named:
    kind_word, slash, name = word.rpartition("/")
    # `deployment.apps/web` is how kubectl itself prints names.
    kind = kind_called(kind_word.partition(".")[0]) if slash else None
    if kind in EXPOSABLE and kind is not None and len(name) <= 253 and _SUBDOMAIN.fullmatch(name):
        return Named(kind, name)
    if not slash and (said := kind_called(word)) in EXPOSABLE and said is not None:
        raise UsageError(
            f"`{word}` is a kind: which one is meant?",
            cause="kind and name are one word here",
            next_step=f"write it as `{said.short_names[0]}/NAME`",
        )
    if not slash and len(word) <= 253 and _SUBDOMAIN.fullmatch(word):
        raise UsageError(
            f"What is {word}?",
            cause="a Deployment, a StatefulSet, a pod and a Service may all be called so",
            next_step=f"say its kind, as in `deploy/{word}`, `sts/{word}`, `ds/{word}`, `po/{word}` or `svc/{word}`",
        )
    raise ValueError(word)


ExposeTarget = Annotated[
    Named,
    Value(
        _target,
        "what to expose as deploy/NAME, sts/NAME, ds/NAME, rs/NAME, po/NAME, svc/NAME or rc/NAME",
        "deploy/web",
        "deploy|sts|ds|rs|po|svc|rc/NAME",
    ),
]


def _port_number(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", word) or not 1 <= int(word) <= 65535:
        raise ValueError(word)
    return int(word)


def _wanted_port(word: str) -> WantedPort:
    named, equals, ports = word.rpartition("=")
    if equals and not _PORT_NAME.fullmatch(named):
        raise ValueError(word)
    ports, slash, protocol = ports.partition("/")
    if slash and protocol.upper() not in _PROTOCOLS:
        raise ValueError(word)
    number, colon, target = ports.partition(":")
    if colon:
        target = str(_port_number(target)) if target.isdigit() else target
        if not target.isdigit() and not _TARGET_NAME.fullmatch(target):
            raise ValueError(word)
    return WantedPort(port=_port_number(number), name=named, target=target, protocol=protocol.upper())


ServicePortSpec = Annotated[
    WantedPort,
    Value(
        _wanted_port,
        "a port as [NAME=]PORT[:TARGET][/PROTOCOL], such as 80, 80:8080 or dns=53:dns/UDP",
        "80:8080",
        "[NAME=]PORT[:TARGET][/PROTOCOL]",
        commas=True,  # as kubectl expose takes them
    ),
]


def port_or_name(word: str) -> str:
    """A port of a Service, by number or name. Raises ValueError."""
    if word.isdigit():
        return str(_port_number(word))
    if not _PORT_NAME.fullmatch(word):
        raise ValueError(word)
    return word


def _node_port(word: str) -> NodePort:
    named, equals, number = word.rpartition("=")
    if equals and not _PORT_NAME.fullmatch(named):
        raise ValueError(word)
    return NodePort(_port_number(number), named)


NodePortSpec = Annotated[
    NodePort,
    Value(_node_port, "a node port, or NAME=PORT for the port of that name", "30080", "[NAME=]PORT"),
]


def pairs(word: str) -> dict[str, str]:
    """`app=web,tier=front` as labels. Raises ValueError."""
    found = {}
    for part in word.split(","):
        key, equals, value = part.partition("=")
        if not equals or not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value) or key in found:
            raise ValueError(word)
        found[key] = value
    if len(found) > _MOST_LABELS:
        raise ValueError(word)
    return found


def _labels(word: str) -> str:
    return ",".join(f"{key}={value}" for key, value in pairs(word).items())


EqualLabels = Annotated[
    str, Value(_labels, "labels as KEY=VALUE, separated by commas, each key once", "app=web", "KEY=VALUE,…")
]


def _address(word: str) -> str:
    return str(ipaddress.ip_address(word))


def _cluster_ip(word: str) -> str:
    return "None" if word.lower() == "none" else _address(word)


Address = Annotated[str, Value(_address, "an IP address such as 203.0.113.10", "203.0.113.10", "IP")]
ClusterIP = Annotated[str, Value(_cluster_ip, "an IP address, or None for a headless Service", "None", "IP|None")]


def _families(word: str) -> str:
    known = {"ipv4": "IPv4", "ipv6": "IPv6"}
    found = [known.get(part.strip().lower(), "") for part in word.split(",")]
    if "" in found or len(set(found)) != len(found):
        raise ValueError(word)
    return ",".join(found)


Families = Annotated[str, Value(_families, "IPv4, IPv6, or both in the order that counts", "IPv4", "IPv4,IPv6")]


def _qualified(word: str) -> str:
    if not _LABEL_KEY.fullmatch(word):
        raise ValueError(word)
    return word


# https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
AppProtocol = Annotated[
    str, Value(_qualified, "a protocol's name such as http, https, kubernetes.io/h2c", "kubernetes.io/h2c", "NAME")
]
BalancerClass = Annotated[
    str, Value(_qualified, "a load balancer's class such as example.com/internal", "example.com/internal", "CLASS")
]


class Protocol(Enum):
    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"


class ServiceType(Enum):
    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"


class Affinity(Enum):
    NONE = "None"
    CLIENT_IP = "ClientIP"


class TrafficPolicy(Enum):
    CLUSTER = "Cluster"
    LOCAL = "Local"


class FamilyPolicy(Enum):
    SINGLE = "SingleStack"
    PREFER_DUAL = "PreferDualStack"
    REQUIRE_DUAL = "RequireDualStack"


def said(value: Any) -> Any:
    """What an option holds as the API writes it; None when it was not said."""
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value
