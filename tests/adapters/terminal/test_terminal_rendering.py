"""Reports in a terminal: aligned, coloured only when wanted, and never dangerous."""

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.terminal.escaping import harmless, pieces, width
from bot.adapters.terminal.rendering import exit_status, render_json, render_text, wants_colour
from bot.adapters.terminal.tables import table_lines
from bot.domain.chat.report import (
    Action,
    Bullets,
    ChannelSpan,
    Code,
    FindingsBlock,
    Link,
    Menu,
    PersonSpan,
    Plain,
    Preformatted,
    Progress,
    ProgressStep,
    Report,
    Status,
    TimeSpan,
    paragraph,
    table,
    text,
)
from tests.builders import NOW, finding

_NASTY = "\x1b[31mred\x1b]0;title\x07 \x9b2J \u202egnp.exe\r"


def shown(*blocks: object, colour: bool = False, columns: int = 80, **more: object) -> str:
    report = Report(status=Status.OK, title="Title", blocks=blocks, **more)  # type: ignore[arg-type]
    return render_text(report, colour=colour, width=columns)


def test_a_table_is_aligned() -> None:
    assert shown(table(("NAME", "AGE"), [("web", "5m"), ("longer", "3h")])) == (
        "Title\n\nNAME     AGE\nweb      5m\nlonger   3h"
    )


def test_wide_characters_take_two_columns() -> None:
    assert width("網路") == 4
    assert width("e\u0301") == 1
    assert shown(table(("NAME", "X"), [("網路", "1")])).splitlines()[-1] == "網路   1"


def test_a_long_cell_goes_on_below_and_nothing_is_lost() -> None:
    words = "the quick brown fox jumps over the lazy dog again and again"
    lines = table_lines(("NAME", "MESSAGE", "AGE"), [("web", words, "5m")], 40)
    assert max(map(width, lines)) <= 40
    assert "".join("".join(line[7:-5] if "5m" in line else line[7:] for line in lines[1:]).split()) == words.replace(
        " ", ""
    )


def test_a_table_that_cannot_fit_becomes_paragraphs() -> None:
    assert table_lines(("FIRST", "SECOND"), [("a" * 20, "b" * 20)], 15) == [f"FIRST: {'a' * 20}", f"SECOND: {'b' * 20}"]


@given(st.lists(st.text(max_size=40), min_size=2, max_size=2), st.integers(20, 60))
def test_no_table_loses_a_letter(cells: list[str], columns: int) -> None:
    cells = [harmless(cell) for cell in cells]
    together = "".join(table_lines(("A", "B"), [cells], columns))
    for cell in cells:
        for character in cell.replace(" ", ""):
            assert character in together


@given(st.text(max_size=200), st.integers(12, 80))
def test_pieces_put_together_are_the_text(words: str, columns: int) -> None:
    words = harmless(words)
    broken = pieces(words, columns)
    assert "".join(broken) == words
    assert all(width(piece.rstrip(" ")) <= columns for piece in broken)


@given(st.text())
def test_nothing_from_a_cluster_reaches_the_terminal_as_a_control_character(words: str) -> None:
    rendered = shown(
        paragraph(Plain(words)),
        Bullets((text(Code(words)),)),
        table(("A",), [(words,)], title=words),
        Preformatted(content=words, title=words),
        FindingsBlock((finding(summary=words, evidence=(words,), next_step=words),)),
        Progress((ProgressStep(text(Plain(words)), "done"),)),
        actions=(Action(label=words, command=words),),
        footnotes=(text(Plain(words)),),
    )
    assert all(
        character in "\n\t" or (character >= " " and not "\x7f" <= character <= "\x9f") for character in rendered
    )


def test_what_is_dangerous_is_written_out() -> None:
    assert harmless(_NASTY) == "\\x1b[31mred\\x1b]0;title\\x07 \\x9b2J \\u202egnp.exe\\x0d"
    assert harmless("a\n\tb") == "a\\n\\tb"
    assert harmless("a\n\tb", lines=True) == "a\n\tb"


def test_a_finding_names_object_field_evidence_and_next_step() -> None:
    block = FindingsBlock((finding(evidence=("the selector is app=wbe",), next_step="see `pods -n shop`"),))
    assert shown(block).splitlines()[2:] == [
        "HIGH Service shop/web spec.selector: selects no pods",
        "  - the selector is app=wbe",
        "  > see pods -n shop",
    ]


def test_an_action_is_the_line_to_type() -> None:
    assert shown(actions=(Action(label="Go", command="logs deploy/web --grep 'a b'"),)).endswith(
        "Go: patchbay run logs deploy/web --grep 'a b'"
    )


def test_a_menu_is_lines_to_choose_from() -> None:
    choices = (Action("80, of web", "expose deploy/web --port 80"), Action("all", "expose deploy/web --port all"))
    assert shown(menu=Menu("Choose a port", choices)).splitlines()[-3:] == [
        "Choose a port",
        "1. 80, of web: patchbay run expose deploy/web --port 80",
        "2. all: patchbay run expose deploy/web --port all",
    ]


def test_progress_is_a_list_with_marks() -> None:
    steps = (ProgressStep(text("apply"), "done"), ProgressStep(text("verify"), "working"))
    assert shown(Progress(steps)).splitlines()[2:] == ["[+] apply", "[~] verify"]


def test_people_channels_links_and_times_are_readable() -> None:
    spans = paragraph(
        PersonSpan("U1", "ann"), " in ", ChannelSpan("C1", "ops"), " at ", TimeSpan(NOW), " ", Link("https://x.y", "x")
    )
    assert shown(spans).endswith("@ann in #ops at 2026-11-24 03:00:00 UTC x (https://x.y)")


def test_preformatted_text_is_never_wrapped() -> None:
    line = "key: " + "x" * 200
    assert line in shown(Preformatted(content=line), columns=40)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (_Terminal(), {}, True),
        (_Terminal(), {"NO_COLOR": "1"}, False),
        (_Terminal(), {"NO_COLOR": ""}, True),
        (_Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(stream: io.StringIO, environment: dict[str, str], expected: bool) -> None:
    assert wants_colour(stream, environment) is expected


def test_colour_appears_only_when_asked_for() -> None:
    assert "\x1b[" in shown(FindingsBlock((finding(),)), colour=True)
    assert "\x1b[" not in shown(FindingsBlock((finding(),)), colour=False)


@pytest.mark.parametrize(
    ("status", "expected"), [(Status.OK, 0), (Status.WORKING, 0), (Status.FINDINGS, 1), (Status.FAILED, 2)]
)
def test_the_exit_status_says_how_it_went(status: Status, expected: int) -> None:
    assert exit_status(Report(status=status, title="x")) == expected


def test_json_is_the_report_as_it_is() -> None:
    report = Report(
        status=Status.FINDINGS,
        title=_NASTY,
        blocks=(FindingsBlock((finding(),)), paragraph("a ", Code("b"))),
        private=True,
    )
    written = render_json(report)
    assert msgspec.json.decode(written, type=Report) == report
    assert "\x9b" not in written
    assert "\u202e" not in written
