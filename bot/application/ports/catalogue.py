"""What a command is: a typed model from which grammar, help and audit derive, and what carries it out.

`Look` reads and answers. `Changing` plans a change; showing, approving and applying it is the same for all. `Steering`
writes Patchbay's own records only (an approval, a schedule, an acknowledgement); it cannot be put on a timetable.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from bot.application.ports.cluster import Cluster, Prober
from bot.domain.changes.change import Change
from bot.domain.chat.invocation import Actor, Invocation
from bot.domain.chat.report import Report

if TYPE_CHECKING:
    from bot.application.ports import Ports

Request = TypeVar("Request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a handler or planner works with, besides its request."""

    ports: Ports
    invocation: Invocation
    cluster: Cluster
    """Opened for the actor of the invocation."""
    prober: Prober
    show: Callable[[Report], Awaitable[None]]
    """Shows how far long work has come: in a terminal at once, in Slack in the message that will be the answer."""
    line: str = ""
    """The canonical line of the request, namespace included: what a change's plan is planned from."""

    @property
    def actor(self) -> Actor:
        return self.invocation.actor


@dataclass(frozen=True, slots=True)
class Answer:
    """What dispatch gives back to the door through which the invocation came."""

    report: Report
    said_in_channel: bool = False
    """True: the outbox tells it in the channel; the door need not say it again."""
    change: int = 0
    """Id of the change that was planned; 0: none."""
    request: Any = None
    """The parsed request, for doors that show it (a form, the terminal's approval)."""


@dataclass(frozen=True, kw_only=True)
class _Command(Generic[Request]):
    name: str
    """The words typed: `ingress create`. The module is called the same, with `_` for spaces."""
    model: type[Request]
    summary: str
    """One line for `help`, beginning with a verb, without a full stop."""
    examples: tuple[str, ...]
    """Complete lines; `help` shows them and the tests run them in the scenario named below."""
    scenario: str = "shop"
    """The playground's scenario in which the examples make sense."""
    details: str = ""
    """More for `help NAME`, in sentences."""
    needs_change_right: bool = False
    """True: only those who may change things may say it."""


@dataclass(frozen=True, kw_only=True)
class Look(_Command[Request]):
    """It looks."""

    handler: Callable[[Request, Context], Awaitable[Report]]


@dataclass(frozen=True, kw_only=True)
class Steering(_Command[Request]):
    """It steers Patchbay itself."""

    handler: Callable[[Request, Context], Awaitable[Report | Answer]]


@dataclass(frozen=True, kw_only=True)
class Changing(_Command[Request]):
    """It changes. The model derives from ChangeRequest."""

    planner: Callable[[Request, Context], Awaitable[Change]]
    needs_change_right: bool = True


Command: TypeAlias = Look[Any] | Steering[Any] | Changing[Any]
