"""Words for what becomes of Ingresses: what is lost first, then what carries over, then the YAML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.application.execution.objects import as_yaml
from bot.domain.chat.report import (
    Block,
    Bold,
    Bullets,
    Code,
    Paragraph,
    Plain,
    Preformatted,
    Report,
    Status,
    Table,
    Text,
    table,
    text,
)
from bot.domain.chat.wording import counted
from bot.domain.migration.outcome import Concern, Lost, Translation, Verdict
from bot.domain.migration.together import Together
from bot.domain.network.references import JSONObject

_SHOWN_ROWS = 100
_SHOWN_LOSSES = 40
_SHOWN_SOURCES = 20
_WORDS = {
    Verdict.WHOLLY: "carries over wholly",
    Verdict.PARTLY: "carries over in part",
    Verdict.NOT: "does not carry over",
    Verdict.PART: "is a part of another one",
}


def tell(found: Translation, refused: Sequence[str], steps: Sequence[Text], notes: Sequence[Text]) -> Report:
    """One Ingress. `refused`: how the objects differ from the cluster's own definitions; `steps`: what to do next."""
    guards = found.concerning(Concern.SECURITY)
    title = f"{found.ingress} {_WORDS[found.verdict]}"
    if guards:
        verb = "guards" if len(guards) == 1 else "guard"
        title += f"; SECURITY: {counted(len(guards), 'thing')} that {verb} it would be lost"
    blocks: list[Block] = list(_lost(found))
    if refused:
        blocks.append(Paragraph(text(Bold("This cluster's Gateway API would refuse them as they are:"))))
        blocks.append(Bullets(tuple((Code(each),) for each in refused)))
    blocks += _carried(found)
    if found.manifests:
        content = _warning(guards) + yaml_of(found.manifests)
        shown = f"As Gateway API: {_counted_kinds(found.manifests)}"
        blocks.append(Preformatted(content=content, title=shown, language="yaml"))
    if found.listeners:
        content = as_yaml([*found.listeners])
        blocks.append(Preformatted(content=content, title="Listeners that the Gateway lacks", language="yaml"))
    if steps and found.manifests:
        blocks.append(Bullets(tuple(steps)))
    return Report(
        status=Status.FINDINGS if found.lost or refused else Status.OK,
        title=title,
        blocks=tuple(blocks),
        footnotes=(*(text(Plain(each)) for each in found.notes), *notes),
    )


def _counted_kinds(manifests: Iterable[JSONObject]) -> str:
    counts = Counter(str(each["kind"]) for each in manifests)
    return ", ".join(f"{number} {kind}" for kind, number in counts.items())


def yaml_of(manifests: Iterable[JSONObject]) -> str:
    """As `kubectl apply -f` takes them."""
    return "---\n".join(as_yaml(each) for each in manifests)


def _warning(guards: Sequence[Lost], ingress: str = "this Ingress") -> str:
    """Who copies the YAML out of the chat copies this along."""
    if not guards:
        return ""
    return f"# NOT in here, and it guarded {ingress}: {', '.join(each.source for each in guards)}\n"


def _lost(found: Translation) -> Iterator[Block]:
    guards = found.concerning(Concern.SECURITY)
    if guards:
        yield Paragraph(
            text(Bold("Do not switch over before these are replaced: they guard the Ingress, and routes do not."))
        )
        yield Bullets(tuple(_lines(guards)))
    for concern, head in (
        (Concern.TRAFFIC, "Not carried over, and requests are answered otherwise or not at all:"),
        (Concern.TUNING, "Not carried over, and probably not missed:"),
    ):
        if some := found.concerning(concern):
            yield Paragraph(text(Bold(head)))
            yield Bullets(tuple(_lines(some)))


