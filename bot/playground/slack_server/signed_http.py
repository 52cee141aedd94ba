"""Signed HTTP: Slack posts to the bot's request URL and reads its answer. Reference: slack.md, "HTTP"."""

import hashlib
import hmac
import json
import urllib.parse
from collections.abc import Mapping

import aiohttp

from bot.playground.slack_server.clock import within
from bot.playground.slack_server.store import JSON, Store
from bot.playground.slack_server.transport import DEADLINE_SECONDS, Kind, Outcome, Reply, Retry

_ANSWER_BYTES = 1_000_000


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """X-Slack-Signature of this body at this time."""
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class SignedHttp:
    """Posts payloads to one URL."""

    def __init__(self, store: Store, url: str, signing_secret: str) -> None:
        self.url = url
        self.retry_reasons: Mapping[Outcome, str] = {
            "timeout": "http_timeout",
            "error": "http_error",
            "unreachable": "connection_failed",
        }
        self._store = store
        self._signing_secret = signing_secret
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, kind: Kind, payload: JSON, retry: Retry | None = None) -> Reply:
        body, content_type = _body(kind, payload)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        timestamp = str(self._store.now_seconds())
        headers |= {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._signing_secret, timestamp, body),
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry.attempt), "X-Slack-Retry-Reason": retry.reason}
        try:
            return await within(self._store.clock, DEADLINE_SECONDS, self._post(body, headers))
        except TimeoutError:
            return Reply("timeout")
        except aiohttp.ClientError:
            return Reply("unreachable")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, body: bytes, headers: dict[str, str]) -> Reply:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        async with self._session.post(self.url, data=body, headers=headers, allow_redirects=False) as response:
            answer = b""
            while len(answer) < _ANSWER_BYTES and (piece := await response.content.readany()):
                answer += piece
            no_retry = response.headers.get("X-Slack-No-Retry") == "1"
            if response.status != 200:
                return Reply("error", no_retry=no_retry)
            return Reply("ok", _read(answer, response.content_type), no_retry)


def _body(kind: Kind, payload: JSON) -> tuple[bytes, str]:
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded"


def _read(answer: bytes, content_type: str) -> object:
    if not answer.strip():
        return None
    text = answer.decode(errors="replace")
    if content_type != "application/json":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
