"""Reports as Slack messages: what they look like, and that no report is over Slack's limits."""

import datetime
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.slack.rendering import Rendering, render
from bot.adapters.slack.spelling import mrkdwn
from bot.domain.chat.report import (
    Action,
    Bold,
    Bullets,
    ChannelSpan,
    Code,
    FindingsBlock,
    Link,
    Menu,
    Paragraph,
    PersonSpan,
    Plain,
    Preformatted,
    Progress,
    ProgressStep,
    Report,
    Span,
    Status,
    Table,
    TimeSpan,
    paragraph,
    table,
    text,
)
from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.network.references import Ref
from bot.playground.slack_server.block_kit import IN_MESSAGES, blocks_problems

AT = datetime.datetime(2026, 11, 24, 3, 5, tzinfo=datetime.UTC)
FINDING = Finding(
    cluster="c",
    rule="service-selects-no-pods",
    severity=Severity.HIGH,
    object=Ref("Service", "web", "shop"),
    owner=Ref("Service", "web", "shop"),
    field="spec.selector",
    summary="selects no pods",
    evidence=("app=wbe matches none of 3 pods",),
    next_step="compare with `services -n shop -o yaml`",
)


def _report(*blocks: Any, **more: Any) -> Report:
    return Report(**{"status": Status.OK, "title": "Services", "blocks": blocks, **more})


def _texts(rendering: Rendering) -> str:
    return json.dumps([message.blocks for message in rendering.messages], ensure_ascii=False)


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (Plain("a < b & c > d"), "a &lt; b &amp; c &gt; d"),
        (Plain("<!channel> <@U061F7AUR>"), "&lt;!channel&gt; &lt;@U061F7AUR&gt;"),
        (Plain("my_app_name a*b"), "my_app_name a*b"),
        (Plain("*.example.com"), "*\u2060.example.com"),
        (Bold("a*b"), "*a\u2217b*"),
        (Bold(" spaced "), " *spaced* "),
        (Code("a`b\nc"), "`a\u02cbb c`"),
        (Link("https://example.com/a?b&c", "the <page>"), "<https://example.com/a?b&amp;c|the &lt;page&gt;>"),
        (Link("javascript:alert(1)", "click"), "click (javascript:alert(1))"),
        (Link("https://e.com/>|<!here", "x"), "x (https://e.com/&gt;|&lt;!here)"),
        (PersonSpan("U061F7AUR", "ana"), "<@U061F7AUR>"),
        (PersonSpan("terminal:ana", "ana"), "@ana"),
        (PersonSpan("U1>", "<!here>"), "@&lt;!here&gt;"),
        (ChannelSpan("C024BE7LR", "ops"), "<#C024BE7LR>"),
        (TimeSpan(AT), "<!date^1795489500^{date_short_pretty} {time_secs}|2026-11-24 03:05:00 UTC>"),
    ],
)
def test_a_span_is_written_so_that_it_can_only_be_what_it_is(span: Span, shown: str) -> None:
    assert mrkdwn((span,)) == shown


def test_a_finding_shows_how_bad_where_why_and_what_to_do() -> None:
    shown = _texts(render(_report(FindingsBlock((FINDING,)), status=Status.FINDINGS)))
    for part in ("🔴", "*HIGH*", "`Service shop/web`", "`spec.selector`"):
        assert part in shown
    assert "selects no pods" in shown
    assert "app=wbe matches none of 3 pods" in shown
    assert "→ compare with `services -n shop -o yaml`" in shown


def test_progress_shows_a_bar_and_a_mark_for_each_step() -> None:
    steps = tuple(ProgressStep(text(name), state) for name, state in (("apply", "done"), ("wait", "working")))
    shown = _texts(render(_report(Progress(steps))))
    assert "▰▰▰▰▰▱▱▱▱▱  1 of 2" in shown
    assert "✅ apply" in shown
    assert "⏳ wait" in shown


def test_the_first_table_is_a_table_block_and_the_second_aligned_lines() -> None:
    one = table(["NAME", "PORTS"], [["web", "80/TCP"], ["api", (Code("8080"),)]], "Services")
    two = table(["NAME", "READY"], [["web-1", "1/1"], ["api-22", "0/1"]])
    (message,) = render(_report(one, two)).messages
    block = next(block for block in message.blocks if block["type"] == "table")
    assert block["rows"][1] == [{"type": "raw_text", "text": "web"}, {"type": "raw_text", "text": "80/TCP"}]
    assert "NAME     READY\nweb-1    1/1\napi-22   0/1" in message.blocks[-1]["text"]["text"]


def test_a_long_table_is_a_file() -> None:
    rows = [[f"service-{number}", "ClusterIP", "10.96.0.1"] for number in range(400)]
    rendering = render(_report(table(["NAME", "TYPE", "IP"], rows, "Services")))
    (file,) = rendering.files
    assert file.name == "services.txt"
    assert file.content.count("\n") == 401
    assert "services.txt" in _texts(rendering)


