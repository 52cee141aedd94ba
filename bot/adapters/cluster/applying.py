"""Reading, writing and deleting whole objects. Writing says whose fields are in the way when somebody else's are."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from bot.adapters.cluster.discovery import Kinds
from bot.adapters.cluster.failures import owned_fields, refusal, status_in
from bot.adapters.cluster.session import Call, Reply, Session, object_path
from bot.application.ports.cluster import Applied
from bot.domain.network.references import JSONObject, Ref
from bot.errors import BotError

FIELD_MANAGER = "patchbay"


class Objects:
    """Single objects of one cluster."""

    def __init__(self, session: Session, kinds: Kinds) -> None:
        self._session = session
        self._kinds = kinds

    async def get(self, ref: Ref) -> JSONObject:
        doing = f"read {ref}"
        return _object(await self._session.ask(Call(doing=doing, path=await self._path(ref))), doing)

    async def apply(self, manifest: JSONObject, *, force: bool, dry_run: bool) -> Applied:
        ref = ref_of(manifest)
        doing = f"try out {ref}" if dry_run else f"apply {ref}"
        call = Call(
            doing=doing,
            method="PATCH",
            path=await self._path(ref),
            query={"fieldManager": FIELD_MANAGER, "force": str(force).lower(), "fieldValidation": "Strict"}
            | _dry(dry_run),
            body=msgspec.json.encode(manifest),  # JSON is YAML
            content_type="application/apply-patch+yaml",
            # Repeating it for real would answer 200 where the first, lost answer was 201 created.
            repeatable=dry_run,
        )
        reply = await self._session.send(call)
        if reply.status == 409 and set(owned_fields(status_in(reply.body))) == {FIELD_MANAGER}:
            # What we once wrote whole (`replace`, when a change was rolled back) counts as another owner of the same
            # name: nobody is in the way but ourselves.
            reply = await self._session.send(dataclasses.replace(call, query={**call.query, "force": "true"}))
        if not 200 <= reply.status < 300:
            raise refusal(reply.status, reply.body, doing)
        return Applied(_object(reply, doing), created=reply.status == 201)

    async def replace(self, object: JSONObject, *, dry_run: bool) -> JSONObject:
        ref = ref_of(object)
        doing = f"replace {ref}"
        if not _metadata(object).get("resourceVersion"):
            raise BotError(
                f"Cannot {doing}", cause="it has no resourceVersion, which tells whether it is still the same"
            )
        reply = await self._session.ask(
            Call(
                doing=doing,
                method="PUT",
                path=await self._path(ref),
                query={"fieldManager": FIELD_MANAGER} | _dry(dry_run),
                body=msgspec.json.encode(object),
                repeatable=dry_run,
            )
        )
        return _object(reply, doing)

    async def delete(self, ref: Ref, *, uid: str, resource_version: str, dry_run: bool) -> None:
        preconditions = {"uid": uid} | ({"resourceVersion": resource_version} if resource_version else {})
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": preconditions,
            "propagationPolicy": "Background",
        }
        if dry_run:
            options["dryRun"] = ["All"]
        await self._session.ask(
            Call(
                doing=f"delete {ref}",
                method="DELETE",
                path=await self._path(ref),
                body=msgspec.json.encode(options),
                repeatable=dry_run,
            )
        )

    async def _path(self, ref: Ref) -> str:
        if not ref.name:
            raise BotError(f"Cannot address {ref.kind}", cause="its name is missing")
        kind = await self._kinds.kind_of(ref)
        if kind.namespaced and not ref.namespace:
            raise BotError(f"Cannot address {ref}", cause="its namespace is missing")
        return object_path(kind, ref.namespace, ref.name)


def ref_of(manifest: JSONObject) -> Ref:
    """What a manifest is about. Raises BotError when it does not say."""
    metadata = _metadata(manifest)
    kind, version, name = manifest.get("kind"), manifest.get("apiVersion"), metadata.get("name")
    namespace = metadata.get("namespace") or ""
    if not (
        isinstance(kind, str) and isinstance(version, str) and isinstance(name, str) and isinstance(namespace, str)
    ):
        raise BotError("Cannot use this manifest", cause="it needs apiVersion, kind and metadata.name, each a text")
    return Ref(kind, name, namespace, version)


def _metadata(manifest: JSONObject) -> dict[str, Any]:
    metadata = manifest.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _object(reply: Reply, doing: str) -> JSONObject:
    try:
        return msgspec.json.decode(reply.body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BotError(f"Cannot {doing}", cause="the answer is no JSON object") from error
