import io
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from bot.adapters.terminal.session import Terminal, converse
from bot.application.ports import Answer
from bot.domain.chat.invocation import Invocation
from bot.domain.chat.report import Action, Menu, Report, Status

PLAN = Report(
    status=Status.FINDINGS,
    title="Plan 7: expose Deployment shop/web",
    actions=(Action("Approve", "changes approve 7 --digest abc", "primary"), Action("Cancel", "changes cancel 7")),
)
APPLIED = Report(status=Status.OK, title="Change 7 is applied")
CANCELLED = Report(status=Status.OK, title="Change 7 is cancelled")


DOUBTFUL = Report(
    status=Status.FINDINGS,
    title="Somebody has to accept 1 doubt first",
    actions=(Action(label="Accept and plan", command="cni install flannel --mtu 9000 --accept mtu"),),
)


class Bot:
    """Plans, and then does what it is told; remembers what was said to it."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def __call__(self, invocation: Invocation, show: Callable[[Report], Awaitable[None]]) -> Answer:
        self.said.append(invocation.text)
        if invocation.text.startswith("changes approve"):
            await show(Report(status=Status.WORKING, title="Step 1 of 2"))
            return Answer(APPLIED)
        if invocation.text.startswith("changes cancel"):
            return Answer(CANCELLED)
        if "mtu" in invocation.text and "--accept" not in invocation.text:
            return Answer(DOUBTFUL)
        if "--dry-run" in invocation.text:
            return Answer(msgspec.structs.replace(PLAN, actions=(), status=Status.OK))
        return Answer(PLAN, change=7)


def terminal(answer: str | None = None) -> Terminal:
    return Terminal(io.StringIO(), io.StringIO(), 100, False, None if answer is None else lambda question: answer)


async def test_a_plan_is_shown_and_asked_about() -> None:
    bot, screen = Bot(), terminal("y")
    status = await converse(bot, ["expose", "deploy/web", "--port", "80"], screen, as_json=False, approve=False)
    assert bot.said == ["expose deploy/web --port 80", "changes approve 7 --digest abc"]
    assert status == 0
    out = screen.out.getvalue()
    assert out.index("Plan 7") < out.index("Change 7 is applied")
    assert "Step 1 of 2" in screen.err.getvalue()


async def test_anything_but_yes_cancels_the_plan() -> None:
    bot = Bot()
    await converse(bot, ["expose", "deploy/web", "--port", "80"], terminal(""), as_json=False, approve=False)
    assert bot.said[-1] == "changes cancel 7"


async def test_yes_beforehand_asks_nothing() -> None:
    bot = Bot()
    assert await converse(bot, ["expose", "deploy/web"], terminal(), as_json=False, approve=True) == 0
    assert bot.said[-1] == "changes approve 7 --digest abc"


async def test_where_nobody_can_answer_nothing_is_changed_and_the_way_on_is_told() -> None:
    bot, screen = Bot(), terminal()
    assert await converse(bot, ["expose", "deploy/web"], screen, as_json=False, approve=False) == 1
    assert bot.said == ["expose deploy/web"]
    assert "patchbay run changes approve 7 --digest abc" in screen.err.getvalue()


async def test_json_is_one_document() -> None:
    screen = terminal()
    await converse(Bot(), ["expose", "deploy/web"], screen, as_json=True, approve=True)
    assert msgspec.json.decode(screen.out.getvalue(), type=Report) == APPLIED
    assert screen.err.getvalue() == ""


async def test_a_dry_run_asks_nothing() -> None:
    bot = Bot()
    assert await converse(bot, ["expose", "deploy/web", "--dry-run"], terminal("y"), as_json=False, approve=False) == 0
    assert bot.said == ["expose deploy/web --dry-run"]


async def test_words_keep_their_borders() -> None:
    bot = Bot()
    await converse(bot, ["logs", "web", "--grep", "connection refused"], terminal("n"), as_json=False, approve=False)
    assert bot.said[0] == "logs web --grep 'connection refused'"


LARGE = ["cni", "install", "flannel", "--mtu", "9000"]


async def test_a_doubt_is_asked_about_before_there_is_a_plan() -> None:
    bot, screen = Bot(), terminal("y")
    assert await converse(bot, LARGE, screen, as_json=False, approve=False) == 0
    assert bot.said[1:] == ["cni install flannel --mtu 9000 --accept mtu", "changes approve 7 --digest abc"]
    assert "1 doubt" in screen.out.getvalue()


async def test_a_doubt_that_is_not_accepted_ends_it() -> None:
    bot, screen = Bot(), terminal("n")
    assert await converse(bot, LARGE, screen, as_json=False, approve=False) == 1
    assert len(bot.said) == 1
    assert screen.out.getvalue().count("1 doubt") == 1


async def test_yes_beforehand_accepts_no_doubt() -> None:
    bot = Bot()
    assert await converse(bot, LARGE, terminal(), as_json=False, approve=True) == 1
    assert len(bot.said) == 1


WHICH = Report(
    status=Status.FINDINGS,
    title="Which port?",
    menu=Menu(
        "Choose a port", (Action("80", "expose deploy/web --port 80"), Action("443", "expose deploy/web --port 443"))
    ),
)


class Asking(Bot):
    """Does not know which port is meant."""

    async def __call__(self, invocation: Invocation, show: Callable[[Report], Awaitable[None]]) -> Answer:
        if invocation.text == "expose deploy/web":
            self.said.append(invocation.text)
            return Answer(WHICH)
        return await super().__call__(invocation, show)


async def test_a_menu_is_chosen_from_by_number() -> None:
    bot, answers = Asking(), iter(["2", "y"])
    screen = Terminal(io.StringIO(), io.StringIO(), 100, False, lambda question: next(answers))
    assert await converse(bot, ["expose", "deploy/web"], screen, as_json=False, approve=False) == 0
    assert bot.said == ["expose deploy/web", "expose deploy/web --port 443", "changes approve 7 --digest abc"]
    assert "2. 443: patchbay run expose deploy/web --port 443" in screen.out.getvalue()


@pytest.mark.parametrize("typed", ["", "0", "3", "y", "²", "99999"])
async def test_anything_else_chooses_nothing(typed: str) -> None:
    bot = Asking()
    assert await converse(bot, ["expose", "deploy/web"], terminal(typed), as_json=False, approve=False) == 1
    assert bot.said == ["expose deploy/web"]


async def test_where_nobody_can_choose_the_lines_are_shown() -> None:
    screen = terminal()
    assert await converse(Asking(), ["expose", "deploy/web"], screen, as_json=False, approve=True) == 1
    assert "1. 80: patchbay run expose deploy/web --port 80" in screen.out.getvalue()
