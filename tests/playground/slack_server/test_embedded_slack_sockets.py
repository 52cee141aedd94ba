"""Socket Mode by hand: tickets, envelopes, acknowledgements, deadlines, and sockets that go wrong."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_server import EmbeddedSlack, Person

Socket = aiohttp.ClientWebSocketResponse


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def url(slack: EmbeddedSlack) -> str:
    answer = await AsyncWebClient(base_url=slack.api_url).apps_connections_open(app_token=slack.app_token)
    return str(answer["url"])


async def connect(slack: EmbeddedSlack, session: aiohttp.ClientSession) -> tuple[Socket, dict[str, Any]]:
    socket = await session.ws_connect(await url(slack))
    return socket, await read(socket)


async def read(socket: Socket) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await socket.receive_str())
    return message


async def ack(socket: Socket, envelope: dict[str, Any]) -> None:
    await socket.send_json({"envelope_id": envelope["envelope_id"]})


async def test_hello_counts_connections(slack: EmbeddedSlack, session: aiohttp.ClientSession) -> None:
    _first, hello = await connect(slack, session)
    _second, again = await connect(slack, session)
    assert (hello["type"], hello["num_connections"], again["num_connections"]) == ("hello", 1, 2)


async def test_a_ticket_opens_one_socket(slack: EmbeddedSlack, session: aiohttp.ClientSession) -> None:
    ticket = await url(slack)
    _socket = await session.ws_connect(ticket)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(ticket)


async def test_the_eleventh_connection_is_one_too_many(slack: EmbeddedSlack, session: aiohttp.ClientSession) -> None:
    _ten = [await connect(slack, session) for _ in range(10)]
    socket, first = await connect(slack, session)
    assert (first["type"], first["reason"]) == ("disconnect", "too_many_websockets")
    assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_each_envelope_goes_to_one_socket(
    slack: EmbeddedSlack, session: aiohttp.ClientSession, ana: Person
) -> None:
    sockets = [(await connect(slack, session))[0] for _ in range(2)]
    for text in ("one", "two"):
        await ana.say("net-ops", f"/net {text}")
    texts = {(await read(socket))["payload"]["text"] for socket in sockets}
    assert texts == {"one", "two"}


async def test_a_command_without_an_answer_in_three_seconds_fails_before_the_person(
    slack: EmbeddedSlack, session: aiohttp.ClientSession, ana: Person, clock: Any
) -> None:
    socket, _hello = await connect(slack, session)
    await ana.say("net-ops", "/net slow")
    envelope = await read(socket)
    assert envelope["type"] == "slash_commands"
    assert envelope["accepts_response_payload"]
    clock.advance(3)
    notice = await ana.next_notice()
    assert notice["text"] == '/net failed with the error "operation_timeout"'


async def test_a_command_fails_at_once_when_the_bot_is_not_connected(ana: Person) -> None:
    await ana.say("net-ops", "/net anybody")
    assert (await ana.next_notice())["code"] == "dispatch_failed"


async def test_events_come_again_until_they_are_acknowledged(
    slack: EmbeddedSlack, session: aiohttp.ClientSession, ana: Person, clock: Any
) -> None:
    socket, _hello = await connect(slack, session)
    await ana.say("net-ops", "@patchbay status")
    first = await read(socket)
    clock.advance(4)
    second = await read(socket)
    clock.advance(4)
    await clock.someone_sleeps(60)
    clock.advance(60)
    third = await read(socket)
    await ack(socket, third)
    await slack.delivery.idle()
    tries = [(e["retry_attempt"], e["retry_reason"]) for e in (first, second, third)]
    assert tries == [(0, ""), (1, "timeout"), (2, "timeout")]
    assert len({e["payload"]["event_id"] for e in (first, second, third)}) == 1
    assert first["payload"]["event"]["type"] == "app_mention"


async def test_a_silent_socket_swallows_envelopes_and_stays_open(
    slack: EmbeddedSlack, session: aiohttp.ClientSession, ana: Person, clock: Any
) -> None:
    socket, _hello = await connect(slack, session)
    slack.sockets.go_silent()
    await ana.say("net-ops", "/net lost")
    await clock.someone_sleeps(3)
    clock.advance(3)
    assert (await ana.next_notice())["code"] == "operation_timeout"
    assert not socket.closed
    assert len(slack.sockets.connections) == 1


async def test_a_refresh_is_announced_and_then_the_socket_closes(
    slack: EmbeddedSlack, session: aiohttp.ClientSession
) -> None:
    socket, _hello = await connect(slack, session)
    await slack.sockets.warn()
    assert (await read(socket))["reason"] == "warning"
    closing = asyncio.create_task(slack.sockets.refresh())
    assert (await read(socket))["reason"] == "refresh_requested"
    assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    await closing


async def test_a_cut_link_ends_without_goodbye(slack: EmbeddedSlack, session: aiohttp.ClientSession) -> None:
    socket, _hello = await connect(slack, session)
    slack.sockets.cut()
    assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    assert not slack.sockets.connections


async def test_a_direct_message_of_the_bot_comes_back_to_it(
    slack: EmbeddedSlack, session: aiohttp.ClientSession, web: AsyncWebClient
) -> None:
    socket, _hello = await connect(slack, session)
    await web.chat_postMessage(channel="U0ANA", text="hello")
    envelope = await read(socket)
    await ack(socket, envelope)
    assert envelope["payload"]["event"]["bot_id"] == slack.store.bot_id


async def test_the_options_of_an_external_select_come_from_the_bot(
    slack: EmbeddedSlack, session: aiohttp.ClientSession, web: AsyncWebClient
) -> None:
    socket, _hello = await connect(slack, session)
    select = {"type": "external_select", "action_id": "pod"}
    blocks = [{"type": "actions", "block_id": "b", "elements": [select]}]
    ts = (await web.chat_postMessage(channel="C0NETOPS", text="x", blocks=blocks))["ts"]
    body = {"channel": "C0NETOPS", "ts": ts, "block_id": "b", "action_id": "pod", "query": "we"}
    asking = asyncio.create_task(session.post(f"{slack.base_url}/page/options", json=body).__aenter__())
    envelope = await read(socket)
    assert (envelope["payload"]["type"], envelope["payload"]["value"]) == ("block_suggestion", "we")
    offered = [{"text": {"type": "plain_text", "text": "web-1"}, "value": "web-1"}]
    await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"options": offered}})
    assert (await (await asking).json())["options"] == offered


async def test_opening_home_tells_the_bot_which_publishes_it(
    slack: EmbeddedSlack, session: aiohttp.ClientSession, web: AsyncWebClient, ana: Person
) -> None:
    socket, _hello = await connect(slack, session)
    async with session.post(f"{slack.base_url}/page/home", json={"as": "ana"}):
        envelope = await read(socket)
    await ack(socket, envelope)
    assert envelope["payload"]["event"]["type"] == "app_home_opened"
    await web.views_publish(user_id=ana.id, view={"type": "home", "blocks": [{"type": "divider"}]})
    assert (await ana.next_event("home_published"))["view"]["type"] == "home"


async def test_a_silent_socket_may_leave_pings_unanswered_too(
    slack: EmbeddedSlack, session: aiohttp.ClientSession, ana: Person
) -> None:
    socket = await session.ws_connect(await url(slack), autoping=False)
    await read(socket)
    await ana.say("net-ops", "/net status")
    envelope = await read(socket)
    slack.sockets.go_silent(answer_pings=False)
    await socket.ping(b"unanswered")
    connection = slack.sockets.connections[0]
    connection.silent = False
    await ack(socket, envelope)
    await slack.delivery.idle()  # the server has read the acknowledgement, and the ping before it
    connection.answers_pings = True
    await socket.ping(b"answered")
    assert (await socket.receive()).data == b"answered"
