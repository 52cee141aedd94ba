"""For whom a certificate is, and until when."""

import datetime

import pytest

from bot.domain.network.certificates import Certificate

NOW = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)


def certificate(*names: str, days: float = 90, since: float = -1) -> Certificate:
    return Certificate(
        subject="CN=x",
        issuer="CN=ca",
        names=names,
        not_before=NOW + datetime.timedelta(days=since),
        not_after=NOW + datetime.timedelta(days=days),
    )


@pytest.mark.parametrize(
    ("name", "host", "covered"),
    [
        ("shop.example.com", "shop.example.com", True),
        ("Shop.Example.com", "shop.example.COM.", True),
        ("*.example.com", "shop.example.com", True),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "example.com", False),
        ("*.example.com", "*.example.com", True),
        ("shop.example.com", "*.example.com", False),
        ("*.b.example.com", "*.example.com", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("*", "com", False),
    ],
)
def test_which_hosts_it_covers(name: str, host: str, covered: bool):
    assert certificate(name).covers(host) is covered


@pytest.mark.parametrize(
    ("own", "wrong"),
    [
        (certificate("a.example"), ""),
        (certificate("a.example", days=-1), "it expired on 2026-11-27"),
        (certificate("a.example", since=1), "it is valid only from 2026-11-29 00:00 UTC"),
        (certificate("b.example", "c.example"), "it is for b.example, c.example, not for a.example"),
        (certificate(), "it is for no name at all, not for a.example"),
    ],
)
def test_what_is_wrong_with_it(own: Certificate, wrong: str):
    assert own.wrong_with("a.example", NOW) == wrong


def test_days_that_are_left():
    assert certificate(days=10.5).days_left(NOW) == 10
    assert certificate(days=-0.5).days_left(NOW) == -1
