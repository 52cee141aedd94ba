"""What a plan tells of long fields of what is there: the places that change, and not those that only stand there."""

from typing import Any

import pytest

from bot.domain.changes.change import Apply
from bot.domain.changes.differences import shown
from bot.domain.changes.fields import standing
from bot.domain.changes.inside import differences_inside
from bot.domain.network.references import Ref

FILLED_IN = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "resources": {}}


def change(old: Any, new: Any, kind: str = "DaemonSet") -> list[str]:
    """Of the field `spec.long`."""
    there = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "agent"}, "spec": {"long": old}}
    manifest = there | {"spec": {"long": new}}
    prior = standing(there, manifest)
    return differences_inside(Apply(ref=Ref(kind, "agent"), manifest=manifest, creates=False, prior=prior))


def container(name: str, **said: Any) -> dict[str, Any]:
    return {"name": name, "image": f"{name}:1", "command": ["/bin/sh", "-c", "while true; do sleep 1; done"]} | said


RULES = [{"apiGroups": [""], "resources": [f"resource{n}s"], "verbs": ["get", "list", "watch"]} for n in range(30)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([container("a") | FILLED_IN, container("b")], [container("a"), container("b")], []),
        (
            [container("a") | FILLED_IN, container("b")],
            [container("a", image="a:2"), container("b")],
            ["spec.long[a].image: a:1 → a:2"],
        ),
        (
            [container("a", args=["-v=1", "--mtu=9"]), container("b")],
            [container("a", args=["-v=2", "--mtu=9"])],
            ["spec.long[b]: removed", "spec.long[a].args: -v=1 → removed", "spec.long[a].args: nothing → -v=2"],
        ),
        (
            [container("a", image="a" * 200)],
            [container("a", image="a" * 200, ports=[{"containerPort": 1}])],
            ['spec.long[a].ports: nothing → [{"containerPort":1}]'],
        ),
        ("short", "shorter", ["spec.long: short → shorter"]),
        (RULES, RULES[:-1], [f"spec.long: {shown(RULES[-1])} → removed"]),
        ([container("a", image="a" * 200)], [container("a", image="a" * 200, env=[], workingDir="")], []),
    ],
)
def test_each_place_that_changes_is_a_line(old: Any, new: Any, expected: list[str]) -> None:
    assert change(old, new) == expected


def test_of_many_the_first_few_are_told() -> None:
    told = change(RULES, RULES[:10])
    assert len(told) == 9
    assert told[-1] == "spec.long: 12 more differences"


def test_of_a_schema_it_is_told_how_many_there_are_and_words_do_not_count() -> None:
    def version(**field: Any) -> list[Any]:
        return [{"name": "v1", "schema": {"properties": {f"field{n}": {"type": "string"} | field for n in range(9)}}}]

    kind = "CustomResourceDefinition"
    assert change(version(), version(maxLength=9), kind) == ["spec.long: 9 differences"]
    assert change(version(), version(description="what it is"), kind) == []
