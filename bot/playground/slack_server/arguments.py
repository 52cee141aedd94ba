"""The arguments of one Web API call, whether they came as JSON or as a form."""

import json
from dataclasses import dataclass
from typing import Any

from bot.playground.slack_server.refusal import Refusal

_STRUCTURED = ("blocks", "attachments", "metadata", "view", "files")


@dataclass(frozen=True, slots=True)
class Arguments:
    """Reads arguments by name; a wrong or missing one is refused in Slack's words."""

    given: dict[str, Any]
    base_url: str = ""
    """Where this server stands, `http://127.0.0.1:1234`; for urls in answers."""

    @classmethod
    def of(cls, given: dict[str, Any], base_url: str = "") -> "Arguments":
        """Structured arguments may be JSON in a string, as forms need it."""
        read = dict(given)
        for name in _STRUCTURED:
            if isinstance(read.get(name), str):
                try:
                    read[name] = json.loads(read[name])
                except ValueError:
                    code = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
                    raise Refusal(code, [f"failed to parse {name}"]) from None
        return cls(read, base_url)

    def text(self, name: str, default: str = "") -> str:
        value = self.given.get(name)
        return default if value is None else str(value)

    def required(self, name: str, code: str = "invalid_arguments") -> str:
        value = self.text(name)
        if not value:
            raise Refusal(code, [f"missing required field: {name}"])
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.given.get(name)
        return default if value is None else str(value).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        value = self.given.get(name)
        if value in (None, ""):
            return default
        try:
            return int(str(value))
        except ValueError:
            raise Refusal("invalid_arguments", [f"must be a number [json-pointer:/{name}]"]) from None

    def names(self, name: str) -> list[str]:
        """A list, or values separated by commas."""
        value = self.given.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [item.strip() for item in str(value or "").split(",") if item.strip()]
