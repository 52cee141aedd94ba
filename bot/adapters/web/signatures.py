"""Whether a request comes from Slack, now, and for the first time.

https://docs.slack.dev/authentication/verifying-requests-from-slack: an HMAC over time and body, refused when older
than 300 seconds. Slack signs each of its own retries anew, so that the same signature twice is a replay.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable

MOST_AGE_SECONDS = 300
_MOST_REMEMBERED = 100_000


class Signatures:
    """Verifies against one signing secret. `now` gives seconds since 1970."""

    def __init__(self, signing_secret: str, now: Callable[[], float]) -> None:
        self._secret = signing_secret.encode()
        self._now = now
        self._seen: OrderedDict[str, float] = OrderedDict()

    def refusal(self, timestamp: str, signature: str, body: bytes) -> str:
        """Why the request is refused; empty: it is right, and is remembered."""
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            return "no timestamp"
        now = self._now()
        if abs(now - int(timestamp)) > MOST_AGE_SECONDS:
            return "stale timestamp"
        expected = "v0=" + hmac.new(self._secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            return "bad signature"
        self._forget(now)
        if expected in self._seen:
            return "replayed request"
        # A timestamp may be ahead of our clock: it stays acceptable, and remembered, for so much longer.
        self._seen[expected] = max(now, float(timestamp)) + MOST_AGE_SECONDS
        return ""

    def take_back(self, signature: str) -> None:
        """The request was not dealt with: Slack may retry in the same second, with the same signature."""
        self._seen.pop(signature, None)

    def _forget(self, now: float) -> None:
        """Drops those that would be refused as stale anyway; the order is that of arrival, which is near enough."""
        while self._seen:
            signature, until = next(iter(self._seen.items()))
            if until >= now and len(self._seen) < _MOST_REMEMBERED:
                return
            del self._seen[signature]
