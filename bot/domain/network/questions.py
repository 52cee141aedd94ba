"""How to ask a Service whether it answers, by way of the API server: which probes, in which order.

One answer is enough. A port that says it speaks HTTP is asked by HTTP, through the Service and then pod by pod; one
that only has a usual number is given the benefit of the doubt and asked by TCP when HTTP fails; all others by TCP.
Port-forward reaches a pod's loopback: a pod that listens there alone looks well from here. Reports name the vantage.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.network.probing import HTTPProbe, Probe, TCPProbe
from bot.domain.network.references import Ref
from bot.domain.network.services import EndpointIndex, selects
from bot.domain.network.snapshot import Service, ServicePort, Snapshot

_HTTP_NUMBERS = frozenset({80, 3000, 8000, 8008, 8080, 8081, 8888})
_HTTPS_NUMBERS = frozenset({443, 8443})
# https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
_HTTP_PROTOCOLS = frozenset({"http", "kubernetes.io/ws"})
_HTTPS_PROTOCOLS = frozenset({"https", "kubernetes.io/wss"})
_ASKED_PODS = 3
"""Pods that are asked one by one when the Service as a whole did not answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """Does this port of this Service answer? `probes` are asked in turn until one does."""

    service: Service
    index: int
    """Of the port in `spec.ports`."""
    port: ServicePort
    probes: tuple[Probe, ...]
    endpoints: int
    """How many ready pods the port leads to."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What a port is thought to speak. `sure`: it says so itself."""

    http: bool
    tls: bool = False
    sure: bool = False


def questions(snapshot: Snapshot) -> Iterator[Question]:
    """One for each TCP port, with a ready pod behind it, of each Service that has a selector."""
    endpoints = EndpointIndex(snapshot)
    for service in snapshot.services:
        if not selects(service):
            continue
        for index, port in enumerate(service.spec.ports or ()):
            pods = endpoints.ready_pods(service, port) if port.protocol == "TCP" else []
            if pods:
                yield Question(service, index, port, tuple(_probes(service, port, pods)), len(pods))


def _probes(service: Service, port: ServicePort, pods: list[tuple[Ref, int]]) -> Iterator[Probe]:
    speech = speech_of(port)
    if speech.http:
        yield HTTPProbe(target=service.ref, port=port.port, tls=speech.tls)
    for pod, number in pods[:_ASKED_PODS]:
        if speech.http and speech.sure:
            yield HTTPProbe(target=pod, port=number, tls=speech.tls)
        else:
            yield TCPProbe(target=pod, port=number)


def speech_of(port: ServicePort) -> Speech:
    """By what the port says itself, or its number; what containers call it is not looked at."""
    return speech(port.app_protocol or "", (port.name or "",), (port.port,))


def speech(app_protocol: str, names: Iterable[str], numbers: Iterable[int]) -> Speech:
    """From what a port says of itself first, then from its names (its own, and those of containers' ports behind it),
    then from its numbers."""
    if protocol := app_protocol.lower():
        tls = protocol in _HTTPS_PROTOCOLS
        return Speech(http=tls or protocol in _HTTP_PROTOCOLS, tls=tls, sure=True)
    for name in map(str.lower, names):
        if name.startswith(("http2", "grpc", "h2c", "tcp")):
            return Speech(http=False, sure=True)
        if name.startswith("http") or name.endswith(("-http", "-https")):
            return Speech(http=True, tls="https" in name, sure=True)
    known = set(numbers)
    if known & _HTTPS_NUMBERS:
        return Speech(http=True, tls=True)
    return Speech(http=bool(known & _HTTP_NUMBERS))
