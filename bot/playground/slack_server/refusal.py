"""How Slack says no. Raised anywhere behind a method, answered in one place as `{"ok": false, "error": …}`."""

from collections.abc import Sequence
from typing import Any


class Refusal(Exception):
    """`code` is Slack's error; `problems` are its sentences about blocks and arguments, each with a JSON pointer."""

    def __init__(self, code: str, problems: Sequence[str] = (), **extra: Any) -> None:
        super().__init__(code, *problems)
        self.code = code
        self.problems = list(problems)
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """As the Web API answers it."""
        answer: dict[str, Any] = {"ok": False, "error": self.code, **self.extra}
        if self.problems:
            answer["errors"] = self.problems
            answer["response_metadata"] = {"messages": [f"[ERROR] {problem}" for problem in self.problems]}
        return answer


class RateLimited(Refusal):
    """HTTP status 429; come again after so many seconds."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("ratelimited")
        self.retry_after_seconds = retry_after_seconds
