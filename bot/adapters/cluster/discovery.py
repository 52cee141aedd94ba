"""How kinds are addressed: from our own table, else as the API server's discovery has it, so that CRDs work too."""

from __future__ import annotations

import msgspec

from bot.adapters.cluster.session import Call, Session
from bot.domain.network.references import KINDS, Kind, Ref
from bot.errors import BotError, NotFound


class _Resource(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool = True


class _ResourceList(msgspec.Struct):
    resources: list[_Resource] | None = None


_decoder = msgspec.json.Decoder(_ResourceList)
_KNOWN = {(kind.name, kind.api_version): kind for kind in KINDS}


class Kinds:
    """The kinds of one cluster. What discovery said is remembered; what it lacked is asked for again."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._discovered: dict[tuple[str, str], Kind] = {}

    async def kind_of(self, ref: Ref) -> Kind:
        """The kind of an object. Raises NotFound when the cluster does not serve it."""
        key = (ref.kind, ref.api_version)
        if known := _KNOWN.get(key) or self._discovered.get(key):
            return known
        await self._discover(ref)
        if found := self._discovered.get(key):
            return found
        raise _unknown(ref)

    async def _discover(self, ref: Ref) -> None:
        doing = f"ask which kinds {ref.api_version} has"
        if ref.api_version.count("/") > 1 or not all(
            part and part.replace("-", "").replace(".", "").isalnum() and ".." not in part
            for part in ref.api_version.split("/")
        ):
            raise BotError(f"Cannot {doing}", cause="it is no API version", next_step="one looks like `apps/v1`")
        path = Kind(ref.kind, "", ref.api_version).base_path
        try:
            reply = await self._session.ask(Call(doing=doing, path=path))
        except NotFound as error:
            raise _unknown(ref) from error
        try:
            resources = _decoder.decode(reply.body).resources or []
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BotError(f"Cannot {doing}", cause="the answer is no list of resources") from error
        for resource in resources:
            if "/" not in resource.name:  # `pods/log` and the like share the kind of another one
                kind = Kind(resource.kind, resource.name, ref.api_version, resource.namespaced)
                self._discovered[resource.kind, ref.api_version] = kind


def _unknown(ref: Ref) -> NotFound:
    return NotFound(
        f"The cluster does not know the kind {ref.kind} of {ref.api_version}",
        next_step="see `kubectl api-resources`; a controller that brings it may not be installed",
    )
