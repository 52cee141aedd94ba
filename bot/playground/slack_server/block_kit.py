"""Block Kit's limits as tables. Source: docs.slack.dev/reference/block-kit (blocks, elements, composition objects).

What stands in no table is refused, as Slack refuses what it does not know. `blocks_problems` adds what holds between
blocks: how many, ids that are there twice, characters of all tables and markdown together.
"""

from typing import Any

from bot.playground.slack_server.shapes import (
    Checker,
    Kinds,
    Many,
    Number,
    OneOf,
    Problems,
    Shape,
    Text,
    anything,
    flag,
    problem,
)

_URL = Text(3_000, prefixes=("http://", "https://", "mailto:", "slack://", "tel:"))
_IMAGE_URL = Text(3_000, prefixes=("http://", "https://"))


def plain(longest: int) -> Checker:
    """A plain_text object."""
    shape = Shape(must={"text": Text(longest)}, may={"emoji": flag})
    return Kinds({"plain_text": shape}, ("plain_text",))


def rich(longest: int) -> Checker:
    """A plain_text or mrkdwn object."""
    mrkdwn = Shape(must={"text": Text(longest)}, may={"verbatim": flag})
    plain_text = Shape(must={"text": Text(longest)}, may={"emoji": flag})
    return Kinds({"plain_text": plain_text, "mrkdwn": mrkdwn}, ("plain_text", "mrkdwn"))


_CONFIRM = Shape(
    must={"title": plain(100), "text": rich(300), "confirm": plain(30), "deny": plain(30)},
    may={"style": OneOf(("primary", "danger"))},
)
_OPTION = Shape(must={"text": rich(75), "value": Text(150)}, may={"description": rich(75), "url": _URL})
_PLAIN_OPTION = Shape(must={"text": plain(75), "value": Text(150)}, may={"description": plain(75), "url": _URL})
_GROUP = Shape(must={"label": plain(75), "options": Many(_PLAIN_OPTION, 100)})
_FILTER = Shape(may={"include": anything, "exclude_bot_users": flag, "exclude_external_shared_channels": flag})
_DISPATCH = Shape(
    may={"trigger_actions_on": Many(OneOf(("on_enter_pressed", "on_character_entered")), 2)},
)

_ACTION: dict[str, Checker] = {"action_id": Text(255)}
_CHOICE: dict[str, Checker] = {**_ACTION, "placeholder": plain(150), "confirm": _CONFIRM, "focus_on_load": flag}
_OPTIONS: dict[str, Checker] = {"options": Many(_PLAIN_OPTION, 100), "option_groups": Many(_GROUP, 100)}
_FIELD: dict[str, Checker] = {
    **_ACTION,
    "placeholder": plain(150),
    "focus_on_load": flag,
    "dispatch_action_config": _DISPATCH,
}
_SEVERAL: dict[str, Checker] = {"max_selected_items": Number(1, 1_000_000)}
_LENGTHS: dict[str, Checker] = {"min_length": Number(0, 3_000), "max_length": Number(1, 3_000)}

