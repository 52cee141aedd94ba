"""What a log may not show, what it may, and that looking for it takes no longer than the log is long."""

import time

import pytest

from bot.domain.chat.masking import masked, without_escapes

_JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IkEifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJlLXdpdGgtbGV0dGVycw"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("password=hunter2 user=ann", "password=*** user=ann"),
        ("DB_PASSWORD: hunter2", "DB_PASSWORD: ***"),
        ('{"password":"hun\\"ter2","user":"ann"}', '{"password":"***","user":"ann"}'),
        ('{"clientSecret": "a b c", "n": 1}', '{"clientSecret": "***", "n": 1}'),
        ('msg="{\\"token\\":\\"abc123\\"}"', 'msg="{\\"token\\":\\"***\\"}"'),
        ("'api_key': 'abc,def'", "'api_key': '***'"),
        ("GET /x?access_token=abc&page=2", "GET /x?access_token=***&page=2"),
        ("X-Amz-Signature=0af31c&x=1", "X-Amz-Signature=***&x=1"),
        ("run --db-password hunter2 --verbose", "run --db-password *** --verbose"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ("authorization=Basic dXNlcjpwYXNz", "authorization=Basic ***"),
        ('"Authorization":["token ghx"]', '"Authorization":["token ***"]'),
        ("curl with bearer abcdefgh12345678", "curl with bearer ***"),
        ("Set-Cookie: session=abc; Path=/", "Set-Cookie: ***"),
        ("postgres://shop:hunter2@db:5432/shop", "postgres://shop:***@db:5432/shop"),
        ("redis://:hun@ter2@cache:6379", "redis://:***@cache:6379"),
        ("https://0123456789abcdef0123@sentry.example/1", "https://***@sentry.example/1"),
        ("key AKIAIOSFODNN7EXAMPLE used", "key *** used"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "***"),
        ("xoxb-123456789012-abcdefABCDEF", "***"),
        ("xapp-1-A012-345-abcdef0123", "***"),
        ("https://hooks.slack.com/services/T0/B0/abcdefgh", "https://hooks.slack.com/services/***"),
        (f"got {_JWT} from ann", "got *** from ann"),
        ("glpat-abcdefghijklmnopqrst", "***"),
        ("sk_live_abcdefghijklmnop0123", "***"),
    ],
)
def test_a_secret_is_masked_and_what_stands_beside_it_is_not(line: str, expected: str) -> None:
    assert masked(line) == (expected, 1)


@pytest.mark.parametrize(
    "line",
    [
        "GET /passwords 200",
        "token expired",
        "password=",
        "password: null",
        'secretName: "web-tls"',
        "token_type=bearer",
        "passwordFile=/run/secret",
        "max_tokens=4096",
        "connect to http://web.shop:80/path@2 from 10.0.0.1:8080",
        "see https://example.com/a/b@c",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "eyJ is how a JWT begins",
        "basic authentication is on",
    ],
)
def test_what_is_no_secret_is_left_alone(line: str) -> None:
    assert masked(line) == (line, 0)


def test_a_private_key_is_masked_as_a_whole() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA1234567890abcd\n" * 5 + "-----END RSA PRIVATE KEY-----"
    text, count = masked(f"before\n{key}\nafter")
    assert "MIIE" not in text
    assert (text.startswith("before\n"), text.endswith("\nafter"), count) == (True, True, 1)


def test_a_key_in_one_line_of_json_is_masked() -> None:
    text, _ = masked('{"key":"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBg\\n-----END PRIVATE KEY-----\\n","n":1}')
    assert "MIIE" not in text
    assert '"n":1' in text


@pytest.mark.parametrize("half", ["-----BEGIN PRIVATE KEY-----\n{}after", "before\n{}-----END PRIVATE KEY-----\nafter"])
def test_half_a_key_is_masked_too(half: str) -> None:
    text, count = masked(half.format("MIIEowIBAAKCAQEA1234567890abcd\n" * 3))
    assert "MIIE" not in text
    assert "after" in text
    assert count == 1


def test_colours_do_not_hide_a_key() -> None:
    assert masked(without_escapes("\x1b[36mpassword\x1b[0m=hunter2"))[0] == "password=***"
    assert without_escapes("a\x00b\x9b31mc\td\n\x1b]0;title\x07e") == "ab31mc\td\ne"


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "eyJ",
        "password",
        "password=",
        'password="',
        "password=\\",
        "://",
        "://a:",
        "://a:b@",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----END PRIVATE KEY-----",
        "-----END PRIVATE KEY-----\n",
        "authorization: ",
        "--token ",
        "-" * 8,
        "x-auth-",
        "token_",
        "AKIA",
        "\x1b[",
        "\x1b]",
        "\\\\",
        "A1+/",
        "A1B2C3D4A1B2C3D4\n",
        "bearer ",
    ],
)
def test_hostile_logs_take_no_longer_than_they_are_long(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    began = time.perf_counter()
    masked(without_escapes(text))
    assert time.perf_counter() - began < 5.0
