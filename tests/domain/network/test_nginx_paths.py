"""Regular expressions of ingress-nginx: the order in which they are tried, and which takes all requests of which."""

from __future__ import annotations

import itertools
import re
from typing import Any

import msgspec
import pytest

from bot.domain.network.nginx_paths import asks, expressions, never_reached, takes_all, undecided
from bot.domain.network.snapshot import Ingress
from tests.builders import ingress

REGEX = {"nginx.ingress.kubernetes.io/use-regex": "true"}


def led(name: str, *paths: str, service: str = "web", host: str = "shop.example.com", **annotations: str) -> Ingress:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    found: Any = [{"path": path, "pathType": "ImplementationSpecific", "backend": backend} for path in paths]
    made = ingress(name, rules=[{"host": host, "http": {"paths": found}}])
    return msgspec.structs.replace(made, metadata=msgspec.structs.replace(made.metadata, annotations=annotations))


# First, second, whether the first surely takes all requests of the second.
PAIRS = [
    ("/", "/api", True),
    ("/.*", "/a", True),
    ("/(.*)", "/", True),
    ("/api", "/api/v1", True),
    ("/api", "/apis", True),  # it matches the beginning
    ("/api(/|$)(.*)", "/api/v1", True),
    ("/api(/|$)(.*)", "/apis", False),
    ("/api(/|$)(.*)", "/api", False),  # `/apis` is left
    ("/api(/|$)(.*)", "/api(/.*|$)", True),
    ("/api/(.*)", "/api", False),
    ("/api/(.*)", "/api/v[0-9]+", True),
    ("/v[0-9]+(/|$)(.*)", "/v[0-9]+/x", True),
    ("/v[0-9]+", "/v1", False),  # true, and not to be seen from the texts
    ("/api", "/API/x", True),
    (r"/\d", r"/\D", False),
    ("/api", "/api*", False),
    ("/a", "/a|/b", False),
    ("/a|/b", "/a/x", False),
    ("/[(]|/x", "/[(]|/x/y", False),
    (r"/a\(.*)", r"/a\(", False),
]


@pytest.mark.parametrize(("first", "second", "all_"), PAIRS)
def test_which_takes_all_requests_of_which(first: str, second: str, all_: bool) -> None:
    lower = [each if "\\" in each else each.lower() for each in (first, second)]
    assert takes_all(*lower) is all_


def test_what_is_said_to_take_all_does_so_whatever_the_path() -> None:
    """Held against a real engine: a claim must never be wrong, though it may be missing."""
    texts = sorted({text for pair in PAIRS for text in pair[:2] if _valid(text)} | {"/a+", "/ap?", "/a(b|c)", "/a/.+"})
    paths = ["/" + "".join(each) for n in range(4) for each in itertools.product("/apivx1b", repeat=n)]
    parts = ("/api", "/v1", "/v12", "/x", "/y", "/", "s", "/A", "(", "|", "1", "b")
    paths += ["".join(each) for n in range(1, 4) for each in itertools.product(parts, repeat=n)]
    claimed = 0
    for first, second in itertools.product(texts, repeat=2):
        if takes_all(*(each if "\\" in each else each.lower() for each in (first, second))):
            one, other = (re.compile(each, re.IGNORECASE) for each in (first, second))
            claimed += 1
            assert [path for path in paths if other.match(path) and not one.match(path)] == [], (first, second)
    assert claimed > 2 * len(texts)


def _valid(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def test_the_longest_is_tried_first_and_of_two_as_long_the_later_one_in_the_alphabet() -> None:
    [ordered] = expressions([led("a", "/b", "/a", "/long", **REGEX)]).values()
    assert [each.route.path for each in ordered] == ["/long", "/b", "/a"]


def test_one_ingress_makes_expressions_of_all_paths_of_the_host() -> None:
    found = expressions([led("a", "/x(.*)", **REGEX), led("b", "/x/y"), led("c", "/", host="other.example.com")])
    assert list(found) == ["shop.example.com"]
    assert [each.route.path for each in found["shop.example.com"]] == ["/x(.*)", "/x/y"]


def test_a_rewrite_makes_expressions_too_unless_it_changes_nothing() -> None:
    rewrite = "nginx.ingress.kubernetes.io/rewrite-target"
    assert asks(led("a", "/x", **{rewrite: "/"}), "/x")
    assert not asks(led("a", "/x", **{rewrite: "/x"}), "/x")
    assert not asks(led("a", "/x", **{"nginx.ingress.kubernetes.io/use-regex": "no"}), "/x")


def test_what_is_never_reached_is_told_with_what_takes_it_and_only_if_it_leads_elsewhere() -> None:
    everything, below = led("all", "/(.*)", **REGEX), led("b", "/x", service="api")
    [ordered] = expressions([everything, below]).values()
    assert [(str(a), str(b)) for a, b in never_reached(ordered)] == [
        ("shop.example.com/x of Ingress shop/b", "shop.example.com/(.*) of Ingress shop/all")
    ]
    [ordered] = expressions([everything, led("b", "/x")]).values()
    assert list(never_reached(ordered)) == []
    [ordered] = expressions([everything, led("b", "/longer", service="api")]).values()
    assert list(never_reached(ordered)) == []


def test_what_cannot_be_decided_is_told_as_such_and_what_cannot_meet_is_not() -> None:
    [ordered] = expressions([led("a", "/v[0-9]+/x", **REGEX), led("b", "/v1", "/w", service="api")]).values()
    assert [(a.route.path, b.route.path) for a, b in undecided(ordered)] == [("/v1", "/v[0-9]+/x")]
