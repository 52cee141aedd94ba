"""Logging for operators: one line a record, as text or JSON, with everything that looks like a secret masked.

Masking happens on the finished line, tracebacks included, so that no library's own message can let a token out.
"""

import datetime
import logging
import re
import sys
from typing import TextIO

import msgspec

_SECRETS = re.compile(
    r"(?P<slack>xox[a-z]-|xapp-)[A-Za-z0-9-]+"
    r"|(?P<bearer>[Bb]earer\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|(?P<hook>/(?:commands|actions|services)/[TE][A-Z0-9]+/)[A-Za-z0-9/]+"  # response_urls are keys
    r"|(?P<ticket>ticket=)[^&\s\"']+"
    r"|(?P<url>[a-z][a-z0-9+]{1,20}://[^\s:/@]{1,100}:)[^\s@/]{1,200}@"
)


def masked(line: str) -> str:
    """The line with the secret part of tokens, response_urls and passwords in URLs replaced by ***."""

    def mask(match: re.Match[str]) -> str:
        kind = match.lastgroup or ""
        return match[kind] + "***" + ("@" if kind == "url" else "")

    return _SECRETS.sub(mask, line)


class TextFormatter(logging.Formatter):
    """`2026-11-24T03:05:35Z INFO slack: ready`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return _instant(record)

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the traceback as `error`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return masked(msgspec.json.encode(fields).decode())


def _instant(record: logging.LogRecord) -> str:
    at = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def configure(level: str, json: bool, stream: TextIO | None = None) -> None:
    """Sends all logging to the stream (standard error) at this level; libraries speak from warnings on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JSONFormatter() if json else TextFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("bot").setLevel(level.upper())
