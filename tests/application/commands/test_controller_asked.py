"""An installation ends with a real request: through the API server, and by the address of the controller's Service."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.changes.change import Ask, Reach, Step, StepRecord, StepState
from bot.domain.network.references import Ref
from tests.edge_worlds import edge
from tests.mirrors import HAVE_MIRROR, MIRROR
from tests.plugging import Site

real = pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real manifests in ../shared/manifests")


def questions(here: Site) -> list[tuple[Step, StepRecord]]:
    record = here.record()
    return [pair for pair in zip(record.change.steps, record.steps, strict=True) if isinstance(pair[0], Ask | Reach)]


@pytest.mark.parametrize("line", ["traefik --accept no-load-balancer", "haproxy"])
async def test_it_is_asked_both_ways_and_its_own_404_proves_it(line: str, tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        assert (await here.approved(f"controller install {line}")).startswith("Applied")
        seen = questions(here)
        assert [type(step) for step, _ in seen] == [Ask, Reach]
        assert [done.state for _, done in seen] == [StepState.DONE, StepState.DONE]
        assert all(done.note.startswith("HTTP 404") for _, done in seen)
        assert any(hop.about == "address" for hop in seen[1][1].hops)


async def test_one_that_does_not_answer_stands_and_is_told_with_what_was_tried(tmp_path: Path) -> None:
    """Somebody turns its Service to a port where nobody listens, just after it was made."""

    async with edge(tmp_path, mirror=None) as here:

        def turn(when: str, verb: str, ref: Ref) -> None:
            if (when, verb, ref.kind) == ("after", "apply", "Service"):
                ports = [{"name": "http", "port": 80, "targetPort": 9}]
                here.edit("Service", ref.namespace, ref.name, {"spec": {"ports": ports}})

        here.clusters.on_write = turn
        said = await here.approved("controller install haproxy")
        assert said.startswith("Applied, but not proven to work: install HAProxy"), said
        assert [done.state for _, done in questions(here)] == [StepState.FAILED, StepState.FAILED]
        assert "changes undo 2" in said


@real
async def test_contour_itself_is_asked_for_envoy_opens_no_port_before_it_serves_a_host(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR) as here:
        line = "controller install contour --service NodePort --accept kubernetes-version"
        said = await here.approved(line)
        assert said.startswith("Applied: install Contour"), said
        ((step, done),) = questions(here)
        assert isinstance(step, Ask)
        assert str(step.probe) == "connect projectcontour/contour:8001"
        assert done.state is StepState.DONE
