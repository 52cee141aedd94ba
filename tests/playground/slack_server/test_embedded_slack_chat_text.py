"""What chat does to text."""

import pytest

from bot.playground.slack_server.chat_text import Names, as_message, as_slash_text

NAMES = Names({"ana": "U1"}, {"net-ops": ("C1", "net-ops"), "secret": ("C2", "")})


@pytest.mark.parametrize(
    ("typed", "arrives"),
    [
        ("ping web.example.com", "ping <http://web.example.com|web.example.com>"),
        ("web.example.com:8080/a?b=1&c", "<http://web.example.com:8080/a?b=1&amp;c|web.example.com:8080/a?b=1&amp;c>"),
        ("see https://example.com/a.", "see <https://example.com/a>."),
        ("web.shop.svc.cluster.local", "web.shop.svc.cluster.local"),
        ("10.96.0.10 deploy/web v1.36", "10.96.0.10 deploy/web v1.36"),
        ("mail ops@example.com", "mail <mailto:ops@example.com|ops@example.com>"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("<@U1>", "&lt;@U1&gt;"),
        ("@ana. and @bob", "<@U1>. and @bob"),
        ("in #net-ops and #secret", "in <#C1|net-ops> and <#C2|>"),
        ("`web.example.com & x`", "`web.example.com &amp; x`"),
    ],
)
def test_messages_arrive_as_slack_writes_them(typed: str, arrives: str) -> None:
    assert as_message(typed, NAMES) == arrives


def test_slash_text_has_names_and_urls_in_brackets_and_no_entities() -> None:
    typed = "expose web.example.com https://example.com & @ana #secret"
    assert as_slash_text(typed, NAMES) == "expose web.example.com <https://example.com> & <@U1> <#C2|>"


def test_quotes_and_dashes_may_become_typographic_but_not_in_code() -> None:
    assert as_message('add "every 1m" --channel `--x "y"`', NAMES, True) == 'add “every 1m” —channel `--x "y"`'