def test_short_yaml_is_shown_and_long_yaml_is_a_file_as_it_is() -> None:
    short = render(_report(Preformatted("kind: Service\n", "The object", "yaml")))
    assert "```\\nkind: Service\\n```" in _texts(short)
    content = "kind: <Service> & ```\n" * 500
    (file,) = render(_report(Preformatted(content, "The object", "yaml"))).files
    assert (file.name, file.content) == ("the-object.yaml", content)


def test_buttons_carry_their_command_and_stand_on_the_last_message() -> None:
    approve = Action("Approve", "changes approve 7 --digest 3f2a", "primary", "Apply change 7?")
    rendering = render(_report(Bullets(tuple(text("word " * 60) for _ in range(60))), actions=(approve,)))
    assert len(rendering.messages) > 1
    buttons = [block for message in rendering.messages for block in message.blocks if block["type"] == "actions"]
    assert buttons == [block for block in rendering.messages[-1].blocks if block["type"] == "actions"]
    (button,) = buttons[0]["elements"]
    assert (button["value"], button["action_id"]) == ("changes approve 7 --digest 3f2a", "patchbay:run:0")
    assert button["style"] == "primary"
    assert button["confirm"]["text"]["text"] == "Apply change 7?"


def test_an_action_too_long_for_a_button_can_still_be_typed() -> None:
    rendering = render(_report(actions=(Action("Run", "x" * 2_001),)))
    assert "actions" not in {block["type"] for block in rendering.messages[0].blocks}
    assert "xxx" in _texts(rendering)


def _menu(count: int, line: str = "expose deploy/web --port") -> Menu:
    return Menu("Choose a port", tuple(Action(f"port {number}", f"{line} {number}") for number in range(count)))


def test_a_menu_is_a_select_beside_the_buttons() -> None:
    rendering = render(_report(actions=(Action("Help", "help expose"),), menu=_menu(3)))
    select, button = rendering.messages[0].blocks[-1]["elements"]
    assert (select["type"], select["action_id"]) == ("static_select", "patchbay:run:menu")
    assert select["placeholder"]["text"] == "Choose a port"
    assert [option["value"] for option in select["options"]] == [f"expose deploy/web --port {n}" for n in range(3)]
    assert button["value"] == "help expose"


def test_a_menu_with_lines_too_long_for_a_select_becomes_buttons_and_then_lines() -> None:
    rendering = render(_report(menu=_menu(30, "expose deploy/web " + "--port " * 20)))
    blocks = rendering.messages[0].blocks
    assert all(element["type"] == "button" for element in blocks[-1]["elements"])
    assert "port 29" in _texts(rendering)


def test_what_does_not_fit_is_in_a_file_and_this_is_said() -> None:
    rendering = render(_report(paragraph("word " * 20_000), title="Long", footnotes=(text("asked by way of the API"),)))
    (file,) = rendering.files
    assert file.content.count("word") == 20_000
    assert "report.txt" in json.dumps(rendering.messages[-1].blocks[-2])
    assert "asked by way of the API" in json.dumps(rendering.messages[-1].blocks[-1])


_words = st.text(max_size=60) | st.sampled_from(
    [
        "<!channel>",
        "<@U061F7AUR>",
        "&lt;",
        "```",
        "*b*",
        "x" * 3_100,
        "\n" * 99,
        "<" * 900,
        "💥" * 2_000,
        "\ud800",
        "",
    ]
)
_times = st.datetimes(min_value=datetime.datetime(1971, 1, 1), timezones=st.none() | st.just(datetime.UTC))  # noqa: DTZ001
_spans: st.SearchStrategy[Span] = st.one_of(
    st.builds(Plain, _words),
    st.builds(Bold, _words),
    st.builds(Code, _words),
    st.builds(Link, _words | st.just("https://example.com/"), _words),
    st.builds(PersonSpan, _words | st.just("U061F7AUR"), _words),
    st.builds(ChannelSpan, _words | st.just("C061F7AUR"), _words),
    st.builds(TimeSpan, _times),
)
_text = st.lists(_spans, max_size=5).map(tuple)


@st.composite
def _tables(draw: st.DrawFn) -> Table:
    columns = draw(st.lists(st.text(max_size=30), max_size=3)) * draw(st.sampled_from([1, 1, 9]))
    cell = st.lists(st.one_of(st.builds(Plain, _words), st.builds(Code, st.text(max_size=9)), _spans), max_size=2)
    rows = draw(st.lists(st.lists(cell.map(tuple), min_size=3, max_size=3), max_size=3))
    wide = [tuple((row * 9)[: len(columns)]) for row in rows] * draw(st.sampled_from([1, 1, 40]))
    return Table(tuple(columns), tuple(wide), draw(_words))


