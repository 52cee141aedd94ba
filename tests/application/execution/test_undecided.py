"""Where there is more than one way, a person is asked."""

from __future__ import annotations

import dataclasses

from changing import say, shop

from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.chat.report import Status
from bot.domain.chat.values import ChangeRequest
from bot.errors import Undecided


async def undecided(request: ChangeRequest, context: Context) -> Change:
    choices = (("80, http", "which --port 80"), ("443, https", "which --port 443"))
    raise Undecided("Which port?", choices, cause="the containers have two", asks="Choose a port")


async def test_each_way_is_offered_as_a_line_that_makes_it_so():
    world = shop()
    command = Changing(name="which", model=ChangeRequest, planner=undecided, summary="which", examples=())
    world.ports = dataclasses.replace(world.ports, catalogue={"which": command})
    report = (await say(world.ports, "which -n shop")).report
    assert (report.title, report.status) == ("Which port?", Status.FINDINGS)
    assert report.menu is not None
    assert report.menu.label == "Choose a port"
    assert [choice.command for choice in report.menu.choices] == ["which --port 80", "which --port 443"]
    assert "The containers have two." in str(report.blocks)


def test_in_words():
    error = Undecided("Which port?", (("80", "a"), ("443", "b")), asks="Choose a port")
    assert str(error) == "Which port? Choose a port: 80, 443"
