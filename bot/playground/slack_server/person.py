"""The person's side of the pretend Slack: the JSON protocol of the web page, and `Person`, the same for tests.

Everything stands under `/page/`. Requests and answers are JSON in UTF-8; a POST must say `Content-Type:
application/json`.

Who may ask. When `EmbeddedSlack(secret=…)` is set, each request carries it: header `X-Playground-Secret` or query
`secret` (for EventSource and pictures). `Host` must be the address of this server (127.0.0.1 or localhost, its port),
`Origin`, when there is one, `http://` and that same host. Otherwise 403.

Who one is. `as` (query of a GET, field of a POST) is the name or id of a person: `ana` (when it is left out) or `ben`.

Answers. `{"ok": true, …}`, or with status 400 (403, 404) `{"ok": false, "error": code, "text": what to tell the
person}`. A request is answered as soon as Slack has taken it; what the bot makes of it comes as events.

    GET  /page/state    {me, bot, team: {id, name}, users, channels, messages: {channel id: [message, oldest first]},
                        views: [the open modals, the top one last], home: view or null,
                        commands: [{name, description, usage_hint, completions}], connections, last_event}
    GET  /page/events   server-sent events, see below; `after` (query) or Last-Event-ID: the number of the last one seen
    GET  /page/files/ID the bytes of a file that this person can see
    POST /page/say      {as, channel, text, thread_ts?} -> {ts} for a message, {command} for a slash command
    POST /page/click    {as, channel, ts | view_id, block_id, action_id, value?, values?}   a button, or a choice made
    POST /page/options  {as, channel, ts | view_id, block_id, action_id, query} -> {options}   external_select only
    POST /page/submit   {as, view_id, values}      a modal; error `missing_input` has errors: {block_id: text}
    POST /page/close    {as, view_id, all?}        one modal, or the whole stack of them
    POST /page/invite   {as, channel, user?}       into a channel; the bot when no user is named
    POST /page/home     {as}                       the person opens the bot's Home tab

`values` is `{block_id: {action_id: value}}`: what stands in the inputs of the message or view. A `value` is a text
(inputs, dates as YYYY-MM-DD, times as HH:MM, date-times as a number of seconds), the value of an option (selects,
radio buttons, overflow), an id (user, channel and conversation selects), or a list of those (multi-selects,
checkboxes). Nothing for a button. Empty fields are left out or null. The server finds the element and builds Slack's
payload; confirmation dialogs are the page's task before it clicks. A button with a `url` is opened by the page and
clicked as well.

A user is `{id, name, real_name, is_bot, tz}`. A channel is `{id, name, is_private, is_im, is_archived, topic,
members}`; an `is_im` one has the bot in it and `user`, its person, and is shown to that person alone. A message is
Slack's own: `{channel, ts, user, text, blocks?, attachments?, thread_ts?, reply_count?, reactions?, files?, edited?,
bot_id?, app_id?}`; in `text` Slack's markup stands (`<@U…>`, `<http://…|label>`, `&amp;`). An ephemeral one has
`ephemeral: true` and only its person gets it. A file is `{id, name, title, mimetype, size, url}`, url being
`/page/files/ID` without the secret. A view is Slack's own with `id`, `type` (modal or home), `hash`, `root_view_id`,
`previous_view_id`, `state`.

Events have `id:` (a number), `event:` (the type) and `data:`, a JSON object that repeats `type` and holds:

    message, message_changed   {channel, message}         thread replies too: message.thread_ts differs from message.ts
    message_deleted            {channel, ts}
    ephemeral, ephemeral_changed {channel, message}       ephemeral_deleted {channel, ts}
    reaction                   {channel, ts, reactions}
    view_opened, view_updated  {view}                     view_closed {view_id}: take that one from the stack
    view_errors                {view_id, errors: {block_id: text}}
    home_published             {view}
    file                       {file}                     a file has come into being (before the message that shows it)
    channel                    {channel}                  new or changed: members, topic, archived
    connections                {count}                    how many sockets the bot holds; http mode: 0
    notice                     {channel?, code, text}     what Slack itself says, e.g. code operation_timeout, text
                                                          "/net failed with the error \"operation_timeout\""
    reset                      {}                         the number asked for is too old: read /page/state again
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.playground.slack_server.acting import Place
from bot.playground.slack_server.block_kit import elements_of
from bot.playground.slack_server.feed import Event
from bot.playground.slack_server.store import JSON

if TYPE_CHECKING:
    from bot.playground.slack_server import EmbeddedSlack

Where = Callable[[JSON], bool]

PATIENCE_SECONDS = 10.0
"""How long a test waits for the bot, in real time, before it says what came instead."""


class Person:
    """A person in tests: says and clicks, and reads what comes, each thing once and in order."""

    def __init__(self, slack: "EmbeddedSlack", name: str) -> None:
        user = slack.store.person(name)
        if user is None:
            raise LookupError(f"there is nobody called {name} in this workspace")
        self._slack, self._user = slack, user
        self._read: set[int] = set()
        self._from = slack.store.feed.last_number

    @property
    def id(self) -> str:
        return self._user.id

    async def say(self, channel: str, text: str, thread_ts: str | None = None) -> str:
        """A message or slash command; the ts of the message, empty for a command. Raises Refusal as Slack refuses."""
        said = self._slack.acting.say(self._user, channel, text, thread_ts)
        return str(said.get("ts", ""))

    async def click(self, where: JSON, label_or_action_id: str, value: Any = None, values: JSON | None = None) -> None:
        """Clicks in a message or view the element with this label, placeholder or action_id."""
        place = Place(where["channel"], where["ts"]) if "ts" in where else Place(view_id=where["id"])
        block_id, action_id = _find(where, label_or_action_id)
        self._slack.acting.click(self._user, place, block_id, action_id, value, values or {})

    async def submit(self, view: JSON, fields: JSON | None = None) -> None:
        """Submits a modal. `fields`: values by label or action_id of the input."""
        values: JSON = {}
        for name, value in (fields or {}).items():
            block_id, action_id = _find(view, name)
            values.setdefault(block_id, {})[action_id] = value
        self._slack.acting.submit(self._user, view["id"], values)

    async def close(self, view: JSON, all_: bool = False) -> None:
        self._slack.acting.close(self._user, view["id"], all_)

    async def invite(self, channel: str, user: str = "") -> None:
        self._slack.acting.invite(self._user, channel, user)

    async def next_message(self, channel: str | None = None, where: Where | None = None) -> JSON:
        """The next unread message of the bot, for all or for this person alone."""
        return await self._next_shown(("message", "ephemeral"), channel, where)

    async def next_change(self, channel: str | None = None, where: Where | None = None) -> JSON:
        """The next unread edit of a message of the bot, as it stands after it."""
        return await self._next_shown(("message_changed", "ephemeral_changed"), channel, where)

    async def next_view(self, where: Where | None = None) -> JSON:
        """The next modal that opens or changes."""
        view: JSON = (await self.next_event("view_opened", "view_updated", where=_of("view", where)))["view"]
        return view

    async def next_notice(self, where: Where | None = None) -> JSON:
        """What Slack itself says next."""
        return await self.next_event("notice", where=where)

    async def next_event(self, *types: str, where: Where | None = None) -> JSON:
        """The oldest unread event of one of these types that this person sees; AssertionError when none comes."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                async for event in self._slack.store.feed.follow(self._from, self.id):
                    if event.number not in self._read and event.type in types and (where is None or where(event.data)):
                        self._read.add(event.number)
                        return event.data
        except TimeoutError:
            raise AssertionError(f"no {' or '.join(types)} came; unread: {self._unread()}") from None
        raise AssertionError("the workspace was closed")

    def messages(self, channel: str) -> list[JSON]:
        """What stands in the channel now, oldest first, without ephemeral messages."""
        found = self._slack.store.find_channel(channel, self.id)
        if found is None:
            return []
        store = self._slack.store
        return [store.message_for_page(found, message) for message in store.messages[found.id].values()]

    async def _next_shown(self, types: tuple[str, ...], channel: str | None, where: Where | None) -> JSON:
        found = self._slack.store.find_channel(channel, self.id) if channel else None
        if channel and found is None:
            raise LookupError(f"{self._user.name} sees no channel {channel}")

        def wanted(data: JSON) -> bool:
            message = data["message"]
            here = found is None or data["channel"] == found.id
            return here and message["user"] == self._slack.bot_user_id and (where is None or where(message))

        message: JSON = (await self.next_event(*types, where=wanted))["message"]
        return message

    def _unread(self) -> list[JSON]:
        events: list[Event] = self._slack.store.feed.after(self._from)
        return [event.data for event in events if event.number not in self._read and event.seen_by(self.id)][-5:]


def _of(name: str, where: Where | None) -> Where | None:
    return None if where is None else lambda data: where(data[name])


def _find(where: JSON, wanted: str) -> tuple[str, str]:
    labels: list[str] = []
    for block in where.get("blocks", []):
        for element, _pointer in elements_of(block):
            texts = [element.get("text"), element.get("placeholder"), block.get("label")]
            names = [element["action_id"], *(text["text"] for text in texts if isinstance(text, dict))]
            if wanted in names:
                return block["block_id"], element["action_id"]
            labels += names
    raise LookupError(f"there is no {wanted!r} to click; there is: {', '.join(labels) or 'nothing'}")
