"""Words for what becomes of Ingresses: what is lost first, then what carries over, then the YAML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

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
        kinds = ", ".join(
            f"{number} {kind}" for kind, number in Counter(_kind(each) for each in found.manifests).items()
        )
        blocks.append(Preformatted(content=content, title=f"As Gateway API: {kinds}", language="yaml"))
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


def _kind(object: JSONObject) -> str:
    return str(object["kind"])


def yaml_of(manifests: Iterable[JSONObject]) -> str:
    """As `kubectl apply -f` takes them."""
    return "---\n".join(as_yaml(each) for each in manifests)


def _warning(guards: Sequence[Lost]) -> str:
    """Who copies the YAML out of the chat copies this along."""
    if not guards:
        return ""
    return f"# NOT in here, and it guarded this Ingress: {', '.join(each.source for each in guards)}\n"


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


def tell_all(found: Sequence[tuple[Translation, str]], where: str, notes: Sequence[Text]) -> Report:
    """Many Ingresses, each with the name of its class, as tables: the size of the task."""
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
    blocks: list[Block] = [_verdicts(found)]
    if blocking := _blocking(found):
        blocks.append(blocking)
    blocks.append(Bullets((text("One of them in full, with its YAML: `ingress to-gateway NAME -n NAMESPACE`"),)))
    return Report(
        status=Status.FINDINGS if any(each.lost for each, _ in found) else Status.OK,
        title=title,
        blocks=tuple(blocks),
        footnotes=tuple(notes),
    )


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
