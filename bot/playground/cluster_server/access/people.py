"""Users: from a bearer token, and as whom they act."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import msgspec

from bot.playground.cluster_server.statuses import bad_request, unauthorized

Object = dict[str, Any]

ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED = "system:anonymous", "system:authenticated", "system:unauthenticated"
MASTERS = "system:masters"
ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class User:
    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def info(self) -> Object:
        """As reviews show it."""
        said: Object = {"username": self.name}
        if self.uid:
            said["uid"] = self.uid
        if self.groups:
            said["groups"] = list(self.groups)
        if self.extra:
            said["extra"] = {name: list(values) for name, values in self.extra.items()}
        return said


ADMIN = User("kubernetes-admin", (MASTERS, AUTHENTICATED))
APISERVER = User("system:apiserver", (AUTHENTICATED, MASTERS))
"""The server itself, where it asks itself for something."""
NOBODY = User(ANONYMOUS, (UNAUTHENTICATED,))


def account_groups(name: str) -> tuple[str, ...]:
    """The groups that a service account is in by its name; none for other users."""
    if not name.startswith(ACCOUNT) or name.count(":") != 3:
        return ()
    return ("system:serviceaccounts", f"system:serviceaccounts:{name.split(':')[2]}")


class Authenticator:
    """Knows the administrator's token, and reads those of service accounts."""

    def __init__(self, admin_token: str, read_token: Callable[[str], User | None]) -> None:
        self._admin_token = admin_token.encode()
        self._read_token = read_token

    def user(self, authorization: str) -> User:
        """Whom an Authorization header speaks for. Raises 401 for a token that is not known."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return NOBODY
        found = self.of_token(token.strip())
        if found is None:
            raise unauthorized()
        return found

    def of_token(self, token: str) -> User | None:
        if hmac.compare_digest(token.encode(), self._admin_token):
            return ADMIN
        return self._read_token(token)


@dataclass(frozen=True, slots=True)
class Impersonation:
    """As whom a user wants to act, and each thing that they need the right to impersonate for it."""

    user: User
    wanted: tuple[tuple[str, str, str, str], ...]
    """Group, resource with subresource, namespace, name."""


def impersonation(
    headers: Mapping[str, str], groups: list[str], extra: Mapping[str, list[str]]
) -> Impersonation | None:
    """From the `Impersonate-…` headers; None when there are none. Raises 400."""
    name, uid = headers.get("Impersonate-User", ""), headers.get("Impersonate-Uid", "")
    if not name:
        if groups or uid or extra:
            listed = ", ".join(f'"{group}"' for group in groups)
            printed = f"Groups:[]string{{{listed}}}" if groups else "Groups:[]string(nil)"
            said = f'&user.DefaultInfo{{Name:"", UID:"{uid}", {printed}, Extra:{_printed(extra)}}}'
            raise bad_request(f"requested {said} without impersonating a user name")
        return None
    wanted: list[tuple[str, str, str, str]] = []
    if account := account_groups(name):
        namespace, short = name.split(":")[2:]
        wanted.append(("", "serviceaccounts", namespace, short))
    else:
        wanted.append(("", "users", "", name))
    wanted += [("", "groups", "", group) for group in groups]
    if uid:
        wanted.append(("authentication.k8s.io", "uids", "", uid))
    for key, values in extra.items():
        wanted += [("authentication.k8s.io", f"userextras/{key}", "", value) for value in values]
    own = tuple(groups) or account
    if name != ANONYMOUS and AUTHENTICATED not in own:
        own = (*own, AUTHENTICATED)
    return Impersonation(User(name, own, uid, {k: tuple(v) for k, v in extra.items()}), tuple(wanted))


def _printed(extra: Mapping[str, list[str]]) -> str:
    """As Go prints a map of lists."""
    if not extra:
        return "map[string][]string(nil)"
    lists = (
        f'"{key}":[]string{{{", ".join(f"{chr(34)}{value}{chr(34)}" for value in values)}}}'
        for key, values in sorted(extra.items())
    )
    return f"map[string][]string{{{', '.join(lists)}}}"


def extra_of(headers: Any) -> dict[str, list[str]]:
    """`Impersonate-Extra-Key: value`, each header once or more."""
    prefix, found = "impersonate-extra-", dict[str, list[str]]()
    for name in headers:
        if name.lower().startswith(prefix):
            found[unquote(name[len(prefix) :]).lower()] = headers.getall(name)
    return found


class Claims(msgspec.Struct):
    """What a service account's token says."""

    sub: str
    exp: int
    aud: list[str] = []
    iat: int = 0
    iss: str = ""
    jti: str = ""
    nbf: int = 0
    kubernetes: dict[str, Any] = msgspec.field(name="kubernetes.io", default_factory=dict)

    @property
    def valid(self) -> bool:
        return self.nbf <= time.time() + 10 and time.time() < self.exp
