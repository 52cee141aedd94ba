"""At which ports a controller listens for Gateways, where these are set up with it and not made for each Gateway."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.domain.network.listening import Listening
from bot.domain.network.references import JSONObject
from bot.domain.plugins.cni import repository

_FLAG = re.compile(r"-{1,2}entrypoints\.([^.=]+)\.(address|http\.tls(?:\..+)?)", re.IGNORECASE)
_VARIABLE = re.compile(r"TRAEFIK_ENTRYPOINTS_([^_]+)_(ADDRESS|HTTP_TLS(?:_.+)?)", re.IGNORECASE)
_GATEWAY_PROVIDER = "providers.kubernetesgateway"


def by_entry_points(workloads: Sequence[JSONObject], images: Iterable[str]) -> Listening | None:
    """Of Traefik: a listener is served by the entry point of its port (`entryPointName` in
    pkg/provider/kubernetes/gateway/kubernetes.go), plain HTTP by one without TLS of its own. None: they are not told in
    arguments or variables, but in a file perhaps."""
    ports: dict[int, str] = {}
    encrypted: set[str] = set()
    for container in containers(workloads, tuple(images)):
        said = list(arguments(container))
        if not any(name.startswith(_GATEWAY_PROVIDER) for name, _ in said):
            continue
        points = list(entry_points(said, container))
        if not points:
            return None
        ports |= {number: name for name, number in points if number}
        encrypted |= {name for name, number in points if not number}
    if not ports:
        return None
    return Listening(
        {number: f"entry point {name}" for number, name in sorted(ports.items())},
        frozenset(number for number, name in ports.items() if name in encrypted),
        "it would not be programmed (PortUnavailable)",
        "add an entry point for it (`--entrypoints.NAME.address=:PORT`), which its Service leads to as well",
    )


def by_services(services: Sequence[JSONObject]) -> Listening | None:
    """Of what takes any port, but is reached only by those of its Services that lead in from outside. None: there are
    no such Services."""
    ports: dict[int, str] = {}
    for service in services:
        spec: Any = service.get("spec") or {}
        metadata: Any = service.get("metadata") or {}
        if spec.get("type") in ("LoadBalancer", "NodePort"):
            for each in spec.get("ports") or ():
                if (each.get("protocol") or "TCP") == "TCP":
                    ports[int(each["port"])] = f"Service {metadata.get('namespace')}/{metadata.get('name')}"
    mend = "add the port to its Service"
    return Listening(dict(sorted(ports.items())), frozenset(), "nobody would reach it", mend) if ports else None


def entry_points(said: Iterable[tuple[str, str]], container: JSONObject) -> Iterator[tuple[str, int]]:
    """Name and port of each that takes TCP; port 0: it has TLS of its own."""
    variables: Any = container.get("env") or ()
    found = [(_FLAG.fullmatch(f"--{name}"), value) for name, value in said]
    found += [(_VARIABLE.fullmatch(str(each.get("name"))), str(each.get("value") or "")) for each in variables]
    for match, value in found:
        if match is None:
            continue
        name = match[1].lower()
        if match[2].lower() != "address":
            if value.lower() != "false":
                yield name, 0
        elif (number := value.rpartition(":")[2].removesuffix("/tcp")).isdecimal() and int(number):
            yield name, int(number)


def arguments(container: Any) -> Iterator[tuple[str, str]]:
    """Name in small letters without dashes, and value; both ways to write it."""
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    for index, word in enumerate(map(str, words)):
        if word.startswith("-"):
            name, equals, value = word.lstrip("-").partition("=")
            following = str(words[index + 1]) if not equals and index + 1 < len(words) else ""
            yield name.lower(), value if equals else "" if following.startswith("-") else following


def containers(workloads: Sequence[JSONObject], images: tuple[str, ...]) -> Iterator[JSONObject]:
    for workload in workloads:
        spec: Any = workload.get("spec") or {}
        pod = (spec.get("template") or {}).get("spec") or {}
        for container in pod.get("containers") or ():
            own = repository(str(container.get("image") or ""))
            if any(own == end or own.endswith(f"/{end}") for end in images):
                yield container
