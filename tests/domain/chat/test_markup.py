"""What chat does to text, and what was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.chat.markup import unmangled

TYPED = {
    "status": "status",
    "  status \n": "status",
    "ingress create <http://web.example.com|web.example.com> --service web:80": (
        "ingress create web.example.com --service web:80"
    ),
    "probe <https://web.example.com/a?b=c&amp;d=e>": "probe https://web.example.com/a?b=c&d=e",
    "tell <mailto:ana@example.com|ana@example.com>": "tell ana@example.com",
    "tell <mailto:ana@example.com>": "tell ana@example.com",
    'logs web --grep "a &lt; b &amp;&amp; c &gt; d"': 'logs web --grep "a < b && c > d"',
    "logs web --grep &amp;lt;": "logs web --grep &lt;",
    "*status*": "status",
    "_status_ -n shop": "status -n shop",
    "~status~": "status",
    "*_status_*": "status",
    "`status`": "status",
    "expose `deploy/web` --port `80`": "expose deploy/web --port 80",
    "```\nexpose deploy/web --port 80\n```": "expose deploy/web --port 80",
    "*expose deploy/web* --port 80": "expose deploy/web --port 80",
    "ingress create *.example.com --service web:80": "ingress create *.example.com --service web:80",
    "ingress create *.<http://example.com|example.com>": "ingress create *.example.com",
    "check *.example.com *.example.org": "check *.example.com *.example.org",
    "pods -l my_app=a_b": "pods -l my_app=a_b",
    "lookup _acme-challenge.example.com": "lookup _acme-challenge.example.com",
    'logs web --grep "*fatal*"': 'logs web --grep "*fatal*"',
    "logs web --grep '_x_'": "logs web --grep '_x_'",
    "logs web --grep “connection refused”": 'logs web --grep "connection refused"',
    "logs web --grep ‘connection refused’": "logs web --grep 'connection refused'",
    "logs web --grep “don’t”": 'logs web --grep "don’t"',
    "expose deploy/web –port 80": "expose deploy/web --port 80",
    "expose deploy/web —port=80": "expose deploy/web --port=80",
    "services –n shop": "services -n shop",
    "expose deploy/web −−port 80": "expose deploy/web --port 80",
    "schedule add “every 1m” — check services": 'schedule add "every 1m" -- check services',
    'logs web --grep "10 – 20"': 'logs web --grep "10 – 20"',
    "logs web --grep 10–20": "logs web --grep 10–20",
    "pods web\u201176d": "pods web-76d",
    "services\u00a0-n\u202fshop": "services -n shop",
    "ser\u200bvices\ufeff": "services",
    "schedule add --channel <#C024BE7LR|net-health> check": "schedule add --channel <#C024BE7LR|net-health> check",
    "ask <@U061F7AUR> and <#C024BE7LR|>": "ask <@U061F7AUR> and <#C024BE7LR|>",
    "tell <!here>": "tell @here",
    "logs web --grep a*b*c": "logs web --grep a*b*c",
    "2 * 3 * 4": "2 * 3 * 4",
}


@pytest.mark.parametrize(("sent", "typed"), TYPED.items())
def test_what_chat_sends_is_read_as_it_was_typed(sent: str, typed: str) -> None:
    assert unmangled(sent) == typed


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    assert len(unmangled(text)) <= 2 * len(text)


@given(st.from_regex(r"[a-z]{1,8}( (--?[a-z]{2,8}|[a-z0-9./:=-]{1,12})){0,5}", fullmatch=True))
def test_a_plain_command_line_stays_as_it_is(line: str) -> None:
    assert unmangled(line) == line.strip()