ELEMENTS: dict[str, Checker] = {
    "button": Shape(
        must={"text": plain(75)},
        may={
            **_ACTION,
            "url": _URL,
            "value": Text(2_000),
            "style": OneOf(("primary", "danger")),
            "confirm": _CONFIRM,
            "accessibility_label": Text(75),
        },
    ),
    "image": Shape(
        must={"alt_text": Text(2_000)},
        may={"image_url": _IMAGE_URL, "slack_file": anything},
        any_of=("image_url", "slack_file"),
    ),
    "overflow": Shape(must={"options": Many(_PLAIN_OPTION, 5)}, may={**_ACTION, "confirm": _CONFIRM}),
    "static_select": Shape(
        may={**_CHOICE, **_OPTIONS, "initial_option": anything}, any_of=("options", "option_groups")
    ),
    "multi_static_select": Shape(
        may={**_CHOICE, **_OPTIONS, **_SEVERAL, "initial_options": Many(anything, 100)},
        any_of=("options", "option_groups"),
    ),
    "external_select": Shape(may={**_CHOICE, "initial_option": anything, "min_query_length": Number(0, 1_000)}),
    "users_select": Shape(may={**_CHOICE, "initial_user": Text(30)}),
    "multi_users_select": Shape(may={**_CHOICE, **_SEVERAL, "initial_users": Many(Text(30), 100)}),
    "channels_select": Shape(may={**_CHOICE, "initial_channel": Text(30), "response_url_enabled": flag}),
    "multi_channels_select": Shape(may={**_CHOICE, **_SEVERAL, "initial_channels": Many(Text(30), 100)}),
    "conversations_select": Shape(
        may={
            **_CHOICE,
            "initial_conversation": Text(30),
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": _FILTER,
        },
    ),
    "multi_conversations_select": Shape(
        may={
            **_CHOICE,
            **_SEVERAL,
            "initial_conversations": Many(Text(30), 100),
            "default_to_current_conversation": flag,
            "filter": _FILTER,
        },
    ),
    "checkboxes": Shape(
        must={"options": Many(_OPTION, 10)},
        may={**_ACTION, "initial_options": Many(anything, 10), "confirm": _CONFIRM, "focus_on_load": flag},
    ),
    "radio_buttons": Shape(
        must={"options": Many(_OPTION, 10)},
        may={**_ACTION, "initial_option": anything, "confirm": _CONFIRM, "focus_on_load": flag},
    ),
    "datepicker": Shape(may={**_CHOICE, "initial_date": Text(10, 10)}),
    "timepicker": Shape(may={**_CHOICE, "initial_time": Text(5, 5), "timezone": Text(60)}),
    "datetimepicker": Shape(
        may={**_ACTION, "initial_date_time": Number(0, 10**10), "confirm": _CONFIRM, "focus_on_load": flag},
    ),
    "plain_text_input": Shape(may={**_FIELD, **_LENGTHS, "initial_value": Text(3_000, 0), "multiline": flag}),
    "number_input": Shape(
        must={"is_decimal_allowed": flag},
        may={**_FIELD, "initial_value": Text(100), "min_value": Text(100), "max_value": Text(100)},
    ),
    "email_text_input": Shape(may={**_FIELD, "initial_value": Text(3_000)}),
    "url_text_input": Shape(may={**_FIELD, "initial_value": Text(3_000)}),
}

_PICKS = {name for name in ELEMENTS if name.endswith(("_select", "picker")) or name in ("radio_buttons", "checkboxes")}
_ACCESSORIES = _PICKS | {"button", "image", "overflow"}
_IN_ACTIONS = {name for name in _PICKS if not name.startswith("multi_")} | {"button", "overflow"}
_IN_INPUT = _PICKS | {"plain_text_input", "number_input", "email_text_input", "url_text_input"}

_STYLE = Shape(
    may=dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight"), flag)
)
_RICH_PARTS: dict[str, Checker] = {
    "text": Shape(must={"text": Text(12_000)}, may={"style": _STYLE}),
    "link": Shape(must={"url": Text(3_000)}, may={"text": Text(12_000, 0), "unsafe": flag, "style": _STYLE}),
    "user": Shape(must={"user_id": Text(30)}, may={"style": _STYLE}),
    "usergroup": Shape(must={"usergroup_id": Text(30)}, may={"style": _STYLE}),
    "channel": Shape(must={"channel_id": Text(30)}, may={"style": _STYLE}),
    "emoji": Shape(must={"name": Text(100)}, may={"unicode": Text(100), "style": _STYLE, "skin_tone": anything}),
    "broadcast": Shape(must={"range": OneOf(("here", "channel", "everyone"))}, may={"style": _STYLE}),
    "date": Shape(
        must={"timestamp": Number(0, 10**10), "format": Text(200)}, may={"url": Text(3_000), "fallback": Text(300)}
    ),
    "color": Shape(must={"value": Text(20)}),
}
_RICH_LINE = Many(Kinds(_RICH_PARTS, _RICH_PARTS), 1_000, 0)
_RICH_SECTION = Shape(must={"elements": _RICH_LINE})
_BORDERED = Shape(must={"elements": _RICH_LINE}, may={"border": Number(0, 1), "language": Text(50)})
_RICH_LIST = Shape(
    must={
        "style": OneOf(("bullet", "ordered")),
        "elements": Many(Kinds({"rich_text_section": _RICH_SECTION}, ("rich_text_section",)), 1_000),
    },
    may={"indent": Number(0, 8), "offset": Number(0, 10_000), "border": Number(0, 1)},
)
_RICH_BLOCKS: dict[str, Checker] = {
    "rich_text_section": _RICH_SECTION,
    "rich_text_list": _RICH_LIST,
    "rich_text_preformatted": _BORDERED,
    "rich_text_quote": _BORDERED,
}
_RICH_TEXT = Shape(must={"elements": Many(Kinds(_RICH_BLOCKS, _RICH_BLOCKS), 1_000)}, may={"block_id": Text(255)})

