"""Words of commands about host names and paths: what one types into a browser, and rules as kubectl has them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated

from bot.domain.chat.grammar import Value
from bot.domain.network.references import INGRESS

_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_SERVICE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")
_OBJECT = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
# https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/#syntax-and-character-set
_ANNOTATION = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_MOST_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class HostPath:
    """`shop.example.com/api`, `shop.example.com`, `/api` or `*`."""

    host: str
    """Empty: every host."""
    path: str
    """Empty: not said."""

    def __str__(self) -> str:
        return f"{self.host}{self.path}" or "*"


def _host_path(word: str) -> HostPath:
    if not word:
        raise ValueError(word)  # a variable of a script that is not set must not mean every host
    host, slash, rest = word.partition("/")
    return HostPath(_host(host), _path(f"/{rest}") if slash else "")


def _host(word: str) -> str:
    """In lower case; `*` and nothing are every host. Raises ValueError for an address: the API takes names alone."""
    host = word.lower()
    if host in ("", "*"):
        return ""
    if len(host) > 253 or not _HOST.fullmatch(host) or _is_address(host):
        raise ValueError(word)
    return host


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _path(word: str) -> str:
    if any(c.isspace() for c in word) or "//" in word or "/../" in f"{word}/" or "/./" in f"{word}/":
        raise ValueError(word)
    if len(word) > _MOST_CHARACTERS or word.endswith("*") or "#" in word:
        raise ValueError(word)
    return word


HostAndPath = Annotated[
    HostPath,
    Value(
        _host_path,
        "a host name without scheme or port, and a path if you like: shop.example.com, *.example.com, "
        "shop.example.com/api, or /api and * for every host",
        "shop.example.com/api",
        "HOST[/PATH]",
    ),
]


def _ingress(word: str) -> str:
    kind, slash, name = word.rpartition("/")
    if slash and kind.lower() not in (*INGRESS.short_names, INGRESS.plural):
        raise ValueError(word)
    if len(name) > 253 or not _OBJECT.fullmatch(name):
        raise ValueError(word)
    return name


IngressName = Annotated[str, Value(_ingress, "an Ingress's name, or ing/NAME", "web", "NAME|ing/NAME")]


@dataclass(frozen=True, slots=True)
class IngressRuleWord:
    """One rule as `kubectl create ingress --rule` takes it: `shop.example.com/api*=api:80,tls=cert`."""

    host: str
    path: str
    exact: bool
    """A `*` at the end of the path makes it a prefix; else it is exact."""
    service: str
    port: str
    tls: str | None
    """None: no TLS; empty: with the controller's own certificate; else a Secret."""

    def __str__(self) -> str:
        tls = "" if self.tls is None else ",tls" + (f"={self.tls}" if self.tls else "")
        return f"{self.host}{self.path}{'' if self.exact else '*'}={self.service}:{self.port}{tls}"


def _rule(word: str) -> IngressRuleWord:
    match = re.fullmatch(r"([^/=,]*)(/[^,=\n]*)=([^:=,]+):([^:=,]+)(?:,(tls)(?:=([^=,]+))?)?", word)
    if not match:
        raise ValueError(word)
    host, path, service, port, tls, secret = match.groups()
    if not _SERVICE.fullmatch(service) or (secret and (len(secret) > 253 or not _OBJECT.fullmatch(secret))):
        raise ValueError(word)
    exact = not path.endswith("*")
    plain = _path(path.removesuffix("*"))
    return IngressRuleWord(_host(host), plain, exact, service, _port(port), (secret or "") if tls else None)


def _port(word: str) -> str:
    if word.isdigit():
        if not (word.isascii() and len(word) < 6 and 1 <= int(word) <= 65535):
            raise ValueError(word)
        return str(int(word))
    if not _PORT_NAME.fullmatch(word):
        raise ValueError(word)
    return word


IngressRuleText = Annotated[
    IngressRuleWord,
    Value(
        _rule,
        "a rule as kubectl has it, HOST/PATH=SERVICE:PORT[,tls[=SECRET]]; a * at the end of the path makes it a prefix",
        "shop.example.com/api*=api:80,tls=shop-cert",
        "RULE",
    ),
]


@dataclass(frozen=True, slots=True)
class Annotation:
    """`KEY=VALUE`."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


def _annotation(word: str) -> Annotation:
    key, equals, value = word.partition("=")
    if not equals or not _ANNOTATION.fullmatch(key) or len(value) > _MOST_CHARACTERS:
        raise ValueError(word)
    return Annotation(key, value)


AnnotationText = Annotated[
    Annotation, Value(_annotation, "an annotation as KEY=VALUE", "example.com/team=shop", "KEY=VALUE")
]


def _annotation_key(word: str) -> str:
    if not _ANNOTATION.fullmatch(word):
        raise ValueError(word)
    return word


AnnotationKey = Annotated[str, Value(_annotation_key, "the key of an annotation", "example.com/team", "KEY")]
