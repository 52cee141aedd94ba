from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from bot.adapters.manifests import parsing
from bot.adapters.manifests.parsing import objects_in
from bot.errors import Refused
from tests.adapters.manifests.conftest import SHARED


def data(text: str) -> Any:
    """What a ConfigMap's `data` says."""
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"
    (found,) = objects_in((head + "data: " + text).encode(), "web.yaml")
    return found["data"]


def refusal(text: str | bytes) -> str:
    with pytest.raises(Refused) as caught:
        objects_in(text if isinstance(text, bytes) else text.encode(), "web.yaml")
    assert caught.value.summary == "Cannot read the manifest web.yaml"
    return caught.value.cause


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("yes", True), ("No", False), ("ON", True), ("off", False), ("y", True), ("N", False), ("true", True),
        ("yEs", "yEs"), ("~", None), ("", None), ("Null", None), ("nothing", "nothing"),
        ("2026-11-24", "2026-11-24"), ("2026-11-24T03:00:00Z", "2026-11-24T03:00:00Z"), ("12:30", "12:30"),
        ("1:30:00", "1:30:00"), ("00:11:22:33:44:55", "00:11:22:33:44:55"), ("10.0.0.0/8", "10.0.0.0/8"),
        ("0644", 420), ("0o644", 420), ("0x1F", 31), ("0b101", 5), ("-7", -7), ("+7", 7), ("1_000", 1000),
        ("0899", 899), ("08.5", 8.5), ("1.5", 1.5), (".5", 0.5), ("1.", 1), ("1.0", 1), ("1e3", 1000), ("1e-3", 0.001),
        ("1e400", "1e400"), (".", "."), ("-", None), ("-a", "-a"), ("1.2.3", "1.2.3"), ("+", "+"), (".5_0", ".5_0"),
        ("18446744073709551615", 2**64 - 1), ("99999999999999999999", 1e20), ("=", "="), ("v1", "v1"),
        ('"yes"', "yes"), ("'7'", "7"), ("!!str 7", "7"), ("!!int '7'", 7), ("!!float 7", 7),
        ("!!timestamp 2026-11-24", "2026-11-24"), ("|\n  7\n", "7\n"), ("!!bool 'yes'", True), ("!!null ''", None),
    ],
)  # fmt: skip
def test_words_mean_what_they_mean_to_kubectl(word: str, value: object) -> None:
    found = data(word) if word != "-" else data("\n- \n")[0]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "word",
    [".nan", ".inf", "-.INF", "0xFFFFFFFFFFFFFFFFF", "!!binary aGk=", "!!int x", "!!bool 1", "!!int yes", "!x 1"],
)
def test_what_json_has_no_value_for_is_refused(word: str) -> None:
    assert refusal(f"a:\n  b: {word}\n").startswith("line 2: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' is there twice"),
        ("a: {b: 1, b: 1}\n", "line 1: the key 'b' is there twice"),
        ("a:\n  8080: x\n", "line 2: the key '8080' is no string: it needs quotes"),
        ("on: x\n", "line 1: the key 'on' is no string: it needs quotes"),
        ("? [a]\n: b\n", "line 1: a mapping or list is used as a key"),
        ("a: &a b\n*a : c\n", "line 2: an alias is used as a key"),
        ("!!int '1': c\n", "line 1: the key '1' is no string"),
        ("a: &a {}\nb:\n  <<: *a\n", "line 3: merge keys (`<<`) are not read"),
        ("a: !!set {}\n", "line 1: the tag 'tag:yaml.org,2002:set' means nothing here"),
        ("a: !!python/object:os.system {}\n", "line 1: the tag 'tag:yaml.org,2002:python/object:os.system' means"),
        ("a: *b\n", "line 1: the alias 'b' repeats nothing that is complete"),
        ("a: &a [*a]\n", "line 1: the alias 'a' repeats nothing that is complete"),
        ("a: [\n", "line 2: it is no YAML: did not find expected node content"),
        ("a: b: c\n", "line 1: it is no YAML: mapping values are not allowed in this context"),
        (b"a: \xff\n", "it is no YAML: "),
        ("a: \x00\n", "it is no YAML: "),
        ("word\n", "line 1: a document is no object"),
        ("---\n- a\n", "line 1: a document is no object"),
        ("\n---\nkind: A\nmetadata: {name: b}\n", "line 2: an object has no apiVersion"),
        ("apiVersion: v1\nmetadata: {name: b}\n", "line 1: an object has no kind"),
        ("apiVersion: v1\nkind: A\nmetadata: {generateName: b}\n", "line 1: an object has no metadata.name"),
        ("apiVersion: v1\nkind: A\nmetadata: []\n", "line 1: an object has no metadata.name"),
        ("apiVersion: v1\nkind: A\nmetadata: {name: 7}\n", "line 1: an object has no metadata.name"),
        ("apiVersion: v1\nkind: List\nitems: {}\n", "line 1: the items of a List are no list"),
        ("apiVersion: v1\nkind: List\nitems: [[]]\n", "line 1: a document is no object"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_line(text: str | bytes, said: str) -> None:
    assert refusal(text).startswith(said)


def test_lists_are_taken_apart_and_empty_documents_left_out() -> None:
    def named(name: str, *, kind: str = "A") -> str:
        return f"{{apiVersion: v1, kind: {kind}, metadata: {{name: {name}}}}}"

    nested = f"{{apiVersion: v1, kind: ConfigMapList, items: [{named('c')}]}}"
    text = f"---\n# nothing\n---\n{named('a')}\n---\n{{kind: List, items: [{named('b')}, {nested}]}}\n---\n"
    text += f"{{kind: List, items: null}}\n---\n{named('d', kind='AllowList')}\n"
    assert [found["metadata"]["name"] for found in objects_in(text.encode(), "x")] == ["a", "b", "c", "d"]  # type: ignore[index,call-overload]


def test_nothing_and_json_are_manifests_too() -> None:
    assert objects_in(b"", "x") == []
    assert objects_in(b"# only a comment\n---\n", "x") == []
    assert data('{"a": [1, "\\u00e9"], "b": null}\n') == {"a": [1, "é"], "b": None}


def test_what_an_alias_repeats_is_there_each_time() -> None:
    assert data("{a: &x {b: [1]}, c: *x, d: &y 7, e: [*y, *x]}") == {
        "a": {"b": [1]}, "c": {"b": [1]}, "d": 7, "e": [7, {"b": [1]}]
    }  # fmt: skip


def test_an_anchor_ends_with_its_document() -> None:
    assert "repeats nothing" in refusal(
        "a: &x 1\n---\nb: *x\n".replace("a:", "apiVersion: v1\nkind: A\nmetadata: {name: a}\na:")
    )


def test_a_billion_laughs_are_not_laughed() -> None:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    began = time.perf_counter()
    assert "it has more than 500000 values" in refusal("\n".join(lines))
    assert time.perf_counter() - began < 5


def test_aliases_depth_values_and_objects_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "more than 100 aliases" in refusal("a: &a 1\nb: [" + ", ".join(["*a"] * 101) + "]\n")
    for deep in ("[" * 100_000, "{a: " * 100_000, "- " * 50_000, "? " * 50_000):
        assert "nested more than 100 deep" in refusal(deep) or "used as a key" in refusal(deep)
    monkeypatch.setattr(parsing, "MOST_VALUES", 50)
    assert "more than 50 values" in refusal("[" + "a, " * 60 + "]")
    monkeypatch.undo()
    one = "---\napiVersion: v1\nkind: A\nmetadata: {name: a}\n"
    assert len(objects_in((one * 2000).encode(), "x")) == 2000
    assert "more than 2000 objects" in refusal(one * 2001)


def test_calicos_definitions_are_read_within_a_second(shared: Callable[[str], bytes]) -> None:
    content = shared("calico/v3.32.1/operator-crds.yaml")
    began = time.thread_time()
    assert len(objects_in(content, "x")) == 32
    assert time.thread_time() - began < 1


def test_real_manifests_are_read_as_pyyaml_reads_them(shared: Callable[[str], bytes]) -> None:
    """None of them depends on where PyYAML and kubectl differ."""
    for path in sorted(SHARED.rglob("*.y*ml")):
        content = path.read_bytes()
        expected = [each for each in yaml.load_all(content, Loader=yaml.CSafeLoader) if each]
        expected = [one for each in expected for one in (each["items"] if each["kind"] == "List" else [each])]
        assert objects_in(content, path.name) == expected, path
