"""The Web API's methods, a family a file. A family lists its methods in `METHODS`; `web_api` collects them.

A handler gets the store and the arguments and returns Slack's answer without `ok`; it raises Refusal. What every method
has in common (token, scope, rate limit) is declared beside it and checked in one place.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.rate_limits import Limit
from bot.playground.slack_server.store import JSON, Store

Handler = Callable[[Store, Arguments], JSON]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the Web API."""

    handler: Handler
    limit: Limit | None
    scopes: tuple[str, ...] = ()
    """Any one of them will do; none: no scope is needed."""
    app_token: bool = False
