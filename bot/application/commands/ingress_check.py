"""`ingress check`: is each Ingress served, by whom, with which certificate, and does somebody stand behind it?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.application.execution import ingress_looking as looking
from bot.application.execution.looking_up import check_namespace, existing
from bot.application.ports import Context, Look
from bot.domain.chat.grammar import argument
from bot.domain.chat.report import Block, FindingsBlock, Report, Status, table, text
from bot.domain.chat.values import InNamespaces, Name
from bot.domain.chat.wording import counted, skipped_notes, unread_notes
from bot.domain.diagnosis.diagnose import Diagnosis
from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.diagnosis.ingress_check import Known, behind, judge, kinds
from bot.domain.network.ingresses import class_of, hosts
from bot.domain.network.references import INGRESS, Ref, ref_to
from bot.domain.network.snapshot import Ingress, Snapshot
from bot.errors import NotFound

_SHOWN_ROWS = 60


@dataclass(frozen=True, kw_only=True)
class CheckIngresses(InNamespaces):
    name: Name = argument("one of them; default: all", default="")


async def check_ingresses(request: CheckIngresses, context: Context) -> Report:
    where = request.where or "all namespaces"
    (snapshot, notes), served = await asyncio.gather(
        looking.with_neighbours(context, request.where, kinds()), looking.serving(context)
    )
    if not snapshot.could_read(INGRESS):
        return Report(
            status=Status.FAILED,
            title=f"The Ingresses in {where} could not be read",
            footnotes=unread_notes(snapshot.unread),
        )
    chosen = [
        each for each in snapshot.ingresses if request.name in ("", each.name) and request.where in ("", each.namespace)
    ]
    if request.name and not chosen:
        await existing(context.cluster, ref_to(INGRESS, request.namespace, request.name))
        raise NotFound(f"There is no Ingress {request.name}", next_step="see `ingress list -A`")
    if request.where and not chosen:
        await check_namespace(context.cluster, request.where)
    secrets = await looking.secrets(context, chosen)
    known = Known(secrets.by_place, served.running, context.ports.clock.now())
    diagnosis = await asyncio.to_thread(judge, snapshot, chosen, known)
    faults = _faults(snapshot, chosen, diagnosis)
    return Report(
        status=Status.FINDINGS if _bad(diagnosis) else Status.FAILED if diagnosis.skipped else Status.OK,
        title=_title(chosen, faults, bool(diagnosis.skipped), where),
        blocks=tuple(_blocks(chosen, diagnosis, faults)),
        footnotes=(
            *unread_notes(snapshot.unread),
            *notes,
            *secrets.notes,
            *looking.undecided_notes(snapshot, chosen),
            *skipped_notes(diagnosis.skipped),
            text(
                "Nobody was asked: `check services` asks the Services, `ingress show NAME` tells more of one of these"
            ),
        ),
        examined=diagnosis.findings,
    )


def _bad(diagnosis: Diagnosis) -> bool:
    return any(each.severity is not Severity.INFO for each in diagnosis.wrong)


def _faults(snapshot: Snapshot, chosen: list[Ingress], diagnosis: Diagnosis) -> dict[Ref, list[Finding]]:
    """Of each Ingress, also what is wrong with the Services that it leads to and behind them."""
    told: dict[Ref, list[int]] = {}
    for index, each in enumerate(diagnosis.wrong):
        for ref in {each.object, each.owner}:
            told.setdefault(ref, []).append(index)
    return {
        ref: [diagnosis.wrong[index] for index in sorted({each for one in concerned for each in told.get(one, ())})]
        for ref, concerned in behind(snapshot, chosen).items()
    }


def _title(chosen: list[Ingress], faults: dict[Ref, list[Finding]], skipped: bool, where: str) -> str:
    if not chosen:
        return f"No Ingress in {where} to check"
    at_fault = sum(any(each.severity is not Severity.INFO for each in found) for found in faults.values())
    told = f", {at_fault} at fault" if at_fault else ""
    if skipped:
        return f"{counted(len(chosen), 'Ingress', 'Ingresses')} in {where}{told}; not all of it could be judged"
    well = len(chosen) - at_fault
    return f"{well} of {counted(len(chosen), 'Ingress', 'Ingresses')} in {where} as they should be{told}"


def _blocks(chosen: list[Ingress], diagnosis: Diagnosis, faults: dict[Ref, list[Finding]]) -> list[Block]:
    blocks: list[Block] = [FindingsBlock(diagnosis.wrong)] if diagnosis.wrong else []
    count = {ref: len(found) for ref, found in faults.items()}
    rows = sorted(chosen, key=lambda each: (-count[each.ref], each.ref))
    if rows:
        shown = rows[:_SHOWN_ROWS]
        title = "" if len(rows) <= _SHOWN_ROWS else f"{_SHOWN_ROWS} of {len(rows)}, those at fault first"
        blocks.append(
            table(
                ("INGRESS", "CLASS", "HOSTS", "ADDRESS", "FOUND"),
                (
                    (
                        each.ref.short,
                        class_of(each) or "<none>",
                        ", ".join(host or "*" for host in hosts(each.spec)[:3]) or "*",
                        ", ".join(filter(None, each.status.addresses)) or "<none>",
                        str(count[each.ref] or "nothing"),
                    )
                    for each in shown
                ),
                title,
            )
        )
    return blocks


COMMAND = Look(
    name="ingress check",
    model=CheckIngresses,
    handler=check_ingresses,
    summary="find what keeps Ingresses from being served: class, controller, Services, certificates, clashes",
    examples=("ingress check -n shop", "ingress check store -n shop", "ingress check -A"),
    scenario="edge",
    details="Each fault is told with the object and the field. On a timetable (`schedule add`) what lasts becomes an "
    "incident. Certificates are judged where their Secrets may be read.",
)
