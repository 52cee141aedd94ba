"""Questions put to the live network, and what came back.

A probe is data, prepared without I/O; a prober (a port) sends it from a vantage. Refused, timed out and unreachable are
different outcomes because they have different causes: nobody listens, a packet was dropped, there is no way there.
Who listens and does not answer as asked is something else again.
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
    MISMATCHED = "protocol mismatch"
    """Someone listens there and answers in another protocol: plain text to a TLS handshake, or no HTTP to a GET."""
    BROKEN_OFF = "broken off"
    """Someone listens there, and ended the connection without an answer."""
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not asked"
    """The vantage itself could not be used (no right to proxy, cluster gone): it says nothing about the target."""


class ByAPIServer(msgspec.Struct, frozen=True, tag="api-server"):
    """Asked by the API server on our behalf (its proxy and port-forward). Passes by kube-proxy and network policies."""

    def __str__(self) -> str:
        return "the API server, which passes by kube-proxy and network policies"


class ByBot(msgspec.Struct, frozen=True, tag="bot"):
    """Asked by the bot's own process, by way of the network that it stands in."""

    def __str__(self) -> str:
        return "the bot itself, by way of the network"


Vantage: TypeAlias = ByAPIServer | ByBot  # nodes and pods follow


def spoken_of(host: str) -> str:
    """The name by which a host is asked for: of a wildcard one below it."""
    return host.replace("*.", "patchbay.", 1) if host.startswith("*.") else host


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


class AddressProbe(msgspec.Struct, frozen=True, tag="address"):
    """One request to an address, as somebody outside would send it: a GET (`http`, `https`), a TLS handshake (`tls`) or
    a connection that is opened and closed (`tcp`). No redirect is followed, and no certificate refused: it is told."""

    scheme: str
    """`http`, `https`, `tls` or `tcp`."""
    address: str
    """An IP address, or the name that a load balancer was given."""
    port: int
    host: str = ""
    """Host header and server name of TLS; empty: the address."""
    path: str = "/"
    timeout_seconds: float = 5.0

    @property
    def url(self) -> str:
        """As a client would write it."""
        return f"{self.scheme}://{f'{self.host}:{self.port}' if self.host else self._where}{self.path}"

    @property
    def _where(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def __str__(self) -> str:
        where = self._where
        if self.scheme in ("tcp", "tls"):
            named = f" as {self.host}" if self.host else ""
            return f"connect {where}{' by TLS' if self.scheme == 'tls' else ''}{named}"
        at = f" at {where}" if self.host else ""
        return f"GET {self.scheme}://{self.host or where}{self.path}{at}"


Probe: TypeAlias = HTTPProbe | TCPProbe
"""What the API server can ask for us."""


class Hop(msgspec.Struct, frozen=True):
    """One stage of a request's way."""

    about: str
    """`name`, `address`, `TLS` or `answer`."""
    said: str
    """In plain words: `shop.example.com resolves to 203.0.113.10`."""
    seconds: float | None = None
    """How long this stage took."""
    right: bool = True
    """False: something is wrong here, though it may not have stopped the request (an expired certificate)."""


class Observation(msgspec.Struct, frozen=True):
    """What one probe saw."""

    probe: Probe | AddressProbe
    vantage: Vantage
    outcome: Outcome
    latency_seconds: float | None = None
    evidence: str = ""
    """In plain words: `HTTP 200 from shop-web`, `connection refused by 10.244.1.7:80`."""
    status: int | None = None
    """The HTTP status that the target itself sent."""
    hops: tuple[Hop, ...] = ()
    """For a request by address: its way, as far as it came."""
    location: str = ""
    """Where a redirect leads, as the target wrote it; cleaned, at most 500 characters."""
    certificate_fits: bool | None = None
    """Whether the certificate that was shown is for the host asked for; None: none was shown, or no host said."""

    @property
    def answered(self) -> bool:
        return self.outcome is Outcome.ANSWERED
