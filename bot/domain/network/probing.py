"""Questions put to the live network, and what came back.

A probe is data, prepared without I/O; a prober (a port) sends it from a vantage. Refused, timed out and unreachable are
different outcomes because they have different causes: nobody listens, a packet was dropped, there is no way there.
"""

from enum import Enum
from typing import TypeAlias

import msgspec

from bot.domain.network.references import Ref


class Outcome(Enum):
    """What happened to a probe."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """Someone said no: connection refused, or the API server's proxy found no endpoint to dial."""
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not asked"
    """The vantage itself could not be used (no right to proxy, cluster gone): it says nothing about the target."""


class ByAPIServer(msgspec.Struct, frozen=True, tag="api-server"):
    """Asked by the API server on our behalf (its proxy and port-forward). Passes by kube-proxy and network policies."""

    def __str__(self) -> str:
        return "the API server, which passes by kube-proxy and network policies"


Vantage: TypeAlias = ByAPIServer  # nodes, pods and the bot itself follow


class HTTPProbe(msgspec.Struct, frozen=True, tag="http"):
    """One GET to a port of a Service or a Pod. Any status from the target itself counts as answered."""

    target: Ref
    port: int
    """The Service's port (not its target port), or the pod's."""
    path: str = "/"
    tls: bool = False
    timeout_seconds: float = 5.0

    def __str__(self) -> str:
        return f"GET {'https' if self.tls else 'http'}://{self.target.short}:{self.port}{self.path}"


class TCPProbe(msgspec.Struct, frozen=True, tag="tcp"):
    """One connection to a port of a Pod, opened and closed; nothing is sent."""

    target: Ref
    port: int
    timeout_seconds: float = 5.0

    def __str__(self) -> str:
        return f"connect {self.target.short}:{self.port}"


Probe: TypeAlias = HTTPProbe | TCPProbe


class Observation(msgspec.Struct, frozen=True):
    """What one probe saw."""

    probe: Probe
    vantage: Vantage
    outcome: Outcome
    latency_seconds: float | None = None
    evidence: str = ""
    """In plain words: `HTTP 200 from shop-web`, `connection refused by 10.244.1.7:80`."""
    status: int | None = None
    """The HTTP status that the target itself sent."""

    @property
    def answered(self) -> bool:
        return self.outcome is Outcome.ANSWERED
