"""What an API server says is told in plain words, cut, and without secrets."""

import json

import pytest
from speaking_api_server import status

from bot.adapters.cluster.failures import MAXIMUM_WORDS, plain, refusal
from bot.errors import BotError, Conflict, NotFound, Refused, Unreachable


def said(code: int, message: str, reason: str = "", **details: object) -> BotError:
    return refusal(code, json.dumps(status(code, message, reason, **details)[1]).encode(), "read Service shop/web")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, BotError),
        (401, Refused),
        (403, Refused),
        (404, NotFound),
        (405, BotError),
        (409, Conflict),
        (422, BotError),
        (429, Unreachable),
        (500, Unreachable),
        (503, Unreachable),
        (504, Unreachable),
    ],
)
def test_each_status_is_one_kind_of_error(code: int, kind: type[BotError]) -> None:
    error = said(code, "because", "Reason")
    assert type(error) is kind
    assert error.summary == "Cannot read Service shop/web"


def test_the_api_servers_own_words_are_the_cause() -> None:
    assert said(404, 'services "web" not found').cause == 'services "web" not found'


def test_a_conflict_names_managers_and_their_fields() -> None:
    causes = [
        {"reason": "FieldManagerConflict", "message": 'conflict with "helm" using apps/v1', "field": ".spec.replicas"},
        {"reason": "FieldManagerConflict", "message": 'conflict with "helm" using apps/v1', "field": ".spec.paused"},
        {"reason": "FieldManagerConflict", "message": 'conflict with "hpa" using apps/v1', "field": ".spec.replicas"},
    ]
    error = said(409, "Apply failed with 3 conflicts", "Conflict", causes=causes)
    assert error.cause == "helm owns spec.replicas, spec.paused; hpa owns spec.replicas"


def test_a_field_that_the_schema_lacks_is_our_fault_although_it_comes_as_500() -> None:
    error = said(500, "failed to create typed patch object (shop/web): .spec.replica: field not declared in schema")
    assert type(error) is BotError
    assert ".spec.replica" in error.cause


@pytest.mark.parametrize(
    "words",
    [
        "token eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.c2VjcmV0c2VjcmV0.c2VjcmV0 expired",
        "Authorization: Bearer c2VjcmV0c2VjcmV0",
        "proxy http://ana:c2VjcmV0@proxy:3128 refused",
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
        "illegal base64 data, error found in #10 byte of ...|c2VjcmV0|..., bigger context ...|c2VjcmV0|...",
    ],
)
def test_what_looks_like_a_credential_is_hidden(words: str) -> None:
    assert "c2VjcmV0" not in plain(words)


def test_long_words_are_cut_and_stay_on_one_line() -> None:
    assert plain("a\n\x1b[31mb\u202ec") == "a [31mb c"
    assert len(plain("word " * 1000)) <= MAXIMUM_WORDS


def test_an_answer_without_status_is_cited_only_when_it_is_a_short_text() -> None:
    assert refusal(400, b"Client sent an HTTP request to an HTTPS server.\n", "x").cause.endswith("an HTTPS server.")
    assert refusal(502, b"<html>Bad gateway</html>", "x").cause.endswith("HTTP status 502")
    assert refusal(500, b'\xff{"kind": 3', "x").cause.count("500") == 1


@pytest.mark.parametrize(
    ("message", "next_step"),
    [
        ('services is forbidden: User "x" cannot create resource "services" in API group ""', "for this right"),
        ("unable to create new content in namespace shop because it is being terminated", "namespace is gone"),
        ('pods "web" is forbidden: exceeded quota: pods=3', ""),
        ('admission webhook "policy" denied the request: no NodePort here', ""),
    ],
)
def test_what_is_forbidden_is_not_always_a_missing_right(message: str, next_step: str) -> None:
    found = said(403, message, "Forbidden").next_step
    assert found.endswith(next_step)
    assert bool(found) == bool(next_step)


def test_a_redirect_points_at_the_address() -> None:
    assert "clusters.cluster.server" in refusal(302, b"", "x").next_step