_findings = st.builds(
    Finding, cluster=_words, rule=_words, severity=st.sampled_from(Severity),
    object=st.builds(Ref, _words, _words, _words), owner=st.just(Ref("Service", "web", "shop")), field=_words,
    summary=_words, evidence=st.lists(_words, max_size=3).map(tuple), next_step=_words, right=st.booleans(),
)  # fmt: skip
_blocks = st.one_of(
    st.builds(Paragraph, _text),
    st.builds(Bullets, st.lists(_text, max_size=8).map(tuple)),
    _tables(),
    st.builds(Preformatted, _words, _words, st.sampled_from(["yaml", "log", "", "strange"])),
    st.builds(FindingsBlock, st.lists(_findings, max_size=20).map(tuple)),
    st.builds(
        Progress, st.lists(st.builds(ProgressStep, _text, st.sampled_from(["done", "odd"])), max_size=9).map(tuple)
    ),
)
_actions = st.builds(Action, _words, _words | st.just("status"), st.sampled_from(["", "primary", "odd"]), _words)
_menus = st.builds(Menu, _words, st.lists(_actions, max_size=120).map(tuple))
_reports = st.builds(
    Report, status=st.sampled_from(Status), title=_words, blocks=st.lists(_blocks, max_size=6).map(tuple),
    actions=st.lists(_actions, max_size=30).map(tuple), menu=st.none() | _menus,
    footnotes=st.lists(_text, max_size=6).map(tuple),
)  # fmt: skip


def _units(words: str) -> int:
    return len(words.encode("utf-16-le", errors="surrogatepass")) // 2


_TOKEN = re.compile(
    r"<(@[UW][A-Z0-9]+|#[CDG][A-Z0-9]+|!date\^\d+\^\{date_short_pretty\} \{time_secs\}\|[-0-9: ]+UTC|(https?://|mailto:)[^<>|]+(\|[^<>]*)?)>"
)


def _is_escaped(words: str) -> bool:
    """No `<`, `>` or `&` but in our own tokens and entities."""
    rest = re.sub(r"&(lt|gt|amp);", "", _TOKEN.sub("", words))
    return not set(rest) & set("<>&")


def _check_block(block: dict[str, Any]) -> None:
    match block["type"]:
        case "section":
            assert 1 <= _units(block["text"]["text"]) <= 3_000
            assert _is_escaped(block["text"]["text"])
            assert block["text"]["verbatim"] is True
        case "context":
            assert 1 <= len(block["elements"]) <= 10
            for element in block["elements"]:
                assert 1 <= _units(element["text"]) <= 2_000
                assert _is_escaped(element["text"])
        case "actions":
            assert 1 <= len(block["elements"]) <= 25
            assert len({button["action_id"] for button in block["elements"]}) == len(block["elements"])
            for button in block["elements"]:
                if button["type"] == "static_select":
                    assert 1 <= len(button["options"]) <= 100
                    assert all(1 <= _units(option["value"]) <= 150 for option in button["options"])
                    assert all(1 <= _units(option["text"]["text"]) <= 75 for option in button["options"])
                    continue
                assert 1 <= _units(button["text"]["text"]) <= 75
                assert 1 <= _units(button["value"]) <= 2_000
                assert button.get("style", "primary") in ("primary", "danger")
                confirm = button.get("confirm")
                assert not confirm or 1 <= _units(confirm["text"]["text"]) <= 300
                assert not confirm or 1 <= _units(confirm["confirm"]["text"]) <= 30
        case "table":
            assert 1 <= len(block["rows"]) <= 100
            assert all(1 <= len(row) <= 20 for row in block["rows"])
            assert _units(json.dumps(block, ensure_ascii=False)) <= 10_000
        case other:
            raise AssertionError(f"an unexpected block {other}")


@settings(max_examples=300)
@given(_reports, st.sampled_from([1, 3]))
def test_any_report_is_rendered_within_all_limits_and_escaped(report: Report, most: int) -> None:
    rendering = render(report, messages=most)
    assert 1 <= len(rendering.messages) <= most
    for message in rendering.messages:
        assert 1 <= _units(message.text) <= 4_000
        assert _is_escaped(message.text)
        assert 1 <= len(message.blocks) <= 50
        assert _units(json.dumps(message.blocks, ensure_ascii=False)) <= 12_500
        json.dumps(message.blocks, ensure_ascii=False).encode()
        assert sum(block["type"] == "table" for block in message.blocks) <= 1
        assert not blocks_problems(message.blocks, 50, IN_MESSAGES)
        for block in message.blocks:
            _check_block(block)
    assert len({file.name for file in rendering.files}) == len(rendering.files)
    assert all(file.content and len(file.name) <= 100 for file in rendering.files)
