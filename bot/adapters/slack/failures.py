"""Slack's refusals in our own words.

https://docs.slack.dev/reference/methods lists the error codes of each method.
"""

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.errors import BotError, NotFound, Refused, Unreachable

_CANNOT_SEE = {"not_in_channel", "channel_not_found", "method_not_supported_for_channel_type"}
_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
_BAD_TOKEN = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
}
_BROKEN = {
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
    "ratelimited",
}


class TryLater(Unreachable):
    """Slack does not answer now. `retry_after_seconds` when Slack said when it will."""

    def __init__(self, summary: str, *, cause: str = "", retry_after_seconds: int | None = None) -> None:
        super().__init__(summary, cause=cause, next_step="it is tried again later")
        self.retry_after_seconds = retry_after_seconds


def translated(error: BaseException, *, where: str = "", bot: str = "patchbay") -> BotError:
    """What a failed call means. `where` names the channel; `bot` is the bot's own name in Slack."""
    if isinstance(error, BotError):
        return error
    if not isinstance(error, SlackApiError):
        return TryLater("Slack does not answer", cause=_cause(error))
    code, status = error_code(error), getattr(error.response, "status_code", 200)
    place = f"in `{where}`" if where else "there"
    if code in _CANNOT_SEE:
        return Refused(
            f"I cannot write {place}",
            cause="I am not in that channel, or it does not exist",
            next_step=f"invite me there with `/invite @{bot}`",
        )
    if code == "is_archived":
        return Refused(f"I cannot write {place}", cause="the channel is archived", next_step="unarchive it")
    if code in _GONE:
        return NotFound("That message cannot be edited any more", cause=f"Slack says `{code}`")
    if code in _BAD_TOKEN:
        return bot_token_refused(code)
    if code == "missing_scope":
        return Refused(
            "Slack does not let the bot do that",
            cause=f"its app lacks the scope `{error.response.get('needed', 'unknown')}`",
            next_step="install the app again with the manifest in `deploy/slack`",
        )
    if code in _BROKEN or status >= 500 or status == 429:
        return TryLater(
            "Slack does not answer", cause=f"it says `{code or status}`", retry_after_seconds=retry_after(error)
        )
    return Refused(f"Slack refuses what I wanted to write {place}", cause=f"it says `{code or status}`")


def error_code(error: SlackApiError) -> str:
    """`channel_not_found`, or empty when Slack gave none."""
    response = error.response
    data = response if isinstance(response, dict) else getattr(response, "data", None)
    code = data.get("error") if isinstance(data, dict) else ""
    return code if isinstance(code, str) else ""


def retry_after(error: SlackApiError) -> int | None:
    """Seconds that Slack asks to wait; None: it does not say."""
    headers = {str(key).lower(): value for key, value in (getattr(error.response, "headers", None) or {}).items()}
    value = str(headers.get("retry-after", ""))
    return min(int(value), 3600) if value.isdigit() else None


def bot_token_refused(code: str) -> BotError:
    return Refused(
        "Slack refuses the token in SLACK_BOT_TOKEN",
        cause=f"it says `{code}`",
        next_step="a right value begins with xoxb- and stands on your Slack app's page OAuth & Permissions, "
        "once the app is installed in the workspace",
    )


def app_token_refused(code: str) -> BotError:
    return Refused(
        "Slack refuses the token in SLACK_APP_TOKEN",
        cause=f"it says `{code}`",
        next_step="a right value begins with xapp-, has the scope connections:write and stands on your Slack app's "
        "page Basic Information; Socket Mode must be switched on there too",
    )


def _cause(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {error.host}:{error.port}"
    return type(error).__name__
