"""Events, which two groups serve and one stores: the fields that each calls by a name of its own."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.objects.kinds import Kind

Object = dict[str, Any]

_NEW = {
    "involvedObject": "regarding", "message": "note", "source": "deprecatedSource", "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp", "lastTimestamp": "deprecatedLastTimestamp",
    "reportingComponent": "reportingController",
}  # fmt: skip
"""Names in events.k8s.io/v1 by those in core/v1."""
_OLD = {new: old for old, new in _NEW.items()}


def shown(obj: Object, kind: Kind) -> Object:
    """A stored event as the newer group has it."""
    return {_NEW.get(name, name): value for name, value in obj.items()} | {"apiVersion": kind.api_version}


def stored(obj: Object) -> Object:
    """An event of the newer group as it is stored."""
    return {_OLD.get(name, name): value for name, value in obj.items()} | {"apiVersion": "v1"}
