"""Failures in the API server's own words: a Status object, its reason and its code, as 1.36 writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

Object = dict[str, Any]

NAMESPACE_TERMINATING = "NamespaceTerminating"
"""The cause of a refusal that is there until the namespace is gone."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing wrong with one field."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def required(field: str, message: str = "") -> Cause:
    return Cause(field, f"Required value: {message}" if message else "Required value", "FieldValueRequired")


def invalid(field: str, value: Any, message: str) -> Cause:
    return Cause(field, f"Invalid value: {shown(value)}: {message}")


def unsupported(field: str, value: Any, supported: Sequence[str]) -> Cause:
    """Choices are told in the order given: most of the real server's validators sort them, some do not."""
    choices = ", ".join(f'"{choice}"' for choice in supported)
    return Cause(field, f"Unsupported value: {shown(value)}: supported values: {choices}", "FieldValueNotSupported")


def duplicate(field: str, value: Any) -> Cause:
    return Cause(field, f"Duplicate value: {shown(value)}", "FieldValueDuplicate")


def forbidden_field(field: str, message: str) -> Cause:
    return Cause(field, f"Forbidden: {message}", "FieldValueForbidden")


def shown(value: Any) -> str:
    """A value as Go's field errors print it: maps in their order, and of structs the one that is not in it."""
    return msgspec.json.encode(_in_order(value)).decode()


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_order(value[name]) for name in sorted(value, key=lambda name: (name != "matchLabels", name))}
    return [_in_order(item) for item in value] if isinstance(value, list | tuple) else value


class APIError(Exception):
    """An answer that is a Status with `status: Failure`."""

    def __init__(
        self, code: int, reason: str, message: str, details: Object | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.headers = headers or {}
        self.warnings: Sequence[str] = ()
        self.status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        self.status["message"] = message
        if reason:
            self.status["reason"] = reason
        if details is not None:
            self.status["details"] = details
        self.status["code"] = code

    @property
    def is_of_an_ending_namespace(self) -> bool:
        """Nothing to tell, and nothing to try again."""
        causes = self.status.get("details", {}).get("causes") or ()
        return any(cause.get("reason") == NAMESPACE_TERMINATING for cause in causes)


def success(details: Object) -> Object:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _details(name: str, group: str, kind: str, **more: Any) -> Object:
    details: Object = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    return details | ({"kind": kind} if kind else {}) | more


def _qualified(plural: str, group: str) -> str:
    return f"{plural}.{group}" if group else plural


def not_found(plural: str, group: str, name: str) -> APIError:
    message = f'{_qualified(plural, group)} "{name}" not found'
    return APIError(404, "NotFound", message, _details(name, group, plural))


def no_such_resource() -> APIError:
    return APIError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(plural: str, group: str, name: str, *, going: bool = False) -> APIError:
    """`going`: it is there only until something lets it go."""
    message = ("object is being deleted: " if going else "") + f'{_qualified(plural, group)} "{name}" already exists'
    return APIError(409, "AlreadyExists", message, _details(name, group, plural))


def conflict(plural: str, group: str, name: str, message: str) -> APIError:
    message = f'Operation cannot be fulfilled on {_qualified(plural, group)} "{name}": {message}'
    return APIError(409, "Conflict", message, _details(name, group, plural))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def bad_request(message: str) -> APIError:
    return APIError(400, "BadRequest", message)


def unprocessable(kind: str, group: str, name: str, causes: Sequence[Cause]) -> APIError:
    """422 with each cause, worded as one sentence or a list, in which nothing is said twice."""
    told = list(dict.fromkeys(map(str, causes)))
    said = told[0] if len(told) == 1 else "[" + ", ".join(told) + "]"
    listed = [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes]
    message = f'{_qualified(kind, group)} "{name}" is invalid: {said}'
    return APIError(422, "Invalid", message, _details(name, group, kind, causes=listed))


def forbidden(plural: str, group: str, name: str, message: str) -> APIError:
    what = f'{_qualified(plural, group)} "{name}"' if name else _qualified(plural, group)
    said = f"{what} is forbidden: {message}"
    return APIError(403, "Forbidden", said, _details(name, group, plural))


def internal(message: str) -> APIError:
    return APIError(500, "InternalError", f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def unauthorized() -> APIError:
    return APIError(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> APIError:
    message = "the server does not allow this method on the requested resource"
    return APIError(405, "MethodNotAllowed", message, {})


def expired(message: str) -> APIError:
    return APIError(410, "Expired", message)


def unavailable(message: str) -> APIError:
    return APIError(503, "ServiceUnavailable", message)


def unsupported_media(message: str, details: Object | None = None) -> APIError:
    return APIError(415, "UnsupportedMediaType", message, details)
