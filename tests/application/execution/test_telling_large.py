"""How changes with many steps are told: neighbours together, what failed by itself, nodes that wait first."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from bot.application.execution import telling, telling_large
from bot.domain.changes.change import (
    Apply,
    Brief,
    Change,
    ChangeRecord,
    ChangeState,
    Checked,
    Delete,
    Doubt,
    FieldValue,
    NodeState,
    Settle,
    Step,
    StepRecord,
    StepState,
    Until,
    Wait,
)
from bot.domain.chat.report import Bullets, Preformatted, Progress, Status, Table
from bot.domain.network.references import CONFIG_MAP, CUSTOM_RESOURCE_DEFINITION, DAEMON_SET, ref_to

NOW = datetime.datetime(2026, 11, 24, 3, 0, tzinfo=datetime.UTC)
AGENT = ref_to(DAEMON_SET, "net", "agent")


def applies(name: str, part: str = "", **more: Any) -> Apply:
    ref = ref_to(CONFIG_MAP, "net", name)
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "net"}}
    return Apply(ref=ref, manifest=manifest, creates=more.pop("creates", True), part=part, **more)


def record(taken: Sequence[tuple[Step, StepRecord]], **more: Any) -> ChangeRecord:
    change = Change(cluster="c1", request="cni install net", summary="install net", steps=tuple(s for s, _ in taken))
    return ChangeRecord(
        id=7,
        change=change,
        author="terminal:ann",
        origin="serve",
        state=ChangeState.APPLYING,
        steps=tuple(done for _, done in taken),
        created_at=NOW,
        expires_at=NOW,
        **more,
    )


def done(state: StepState, note: str = "", **more: Any) -> StepRecord:
    return StepRecord(state=state, note=note, **more)


def lines(progress: Progress) -> list[tuple[str, str]]:
    return [("".join(getattr(span, "text", "") for span in step.text), step.state) for step in progress.steps]


WAITS, DONE, FAILED, LEFT = StepState.WAITING, StepState.DONE, StepState.FAILED, StepState.LEFT


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([WAITS, WAITS, WAITS], [("objects (3)", "waiting")]),
        ([DONE, WAITS, WAITS], [("objects (3), 1 of 3", "working")]),
        ([DONE, StepState.STARTED, WAITS], [("objects (3), 1 of 3", "working")]),
        ([DONE, DONE, DONE], [("objects (3)", "done")]),
        ([DONE, FAILED, WAITS], [("objects (3), 1 of 3", "failed"), ("creates ConfigMap net/1: why", "failed")]),
        ([LEFT, StepState.UNDONE], [("objects (2)", "failed"), ("creates ConfigMap net/0: why", "failed")]),
        ([StepState.UNDONE, WAITS], [("objects (2)", "undone")]),
        ([DONE], [("objects", "done")]),
    ],
)
def test_neighbours_of_a_part_are_one_line(states: list[StepState], expected: list[tuple[str, str]]) -> None:
    taken = [(applies(str(at), "objects"), done(state, "why")) for at, state in enumerate(states)]
    assert lines(telling_large.grouped(taken)) == expected


def test_what_is_no_part_of_anything_has_its_own_line_in_its_place() -> None:
    taken = [
        (applies("a", "first"), done(DONE)),
        (applies("b"), done(FAILED, "why")),
        (applies("c", "first"), done(WAITS)),
    ]
    assert [text for text, _ in lines(telling_large.grouped(taken))] == [
        "first",
        "creates ConfigMap net/b: why",
        "first",
    ]


def nodes(served: int, waiting: int) -> tuple[NodeState, ...]:
    return tuple(
        NodeState(name=f"n{at:02}", pod="p", pod_state="Running", pod_ready=True, ready=True, served=at < served)
        for at in range(served + waiting)
    )


def settled(seen: tuple[NodeState, ...]) -> ChangeRecord:
    step = Settle(ref=AGENT, timeout_seconds=60)
    return record(
        [(step, done(StepState.STARTED, nodes=seen)), *[(applies(str(at), "o"), done(WAITS)) for at in range(12)]]
    )


@pytest.mark.parametrize(("served", "waiting", "full"), [(0, 3, 0), (1, 2, 6), (3, 0, 20), (99, 1, 19), (1, 99, 0)])
def test_the_bar_is_full_only_when_every_node_is_served(served: int, waiting: int, full: int) -> None:
    bar = telling_large.node_blocks(settled(nodes(served, waiting)))[0]
    assert ("▰" * full + "▱" * (20 - full)) in str(bar)
    assert f" {served} of {served + waiting} nodes served" in str(bar)


def test_nodes_that_wait_come_first_and_many_are_counted() -> None:
    _, shown, more = telling_large.node_blocks(settled(nodes(30, 2)))
    assert isinstance(shown, Table)
    assert len(shown.rows) == 20
    assert [row[0][0].text for row in shown.rows[:3]] == ["n30", "n31", "n00"]  # type: ignore[union-attr]
    assert "and 12 more nodes" in str(more)


def test_a_node_is_told_in_plain_words() -> None:
    bare = NodeState(name="a")
    told = str(telling_large.node_blocks(settled((bare, msgspec.structs.replace(bare, pod="p", pod_state="Pending")))))
    for word in ("NotReady", "not said", "none yet", "Pending, not ready"):
        assert word in told


def test_without_nodes_nothing_is_said_of_them() -> None:
    assert telling_large.node_blocks(record([(applies("a"), done(DONE))])) == ()


def test_why_a_step_failed_is_shown_once_for_each() -> None:
    step = Settle(ref=AGENT, timeout_seconds=60)
    told = telling_large.evidence_blocks(record([(step, done(FAILED, evidence=("pod a", "event b")))]))
    assert told == (
        Preformatted(
            content="pod a\nevent b",
            title="why: waits until DaemonSet net/agent serves every node, at most 60 s",
            language="log",
        ),
    )


BRIEF = Brief(
    checks=(Checked("pod CIDR", "ok", "10.244.0.0/16"), Checked("MTU", "doubt", "1500", "mtu")),
    sources=("net.yaml from the mirror, SHA-256 abc",),
    adjusted=("ConfigMap net/a: data.mtu: 0 → 1400",),
    images=("acme/net:v1",),
    privileges=("DaemonSet net/agent: the host's network",),
    host_paths=("/etc/cni/net.d: DaemonSet agent, writes",),
)


def plan(*steps: Step, **more: Any) -> Change:
    return Change(cluster="c1", request="cni install net", summary="install net", steps=steps, brief=BRIEF, **more)


def test_a_large_plan_tells_all_that_comes_in() -> None:
    told = str(telling.trial(plan(applies("a")), ()).blocks)
    for words in (
        "10.244.0.0/16",
        "doubt (mtu)",
        "SHA-256 abc",
        "data.mtu: 0 → 1400",
        "acme/net:v1",
        "the host's network",
        "/etc/cni/net.d",
    ):
        assert words in told


def test_steps_are_numbered_through_and_those_of_a_kind_named_together() -> None:
    definitions = [ref_to(CUSTOM_RESOURCE_DEFINITION, "", f"d{at}.acme.io") for at in range(8)]
    manifest: Any = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {}}
    steps: list[Step] = [Apply(ref=each, manifest=manifest, creates=True, part="definitions") for each in definitions]
    steps += [
        Wait(ref=each, until=Until.ESTABLISHED, timeout_seconds=60, part="definitions served") for each in definitions
    ]
    steps += [applies("a", "configuration"), applies("b", "configuration", creates=False)]
    steps += [Delete(ref=AGENT, uid="u", prior={}, part="agents")]
    (told,) = [b for b in telling_large.brief_blocks(plan(*steps), Brief()) if isinstance(b, Bullets)]
    words = [item[0].text for item in told.items]  # type: ignore[union-attr]
    assert words[0].startswith("1–8. applies definitions: 8 of kind CustomResourceDefinition: d0.acme.io, d1.acme.io")
    assert words[1] == "9–16. waits: definitions served: all 8 of them"
    assert words[2] == "17–18. applies configuration: 2 of kind ConfigMap: net/a, net/b (changed)"
    assert words[3] == "19. deletes DaemonSet net/agent"


def test_a_delete_and_its_wait_are_one_object() -> None:
    names = [ref_to(CONFIG_MAP, "net", name) for name in ("a", "b")]
    steps: list[Step] = []
    for each in names:
        steps += [
            Delete(ref=each, uid="u", prior={}, part="configuration"),
            Wait(ref=each, until=Until.GONE, timeout_seconds=30, part="configuration"),
        ]
    (told,) = [b for b in telling_large.brief_blocks(plan(*steps), Brief()) if isinstance(b, Bullets)]
    words = [item[0].text for item in told.items]  # type: ignore[union-attr]
    assert words == ["1–4. deletes configuration: 2 of kind ConfigMap: net/a, net/b, each until it is gone"]
    half = [(step, done(DONE if at < 2 else WAITS)) for at, step in enumerate(steps)]
    assert lines(telling_large.grouped(half)) == [("configuration (2), 1 of 2", "working")]


def test_yaml_that_nobody_reads_is_counted_and_what_is_small_is_shown() -> None:
    large: Any = {"kind": "ConfigMap", "data": {f"k{at}": "v" for at in range(900)}}
    small: Any = {"kind": "ConfigMap", "data": {"only": "this"}}
    steps = [
        Delete(ref=ref_to(CONFIG_MAP, "net", name), uid="u", prior=prior)
        for name, prior in (("a", large), ("b", small), ("c", large))
    ]
    change = Change(cluster="c1", request="changes undo 1", summary="undo", steps=tuple(steps), undoes=1)
    blocks = telling.trial(change, ()).blocks
    assert [each.title for each in blocks if isinstance(each, Preformatted)] == ["deletes ConfigMap net/b"]
    assert "Not shown: 2 objects, 1806 lines of YAML." in str(blocks)
    assert "changes show 1" in str(blocks)
    asked_for = telling.trial(Change(cluster="c1", request="x", summary="x", steps=tuple(steps)), ()).blocks
    assert len([each for each in asked_for if isinstance(each, Preformatted)]) == 3


@pytest.mark.parametrize(
    ("lease", "told"),
    [(-1, "interrupted while applying"), (1, "applying"), (None, "interrupted while applying")],
)
def test_the_list_says_of_what_is_under_way_whether_anybody_works_on_it(lease: int | None, told: str) -> None:
    until = NOW + datetime.timedelta(seconds=lease) if lease is not None else None
    (shown,) = telling.listing([record([(applies("a"), done(WAITS))], lease_until=until)], NOW).blocks
    assert isinstance(shown, Table)
    assert shown.rows[0][1][0].text.startswith(told)  # type: ignore[union-attr]


def test_what_is_changed_of_what_is_there_is_told_field_by_field() -> None:
    manifest: Any = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "net"},
        "data": {"b": "2"},
    }
    step = Apply(
        ref=ref_to(CONFIG_MAP, "net", "a"),
        manifest=manifest,
        creates=False,
        prior=(FieldValue(("data", "b"), "1"),),
        part="configuration",
    )
    told = str(telling_large.brief_blocks(plan(step), Brief()))
    assert "ConfigMap net/a: data.b: 1 → 2" in told


def test_a_plan_with_doubts_can_be_asked_for_again_with_all_of_them() -> None:
    change = plan(applies("a"), doubts=(Doubt("mtu", "too large"), Doubt("leftovers", "of Weave")))
    report = telling.doubtful_plan(change, ())
    assert report.status is Status.FINDINGS
    assert report.actions[0].command == "cni install net --accept mtu --accept leftovers"
    assert "too large" in str(report.blocks)


def test_a_line_too_long_for_a_button_is_still_told() -> None:
    change = plan(applies("a"), doubts=tuple(Doubt(f"doubt-{at}", "x") for at in range(150)))
    report = telling.doubtful_plan(change, ())
    assert report.actions == ()
    assert "--accept doubt-149" in str(report.footnotes)