def _lines(lost: Sequence[Lost]) -> Iterator[Text]:
    """One for each reason, with all that it is the reason for."""
    by_reason: dict[tuple[str, str, str], list[str]] = {}
    for each in lost:
        by_reason.setdefault((each.why, each.instead, each.kept), []).append(each.source)
    for (why, instead, kept), sources in by_reason.items():
        written = f" Written all the same: {kept}." if kept else ""
        yield (Code(_some(sources)), *text(f": {why}. Instead: {instead}.", Plain(written)))


def _some(sources: Sequence[str]) -> str:
    names = list(dict.fromkeys(sources))
    more = f" and {len(names) - _SHOWN_SOURCES} more" if len(names) > _SHOWN_SOURCES else ""
    return ", ".join(names[:_SHOWN_SOURCES]) + more


def _carried(found: Translation) -> Iterator[Block]:
    if not found.carried:
        return
    title = "Carried over"
    if len(found.carried) > _SHOWN_ROWS:
        title += f": {_SHOWN_ROWS} of {len(found.carried)}"
    yield table(("FROM", "BECOMES"), ([each.source, each.becomes] for each in found.carried[:_SHOWN_ROWS]), title)
    by_difference: dict[str, list[str]] = {}
    for each in found.carried:
        if each.differs:
            by_difference.setdefault(each.differs, []).append(each.source)
    if by_difference:
        yield Paragraph(text(Bold("Carried over, but not quite the same:")))
        yield Bullets(
            tuple(text(Code(_some(sources)), ": ", Plain(differs)) for differs, sources in by_difference.items())
        )


@dataclass(frozen=True, slots=True)
class InOneLot:
    """The objects of many Ingresses, for whoever asked for their YAML."""

    together: Together
    refused: Sequence[str]
    """How they differ from the cluster's own definitions."""
    steps: Sequence[Text]
    """What to do with them."""


def tell_all(
    found: Sequence[tuple[Translation, str]],
    where: str,
    notes: Sequence[Text],
    lot: InOneLot | None = None,
) -> Report:
    """Many Ingresses, each with the name of its class, as tables: the size of the task. What the controller did for all
    of them is told once, and counted in none. `lot`: their objects, where they are asked for."""
    everywhere = tuple(dict.fromkeys(lost for each, _ in found for lost in each.lost if lost.for_all))
    found = [(_alone(each), class_name) for each, class_name in found]
    counts = Counter(each.verdict for each, _ in found)
    parts = [
        f"{counts[Verdict.WHOLLY]} carry over wholly",
        f"{counts[Verdict.PARTLY]} in part",
        f"{counts[Verdict.NOT]} not",
    ]
    if counts[Verdict.PART]:
        parts.append(f"{counts[Verdict.PART]} with their main ones")
    guarded = sum(bool(each.concerning(Concern.SECURITY)) for each, _ in found)
    title = f"{counted(len(found), 'Ingress', 'Ingresses')} in {where}: {', '.join(parts)}"
    if guarded:
        title += f"; SECURITY: {guarded} would lose what guards them"
    if guards := sum(each.concern is Concern.SECURITY for each in everywhere):
        title += f"{'; SECURITY:' if not guarded else ', and'} {counted(guards, 'thing')} would be lost for all"
    blocks: list[Block] = list(_everywhere(everywhere))
    blocks.append(_verdicts(found))
    if blocking := _blocking(found):
        blocks.append(blocking)
    blocks += _lot(everywhere, lot) if lot else []
    blocks.append(Bullets(tuple(_next(lot))))
    return Report(
        status=Status.FINDINGS if everywhere or any(each.lost for each, _ in found) else Status.OK,
        title=title,
        blocks=tuple(blocks),
        footnotes=(*(text(Plain(each)) for each in _common_notes(found)), *notes),
    )


