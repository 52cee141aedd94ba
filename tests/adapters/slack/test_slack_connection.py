"""The socket mends itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.connection import Patience, SocketConnection
from bot.adapters.timers.clock import SystemClock
from bot.errors import BotError
from tests.adapters.slack.small_slack import SmallSlack, small_slack

SHORT = Patience(
    ping=0.05, silent=0.3, handshake=0.5, look=0.02, grace=0.05, retry_at_first=0.01, retry_at_most=0.02, crowded=0.05
)


@contextlib.asynccontextmanager
async def _connection(slack: SmallSlack, patience: Patience = SHORT) -> AsyncIterator[SocketConnection]:
    app = AsyncApp(client=AsyncWebClient(token="xoxb-1", base_url=slack.api_url))
    connection = SocketConnection(
        app, "xapp-1", AsyncWebClient(base_url=slack.api_url), SystemClock(), patience
    )  # fmt: skip
    try:
        yield connection
    finally:
        await connection.stop()


@pytest.fixture
async def slack() -> AsyncIterator[SmallSlack]:
    async with small_slack() as slack:
        yield slack


async def test_it_is_connected_once_slack_said_hello(slack: SmallSlack) -> None:
    async with _connection(slack) as connection:
        assert not connection.connected
        await connection.start()
        assert connection.connected
    assert not connection.connected


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "too_many_websockets"])
async def test_a_socket_that_slack_wants_gone_is_replaced_by_one_with_a_new_ticket(
    slack: SmallSlack, reason: str
) -> None:
    async with _connection(slack) as connection:
        await connection.start()
        await slack.disconnect(reason)
        await slack.until(lambda: len(slack.sockets) == 2 and slack.sockets[0].closed)
        await slack.until(lambda: connection.connected)
        assert slack.tickets == 2
        assert not slack.sockets[1].closed


async def test_the_old_socket_stays_until_the_new_one_is_open(slack: SmallSlack) -> None:
    async with _connection(slack) as connection:
        await connection.start()
        closed_when_new_came = []
        slack.on_socket = lambda: closed_when_new_came.append(slack.sockets[0].closed)
        await slack.disconnect("warning")
        await slack.until(lambda: len(slack.sockets) == 2)
        assert closed_when_new_came == [False]


async def test_a_socket_that_is_closed_is_replaced(slack: SmallSlack) -> None:
    async with _connection(slack) as connection:
        await connection.start()
        await slack.sockets[0].close()
        await slack.until(lambda: len(slack.sockets) == 2)


async def test_a_socket_that_went_silent_is_replaced(slack: SmallSlack) -> None:
    slack.answers_pings = False
    async with _connection(slack) as connection:
        await connection.start()
        await slack.until(lambda: len(slack.sockets) >= 2)


async def test_a_refused_handshake_is_tried_again_with_another_ticket(slack: SmallSlack) -> None:
    async with _connection(slack) as connection:
        await connection.start()
        slack.refused_tickets = 2
        await slack.disconnect("warning")
        await slack.until(lambda: len(slack.sockets) == 2)
        assert slack.tickets == 4


async def test_a_socket_without_hello_is_given_up(slack: SmallSlack) -> None:
    slack.silent = True
    async with _connection(slack) as connection:
        with pytest.raises(BotError, match="no hello"):
            await connection.start()


async def test_a_socket_that_slack_counts_others_beside_is_renewed_a_few_times(slack: SmallSlack) -> None:
    slack.num_connections = 2
    async with _connection(slack) as connection:
        await connection.start()
        assert connection.others == 1
        await slack.until(lambda: len(slack.sockets) == 1 + SHORT.renewals_when_crowded)


async def test_nothing_is_left_running(slack: SmallSlack) -> None:
    before = asyncio.all_tasks()
    async with _connection(slack) as connection:
        await connection.start()
        await slack.disconnect("warning")
        await slack.until(lambda: len(slack.sockets) == 2)
    await slack.until(lambda: all(socket.closed for socket in slack.sockets))
    left = {task.get_name() for task in asyncio.all_tasks() - before if "slack" in repr(task.get_coro()).lower()}
    assert left == set()
