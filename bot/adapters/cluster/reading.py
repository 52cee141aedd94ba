"""From the bytes of lists straight into a snapshot; each byte is parsed once.

What cannot be read becomes `Unread` with the reason in plain words: a snapshot says what it does not know.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import functools
import gc
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import msgspec

from bot.adapters.cluster.failures import plain, refusal
from bot.adapters.cluster.session import Call, Session, object_path
from bot.domain.network.references import JSONObject, Kind
from bot.domain.network.snapshot import FIELD_OF_KIND, ClusterIdentity, Scope, Snapshot, Unread
from bot.errors import BotError, NotFound, Refused, Unreachable

PAGE = 500
"""Objects a page, as kubectl does it: a big cluster is read in pieces that the API server can make cheaply."""

Item = TypeVar("Item")


class _ListMetadata(msgspec.Struct, rename={"continue_": "continue"}):
    continue_: str | None = None


class _List(msgspec.Struct, Generic[Item]):
    items: list[Item] | None = None
    metadata: _ListMetadata = msgspec.field(default_factory=_ListMetadata)


class _Named(msgspec.Struct):
    metadata: dict[str, Any] = {}


_objects: msgspec.json.Decoder[_List[JSONObject]] = msgspec.json.Decoder(_List[dict[str, Any]])


@functools.cache
def page_decoder(kind: Kind) -> msgspec.json.Decoder[_List[Any]]:
    """Decodes one page of a kind into what a snapshot holds of it."""
    return msgspec.json.Decoder(_List[FIELD_OF_KIND[kind][1]])  # type: ignore[misc]  # a type from a table


async def read(
    session: Session,
    identity: ClusterIdentity,
    scope: Scope,
    now: Callable[[], datetime.datetime],
) -> Snapshot:
    """Reads all kinds of the scope at once. Raises Unreachable when nothing at all could be asked."""
    taken_at = now()
    kinds = tuple(dict.fromkeys(scope.kinds))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_read_kind(session, kind, scope)) for kind in kinds]
    answers = [task.result() for task in tasks]
    failures = [answer for answer in answers if isinstance(answer, BotError)]
    if failures and len(failures) == len(answers) and all(isinstance(error, Unreachable) for error in failures):
        raise failures[0]
    found: dict[str, Any] = {}
    unread = []
    for kind, answer in zip(kinds, answers, strict=True):
        if isinstance(answer, BotError):
            unread.append(Unread(kind, scope.namespace if kind.namespaced else "", _reason(kind, scope, answer)))
        else:
            found[FIELD_OF_KIND[kind][0]] = tuple(answer)
    return Snapshot(cluster=identity, scope=scope, taken_at=taken_at, unread=tuple(unread), **found)


async def list_objects(session: Session, kind: Kind, namespace: str, selector: str, fields: str) -> list[JSONObject]:
    """Whole objects, each with the apiVersion and kind that lists leave out."""
    items = await _pages(session, _list_call(kind, namespace, selector, fields), _objects)
    return [{"apiVersion": kind.api_version, "kind": kind.name} | item for item in items]


async def _read_kind(session: Session, kind: Kind, scope: Scope) -> list[Any] | BotError:
    if kind not in FIELD_OF_KIND:
        return BotError(f"Cannot read {kind.plural}", cause="a snapshot has no place for them")
    selector = scope.selector if kind.namespaced else ""
    try:
        return await _pages(session, _list_call(kind, scope.namespace, selector, ""), page_decoder(kind))
    except BotError as error:
        return error


def _list_call(kind: Kind, namespace: str, selector: str, fields: str) -> Call:
    query = {"limit": str(PAGE)}
    if selector:
        query["labelSelector"] = selector
    if fields:
        query["fieldSelector"] = fields
    return Call(doing=f"read {_named(kind, namespace)}", path=object_path(kind, namespace), query=query)


def _named(kind: Kind, namespace: str) -> str:
    return f"{kind.plural} in {namespace}" if kind.namespaced and namespace else kind.plural


async def _pages(session: Session, call: Call, decoder: msgspec.json.Decoder[_List[Any]]) -> list[Any]:
    """The items of all pages. Raises BotError when any page cannot be had or read."""
    found: list[Any] = []
    token, begun_again = "", False
    while True:
        query = {**call.query, "continue": token} if token else call.query
        reply = await session.send(dataclasses.replace(call, query=query))
        if reply.status == 410 and token and not begun_again:
            # The list aged while we read it (etcd forgets after minutes): begin once more rather than mix two times.
            found, token, begun_again = [], "", True
            continue
        if not 200 <= reply.status < 300:
            raise refusal(reply.status, reply.body, call.doing)
        if reply.cut:
            raise BotError(f"Cannot {call.doing}", cause=f"one page has more than {call.limit_bytes:,} bytes")
        page = decode_page(decoder, reply.body, call.doing)
        found.extend(page.items or ())
        token = page.metadata.continue_ or ""
        if not token:
            return found


def decode_page(decoder: msgspec.json.Decoder[_List[Any]], body: bytes, doing: str) -> _List[Any]:
    """One page. Raises BotError that names the object and field which have another form than Kubernetes gives them."""
    try:
        with _no_collection():
            return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise BotError(f"Cannot {doing}", cause=_misshapen(decoder, body, str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BotError(f"Cannot {doing}", cause="the answer is not JSON") from error


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage is collected meanwhile: none arises, and looking for it would take two thirds of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _misshapen(decoder: msgspec.json.Decoder[_List[Any]], body: bytes, said: str) -> str:
    """Which object is misshapen, and where. Only now, when something is wrong, is the page looked at a second time."""
    kind = typing.get_args(decoder.type)[0]
    try:
        for item in msgspec.json.decode(body, type=_List[msgspec.Raw]).items or ():
            try:
                msgspec.json.decode(item, type=kind)
            except msgspec.ValidationError as error:
                what, _, path = str(error).partition(" - at `$")
                field = plain(path.rstrip("`").lstrip("."), 120) or "metadata"
                return f"{_name_of(item)} has a misshapen field {field}: {plain(what, 160)}"
    except msgspec.ValidationError:
        pass
    return f"the answer is no list as Kubernetes gives it: {plain(said, 160)}"


def _name_of(item: msgspec.Raw) -> str:
    try:
        metadata = msgspec.json.decode(item, type=_Named).metadata
    except msgspec.ValidationError:
        return "an object without a name"
    return plain("/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key)), 200)


def _reason(kind: Kind, scope: Scope, error: BotError) -> str:
    """Why a kind could not be read, in a few words that stand after its name."""
    where = f" in {scope.namespace}" if kind.namespaced and scope.namespace else ""
    if isinstance(error, Refused):
        if "forbidden" in error.cause:
            everywhere = " in the whole cluster" if kind.namespaced else ""
            return f"the bot's account may not list {kind.plural}{where or everywhere}"
        return error.cause
    if isinstance(error, NotFound):
        return f"the cluster does not know {kind.plural} ({kind.api_version})"
    return error.cause or error.summary
