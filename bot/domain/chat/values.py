"""The kinds of words that command lines are made of, each with what is expected of it and an example."""

import datetime
import re
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

from bot.domain.chat.grammar import Value, option
from bot.domain.network.references import (
    DAEMON_SET,
    DEPLOYMENT,
    POD,
    REPLICA_SET,
    SERVICE,
    STATEFUL_SET,
    Kind,
    kind_called,
)
from bot.domain.schedules.timetable import parse_time_zone, parse_timetable

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def _matching(pattern: re.Pattern[str], longest: int) -> Any:
    def parse(word: str) -> str:
        if len(word) > longest or not pattern.fullmatch(word):
            raise ValueError(word)
        return word

    return parse


def _number(least: int, most: int) -> Any:
    def parse(word: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", word) or not least <= int(word) <= most:
            raise ValueError(word)
        return int(word)

    return parse


Word = Annotated[str, Value(str, "a word", "services", "WORD")]
"""Any word at all."""
Name = Annotated[
    str, Value(_matching(_SUBDOMAIN, 253), "a name of lower-case letters, digits, dashes and dots", "web", "NAME")
]
"""An object's name (RFC 1123 subdomain)."""
ServiceName = Annotated[
    str,
    Value(
        _matching(re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"), 63),
        "a Service name: lower-case letters, digits and dashes, beginning with a letter, at most 63",
        "web",
        "NAME",
    ),
]
"""RFC 1035 label, which is what the API asks of Services."""
NamespaceName = Annotated[
    str,
    Value(_matching(_LABEL, 63), "a namespace: lower-case letters, digits and dashes, at most 63", "shop", "NAMESPACE"),
]
ContainerName = Annotated[
    str, Value(_matching(_LABEL, 63), "a container's name: lower-case letters, digits and dashes", "web", "CONTAINER")
]
Port = Annotated[int, Value(_number(1, 65535), "a port from 1 to 65535", "80", "PORT")]
Count = Annotated[int, Value(_number(1, 100_000), "a whole number from 1 to 100000", "100", "COUNT")]
Identifier = Annotated[int, Value(_number(1, 999_999_999), "the number that was shown, such as 7", "7", "ID")]
PortOrName = Annotated[
    str,
    Value(
        lambda word: (
            str(_number(1, 65535)(word))
            if word.isdigit()
            else _matching(re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?"), 15)(word)
        ),
        "a port from 1 to 65535 or the name of a container's port",
        "8080",
        "PORT",
    ),
]
HostName = Annotated[
    str,
    Value(
        _matching(re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"), 253),
        "a host name such as web.example.com or *.example.com",
        "web.example.com",
        "HOST",
    ),
]


def _path(word: str) -> str:
    if not word.startswith("/") or any(c.isspace() for c in word) or "//" in word or "/../" in f"{word}/":
        raise ValueError(word)
    return word


URLPath = Annotated[str, Value(_path, "a path that begins with /", "/", "PATH")]


class Duration(datetime.timedelta):
    """A length of time that is written as kubectl writes it: `1h30m`."""

    def __str__(self) -> str:
        seconds = int(self.total_seconds())
        parts = (
            (seconds // 86400, "d"),
            (seconds % 86400 // 3600, "h"),
            (seconds % 3600 // 60, "m"),
            (seconds % 60, "s"),
        )
        return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _duration(word: str) -> Duration:
    match = re.fullmatch(r"(?=.)(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", word, re.ASCII)
    if not match:
        raise ValueError(word)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    found = Duration(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not found:
        raise ValueError(word)
    return found


Span = Annotated[Duration, Value(_duration, "a length of time such as 90s, 15m, 2h or 1h30m", "15m", "DURATION")]


@dataclass(frozen=True, slots=True)
class Named:
    """An object as kubectl takes it: `deploy/web`."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.short_names[0]}/{self.name}"


def _named(kinds: tuple[Kind, ...], default: Kind | None = None) -> Any:
    def parse(word: str) -> Named:
        kind_word, slash, name = word.rpartition("/")
        # `deployment.apps/web` is how kubectl itself prints names.
        kind = kind_called(kind_word.partition(".")[0]) if slash else default
        if kind not in kinds or kind is None or len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
            raise ValueError(word)
        return Named(kind, name)

    return parse


DeploymentTarget = Annotated[
    Named, Value(_named((DEPLOYMENT,)), "a Deployment as deploy/NAME", "deploy/web", "deploy/NAME")
]
ServiceTarget = Annotated[
    Named, Value(_named((SERVICE,), SERVICE), "a Service's name, or svc/NAME", "web", "NAME|svc/NAME")
]
LogTarget = Annotated[
    Named,
    Value(
        _named((POD, DEPLOYMENT, SERVICE, STATEFUL_SET, DAEMON_SET, REPLICA_SET), POD),
        "a pod's name, deploy/NAME, svc/NAME, sts/NAME, ds/NAME or rs/NAME",
        "deploy/web",
        "POD|deploy/NAME|svc/NAME",
    ),
]


@dataclass(frozen=True, slots=True)
class ServicePortName:
    """`web:80` or `web:http`."""

    service: str
    port: str

    def __str__(self) -> str:
        return f"{self.service}:{self.port}"


def _service_port(word: str) -> ServicePortName:
    service, colon, port = word.partition(":")
    if not colon or not _LABEL.fullmatch(service) or not port:
        raise ValueError(word)
    if port.isdigit():
        _number(1, 65535)(port)
    elif not _LABEL.fullmatch(port) or len(port) > 15:
        raise ValueError(word)
    return ServicePortName(service, port)


ServiceBackendName = Annotated[
    ServicePortName, Value(_service_port, "a Service and its port as NAME:PORT", "web:80", "NAME:PORT")
]


@dataclass(frozen=True, slots=True)
class ChannelName:
    """A channel as it was said: by id (`<#C024BE7LR|general>`) or by name (`general`, `#general`)."""

    id: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"<#{self.id}|{self.name}>" if self.id else self.name


def _channel(word: str) -> ChannelName:
    if match := re.fullmatch(r"<#([CG][A-Z0-9]{2,20})(?:\|([^<>|]{0,80}))?>", word):
        return ChannelName(match[1], match[2] or "")
    name = word.removeprefix("#")
    # https://docs.slack.dev/reference/methods/conversations.create: lower case, no spaces or periods, 80 characters
    if not name or len(name) > 80 or not re.fullmatch(r"[^\s.,#<>|@!A-Z]+", name):
        raise ValueError(word)
    return ChannelName(name=name)


Channel = Annotated[ChannelName, Value(_channel, "a channel such as #net-health", "#net-health", "CHANNEL")]


def _timetable(word: str) -> str:
    parse_timetable(word)
    return " ".join(word.split())


def _time_zone(word: str) -> str:
    return parse_time_zone(word).key


# These two say by themselves, as UsageError, what exactly is wrong with what was typed.
TimetableText = Annotated[
    str,
    Value(
        _timetable,
        'a timetable in quotes: "every 5m", "daily at 09:00" or five cron fields such as "0 9 * * mon-fri"',
        "every 5m",
        "TIMETABLE",
    ),
]
TimeZone = Annotated[str, Value(_time_zone, "an IANA time zone such as Europe/Berlin or UTC", "Europe/Berlin", "ZONE")]


# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_KEY = rf"(?:[a-z0-9.-]{{1,253}}/)?{_PART}"
_REQUIREMENT = re.compile(
    rf"{_KEY}\s{{0,9}}(?:=|==|!=)\s{{0,9}}(?:{_PART})?|!?{_KEY}"
    rf"|{_KEY}\s{{1,9}}(?:in|notin)\s{{1,9}}\(\s{{0,9}}{_PART}(?:\s{{0,9}},\s{{0,9}}{_PART})*\s{{0,9}}\)"
)


def label_selector(word: str) -> str:
    """The word, when it is a label selector as `-l` takes it. Raises ValueError."""
    if len(word) > 1_000 or not all(_REQUIREMENT.fullmatch(part.strip()) for part in re.split(r",(?![^(]*\))", word)):
        raise ValueError(word)
    return word


Labels = Annotated[str, Value(label_selector, "a label selector such as app=web,tier!=cache", "app=web", "SELECTOR")]


class OutputFormat(Enum):
    """What `-o` takes."""

    TABLE = "table"
    WIDE = "wide"
    YAML = "yaml"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """The model of a command that takes nothing."""


@dataclass(frozen=True, kw_only=True)
class InNamespace:
    """A model that speaks of one namespace. Empty: the default one, which dispatch fills in before anyone sees it."""

    namespace: NamespaceName = option("-n", "--namespace", summary="the namespace", default="")


@dataclass(frozen=True, kw_only=True)
class InNamespaces(InNamespace):
    """A model that speaks of one namespace or of all."""

    all_namespaces: bool = option("-A", "--all-namespaces", summary="every namespace", default=False)

    @property
    def where(self) -> str:
        """The namespace to read; empty: all."""
        return "" if self.all_namespaces else self.namespace


@dataclass(frozen=True, kw_only=True)
class Listing(InNamespaces):
    """A model that lists objects as `kubectl get` does."""

    selector: Labels = option("-l", "--selector", summary="only what has these labels", default="")
    output: OutputFormat = option("-o", "--output", summary="table, wide, yaml or json", default=OutputFormat.TABLE)


@dataclass(frozen=True, kw_only=True)
class ClusterChangeRequest:
    """What commands that change the cluster as a whole take."""

    dry_run: bool = option("--dry-run", summary="show the plan and stop there", default=False)


@dataclass(frozen=True, kw_only=True)
class ChangeRequest(InNamespace):
    """What commands that change something in a namespace take."""

    dry_run: bool = option("--dry-run", summary="show the plan and stop there", default=False)
