"""The kinds of words that routes and Gateways are described by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from bot.domain.chat.grammar import Value
from bot.domain.network.references import GRPC_ROUTE, HTTP_ROUTE, TLS_ROUTE

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_IPV4 = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")
# https://www.rfc-editor.org/rfc/rfc9110#name-tokens, as the Gateway API has it for the names of headers
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
_LONGEST = 253
_LONGEST_VALUE = 4_096
_MOST_WEIGHT = 1_000_000


class RouteKind(Enum):
    """The kinds of routes, as they are typed."""

    HTTP = "http"
    GRPC = "grpc"
    TLS = "tls"


ROUTE_KINDS = {RouteKind.HTTP: HTTP_ROUTE, RouteKind.GRPC: GRPC_ROUTE, RouteKind.TLS: TLS_ROUTE}


@dataclass(frozen=True, slots=True)
class HostAndPath:
    """What a route is for: `shop.example.com/api`, `/api` for every host, `*` for everything."""

    host: str = ""
    path: str = ""
    """Empty: none was said."""

    def __str__(self) -> str:
        return f"{self.host}{self.path}" or "*"


def _is_host(word: str) -> bool:
    """The Gateway API takes no IP address as a host name: https://gateway-api.sigs.k8s.io/reference/spec/#hostname."""
    return len(word) <= _LONGEST and _HOST.fullmatch(word) is not None and _IPV4.fullmatch(word) is None


def _spelled(host: str) -> str:
    """As the Gateway API has it: names know no case, and a dot at the end says nothing."""
    return host.lower().removesuffix(".")


def _host_and_path(word: str) -> HostAndPath:
    if word == "*":
        return HostAndPath()
    host, slash, path = word.partition("/")
    host = _spelled(host)
    if host and not _is_host(host):
        raise ValueError(word)
    # No whitespace or control characters, and no `//`, which the API takes in no path but a regular expression.
    if (not slash and not host) or len(path) >= 1024 or any(not c.isprintable() or c.isspace() for c in path):
        raise ValueError(word)
    return HostAndPath(host, slash + path)


HostPath = Annotated[
    HostAndPath,
    Value(
        _host_and_path,
        "a host name, perhaps with a path: shop.example.com, shop.example.com/api, /api for every host, or *",
        "shop.example.com/api",
        "HOST[/PATH]",
    ),
]


@dataclass(frozen=True, slots=True)
class InAnyNamespace:
    """The name of something that may be in another namespace: `web`, or `infra/web`."""

    name: str
    namespace: str = ""
    """Empty: the one that the line speaks of."""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def _in_any_namespace(word: str) -> InAnyNamespace:
    namespace, slash, name = word.rpartition("/")
    if (slash and not _LABEL.fullmatch(namespace)) or len(name) > _LONGEST or not _SUBDOMAIN.fullmatch(name):
        raise ValueError(word)
    return InAnyNamespace(name, namespace)


SecretName = Annotated[
    InAnyNamespace, Value(_in_any_namespace, "a Secret as NAME or NAMESPACE/NAME", "shop-tls", "[NAMESPACE/]NAME")
]


@dataclass(frozen=True, slots=True)
class WeightedBackend:
    """A Service's port that a route leads to: `web:80`, `other/web:http@90`."""

    service: str
    port: str
    """A number or a name."""
    namespace: str = ""
    """Empty: the route's own."""
    weight: int | None = None
    """Its share of the requests, of the sum of all weights; None: none was said, which is 1."""

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{where}{self.service}:{self.port}" + (f"@{self.weight}" if self.weight is not None else "")


def _weighted_backend(word: str) -> WeightedBackend:
    match = re.fullmatch(r"(?:([^/:@]+)/)?([^/:@]+):([a-z0-9-]{1,15})(?:@([0-9]{1,7}))?", word)
    if not match:
        raise ValueError(word)
    namespace, service, port, weight = match[1] or "", match[2], match[3], match[4]
    if (namespace and not _LABEL.fullmatch(namespace)) or not _LABEL.fullmatch(service):
        raise ValueError(word)
    if (port.isdigit() and not 1 <= int(port) <= 65535) or not _LABEL.fullmatch(port):
        raise ValueError(word)
    # https://gateway-api.sigs.k8s.io/reference/spec/#backendref: from 0 to 1,000,000
    if weight is not None and int(weight) > _MOST_WEIGHT:
        raise ValueError(word)
    return WeightedBackend(service, port, namespace, None if weight is None else int(weight))