_CELLS: dict[str, Checker] = {"raw_text": Shape(must={"text": Text(10_000)}), "rich_text": _RICH_TEXT}
_COLUMN = Shape(may={"align": OneOf(("left", "center", "right")), "is_wrapped": flag})
_ID: dict[str, Checker] = {"block_id": Text(255)}

BLOCKS: dict[str, Checker] = {
    "section": Shape(
        may={
            **_ID,
            "text": rich(3_000),
            "fields": Many(rich(2_000), 10),
            "accessory": Kinds(ELEMENTS, _ACCESSORIES),
            "expand": flag,
        },
        any_of=("text", "fields"),
    ),
    "divider": Shape(may=_ID),
    "header": Shape(must={"text": plain(150)}, may={**_ID, "level": Number(1, 4)}),
    "image": Shape(
        must={"alt_text": Text(2_000)},
        may={**_ID, "image_url": _IMAGE_URL, "slack_file": anything, "title": plain(2_000)},
        any_of=("image_url", "slack_file"),
    ),
    "context": Shape(
        must={
            "elements": Many(
                Kinds(
                    {**ELEMENTS, "plain_text": plain(2_000), "mrkdwn": rich(2_000)}, ("image", "plain_text", "mrkdwn")
                ),
                10,
            )
        },
        may=_ID,
    ),
    "actions": Shape(must={"elements": Many(Kinds(ELEMENTS, _IN_ACTIONS), 25)}, may=_ID),
    "input": Shape(
        must={"label": plain(2_000), "element": Kinds(ELEMENTS, _IN_INPUT)},
        may={**_ID, "hint": plain(2_000), "optional": flag, "dispatch_action": flag},
    ),
    "markdown": Shape(must={"text": Text(12_000)}, may=_ID),
    "rich_text": _RICH_TEXT,
    "table": Shape(
        must={"rows": Many(Many(Kinds(_CELLS, _CELLS), 20), 100)},
        may={**_ID, "column_settings": Many(_COLUMN, 20, 0)},
    ),
}

IN_MESSAGES = frozenset(BLOCKS)
IN_VIEWS = frozenset(BLOCKS) - {"markdown", "table"}
MARKDOWN_CHARACTERS = 12_000
TABLE_CHARACTERS = 10_000
MESSAGE_CHARACTERS = 12_000


def blocks_problems(blocks: Any, most: int, allowed: frozenset[str], pointer: str = "/blocks") -> Problems:
    """Slack's sentences about these blocks; none when they are right."""
    problems: Problems = []
    Many(Kinds(BLOCKS, allowed), most, 0)(blocks, pointer, problems)
    if not problems:
        _duplicate_ids(blocks, pointer, problems)
        _all_together(blocks, pointer, problems)
    return problems


def characters(value: Any) -> int:
    """Of everything that people could read in it: the values of `text`, wherever they stand."""
    if isinstance(value, list):
        return sum(characters(item) for item in value)
    if isinstance(value, dict):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(
            characters(item) for item in value.values() if isinstance(item, dict | list)
        )
    return 0


def elements_of(block: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """What can be clicked or filled in within this block, each with its pointer below the block."""
    found = [(item, f"/elements/{i}") for i, item in enumerate(block.get("elements", [])) if block["type"] == "actions"]
    found += [(block[name], f"/{name}") for name in ("accessory", "element") if isinstance(block.get(name), dict)]
    return [(element, where) for element, where in found if element["type"] != "image"]


def _duplicate_ids(blocks: list[dict[str, Any]], pointer: str, problems: Problems) -> None:
    block_ids: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id and block_id in block_ids:
            problems.append(problem(f"`block_id` {block_id} already exists", f"{pointer}/{index}/block_id"))
        block_ids.add(block_id or "")
        action_ids: set[str] = set()
        for element, where in elements_of(block):
            action_id = element.get("action_id")
            if action_id and action_id in action_ids:
                place = f"{pointer}/{index}{where}/action_id"
                problems.append(problem(f'`action_id` "{action_id}" already exists for this block', place))
            action_ids.add(action_id or "")


def _all_together(blocks: list[dict[str, Any]], pointer: str, problems: Problems) -> None:
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > 1:
        problems.append(problem("only_one_table_allowed", pointer))
    if sum(characters(table) for table in tables) > TABLE_CHARACTERS:
        problems.append(
            problem(f"must be less than {TABLE_CHARACTERS + 1} characters", f"{pointer}/{blocks.index(tables[0])}/rows")
        )
    markdown = [block for block in blocks if block["type"] == "markdown"]
    if sum(len(block["text"]) for block in markdown) > MARKDOWN_CHARACTERS:
        problems.append(problem(f"must be less than {MARKDOWN_CHARACTERS + 1} characters", pointer))