def _lot(everywhere: Sequence[Lost], lot: InOneLot) -> Iterator[Block]:
    found = lot.together
    left_out = [f"{name} ({', '.join(lost)})" for name, lost in found.left_out]
    if left_out:
        yield Paragraph(text(Bold("Left out of the YAML, as they would stand there without what guards them:")))
        yield Bullets(tuple(text(Plain(each)) for each in left_out))
    if found.clashes:
        yield Paragraph(text(Bold("Not all of them go together; the first is written:")))
        yield Bullets(tuple(text(Plain(each)) for each in found.clashes))
    if lot.refused:
        yield Paragraph(text(Bold("This cluster's Gateway API would refuse them as they are:")))
        yield Bullets(tuple((Code(each),) for each in lot.refused))
    if found.manifests:
        content = "".join(f"# LEFT OUT, as it would lose what guards it: {each}\n" for each in left_out)
        content += _warning([each for each in everywhere if each.concern is Concern.SECURITY], "all of these")
        title = f"As Gateway API: {_counted_kinds(found.manifests)}"
        yield Preformatted(content=content + yaml_of(found.manifests), title=title, language="yaml")
    if found.listeners:
        content = as_yaml([*found.listeners])
        yield Preformatted(content=content, title="Listeners that the Gateway lacks", language="yaml")


def _next(lot: InOneLot | None) -> Iterator[Text]:
    yield text("One of them in full, with why and what instead: `ingress to-gateway NAME -n NAMESPACE`")
    if lot is None:
        yield text("The YAML of all of a namespace, at one Gateway: `ingress to-gateway --all --yaml -n NAMESPACE`")
    else:
        yield from lot.steps


def _common_notes(found: Sequence[tuple[Translation, str]]) -> tuple[str, ...]:
    """What is said of all that become routes."""
    notes = [each.notes for each, _ in found if not each.part_of]
    return tuple(each for each in (notes[0] if notes else ()) if all(each in others for others in notes))


def _alone(found: Translation) -> Translation:
    return replace(found, lost=tuple(each for each in found.lost if not each.for_all))


def _everywhere(lost: Sequence[Lost]) -> Iterator[Block]:
    order = list(Concern)
    if lost:
        yield Paragraph(text(Bold("The controller's ConfigMap did this for all that say nothing else; routes do not:")))
        yield Bullets(tuple(_lines(sorted(lost, key=lambda each: order.index(each.concern)))))


def _verdicts(found: Sequence[tuple[Translation, str]]) -> Table:
    order = list(Verdict)
    rows = sorted(
        found,
        key=lambda each: (
            -len(each[0].concerning(Concern.SECURITY)),
            -len(each[0].concerning(Concern.TRAFFIC)),
            -order.index(each[0].verdict),
            each[0].ingress,
        ),
    )
    columns = ("INGRESS", "CLASS", "CARRIES OVER", *(concern.value.upper() for concern in Concern))
    cells = (
        [
            each.ingress.short,
            class_name or "<none>",
            each.verdict.value,
            *(str(len({one.source for one in each.concerning(concern)})) for concern in Concern),
        ]
        for each, class_name in rows[:_SHOWN_ROWS]
    )
    title = "What each loses, the worst first"
    return table(columns, cells, title if len(rows) <= _SHOWN_ROWS else f"{title}: {_SHOWN_ROWS} of {len(rows)}")


def _blocking(found: Sequence[tuple[Translation, str]]) -> Table | None:
    """Which annotations and fields are in the way, and of how many Ingresses."""
    counts: Counter[tuple[Concern, str]] = Counter()
    for each, _ in found:
        # Where a thing stands (`spec.rules[0]…`, `web-canary: …`) is the same thing in all of them.
        counts.update({(one.concern, one.source.rpartition(": ")[2].partition("[")[0]) for one in each.lost})
    order = list(Concern)
    ordered = sorted(counts.items(), key=lambda each: (order.index(each[0][0]), -each[1], each[0][1]))
    if not ordered:
        return None
    rows = ([source, str(number), concern.value] for (concern, source), number in ordered[:_SHOWN_LOSSES])
    return table(("NOT CARRIED OVER", "INGRESSES", "CONCERNS"), rows, "What is in the way")
