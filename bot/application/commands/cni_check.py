"""`cni check`: is the network plugin configured as the cluster needs it? Findings, so that it can be scheduled."""

import asyncio

from bot.application.execution.plugin_facts import facts_notes, read_facts
from bot.application.ports import Context, Look
from bot.domain.chat.report import Block, FindingsBlock, Report, Status, Table, table
from bot.domain.chat.values import Nothing
from bot.domain.chat.wording import counted, skipped_notes
from bot.domain.diagnosis.diagnose import Diagnosis
from bot.domain.network.references import DAEMON_SET, NODE
from bot.domain.plugins.audit import all_audits, audited
from bot.domain.plugins.cni import plugin_names
from bot.domain.plugins.facts import Facts


async def check_plugins(request: Nothing, context: Context) -> Report:
    facts = await read_facts(context.cluster)
    diagnosis = await asyncio.to_thread(audited, facts, tuple(all_audits().values()))
    name, count = facts.snapshot.cluster.name, len(diagnosis.wrong)
    notes = (*facts_notes(facts), *skipped_notes(diagnosis.skipped))
    blocks: list[Block] = [FindingsBlock(diagnosis.wrong)] if count else []
    if not facts.found and not facts.could_read(DAEMON_SET, NODE):
        return Report(
            status=Status.FAILED,
            title=f"{name}: which network plugin there is could not be read",
            blocks=tuple(blocks),
            footnotes=notes,
            examined=diagnosis.findings,
        )
    verdict = f"{counted(count, 'thing')} wrong" if count else _well(facts, diagnosis)
    return Report(
        status=Status.FINDINGS if count else Status.OK,
        title=f"{plugin_names(facts.found) or 'No network plugin'} on {name}: {verdict}",
        blocks=(*blocks, _table(diagnosis)),
        footnotes=notes,
        examined=diagnosis.findings,
    )


def _well(facts: Facts, diagnosis: Diagnosis) -> str:
    """Of a plugin that is only recognised, pools and settings are not read: nothing can be said of them."""
    read = all((plugin := facts.plugin(each)) and plugin.install for each in facts.found)
    if not read:
        return "nothing wrong is seen, of what can be read of it"
    return "nothing wrong is seen" if diagnosis.skipped else "all is well"


def _table(diagnosis: Diagnosis) -> Table:
    """What was looked at, also when all is well; those at fault first, then those that could not be judged."""
    skipped = {each.rule for each in diagnosis.skipped}

    def order(code: str) -> tuple[bool, bool, str]:
        return not _of(diagnosis.wrong, code), code not in skipped, code

    def result(code: str) -> str:
        wrong, right = _of(diagnosis.wrong, code), _of(diagnosis.right, code)
        if code in skipped:
            return "could not be judged"
        parts = ([f"{wrong} wrong"] if wrong else []) + ([f"{right} right"] if right else [])
        return ", ".join(parts) or "nothing to judge"

    audits = all_audits()
    return table(("LOOKED AT", "RESULT", "CODE"), ((audits[c].about, result(c), c) for c in sorted(audits, key=order)))


def _of(findings: tuple[object, ...], code: str) -> int:
    return sum(getattr(each, "rule", "") == code for each in findings)


COMMAND = Look(
    name="cni check",
    model=Nothing,
    handler=check_plugins,
    summary="audit the network plugin's configuration: pools, MTU, encapsulation, versions, leftovers",
    examples=("cni check",),
    details="It reads and judges, and asks nothing of the network itself. What it finds opens incidents when it is "
    "scheduled: `schedule add`. Each audit's code is explained in docs/network-plugins.md.",
)
