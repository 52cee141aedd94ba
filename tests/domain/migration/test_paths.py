"""How paths, their types and what they are rewritten to are said by a route."""

import pytest

from bot.domain.migration.paths import PathMatch, match_of

SPECIFIC = "ImplementationSpecific"


def pattern(value: str, target: str = "") -> PathMatch:
    return match_of(value, SPECIFIC, regex=True, target=target)


def said(match: PathMatch) -> tuple[str, str, str]:
    """Type, value, and what is put in place of what."""
    rewrite = match.rewrite or {}
    to = rewrite.get("replacePrefixMatch") or rewrite.get("replaceFullPath") or ""
    return match.type, match.value, f"{rewrite['type']} {to}" if rewrite else ""


class TestWithoutRegularExpressions:
    @pytest.mark.parametrize(
        ("value", "type", "expected"),
        [
            ("/a", "Exact", ("Exact", "/a", "")),
            ("/a", "Prefix", ("PathPrefix", "/a", "")),
            ("/a/", "Prefix", ("PathPrefix", "/a/", "")),
            ("", SPECIFIC, ("PathPrefix", "/", "")),
            ("/", "", ("PathPrefix", "/", "")),
            ("/a(/|$)(.*)", SPECIFIC, ("RegularExpression", r"/a\(/\|\$\)\(\.\*\).*", "")),
        ],
    )
    def test_a_type_becomes_a_type(self, value: str, type: str, expected: tuple[str, str, str]) -> None:
        assert said(match_of(value, type, regex=False)) == expected

    def test_a_plain_prefix_took_longer_names_too_which_is_told(self) -> None:
        assert "/appx" in match_of("/app", SPECIFIC, regex=False).differs
        assert not match_of("/app", "Prefix", regex=False).differs
        assert not match_of("/app/", SPECIFIC, regex=False).differs

    @pytest.mark.parametrize("value", ["/a b", "/ä", "/a//b", "/a/../b", "/a/.", "/a%2fb", "/a#b", '/a"b', "/a[b"])
    def test_what_a_route_does_not_take_as_it_is_becomes_a_regular_expression(self, value: str) -> None:
        assert match_of(value, "Prefix", regex=False).type == "RegularExpression"

    def test_a_path_that_is_too_long_is_lost(self) -> None:
        match = match_of("/" + "a" * 1100, "Prefix", regex=False)
        assert (match.type, match.value) == ("", "")
        assert "1024" in match.lost


class TestRewriting:
    @pytest.mark.parametrize(
        ("value", "target", "expected"),
        [
            ("/x(/|$)(.*)", "/$2", ("PathPrefix", "/x", "ReplacePrefixMatch /")),
            ("/x(/|$)(.*)", "/y/$2", ("PathPrefix", "/x", "ReplacePrefixMatch /y")),
            ("/x(/|$)(.*)", "/x/$2", ("PathPrefix", "/x", "")),
            ("/x(/|$)(.*)$", "/$2", ("PathPrefix", "/x", "ReplacePrefixMatch /")),
            ("^/x(/|$)(.*)", "/$2", ("PathPrefix", "/x", "ReplacePrefixMatch /")),
            ("/x/y(/|$)(.*)", "/$2", ("PathPrefix", "/x/y", "ReplacePrefixMatch /")),
            ("/x(?:/|$)(.*)", "/$1", ("PathPrefix", "/x", "ReplacePrefixMatch /")),
            ("/x/(.*)", "/$1", ("PathPrefix", "/x", "ReplacePrefixMatch /")),
            ("/x/(.+)", "/y/$1", ("PathPrefix", "/x", "ReplacePrefixMatch /y")),
            ("/x/?(.*)", "/$1", ("PathPrefix", "/x", "ReplacePrefixMatch /")),
            ("/x(.*)", "/$1", ("PathPrefix", "/x", "ReplacePrefixMatch /")),
            ("/x(.*)", "$1", ("PathPrefix", "/x", "ReplacePrefixMatch /")),
            ("/x(/.*)?", "/y$1", ("PathPrefix", "/x", "ReplacePrefixMatch /y")),
            ("/(.*)", "/$1", ("PathPrefix", "/", "")),
            ("/?(.*)", "/$1", ("PathPrefix", "/", "")),
            ("/()(.*)", "/$2", ("PathPrefix", "/", "")),
            ("/(.*)", "/api/$1", ("PathPrefix", "/", "ReplacePrefixMatch /api")),
            ("/x", "/", ("PathPrefix", "/x", "ReplaceFullPath /")),
            ("/", "/", ("PathPrefix", "/", "")),
            ("/", "/y", ("PathPrefix", "/", "ReplaceFullPath /y")),
            ("/", "/$2", ("PathPrefix", "/", "ReplaceFullPath /")),
            ("/x", "/$1", ("PathPrefix", "/x", "ReplaceFullPath /")),
            ("/x(/|$)(.*)", "/", ("PathPrefix", "/x", "ReplaceFullPath /")),
            ("/[a-z]+/x", "/y", ("RegularExpression", "(?i)/[a-z]+/x.*", "ReplaceFullPath /y")),
        ],
    )
    def test_a_prefix_or_the_whole_is_replaced(self, value: str, target: str, expected: tuple[str, str, str]) -> None:
        match = pattern(value, target)
        assert said(match) == expected
        assert not match.lost

    @pytest.mark.parametrize(
        ("value", "target"),
        [
            ("/x(/|$)(.*)", "/$1"),
            ("/x/(.*)/y", "/$1"),
            ("/u/([0-9]+)/p/(.*)", "/p/$2?user=$1"),
            ("/x(/|$)(.*)", "/y.php?path=$2"),
            ("/x(/|$)(.*)", "/$2/$1"),
            ("/x", "/y?z=1"),
            ("/x(/|$)(.*)", "https://b.example.com/$2"),
            ("/x/(.*)", "$1"),
        ],
    )
    def test_what_only_groups_can_say_is_lost(self, value: str, target: str) -> None:
        match = pattern(value, target)
        assert match.rewrite is None
        assert match.lost

    def test_sending_everything_to_one_path_is_told(self) -> None:
        assert "every request below /x becomes /" in pattern("/x", "/").differs

    def test_what_is_quoted_cannot_end_code(self) -> None:
        assert "``" not in pattern("/x(`)", "/$1`").lost
        assert pattern("/x(`)", "/$1`").lost.count("`") == 4


class TestRegularExpressions:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("/[A-Z]{3}", "(?i)/[A-Z]{3}.*"),
            ("/a/[^/]+/b$", "(?i)/a/[^/]+/b$"),
            ("/a/[^/]+/.*", "(?i)/a/[^/]+/.*"),
            (r"/price\$", r"(?i)/price\$.*"),
        ],
    )
    def test_case_is_ignored_and_the_beginning_enough_as_before(self, value: str, expected: str) -> None:
        assert said(pattern(value)) == ("RegularExpression", expected, "")

    @pytest.mark.parametrize("value", ["/a/.*", "/a(/.*)?", "/a(/|$)", "/a/.+"])
    def test_what_means_all_below_is_said_as_a_prefix(self, value: str) -> None:
        assert said(pattern(value)) == ("PathPrefix", "/a", "")

    def test_a_plain_path_of_such_a_host_was_the_beginning_in_any_case_which_is_told(self) -> None:
        exact = match_of("/a", "Exact", regex=True)
        assert (exact.type, exact.value) == ("Exact", "/a")
        assert "in any case" in exact.differs
