"""`logs`: what a pod, or the pods behind a Deployment or a Service, wrote; secrets masked, for who asked alone."""

import asyncio
from dataclasses import dataclass

import msgspec

from bot.application.execution.looking_up import existing
from bot.application.ports import Cluster, Context, LogLines, LogRequest, Look
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.masking import masked, without_escapes
from bot.domain.chat.report import Plain, Preformatted, Report, Status, Text, text
from bot.domain.chat.values import ContainerName, Count, InNamespace, LogTarget, Span
from bot.domain.chat.wording import counted
from bot.domain.network.pods import finished
from bot.domain.network.references import POD, SERVICE, JSONObject, Ref, ref_to
from bot.domain.network.selectors import as_text
from bot.domain.network.snapshot import LabelSelector, Pod, Scope
from bot.errors import BotError, NotFound

MAXIMUM_PODS = 10
MAXIMUM_BYTES = 2_000_000
"""Of log, over all pods together; each has its share."""
AT_ONCE = 4
DEFAULT_LINES = 200
"""Of each pod, when neither --tail, --since nor --grep says how much."""


@dataclass(frozen=True, kw_only=True)
class Logs(InNamespace):
    target: LogTarget = argument("whose log")
    container: ContainerName = option(
        "-c", "--container", summary="the container, when the pod has several", default=""
    )
    since: Span | None = option("--since", summary="only what is newer than this", default=None)
    tail: Count | None = option("--tail", summary="so many lines of each pod, the newest", default=None)
    grep: str = option("--grep", summary="only lines with these words in them, in capitals or not", default="")
    previous: bool = option(
        "-p", "--previous", summary="of the container that ran before the last restart", default=False
    )


@dataclass(frozen=True, slots=True)
class _Read:
    pod: Ref
    lines: LogLines | None
    failure: BotError | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """The log of one pod as it is shown."""

    pod: Ref
    container: str
    lines: tuple[str, ...]
    secrets: int
    cut: bool


async def show_logs(request: Logs, context: Context) -> Report:
    pods, left_out = await _pods(request, context.cluster)
    results = await _read_all(pods, request, context.cluster)
    failures = [read for read in results if read.failure]
    if failures and len(failures) == len(results):
        raise _told(failures[0], request)
    # Megabytes take a noticeable while to mask; others are being answered meanwhile.
    found = [await asyncio.to_thread(_found, read, request) for read in results if read.lines is not None]
    notes = [*_notes(request, found, left_out), *map(_failure_note, failures)]
    count = sum(len(each.lines) for each in found)
    title = f"{counted(count, 'line')} of {_target(request)}"
    if not count:
        return Report(status=Status.OK, title=_nothing(request), footnotes=tuple(notes), private=True)
    content = "\n".join(line for each in found for line in _prefixed(each, several=len(results) > 1))
    block = Preformatted(content=content, title=", ".join(f"{f.pod.name}/{f.container}" for f in found), language="log")
    return Report(status=Status.OK, title=title, blocks=(block,), footnotes=tuple(notes), private=True)


async def _pods(request: Logs, cluster: Cluster) -> tuple[list[Ref], int]:
    """The pods that are meant, the youngest first, and how many more there are."""
    target = request.target
    if target.kind == POD:
        return [_target(request)], 0
    owner = _target(request)
    selector = _selector(await existing(cluster, owner))
    if not selector:
        raise NotFound(
            f"{owner} selects no pods",
            cause="it has no selector",
            next_step=f"name a pod: `pods -n {request.namespace}` lists them",
        )
    snapshot = await cluster.read(Scope((POD,), request.namespace, selector))
    if not snapshot.could_read(POD):
        raise BotError(f"Cannot read the pods of {owner}", cause="; ".join(each.reason for each in snapshot.unread))
    if not snapshot.pods:
        raise NotFound(
            f"{owner} has no pods",
            cause=f"nothing is labelled {selector}",
            next_step=f"see what there is: `pods -n {request.namespace}`",
        )
    pods = sorted(snapshot.pods, key=_newest_first)
    return [pod.ref for pod in pods[:MAXIMUM_PODS]], max(0, len(pods) - MAXIMUM_PODS)


def _newest_first(pod: Pod) -> tuple[bool, float, str]:
    created = pod.metadata.creation_timestamp
    return finished(pod), -created.timestamp() if created else 0.0, pod.name


