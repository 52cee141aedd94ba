"""PersistentVolumeClaims and StorageClasses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import unified_diff

from bot.playground.cluster_server.naming import SUBDOMAIN, label_selector, name_causes, qualified_name
from bot.playground.cluster_server.objects.canonical import amount
from bot.playground.cluster_server.rules.contract import Object, Rules, member
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, unsupported
from bot.playground.cluster_server.values import copied, dig

_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_ALONE = "ReadWriteOncePod"
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"


def _fill_claim(claim: Object) -> None:
    claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    claim.setdefault("status", {}).setdefault("phase", "Pending")


def _prepare_claim(claim: Object, before: Object | None) -> None:
    if before is None:
        finalizers = claim["metadata"].setdefault("finalizers", [])
        if "kubernetes.io/pvc-protection" not in finalizers:
            finalizers.append("kubernetes.io/pvc-protection")


def _judge_claim(claim: Object, before: Object | None) -> Iterator[Cause]:
    yield from judge_claim_spec(claim["spec"], "spec")
    if before is not None:
        yield from _judge_claim_change(claim, before)


def judge_claim_spec(spec: Object, at: str) -> Iterator[Cause]:
    """Of a claim, or of a template of claims."""
    modes = spec.get("accessModes") or ()
    if not modes:
        yield required(f"{at}.accessModes", "at least 1 access mode is required")
    yield from label_selector(f"{at}.selector", spec.get("selector"))
    for mode in modes:
        if mode not in _MODES:
            yield unsupported(f"{at}.accessModes", mode, _MODES)
    if _ALONE in modes and any(mode in _MODES and mode != _ALONE for mode in modes):
        yield forbidden_field(f"{at}.accessModes", f"may not use {_ALONE} with other access modes")
    storage = dig(spec, "resources", "requests", "storage")
    if storage is None:
        yield required(f"{at}.resources[storage]")
    elif amount(storage) <= 0:
        yield invalid(f"{at}.resources[storage]", str(storage), "must be greater than zero")
    if spec.get("storageClassName"):
        yield from name_causes(f"{at}.storageClassName", spec["storageClassName"], SUBDOMAIN)
    yield from member(f"{at}.volumeMode", spec["volumeMode"], ("Block", "Filesystem"))


_SPEC = ("AccessModes", "Selector", "Resources", "VolumeName", "StorageClassName", "VolumeMode", "DataSource",
         "DataSourceRef", "VolumeAttributesClassName")  # fmt: skip
_FIXED = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def _judge_claim_change(claim: Object, before: Object) -> Iterator[Cause]:
    now, was = copied(claim["spec"]), copied(before["spec"])
    if not was.get("volumeName"):
        was["volumeName"] = now.get("volumeName", "")
    if dig(claim, "status", "phase") == "Bound" and dig(now, "resources", "requests") is not None:
        now["resources"]["requests"]["storage"] = dig(was, "resources", "requests", "storage")
        now["volumeAttributesClassName"] = was.get("volumeAttributesClassName")
    then, later = _as_lines(was), _as_lines(now)
    if then != later:
        _, _, *changes = unified_diff(then, later, lineterm="")
        yield forbidden_field("spec", f"{_FIXED}\n" + "\n".join(changes) + "\n")
    size, former = (
        amount(dig(obj, "spec", "resources", "requests", "storage", default="0")) for obj in (claim, before)
    )
    if size < former and size <= amount(dig(before, "status", "capacity", "storage", default="0")):
        yield forbidden_field("spec.resources.requests.storage", "field can not be less than status.capacity")


def _as_lines(spec: Object) -> list[str]:
    """A claim's spec as the real server prints it for its comparison."""
    resources = spec.get("resources") or {}
    printed: Object = {name: spec.get(name[0].lower() + name[1:]) for name in _SPEC}
    printed["Resources"] = {name: resources.get(name.lower()) for name in ("Limits", "Requests")}
    printed["VolumeName"] = spec.get("volumeName", "")
    return json.dumps(printed, indent=1, ensure_ascii=False).splitlines()


def _fill_class(storage_class: Object) -> None:
    storage_class.setdefault("reclaimPolicy", "Delete")
    storage_class.setdefault("volumeBindingMode", "Immediate")


def _judge_class(storage_class: Object, before: Object | None) -> Iterator[Cause]:
    provisioner = storage_class.get("provisioner", "")
    if not provisioner:
        yield required("provisioner")
    else:
        yield from qualified_name("provisioner", provisioner.lower())
    yield from member("reclaimPolicy", storage_class["reclaimPolicy"], ("Delete", "Retain"))
    mode = storage_class["volumeBindingMode"]
    if mode not in ("Immediate", "WaitForFirstConsumer"):
        yield unsupported("volumeBindingMode", mode, ("Immediate", "WaitForFirstConsumer"))
    if before is None:
        return
    if storage_class.get("parameters") != before.get("parameters"):
        yield forbidden_field("parameters", "updates to parameters are forbidden.")
    for name in ("provisioner", "reclaimPolicy", "volumeBindingMode"):
        if storage_class.get(name) != before.get(name):
            yield invalid(name, storage_class.get(name), "field is immutable")


def claim_warnings(spec: Object, at: str) -> Iterator[str]:
    """Of a claim's spec, or of that of a template for claims."""
    for group in ("requests", "limits"):
        value = dig(spec, "resources", group, "storage")
        if value is not None and amount(value) % 1:
            yield f'{at}.resources.{group}[storage]: fractional byte value "{value}" is invalid, must be an integer'


def _warn_of_claim(claim: Object) -> Iterator[str]:
    if _OLD_CLASS in (claim["metadata"].get("annotations") or {}):
        yield f'metadata.annotations[{_OLD_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead'
    yield from claim_warnings(claim["spec"], "spec")


CLAIM = Rules(
    fill=_fill_claim, prepare=_prepare_claim, judge=_judge_claim, warn=_warn_of_claim, warns_again=True
)  # fmt: skip
CLASS = Rules(fill=_fill_class, judge=_judge_class)
