"""Ten thousand lines that mean nothing: each is answered, none is a bug, none reaches a cluster."""

import asyncio
import datetime
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.network import X509Certificates
from bot.application.execution.dispatch import dispatch, understand
from bot.application.ports import Changing, Command, Look, OpenCluster, Ports, Process, Steering
from bot.discovery import declared
from bot.domain.access import AccessPolicy
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.chat.markup import unmangled
from bot.domain.chat.report import Status, plain
from bot.domain.network.snapshot import ClusterIdentity
from bot.errors import Unreachable, UsageError
from tests.fakes import FakeManifests

CATALOGUE: dict[str, Command] = {
    command.name: command
    for command in declared("bot.application.commands", "COMMAND", Look, Steering, Changing).values()
}
_EXAMPLES = [example for command in CATALOGUE.values() for example in command.examples]
_WORDS = sorted({word for example in _EXAMPLES for word in example.split()} | set(CATALOGUE))


class Clusters:
    """There is no cluster; whoever asks for one is counted, and told so."""

    def __init__(self) -> None:
        self.opened = 0

    async def identities(self) -> tuple[ClusterIdentity, ...]:
        self.opened += 1
        raise Unreachable("There is no cluster here")

    def open(self, cluster: str, actor: Actor) -> AbstractAsyncContextManager[OpenCluster]:
        self.opened += 1
        raise Unreachable("There is no cluster here")


class Clock:
    def now(self) -> datetime.datetime:
        return datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        return None


class NoStorage:
    """Nothing is remembered before a line is understood."""

    def begin(self) -> None:
        raise Unreachable("There is no storage here")


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def answered(line: str, loop: asyncio.AbstractEventLoop) -> None:
    """Fails when the line gets no answer, is answered as a bug, or asks for a cluster without being understood."""
    clusters = Clusters()
    ports = Ports(
        clusters=clusters,
        storage=NoStorage(),  # type: ignore[arg-type]
        clock=Clock(),
        process=Process("test", "run"),
        access=AccessPolicy(frozenset({"*"})),
        manifests=FakeManifests(),
        certificates=X509Certificates(),
        catalogue=CATALOGUE,
    )
    invocation = Invocation(text=line, source=Source.SLASH, actor=Actor("slack:U1", "ann"))
    report = loop.run_until_complete(dispatch(ports, invocation)).report
    assert report.title
    assert "Patchbay itself" not in report.title, line
    try:
        understand(CATALOGUE, line)
    except UsageError:
        assert clusters.opened == 0, line
        assert report.status is Status.FAILED
        assert sum(len(plain(block.text)) for block in report.blocks) < 1_500  # type: ignore[union-attr]


_anything = st.text(max_size=60)
_nearly = st.lists(st.sampled_from(_WORDS) | st.text(max_size=8), max_size=8).map(" ".join)
_broken = [
    "--",
    "-",
    "---",
    "-n",
    "--namespace",
    "-n=",
    "--tail=-1",
    "--port=0",
    "--since=1y",
    "-l==",
    "--dry-run=no",
    "--nosuch",
    "-z",
    "-A=maybe",
    "-oxml",
    "-pp\n--grep='",
    '"',
    "'",
    "\\",
    "\x00",
    "\x1b[2J",
    "<@U1>",
    "$(id)",
    ";rm",
    "|cat",
    "`x`",
    "&&amp;",
    "*",
    "{}",
    "\u2028",
]
_spoilt = st.tuples(st.sampled_from(_EXAMPLES), st.sampled_from(_broken), st.booleans()).map(
    lambda parts: f"{parts[0]} {parts[1]}" if parts[2] else f"{parts[1]} {parts[0]}"
)


@st.composite
def _mistyped(draw: st.DrawFn) -> str:
    """An example with one character gone, doubled or replaced."""
    line = draw(st.sampled_from(_EXAMPLES))
    at = draw(st.integers(0, len(line) - 1))
    instead = draw(st.sampled_from(["", line[at] * 2, "-", "=", "'", '"', "/", " ", "\n", "é", "\u202e", "😀"]))
    return line[:at] + instead + line[at + 1 :]


@settings(max_examples=10_000, suppress_health_check=list(HealthCheck))
@given(line=_anything | _nearly | _spoilt | _mistyped())
def test_ten_thousand_malformed_lines_are_answered(line: str, loop: asyncio.AbstractEventLoop) -> None:
    answered(line, loop)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(line=_spoilt | _anything)
def test_so_are_lines_that_chat_has_mangled(line: str, loop: asyncio.AbstractEventLoop) -> None:
    answered(unmangled(line), loop)


@pytest.mark.parametrize(
    "line",
    ["services --nosuch", "pods -o xml", "logs", "services -n Shop", "status extra", "logs 'open", "srvices", "check"],
)
def test_lines_that_are_wrong_by_construction_are_not_understood(line: str) -> None:
    with pytest.raises(UsageError):
        understand(CATALOGUE, line)


@pytest.mark.parametrize("line", ["services --help", "logs -h", "logs deploy/web --help", "--help", "-h services", ""])
def test_help_is_given_the_way_every_program_gives_it(line: str) -> None:
    command, _ = understand(CATALOGUE, line)
    assert command.name == "help"