RouteBackend = Annotated[
    WeightedBackend,
    Value(
        _weighted_backend,
        "a Service and its port as NAME:PORT or NAMESPACE/NAME:PORT, perhaps with a weight such as NAME:PORT@90",
        "web:80",
        "[NAMESPACE/]NAME:PORT[@WEIGHT]",
    ),
]


@dataclass(frozen=True, slots=True)
class GatewayListener:
    """A Gateway and perhaps one of its listeners: `public`, `infra/public:https`."""

    name: str
    namespace: str = ""
    """Empty: the one that the line speaks of."""
    listener: str = ""
    """Empty: any that takes the route."""

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{where}{self.name}" + (f":{self.listener}" if self.listener else "")


def _gateway_listener(word: str) -> GatewayListener:
    place, colon, listener = word.partition(":")
    found = _in_any_namespace(place)
    if colon and (len(listener) > _LONGEST or not _SUBDOMAIN.fullmatch(listener)):
        raise ValueError(word)
    return GatewayListener(found.name, found.namespace, listener)


GatewayName = Annotated[
    GatewayListener,
    Value(
        _gateway_listener,
        "a Gateway as NAME or NAMESPACE/NAME, perhaps with one of its listeners: NAME:LISTENER",
        "infra/public",
        "[NAMESPACE/]NAME[:LISTENER]",
    ),
]


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A header that a request must have: `X-Version=2`."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


def _header(word: str) -> HeaderMatch:
    name, equals, value = word.partition("=")
    if not equals or not value or len(name) > 256 or not _TOKEN.fullmatch(name):
        raise ValueError(word)
    if len(value) > _LONGEST_VALUE or not value.isprintable():
        raise ValueError(word)
    return HeaderMatch(name, value)


Header = Annotated[HeaderMatch, Value(_header, "a header and its value as NAME=VALUE", "X-Version=2", "NAME=VALUE")]


def _rewritten(word: str) -> str:
    if not re.fullmatch(r"/[-A-Za-z0-9/._~!$&'()*+,;=:@%]{0,1023}", word) or "//" in word:
        raise ValueError(word)
    return word


NewPath = Annotated[str, Value(_rewritten, "a path that begins with /", "/v2", "PREFIX")]


@dataclass(frozen=True, slots=True)
class ListenerWord:
    """A Gateway's listener: `HTTP:80`, `web=HTTPS:443:*.example.com`."""

    protocol: str
    port: int
    hostname: str = ""
    """Empty: every host name."""
    name: str = ""
    """Empty: by its protocol."""

    def __str__(self) -> str:
        named = f"{self.name}=" if self.name else ""
        return f"{named}{self.protocol}:{self.port}" + (f":{self.hostname}" if self.hostname else "")


PROTOCOLS = ("HTTP", "HTTPS", "TLS")


def _listener(word: str) -> ListenerWord:
    name, equals, said = word.rpartition("=")
    protocol, _, rest = said.partition(":")
    port, colon, hostname = rest.partition(":")
    hostname = _spelled(hostname)
    if protocol.upper() not in PROTOCOLS or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError(word)
    if equals and (len(name) > _LONGEST or not _SUBDOMAIN.fullmatch(name)):
        raise ValueError(word)
    if colon and not _is_host(hostname):
        raise ValueError(word)
    return ListenerWord(protocol.upper(), int(port), hostname, name)


Listener = Annotated[
    ListenerWord,
    Value(
        _listener,
        "a listener as PROTOCOL:PORT or PROTOCOL:PORT:HOSTNAME, perhaps NAME= before it; of HTTP, HTTPS or TLS",
        "HTTPS:443:*.example.com",
        "[NAME=]PROTOCOL:PORT[:HOSTNAME]",
    ),
]
