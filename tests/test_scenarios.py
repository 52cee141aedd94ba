"""Every scenario yields exactly the findings that it says, through the real adapters; mended, it yields none."""

import pytest

from bot.playground.world import read_scenario, scenario_names
from tests.stage import Stage, staged

LINES = ("status", "check services -A")


async def found(stage: Stage) -> set[tuple[str, str, str, str]]:
    """What is wrong, as a scenario's file names it: the rule, and the longest-lived object at fault."""
    reports = [await stage.say(line) for line in LINES]
    wrong = [finding for report in reports for finding in report.examined if not finding.right]
    assert all(finding.evidence or finding.summary for finding in wrong)
    return {(f.rule, f.owner.kind, f.owner.namespace, f.owner.name) for f in wrong}


def expected(scenario: str) -> set[tuple[str, str, str, str]]:
    return {(f.rule, f.kind, f.namespace, f.name) for f in read_scenario(scenario).findings}


@pytest.mark.parametrize("scenario", scenario_names())
async def test_a_scenario_yields_its_findings_and_no_others(scenario: str) -> None:
    async with staged(scenario) as stage:
        assert await found(stage) == expected(scenario)


@pytest.mark.parametrize("fault", sorted(read_scenario("shop").faults))
async def test_each_fault_is_found_alone_and_gone_when_it_is_mended(fault: str) -> None:
    async with staged("shop") as stage:
        stage.world.break_(fault)
        await stage.world.cluster.settled()
        wrong = await found(stage)
        assert len(wrong) == 1
        stage.world.mend(fault)
        await stage.world.cluster.settled()
        assert await found(stage) == set()


async def test_what_was_wrong_is_proven_right_under_the_same_key_once_it_is_mended() -> None:
    """Only that ends an incident."""
    async with staged("broken") as stage:
        wrong = {finding.key for line in LINES for finding in (await stage.say(line)).examined if not finding.right}
        for fault in stage.world.faults():
            stage.world.mend(fault.id)
        await stage.world.cluster.settled()
        right = [finding for line in LINES for finding in (await stage.say(line)).examined if finding.right]
        assert {key for key in wrong if not any(finding.proves(key) for finding in right)} == set()
