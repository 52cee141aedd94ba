"""Brings what people did to the bot, and what its acknowledgement means back to the people.

Each delivery is a task of its own, as Slack does not wait for one before it sends the next. Events that are not
acknowledged come again: at once, after a minute, after five minutes. Commands and clicks do not: the person is told.
"""

import asyncio
import copy
from collections.abc import Collection, Coroutine
from typing import Any

from bot.playground.slack_server import payloads
from bot.playground.slack_server.checking import view_content
from bot.playground.slack_server.methods import views
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.response_urls import respond
from bot.playground.slack_server.store import JSON, Channel, Store
from bot.playground.slack_server.transport import Kind, Reply, Retry, Transport

RETRY_AFTER_SECONDS = (0.0, 60.0, 300.0)
SUBSCRIBED = frozenset({"app_mention", "message.im", "app_home_opened"})


class Delivery:
    """From the workspace to the bot."""

    def __init__(self, store: Store, transport: Transport, subscribed: Collection[str] = SUBSCRIBED) -> None:
        self._store = store
        self.transport = transport
        self._subscribed = frozenset(subscribed)
        store.on_direct_message = self._direct_message
        self._tasks: set[asyncio.Task[None]] = set()

    def event(self, name: str, inner: JSON) -> None:
        """Sends an event when the app subscribed to `name`, such as `message.im`."""
        if name in self._subscribed:
            self._start(
                self._event(payloads.event(self._store, copy.deepcopy(inner)), inner["type"] == "app_home_opened")
            )

    def _direct_message(self, channel: Channel, message: JSON) -> None:
        self.event("message.im", payloads.message_event(channel, message))

    def slash_command(self, payload: JSON) -> None:
        self._start(self._slash_command(payload))

    def interaction(self, payload: JSON) -> None:
        """A click; also view_closed. Nothing comes back but the acknowledgement."""
        self._start(self._interaction(payload))

    def submission(self, payload: JSON) -> None:
        self._start(self._submission(payload))

    async def suggestion(self, payload: JSON) -> list[JSON]:
        """The options that the bot offers for an external select; none when it does not answer in time."""
        reply = await self.transport.deliver("interactive", payload)
        offered = reply.payload if isinstance(reply.payload, dict) else {}
        groups = offered.get("option_groups") or []
        return [*(offered.get("options") or []), *(option for group in groups for option in group["options"])]

    async def idle(self) -> None:
        """Waits until nothing is under way, retries included."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.transport.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _event(self, payload: JSON, once: bool) -> None:
        reply = await self.transport.deliver("events_api", payload)
        for attempt, pause_seconds in enumerate(RETRY_AFTER_SECONDS, start=1):
            if reply.outcome == "ok" or reply.no_retry or once:
                return
            await self._store.clock.sleep(pause_seconds)
            reply = await self.transport.deliver("events_api", payload, Retry(attempt, self._reason(reply)))

    def _reason(self, reply: Reply) -> str:
        return self.transport.retry_reasons.get(reply.outcome, "timeout")

    async def _slash_command(self, payload: JSON) -> None:
        reply = await self.transport.deliver("slash_commands", payload)
        user_id, channel_id = payload["user_id"], payload["channel_id"]
        if reply.outcome != "ok":
            code = "operation_timeout" if reply.outcome == "timeout" else "dispatch_failed"
            self._store.notice(user_id, code, f'{payload["command"]} failed with the error "{code}"', channel_id)
            return
        answer = {"text": reply.payload} if isinstance(reply.payload, str) else reply.payload
        if isinstance(answer, dict) and (answer.get("text") or answer.get("blocks")):
            hook = self._store.hooks[hook_id_of(payload["response_url"])]
            try:
                respond(self._store, hook, answer)
            except Refusal as refusal:
                text = f'{payload["command"]} failed with the error "{refusal.code}"'
                self._store.notice(user_id, refusal.code, text, channel_id)

    async def _interaction(self, payload: JSON) -> None:
        await self._delivered("interactive", payload)

    async def _delivered(self, kind: Kind, payload: JSON) -> Reply | None:
        """The reply, or None after the person was told that there is none."""
        reply = await self.transport.deliver(kind, payload)
        if reply.outcome == "ok":
            return reply
        channel_id = payload.get("channel", {}).get("id")
        code = "operation_timeout" if reply.outcome == "timeout" else "dispatch_failed"
        if payload["type"] != "view_closed":
            text = f'We had some trouble connecting. Try again? (the app did not answer: "{code}")'
            self._store.notice(payload["user"]["id"], code, text, channel_id)
        return None

    async def _submission(self, payload: JSON) -> None:
        reply = await self._delivered("interactive", payload)
        if reply is None:
            return
        user_id, view = payload["user"]["id"], self._store.views.get(payload["view"]["id"])
        try:
            self._act(user_id, view, reply.payload if isinstance(reply.payload, dict) else {})
        except Refusal as refusal:
            problems = "; ".join([refusal.code, *refusal.problems])
            self._store.notice(user_id, refusal.code, f"The app answered with a view that Slack refuses: {problems}")

    def _act(self, user_id: str, view: JSON | None, answer: JSON) -> None:
        """What `response_action` says; without one the view closes."""
        action = answer.get("response_action")
        if action == "clear":
            views.close_views(self._store, user_id, views.VIEWS_IN_A_STACK)
        elif view is None:
            return  # the person closed it meanwhile
        elif action is None:
            views.close_views(self._store, user_id, 1)
        elif action == "errors":
            self._show_errors(user_id, view, answer.get("errors"))
        elif action == "update":
            views.change_view(self._store, view, view_content(answer.get("view"), "modal"))
        elif action == "push":
            views.push_view(self._store, view_content(answer.get("view"), "modal"), user_id)
        else:
            raise Refusal("invalid_response_action", [f"unknown response_action: {action}"])

    def _show_errors(self, user_id: str, view: JSON, errors: Any) -> None:
        inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or set(errors) - inputs:
            raise Refusal("invalid_response_action", ["errors must name the block_id of an input block"])
        data = {"view_id": view["id"], "errors": errors}
        self._store.feed.publish("view_errors", data, frozenset({user_id}))


def hook_id_of(response_url: str) -> str:
    return response_url.partition("/hooks/")[2]
