"""What is written while somebody waits for long work: each thing once, and not more than can be read."""

import io

from bot.adapters.terminal.following import Following
from bot.domain.chat.report import Paragraph, Plain, Progress, ProgressStep, Report, Status, paragraph, table

COLUMNS = ("NODE", "READY", "NETWORK", "POD", "STATE")


class Watched:
    """A terminal, in which two seconds pass between reports unless said otherwise."""

    def __init__(self) -> None:
        self.err = io.StringIO()
        self.now = 0.0
        self.follow = Following(self.err, lambda: self.now)

    async def lines(self, report: Report, *, after: float = 2.0) -> list[str]:
        self.now += after
        before = len(self.err.getvalue())
        await self.follow(report)
        return self.err.getvalue()[before:].splitlines()


def at(step: int, *steps: tuple[str, str], verb: str = "Applying", blocks: tuple[object, ...] = ()) -> Report:
    told = Progress(tuple(ProgressStep((Plain(words),), state) for words, state in steps))
    title = f"{verb} change 7, step {step} of 80: install Calico"
    return Report(status=Status.WORKING, title=title, blocks=(told, *blocks))  # type: ignore[arg-type]


async def test_the_title_stands_once_and_again_when_it_goes_back() -> None:
    seen = Watched()
    assert await seen.lines(at(1)) == ["Applying change 7: install Calico"]
    assert await seen.lines(at(2)) == []
    assert await seen.lines(at(2, verb="Rolling back")) == ["Rolling back change 7: install Calico"]


async def test_a_step_is_told_when_it_is_begun_and_when_it_is_over() -> None:
    seen = Watched()
    first = await seen.lines(at(1, ("definitions (32), 1 of 32", "working"), ("the operator", "waiting")))
    assert first[1:] == ["[~] definitions (32)"]
    assert await seen.lines(at(20, ("definitions (32), 20 of 32", "working"), ("the operator", "waiting"))) == []
    assert await seen.lines(at(33, ("definitions (32)", "done"), ("the operator", "working"))) == [
        "[+] definitions (32)",
        "[~] the operator",
    ]
    assert await seen.lines(at(34, ("definitions (32)", "done"), ("the operator", "failed"))) == ["[x] the operator"]
    back = await seen.lines(at(34, ("definitions (32)", "undone"), ("the operator", "failed"), verb="Rolling back"))
    assert back[1:] == ["[-] definitions (32)"]


async def test_steps_of_the_same_words_are_each_told() -> None:
    seen = Watched()
    await seen.lines(at(1, ("waits", "done"), ("waits", "waiting")))
    assert await seen.lines(at(2, ("waits", "done"), ("waits", "done"))) == ["[+] waits"]


def nodes(*rows: tuple[str, str], served: int = 0) -> Report:
    shown = table(COLUMNS, [(name, "Ready", "available", "calico-x", state) for name, state in rows])
    return at(5, ("the nodes", "working"), blocks=(paragraph(f"▰▱ {served} of {len(rows)} nodes served"), shown))


async def test_a_node_is_told_when_something_about_it_is_different() -> None:
    seen = Watched()
    first = await seen.lines(nodes(("one", "Running"), ("two", "Init:0/2")))
    assert first[2].split() == list(COLUMNS)
    assert [line.split()[0] for line in first[3:5]] == ["one", "two"]
    assert first[5] == "▰▱ 0 of 2 nodes served"
    assert await seen.lines(nodes(("two", "Init:0/2"), ("one", "Running"))) == []
    news = await seen.lines(nodes(("one", "Running"), ("two", "Running"), served=1))
    assert [line.split()[0] for line in news] == ["two", "▰▱"]


async def test_what_comes_too_fast_is_told_with_the_next_report() -> None:
    seen = Watched()
    await seen.lines(at(1, ("a", "working"), ("b", "waiting"), ("c", "waiting")))
    assert await seen.lines(at(2, ("a", "done"), ("b", "working"), ("c", "waiting")), after=0.1) == []
    assert await seen.lines(at(3, ("a", "done"), ("b", "done"), ("c", "working"))) == ["[+] a", "[+] b", "[~] c"]


async def test_of_many_nodes_some_are_told_at_a_time_and_none_is_forgotten() -> None:
    seen = Watched()
    report = nodes(*((f"node-{number:02}", "Running") for number in range(20)))
    told = [await seen.lines(report) for _ in range(4)]
    assert [sum("node-" in line for line in lines) for lines in told] == [8, 8, 4, 0]


async def test_a_flood_of_reports_is_a_trickle_of_lines() -> None:
    seen = Watched()
    for step in range(1000):
        steps = [(f"step {index}", "done" if index < step else "waiting") for index in range(20)]
        node = nodes(*((f"node-{number}", f"state {step}") for number in range(20)), served=step)
        await seen.lines(
            Report(status=Status.WORKING, title=node.title, blocks=(*at(step, *steps).blocks, *node.blocks[1:])),
            after=0.01,
        )
    assert len(seen.err.getvalue().splitlines()) < 30 * 10


async def test_other_work_is_told_by_its_title() -> None:
    seen = Watched()
    for asked in (1, 2, 2, 3):
        await seen.follow(Report(status=Status.WORKING, title=f"Asked {asked} of 3 ports"))
    assert seen.err.getvalue().splitlines() == ["Asked 1 of 3 ports", "Asked 2 of 3 ports", "Asked 3 of 3 ports"]


async def test_nothing_from_a_cluster_acts_on_the_terminal() -> None:
    seen = Watched()
    hostile = "evil\x1b[2J\nline"
    report = nodes((hostile, hostile), ("one", hostile))
    steps = Progress((ProgressStep((Plain(hostile),), "failed"), ProgressStep((Plain(hostile),), "working")))
    shown = Report(
        status=Status.WORKING, title=hostile, blocks=(steps, Paragraph((Plain(hostile),)), *report.blocks[1:])
    )
    await seen.lines(shown)
    assert "\x1b" not in seen.err.getvalue()
    assert not any(line.startswith("line") for line in seen.err.getvalue().splitlines())
