"""What pods mount: volumes, and where containers have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bot.playground.cluster_server.naming import LABEL, name_causes
from bot.playground.cluster_server.rules.contract import Object
from bot.playground.cluster_server.statuses import (
    Cause,
    duplicate,
    forbidden_field,
    invalid,
    required,
    shown,
    unsupported,
)

_SOURCE_ORDER = ("emptyDir", "hostPath", "gitRepo", "secret", "nfs", "iscsi", "glusterfs", "persistentVolumeClaim",
                 "rbd", "cinder", "cephfs", "downwardAPI", "fc", "flexVolume", "configMap", "azureFile", "projected",
                 "csi", "ephemeral", "image")  # fmt: skip
"""As the real server looks at them: the first one counts."""
_HOST_PATHS = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_MODE_SAID = "must be a number between 0 and 0777 (octal), both inclusive"


def judge_volumes(volumes: list[Object], at: str, usable: set[str]) -> Iterator[Cause]:
    """Those without fault are added to `usable`: only they can be mounted."""
    for number, volume in enumerate(volumes):
        field, name = f"{at}[{number}]", volume.get("name", "")
        found = list(_judge_source(volume, field))
        if not name:
            found.append(required(f"{field}.name"))
        else:
            found += name_causes(f"{field}.name", name, LABEL)
        if name in usable:
            found.append(duplicate(f"{field}.name", name))
        yield from found
        if not found:
            usable.add(name)


def _judge_source(volume: Object, at: str) -> Iterator[Cause]:
    sources = [source for source in volume if source != "name"]
    if set(sources) <= set(_SOURCE_ORDER):
        sources.sort(key=_SOURCE_ORDER.index)
    for source in sources[:1]:
        if judge := _JUDGES.get(source):
            yield from judge(volume[source], f"{at}.{source}")
    for source in sources[1:]:
        yield forbidden_field(f"{at}.{source}", "may not specify more than 1 volume type")
    if not sources:
        yield required(at, "must specify a volume type")


def _judge_mode(mode: int | None, at: str) -> Iterator[Cause]:
    if mode is not None and not 0 <= mode <= 0o777:
        yield invalid(at, mode, _MODE_SAID)


def _judge_steps(path: str, at: str) -> Iterator[Cause]:
    if ".." in path.split("/"):
        yield invalid(at, path, "must not contain '..'")


def _judge_inner(path: str, at: str) -> Iterator[Cause]:
    """A path within a volume."""
    if path.startswith("/"):
        yield invalid(at, path, "must be a relative path")
    yield from _judge_steps(path, at)
    if path.startswith("..") and not path.startswith("../"):
        yield invalid(at, path, "must not start with '..'")


def _judge_items(items: Any, at: str) -> Iterator[Cause]:
    for number, item in enumerate(items or ()):
        field = f"{at}[{number}]"
        for name in ("key", "path"):
            if not item.get(name):
                yield required(f"{field}.{name}")
        yield from _judge_inner(item.get("path", ""), f"{field}.path")
        yield from _judge_mode(item.get("mode"), f"{field}.mode")


def _judge_config_map(source: Object, at: str) -> Iterator[Cause]:
    if not source.get("name"):
        yield required(f"{at}.name")
    yield from _judge_mode(source.get("defaultMode"), f"{at}.defaultMode")
    yield from _judge_items(source.get("items"), f"{at}.items")


def _judge_secret(source: Object, at: str) -> Iterator[Cause]:
    if not source.get("secretName"):
        yield required(f"{at}.secretName")
    yield from _judge_mode(source.get("defaultMode"), f"{at}.defaultMode")
    yield from _judge_items(source.get("items"), f"{at}.items")


def _judge_host_path(source: Object, at: str) -> Iterator[Cause]:
    path = source.get("path", "")
    if not path:
        yield required(f"{at}.path")
        return
    yield from _judge_steps(path, f"{at}.path")
    if source.get("type") not in (None, *_HOST_PATHS):
        yield unsupported(f"{at}.type", source["type"], _HOST_PATHS)


def _judge_nfs(source: Object, at: str) -> Iterator[Cause]:
    for name in ("server", "path"):
        if not source.get(name):
            yield required(f"{at}.{name}")
    if not source.get("path", "").startswith("/"):
        yield invalid(f"{at}.path", source.get("path", ""), "must be an absolute path")


def _judge_claim(source: Object, at: str) -> Iterator[Cause]:
    if not source.get("claimName"):
        yield required(f"{at}.claimName")


def _judge_csi(source: Object, at: str) -> Iterator[Cause]:
    if not source.get("driver"):
        yield required(f"{at}.driver")


_JUDGES: dict[str, Callable[[Object, str], Iterator[Cause]]] = {
    "configMap": _judge_config_map, "secret": _judge_secret, "hostPath": _judge_host_path, "nfs": _judge_nfs,
    "persistentVolumeClaim": _judge_claim, "csi": _judge_csi,
}  # fmt: skip


def judge_mounts(mounts: Any, at: str, usable: set[str]) -> Iterator[Cause]:
    places: set[str] = set()
    for number, mount in enumerate(mounts):
        field, name, place = f"{at}.volumeMounts[{number}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield required(f"{field}.name")
        if name not in usable:
            yield Cause(f"{field}.name", f"Not found: {shown(name)}", "FieldValueNotFound")
        if not place:
            yield required(f"{field}.mountPath")
        if place in places:
            yield invalid(f"{field}.mountPath", place, "must be unique")
        places.add(place)
        if mount.get("subPath"):
            yield from _judge_inner_mount(
                mount["subPath"], f"{at}.volumeMounts.subPath"
            )  # without its number, as the real one tells it


def _judge_inner_mount(path: str, at: str) -> Iterator[Cause]:
    if path.startswith("/"):
        yield invalid(at, path, "must be a relative path")
    yield from _judge_steps(path, at)