def _selector(object: JSONObject) -> str:
    """What `-l` takes, from a Service's or a workload's selector."""
    spec = object.get("spec")
    found = spec.get("selector") if isinstance(spec, dict) else None
    if not found:
        return ""
    if object.get("kind") == SERVICE.name:
        return as_text(msgspec.convert(found, dict[str, str]))
    return as_text(msgspec.convert(found, LabelSelector))


async def _read_all(pods: list[Ref], request: Logs, cluster: Cluster) -> list[_Read]:
    """A few at once; a pod whose log cannot be read does not hide the others."""
    turn = asyncio.Semaphore(AT_ONCE)
    wanted = LogRequest(
        container=request.container,
        tail=_tail(request),
        since=request.since,
        previous=request.previous,
        limit_bytes=MAXIMUM_BYTES // max(1, len(pods)),
    )

    async def read(pod: Ref) -> _Read:
        async with turn:
            try:
                return _Read(pod, await cluster.logs(pod, wanted))
            except BotError as error:
                return _Read(pod, None, error)

    return list(await asyncio.gather(*map(read, pods)))


def _tail(request: Logs) -> int | None:
    """What is looked for may stand anywhere, so that --tail counts what was found."""
    if request.grep:
        return None
    if request.tail is None and request.since is None:
        return DEFAULT_LINES
    return request.tail


def _found(read: _Read, request: Logs) -> _Found:
    """Masked before it is searched: else one could ask for a secret letter by letter."""
    assert read.lines is not None
    content, secrets = masked(without_escapes(read.lines.text))
    lines = [line.rstrip("\r") for line in content.splitlines()]
    if request.grep:
        needle = request.grep.casefold()
        lines = [line for line in lines if needle in line.casefold()]
        lines = lines[-request.tail :] if request.tail else lines
    return _Found(read.pod, read.lines.container, tuple(lines), secrets, read.lines.cut)


def _prefixed(found: _Found, *, several: bool) -> tuple[str, ...]:
    if not several:
        return found.lines
    return tuple(f"[{found.pod.name}/{found.container}] {line}" for line in found.lines)


def _notes(request: Logs, found: list[_Found], left_out: int) -> list[Text]:
    notes = []
    if secrets := sum(each.secrets for each in found):
        notes.append(text(f"{counted(secrets, 'secret')} masked."))
    if _tail(request) == DEFAULT_LINES and request.tail is None and any(len(f.lines) >= DEFAULT_LINES for f in found):
        notes.append(text(f"The last {DEFAULT_LINES} lines; more with `--tail` or `--since`."))
    if cut := [each.pod.name for each in found if each.cut]:
        notes.append(text("Too long to read whole; older lines are missing: ", Plain(", ".join(cut)), "."))
    if left_out:
        notes.append(text(f"{counted(left_out, 'pod')} more left out: the youngest {MAXIMUM_PODS} are shown."))
    return notes


def _told(read: _Read, request: Logs) -> BotError:
    """A name without a kind is a pod's; many who type one mean the Deployment."""
    assert read.failure is not None
    if request.target.kind != POD or not isinstance(read.failure, NotFound):
        return read.failure
    return NotFound(
        f"There is no {read.pod}",
        next_step=f"`pods -n {request.namespace}` lists the pods; a Deployment's logs are shown by "
        f"`logs deploy/{request.target.name} -n {request.namespace}`",
    )


def _failure_note(read: _Read) -> Text:
    return text("Not read: ", Plain(f"{read.pod.name}: {read.failure}"))


def _nothing(request: Logs) -> str:
    what = f"no line with {request.grep!r}" if request.grep else "nothing"
    since = f" in the last {request.since}" if request.since else ""
    return f"{_target(request)} wrote {what}{since}"


def _target(request: Logs) -> Ref:
    return ref_to(request.target.kind, request.namespace, request.target.name)


COMMAND = Look(
    name="logs",
    model=Logs,
    handler=show_logs,
    summary="show what pods wrote, secrets masked",
    examples=(
        "logs deploy/web -n shop",
        "logs svc/web -n shop --since 15m --grep error",
        "logs deploy/web -n shop --tail 20",
    ),
    details="Of a Deployment or a Service the logs of up to ten pods are shown. `--grep` looks for plain words, no "
    "pattern. Tokens, passwords and private keys are masked before anything is searched or shown.",
)
