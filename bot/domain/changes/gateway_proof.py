"""The proof of a Gateway: its controller's word, and that something listens."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.changes import asking, fields
from bot.domain.changes.change import Reach, Step
from bot.domain.network.listeners import listeners
from bot.domain.network.references import JSONObject


def steps(gateway: JSONObject) -> Iterator[Step]:
    """None of them is required. Without a route HTTP is answered by 404: that is enough."""
    ref = fields.ref_of(gateway)
    yield asking.programmed(ref)
    for each in listeners(gateway)[: asking.MOST]:
        scheme = asking.scheme_of_listener(str(each.get("protocol")))
        yield Reach(ref=ref, scheme=scheme, host=str(each.get("hostname") or ""), port=int(each.get("port") or 0))
