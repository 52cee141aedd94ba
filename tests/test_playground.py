"""The main job, end to end: the production bot between a pretend Slack and a pretend cluster, over real sockets."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.playground.running import Options, Playground, playground
from bot.playground.slack_server import Person


@pytest.fixture
async def shop() -> AsyncIterator[Playground]:
    async with playground(Options(open_browser=False)) as running:
        yield running


def said(message: dict[str, Any]) -> str:
    """All the text that a person can read in a message."""
    return " ".join(re.findall(r"'text': ['\"](.*?)['\"][,}]", str(message)))


async def test_status_answers_the_person_alone(shop: Playground) -> None:
    ana = Person(shop.slack, "ana")
    await ana.say("net-ops", "/net status")
    answer = await ana.next_message("net-ops")
    assert answer["ephemeral"]
    assert "CoreDNS" in said(answer) or "DNS" in said(answer)


async def test_a_service_is_exposed_verified_and_taken_back(shop: Playground) -> None:
    ana = Person(shop.slack, "ana")
    await ana.say("net-ops", "/net expose deploy/web --port 8080 --name shopfront -n shop")
    plan = await ana.next_message("net-ops", where=lambda message: "Approve" in str(message.get("blocks")))
    await ana.click(plan, "Approve")
    outcome = await ana.next_change("net-ops", where=lambda message: "Applied" in str(message.get("blocks")))
    assert any(seen.kind == "Service" and seen.name == "shopfront" for seen in shop.world.objects())
    await ana.click(outcome, "Undo")
