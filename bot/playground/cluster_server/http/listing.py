"""Lists and watches: what the options of one may be, which revision is read, and lists in pages.

See https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.http.requests import flag
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.store import Store, Stored
from bot.playground.cluster_server.selectors import Matches
from bot.playground.cluster_server.statuses import Cause, forbidden_field, unsupported

Object = dict[str, Any]
Place = tuple[str, str]

_EXACT, _NOT_OLDER = "Exact", "NotOlderThan"
_GONE = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Options:
    """What a list or a watch asks for."""

    revision: int | None
    """None: the latest."""
    match: str
    limit: int
    token: str
    initial_events: bool
    timeout_seconds: float


def options_of(query: Mapping[str, str], *, watch: bool) -> Options:
    """Raises 400, 422, and 500 as the real server does for a watch of a revision that is none."""
    limit, timeout = (_number(query.get(name, "")) for name in ("limit", "timeoutSeconds"))
    text, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    initial = flag(query, "sendInitialEvents")
    _check(text, match, watch=watch, initial=initial, asked="sendInitialEvents" in query)
    if text and not text.isdecimal():
        if watch:
            raise statuses.APIError(500, "", _no_revision(text))
        raise statuses.bad_request(f"invalid resource version: {_no_revision(text)}")
    revision = int(text) if text else None
    return Options(revision, match, max(0, limit), query.get("continue", ""), initial, float(timeout))


def check_revision(text: str, current: int) -> None:
    """Of a single object. Raises 500, and 504 for a revision of the future."""
    if text and not text.isdecimal():
        raise statuses.APIError(500, "", _no_revision(text))
    if text and int(text) > current:
        raise too_large(int(text), current)


def _no_revision(text: str) -> str:
    return f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'


def _number(text: str) -> int:
    try:
        return int(text) if text else 0
    except ValueError as error:
        raise statuses.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


def _check(text: str, match: str, *, watch: bool, initial: bool, asked: bool) -> None:
    causes: list[Cause] = []
    if watch and asked:
        if match != _NOT_OLDER:
            said = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            causes.append(forbidden_field("resourceVersionMatch", said))
    elif watch and match:
        said = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        causes.append(forbidden_field("resourceVersionMatch", said))
        if match != _NOT_OLDER:
            causes.append(unsupported("resourceVersionMatch", match, (_NOT_OLDER,)))
    elif not watch:
        if asked:
            causes.append(forbidden_field("sendInitialEvents", "sendInitialEvents is forbidden for list"))
        if match and not text:
            said = "resourceVersionMatch is forbidden unless resourceVersion is provided"
            causes.append(forbidden_field("resourceVersionMatch", said))
        elif match not in ("", _EXACT, _NOT_OLDER):
            causes.append(unsupported("resourceVersionMatch", match, (_EXACT, _NOT_OLDER, "")))
        elif match == _EXACT and text == "0":
            said = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            causes.append(forbidden_field("resourceVersionMatch", said))
    if causes:
        raise statuses.unprocessable("ListOptions", "meta.k8s.io", "", causes)


@dataclass(frozen=True, slots=True)
class Page:
    """Objects in their order, and what a list says of itself."""

    found: list[Stored]
    metadata: Object


def page(store: Store, kind: Kind, namespace: str, options: Options, matches: Matches | None) -> Page:
    """Raises 400, 410 and 504."""
    revision, start = store.revision, ("", "")
    if options.token:
        revision, start = read_token(options.token)
        if revision < store.compacted:
            expired = statuses.expired(_GONE)
            expired.status["metadata"] = {"continue": continue_token(store.revision, start)}
            raise expired
    elif options.revision is not None:
        if options.revision > store.revision:
            raise too_large(options.revision, store.revision)
        if options.match == _EXACT or (options.limit and options.revision and not options.match):
            revision = options.revision
            if revision < store.compacted:
                raise statuses.expired("The resourceVersion for the provided list is too old.")
    entries = store.at(kind, namespace, revision, after=start)
    if not options.limit:
        found = [stored for stored in entries if matches is None or matches(stored.obj)]
        return Page(found, {"resourceVersion": str(revision)})
    found, left = [], 0
    for stored in entries:
        if matches is not None and not matches(stored.obj):
            continue
        if len(found) < options.limit:
            found.append(stored)
        else:
            left += 1
            if matches is not None:
                break
    metadata: Object = {"resourceVersion": str(revision)}
    if left:
        metadata["continue"] = continue_token(revision, place_of(found[-1]))
        if matches is None:
            metadata["remainingItemCount"] = left
    return Page(found, metadata)


def place_of(stored: Stored) -> Place:
    metadata = stored.obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def too_large(asked: int, current: int) -> statuses.APIError:
    """A revision from the future: from another cluster, most likely."""
    said = f"Timeout: Too large resource version: {asked}, current: {current}"
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return statuses.APIError(504, "Timeout", said, {"causes": [cause], "retryAfterSeconds": 1}, {"Retry-After": "1"})


def continue_token(revision: int, last: Place) -> str:
    said = msgspec.json.encode({"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(last) + "\0"})
    return base64.urlsafe_b64encode(said).decode().rstrip("=")


def read_token(token: str) -> tuple[int, Place]:
    """The revision of the first page, and the last object that was on a page. Raises 400."""
    try:
        said = msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = said["start"].rstrip("\0").partition("/")
        return int(said["rv"]), (namespace, name)
    except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
        reason = str(error)[:80]
        raise statuses.bad_request(f"invalid continue token: continue key is not valid: {reason}") from error
