"""What a message or a view must be before Slack takes it, with the code of each refusal. Tables: `block_kit`."""

import json
from typing import Any

from bot.playground.slack_server.block_kit import (
    IN_MESSAGES,
    IN_VIEWS,
    MESSAGE_CHARACTERS,
    blocks_problems,
    characters,
    elements_of,
    plain,
)
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.shapes import Checker, Many, Problems, Shape, Text, anything, flag, problem
from bot.playground.slack_server.store import JSON, Store

BLOCKS_A_MESSAGE, BLOCKS_A_VIEW = 50, 100
POSTED_CHARACTERS, UPDATED_CHARACTERS = 40_000, 4_000
VIEW_BYTES = 250_000
METADATA_CHARACTERS = 8_000

_VIEW_FIELDS: dict[str, Checker] = {
    "blocks": anything,
    "callback_id": Text(255, 0),
    "private_metadata": Text(3_000, 0),
    "external_id": Text(255, 0),
}
_MODAL = Shape(
    must={"title": plain(24), "blocks": anything},
    may={
        **_VIEW_FIELDS,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
)
_HOME = Shape(must={"blocks": anything}, may=_VIEW_FIELDS)
_ATTACHMENT_FIELDS = [
    "blocks",
    "color",
    "fallback",
    "text",
    "title",
    "title_link",
    "pretext",
    "author_name",
    "author_link",
    "author_icon",
    "fields",
    "footer",
    "footer_icon",
    "image_url",
    "thumb_url",
    "ts",
    "mrkdwn_in",
    "id",
    "callback_id",
    "actions",
    "attachment_type",
]
_ATTACHMENTS = Many(Shape(may=dict.fromkeys(_ATTACHMENT_FIELDS, anything)), 100, 0)


def message_content(arguments: JSON, store: Store, longest: int | None = None) -> JSON:
    """text, blocks and attachments as they are kept: ids given, long text cut. Raises Refusal.

    `longest` is where text is refused (msg_too_long); without it, it is cut at 40,000 characters.
    """
    text, blocks, attachments = (arguments.get(name) for name in ("text", "blocks", "attachments"))
    if not text and not blocks and not attachments:
        raise Refusal("no_text")
    if text is not None and not isinstance(text, str):
        raise Refusal("invalid_arguments", [problem("must provide a string", "/text")])
    if longest and text and len(text) > longest:
        raise Refusal("msg_too_long")
    content: JSON = {"text": (text or "")[:POSTED_CHARACTERS]}
    if blocks:
        check_blocks(blocks, store)
        content["blocks"] = with_ids(blocks, store)
    if attachments is not None:
        content["attachments"] = _attachments(attachments)
    return content


def check_blocks(blocks: Any, store: Store) -> None:
    """Raises Refusal with invalid_blocks or msg_blocks_too_long."""
    problems = blocks_problems(blocks, BLOCKS_A_MESSAGE, IN_MESSAGES) or _unknown_files(blocks, store)
    if problems:
        raise Refusal("invalid_blocks", problems)
    if characters(blocks) > MESSAGE_CHARACTERS:
        raise Refusal("msg_blocks_too_long")


def _attachments(attachments: Any) -> list[JSON]:
    problems: Problems = []
    if isinstance(attachments, list) and len(attachments) > 100:
        raise Refusal("too_many_attachments")
    _ATTACHMENTS(attachments, "/attachments", problems)
    if not problems:
        for index, attachment in enumerate(attachments):
            blocks = attachment.get("blocks") or []
            problems += blocks_problems(blocks, BLOCKS_A_MESSAGE, IN_MESSAGES, f"/attachments/{index}/blocks")
    if problems:
        raise Refusal("invalid_attachments", problems)
    return [dict(attachment) for attachment in attachments]


def _unknown_files(blocks: list[JSON], store: Store) -> Problems:
    problems: Problems = []
    for index, block in enumerate(blocks):
        reference = block.get("slack_file")
        if reference is None:
            continue
        file = store.files.get(reference.get("id", "")) if isinstance(reference, dict) else None
        if file is None or not file.shared:
            problems.append(problem("invalid slack file", f"/blocks/{index}/slack_file"))
    return problems


def metadata(arguments: JSON) -> JSON:
    """`{"metadata": …}` as kept, or nothing. Raises Refusal."""
    given = arguments.get("metadata")
    if given is None or given == {}:
        return {}
    right = isinstance(given, dict) and isinstance(given.get("event_type"), str) and given["event_type"]
    if not right or not isinstance(given.get("event_payload"), dict):
        raise Refusal("invalid_metadata_format")
    if len(json.dumps(given)) > METADATA_CHARACTERS:
        raise Refusal("metadata_too_large")
    return {"metadata": {"event_type": given["event_type"], "event_payload": given["event_payload"]}}


def view_content(view: Any, kind: str) -> JSON:
    """The view as given, ids filled in by `with_ids` later. Raises Refusal with invalid_arguments or view_too_large."""
    if not isinstance(view, dict):
        raise Refusal("invalid_arguments", [problem("must provide an object", "/view")])
    if view.get("type") != kind:
        raise Refusal("invalid_arguments", [problem(f"must be a valid enum value: {kind}", "/view/type")])
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        raise Refusal("view_too_large")
    problems: Problems = []
    (_MODAL if kind == "modal" else _HOME)(view, "/view", problems)
    problems += blocks_problems(view.get("blocks"), BLOCKS_A_VIEW, IN_VIEWS, "/view/blocks") if not problems else []
    inputs = [block for block in view.get("blocks") or [] if isinstance(block, dict) and block.get("type") == "input"]
    if kind == "modal" and inputs and not view.get("submit"):
        problems.append(problem("missing required field: submit", "/view"))
    if problems:
        raise Refusal("invalid_arguments", problems)
    return view


def with_ids(blocks: list[JSON], store: Store) -> list[JSON]:
    """A copy in which each block has a block_id and each element an action_id, as Slack gives them."""
    copied: list[JSON] = json.loads(json.dumps(blocks))
    for block in copied:
        block.setdefault("block_id", store.next_id("b"))
        for element, _where in elements_of(block):
            element.setdefault("action_id", store.next_id("a"))
    return copied
