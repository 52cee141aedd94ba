import io
import json
import logging

import pytest

from bot import logs


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("token xoxb-123-abc refused", "token xoxb-*** refused"),
        ("xapp-1-A0-9-ff", "xapp-***"),
        ("Authorization: Bearer eyJhbGciOi.x.y", "Authorization: Bearer ***"),
        ("https://hooks.slack.com/commands/T0AB/123/xyz", "https://hooks.slack.com/commands/T0AB/***"),
        ("postgresql+asyncpg://bot:s3cret@db/x", "postgresql+asyncpg://bot:***@db/x"),
        ("wss://wss.slack.com/link?ticket=abc&x=1", "wss://wss.slack.com/link?ticket=***&x=1"),
        ("Service shop/web at 10:30", "Service shop/web at 10:30"),
    ],
)
def test_what_looks_like_a_secret_is_masked(line: str, shown: str) -> None:
    assert logs.masked(line) == shown


@pytest.fixture
def restored() -> object:
    root, ours = logging.getLogger(), logging.getLogger("bot")
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers, root.level = before[0], before[1]
    ours.setLevel(before[2])


@pytest.mark.usefixtures("restored")
def test_a_traceback_is_masked_too() -> None:
    stream = io.StringIO()
    logs.configure("info", json=True, stream=stream)
    try:
        raise ValueError("xoxb-123-secret")
    except ValueError:
        logging.getLogger("bot.x").exception("failed")
    record = json.loads(stream.getvalue())
    assert record["message"] == "failed"
    assert "xoxb-***" in record["error"]
    assert "secret" not in record["error"]


@pytest.mark.usefixtures("restored")
def test_libraries_speak_from_warnings_on() -> None:
    stream = io.StringIO()
    logs.configure("debug", json=False, stream=stream)
    logging.getLogger("aiohttp.access").info("noise")
    logging.getLogger("bot.x").debug("ours")
    assert "noise" not in stream.getvalue()
    assert "DEBUG bot.x: ours" in stream.getvalue()
