"""What a person puts into Block Kit's elements, in the form that the app is told: actions and `state.values`."""

from collections.abc import Callable
from typing import Any

from bot.playground.slack_server.block_kit import elements_of
from bot.playground.slack_server.store import JSON


class WrongValue(Exception):
    """The element cannot hold this; the text tells the person why."""


def find(blocks: list[JSON], block_id: str, action_id: str) -> tuple[JSON, JSON] | None:
    """The block and the element with these ids."""
    for block in blocks:
        if block.get("block_id") == block_id:
            for element, _where in elements_of(block):
                if element.get("action_id") == action_id:
                    return block, element
    return None


def state_of(element: JSON, value: Any) -> JSON:
    """As in `state.values`: the value under the key that this type uses. Raises WrongValue."""
    kind: str = element["type"]
    key, read = _FORMS.get(kind, ("value", _text))
    return {"type": kind, key: read(element, value)}


def action_of(block: JSON, element: JSON, value: Any, action_ts: str) -> JSON:
    """As in `actions` of block_actions. Raises WrongValue."""
    action: JSON = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
    if element["type"] == "button":
        action |= {name: element[name] for name in ("text", "value", "style", "url") if name in element}
    elif element["type"] == "overflow":
        action["selected_option"] = _option(element, value)
    else:
        action |= state_of(element, value)
    return {**action, "action_ts": action_ts}


def initial_state(blocks: list[JSON], old: JSON) -> JSON:
    """`state.values` of a view: what stood there before under the same ids, else what the elements begin with."""
    values: JSON = {}
    for block in blocks:
        for element, _where in elements_of(block):
            if element["type"] in ("button", "overflow"):
                continue
            before = old.get(block["block_id"], {}).get(element["action_id"])
            kept = before if before and before["type"] == element["type"] else _beginning(element)
            values.setdefault(block["block_id"], {})[element["action_id"]] = kept
    return values


def is_empty(state: JSON) -> bool:
    return all(value in (None, "", []) for name, value in state.items() if name != "type")


def wrong_input(block: JSON, state: JSON | None) -> str | None:
    """What Slack tells the person before it submits the view; None when the input is right."""
    if state is None or is_empty(state):
        return None if block.get("optional") else "Please complete this required field."
    element, value = block["element"], state.get("value")
    if element["type"] == "number_input":
        return _wrong_number(element, str(value))
    if isinstance(value, str):
        if len(value) < element.get("min_length", 0):
            return f"Please enter at least {element['min_length']} characters."
        if len(value) > element.get("max_length", 3_000):
            return f"Please enter at most {element.get('max_length', 3_000)} characters."
    return None


def _wrong_number(element: JSON, value: str) -> str | None:
    try:
        number = float(value) if element["is_decimal_allowed"] else int(value)
    except ValueError:
        return "Please enter a number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None


def _options(element: JSON) -> list[JSON]:
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *(option for group in groups for option in group["options"])]


def _option(element: JSON, value: Any) -> JSON | None:
    if value in (None, ""):
        return None
    if element["type"] == "external_select":
        if isinstance(value, dict):
            return value
        raise WrongValue("This choice is not among the options.")
    for option in _options(element):
        if option["value"] == value:
            return option
    raise WrongValue(f"{value!r} is not among the options.")


def _option_list(element: JSON, value: Any) -> list[JSON]:
    chosen = [_option(element, item) for item in _list(element, value)]
    return [option for option in chosen if option is not None]


def _list(element: JSON, value: Any) -> list[Any]:
    items = value if isinstance(value, list) else [] if value in (None, "") else [value]
    most = element.get("max_selected_items")
    if most and len(items) > most:
        raise WrongValue(f"No more than {most} can be chosen.")
    return items


def _text(_element: JSON, value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _whole_number(_element: JSON, value: Any) -> int | None:
    if value in (None, ""):
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise WrongValue(f"{value!r} is not a number of seconds.") from None


_FORMS: dict[str, tuple[str, Callable[[JSON, Any], Any]]] = {
    "static_select": ("selected_option", _option),
    "external_select": ("selected_option", _option),
    "radio_buttons": ("selected_option", _option),
    "multi_static_select": ("selected_options", _option_list),
    "checkboxes": ("selected_options", _option_list),
    "users_select": ("selected_user", _text),
    "channels_select": ("selected_channel", _text),
    "conversations_select": ("selected_conversation", _text),
    "multi_users_select": ("selected_users", _list),
    "multi_channels_select": ("selected_channels", _list),
    "multi_conversations_select": ("selected_conversations", _list),
    "datepicker": ("selected_date", _text),
    "timepicker": ("selected_time", _text),
    "datetimepicker": ("selected_date_time", _whole_number),
}


def _beginning(element: JSON) -> JSON:
    key = _FORMS.get(element["type"], ("value", _text))[0]
    empty: Any = [] if key.endswith("s") else None
    return {"type": element["type"], key: element.get(f"initial_{key.removeprefix('selected_')}", empty)}
