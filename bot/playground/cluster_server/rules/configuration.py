"""ConfigMaps and Secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator

from bot.playground.cluster_server.naming import CONFIG_KEY, name_causes
from bot.playground.cluster_server.rules.contract import Object, Rules, immutable
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required
from bot.playground.cluster_server.values import dig

_SIZE_BYTES = 1024 * 1024
_NEEDED = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
}
"""Keys that Secrets of a type must have."""
_ACCOUNT = "kubernetes.io/service-account.name"


def _judge_keys(names: Iterable[str]) -> Iterator[Cause]:
    for name in sorted(names):
        if name in (".", ".."):
            yield invalid(f"data[{name}]", name, f"must not be '{name}'")
        else:
            yield from name_causes(f"data[{name}]", name, CONFIG_KEY)


def _judge_immutable(obj: Object, before: Object, fields: tuple[str, ...]) -> Iterator[Cause]:
    if not before.get("immutable"):
        return
    for name in ("immutable", *fields):
        if obj.get(name) != before.get(name):
            yield forbidden_field(name, "field is immutable when `immutable` is set")


def _judge_config_map(config_map: Object, before: Object | None) -> Iterator[Cause]:
    data, binary = config_map.get("data") or {}, config_map.get("binaryData") or {}
    yield from _judge_keys(data)
    for name in sorted(set(data) & set(binary)):
        yield invalid(f"data[{name}]", name, "duplicate of key present in binaryData")
    yield from (Cause(f"binaryD{c.field[1:]}", c.message, c.reason) for c in _judge_keys(binary))
    if sum(len(value.encode()) for value in data.values()) + sum(map(len, binary.values())) > _SIZE_BYTES:
        yield Cause("", f"Too long: may not be more than {_SIZE_BYTES} bytes", "FieldValueTooLong")
    if before is not None:
        yield from _judge_immutable(config_map, before, ("data", "binaryData"))


def _fill_secret(secret: Object) -> None:
    secret.setdefault("type", "Opaque")
    if plain := secret.pop("stringData", None):
        data = secret.setdefault("data", {})
        data |= {name: base64.b64encode(value.encode()).decode() for name, value in plain.items()}


def _judge_secret(secret: Object, before: Object | None) -> Iterator[Cause]:
    data, kind = secret.get("data") or {}, secret["type"]
    yield from _judge_keys(data)
    if sum(map(len, data.values())) > _SIZE_BYTES * 4 // 3:
        yield Cause("data", f"Too long: may not be more than {_SIZE_BYTES} bytes", "FieldValueTooLong")
    for name in _NEEDED.get(kind, ()):
        if name not in data:
            yield required(f"data[{name}]")
        elif name.startswith(".docker") and not _is_json(data[name]):
            yield invalid(f"data[{name}]", "<secret contents redacted>", "invalid character")
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & set(data):
        yield required("data[username]")
        yield required("data[password]")
    if kind == "kubernetes.io/service-account-token" and not dig(secret, "metadata", "annotations", _ACCOUNT):
        yield required(f"metadata.annotations[{_ACCOUNT}]")
    if before is not None:
        if kind != before.get("type"):
            yield immutable("type", kind)
        yield from _judge_immutable(secret, before, ("data",))


def _is_json(encoded: str) -> bool:
    try:
        json.loads(base64.b64decode(encoded))
    except ValueError:
        return False
    return True


CONFIG_MAP = Rules(judge=_judge_config_map)
SECRET = Rules(fill=_fill_secret, judge=_judge_secret)
