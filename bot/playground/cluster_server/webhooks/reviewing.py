"""AdmissionReviews: what a webhook is told, and what its answer means, in the words of the real server."""

from __future__ import annotations

import base64
import binascii
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.playground.cluster_server.http.parsing import parsed_object, what_is_wrong
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.statuses import APIError
from bot.playground.cluster_server.values import go_name_of
from bot.playground.cluster_server.webhooks.asking import OPTIONS, Asking, GroupVersionKind, View

Object = dict[str, Any]

API_VERSIONS = ("v1", "v1beta1")
_GROUP = "admission.k8s.io"
_KIND = "AdmissionReview"


class CallFailed(Exception):
    """A webhook could not be asked, or did not answer as one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a webhook answered."""

    allowed: bool
    status: Object
    warnings: list[str]
    patch: list[Object]
    """Of JSON; empty: nothing is to be changed."""


def request_of(asking: Asking, view: View, obj: Object | None, before: Object | None) -> Object:
    """What an AdmissionReview says of a request."""
    own, shown = asking.view, view
    request: Object = {"uid": str(uuid.uuid4()), "kind": _kind(shown.shown_as), "resource": _resource(shown.resource)}
    if asking.subresource:
        request["subResource"] = asking.subresource
    request |= {"requestKind": _kind(own.shown_as), "requestResource": _resource(own.resource)}
    if asking.subresource:
        request["requestSubResource"] = asking.subresource
    request |= {key: value for key, value in (("name", asking.name), ("namespace", asking.namespace)) if value}
    options = OPTIONS.get(asking.operation)
    return request | {
        "operation": asking.operation, "userInfo": asking.asker.user, "object": view.show(obj) if obj else None,
        "oldObject": view.show(before) if before else None, "dryRun": asking.dry_run,
        "options": {"kind": options, "apiVersion": "meta.k8s.io/v1"} | asking.asker.options if options else None,
    }  # fmt: skip


def _kind(shown_as: GroupVersionKind) -> Object:
    group, version, kind = shown_as
    return {"group": group, "version": version, "kind": kind}


def _resource(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "resource": kind.plural}


def review_of(request: Object, version: str) -> Object:
    return {"kind": _KIND, "apiVersion": f"{_GROUP}/{version}", "request": request}


class _Response(msgspec.Struct):
    uid: str = ""
    allowed: bool = False
    status: dict[str, Any] | None = None
    patch: str | None = None
    patchType: str | None = None
    warnings: list[str] | None = None


def verdict_of(body: bytes, request: Object, version: str, *, mutating: bool) -> Verdict:
    """Raises CallFailed."""
    review = _review(body, version)
    response = _response(review.get("response"))
    if version == "v1":
        if response.uid != request["uid"]:
            raise _invalid(f'expected response.uid="{request["uid"]}", got "{response.uid}"')
        if not review.get("kind") and not review.get("apiVersion"):
            raise _invalid(f"expected webhook response of {_GROUP}/v1, Kind={_KIND}, got /, Kind=")
    patch = _patch(response, strictly=version == "v1") if mutating else []
    if not mutating and version == "v1":
        for name, value in (("patch", response.patch), ("patchType", response.patchType)):
            if value is not None and (value or name == "patchType"):
                raise _invalid(f"validating webhook may not return response.{name}")
    return Verdict(response.allowed, response.status or {}, response.warnings or [], patch)


def _review(body: bytes, version: str) -> Object:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = msgspec.json.encode(body.decode("utf-8", "replace"))  # Go's reader takes it for YAML: one string
    try:
        found = parsed_object(body, _KIND)
    except APIError as error:
        _, _, said = str(error.status["message"]).partition(": ")
        raise CallFailed(f"failed to call webhook: {said.rpartition(' (')[0]}") from error
    group, _, given = str(found.get("apiVersion") or "").rpartition("/")
    if not given and not found.get("kind"):
        return found
    if group != _GROUP or found.get("kind") != _KIND or given not in API_VERSIONS:
        said = f'no kind "{found.get("kind", "")}" is registered for version "{found.get("apiVersion", "")}"'
        raise CallFailed(f'failed to call webhook: {said} in scheme "pkg/runtime/scheme.go:111"')
    if given != version:
        said = f"converting ({given}.{_KIND}) to ({version}.{_KIND}): unknown conversion"
        raise CallFailed(f"failed to call webhook: {said}")
    return found


def _response(said: Any) -> _Response:
    if said is None:
        raise _invalid("webhook response was absent")
    try:
        return msgspec.convert(said, _Response)
    except msgspec.ValidationError as error:
        raise CallFailed(f"failed to call webhook: {_mismatch(said)}") from error


_TYPES = {
    "uid": (str, "types.UID"), "allowed": (bool, "bool"), "status": (dict, "v1.Status"), "patch": (str, "[]uint8"),
    "patchType": (str, "v1.PatchType"), "warnings": (list, "[]string"),
}  # fmt: skip


def _mismatch(said: Any) -> str:
    """In the words of Go's decoder."""
    if isinstance(said, dict):
        for name, (wanted, go_name) in _TYPES.items():
            if said.get(name) is not None and not isinstance(said[name], wanted):
                place = f"Go struct field AdmissionResponse.response.{name} of type {go_name}"
                return f"json: cannot unmarshal {go_name_of(said[name])} into {place}"
        return "json: cannot unmarshal object into Go struct field AdmissionResponse.response.warnings of type string"
    found = go_name_of(said)
    return f"json: cannot unmarshal {found} into Go struct field AdmissionReview.response of type v1.AdmissionResponse"


def _patch(response: _Response, *, strictly: bool) -> list[Object]:
    """`strictly`: a patch and its type come together."""
    try:
        patch = base64.b64decode(response.patch or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise CallFailed("failed to call webhook: illegal base64 data at input byte 0") from error
    if strictly and patch and response.patchType is None:
        raise _invalid("webhook returned response.patch but not response.patchType")
    if strictly and not patch and response.patchType is not None:
        raise _invalid("webhook returned response.patchType but not response.patch")
    if strictly and response.patchType == "":
        raise _invalid('webhook returned invalid response.patchType of ""')
    if not patch or not response.allowed:
        return []
    try:
        operations = msgspec.json.decode(patch)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _undecodable(what_is_wrong(str(error), patch)) from error
    if not isinstance(operations, list):
        raise _undecodable(f"json: cannot unmarshal {go_name_of(operations)} into Go value of type jsonpatch.Patch")
    if operations and strictly and response.patchType != "JSONPatch":
        raise CallFailed(f'unsupported patch type "{response.patchType}"')
    return operations


def _invalid(said: str) -> CallFailed:
    return CallFailed(f"received invalid webhook response: {said}")


def _undecodable(said: str) -> CallFailed:
    return CallFailed(f"received undecodable patch in webhook response: {said}")


def denial(hook_name: str, status: Object) -> APIError:
    """What the client is told when a webhook refuses: its own status, under the name of who refused."""
    said = f'admission webhook "{hook_name}" denied the request'
    reason, message = str(status.get("reason") or ""), str(status.get("message") or "")
    said = f"{said}: {message or reason}" if message or reason else f"{said} without explanation"
    given = status.get("code")
    code = given if isinstance(given, int) and 400 <= given <= 599 else 400
    return APIError(code, reason, said, status.get("details") or None)
