"""What all that makes pods has in common: a selector and a template that must fit, and numbers for a rollout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.naming import LABEL, label_selector, labels, name_causes
from bot.playground.cluster_server.rules.contract import Object, at_least, immutable, number_or_percentage
from bot.playground.cluster_server.rules.metadata import judge_annotations
from bot.playground.cluster_server.rules.pods import fill_spec, judge_spec, warnings
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, shown, unsupported
from bot.playground.cluster_server.values import dig

ROLLING = "RollingUpdate"
_MADE_BY = {"Deployment": "ReplicaSet"}
"""A Deployment's template is judged as that of the ReplicaSets it makes."""


def fill_template(workload: Object) -> None:
    spec = workload.setdefault("spec", {})
    if workload.get("kind") in ("Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"):
        spec.setdefault("selector", None)  # told apart from an empty one when it is judged
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    fill_spec(template.setdefault("spec", {}))


def judge_workload(workload: Object, before: Object | None) -> Iterator[Cause]:
    spec = workload["spec"]
    changed = before is not None and before["spec"].get("selector") != spec.get("selector")
    if changed and workload["kind"] == "DaemonSet":
        yield immutable("spec.selector", spec.get("selector"))
    yield from at_least("spec.replicas", spec.get("replicas"))
    if workload["kind"] == "ReplicaSet":
        yield from at_least("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from judge_pods(workload)
    if workload["kind"] == "DaemonSet":
        yield from at_least("spec.minReadySeconds", spec.get("minReadySeconds"))
    elif changed and workload["kind"] == "ReplicaSet":
        yield immutable("spec.selector", spec.get("selector"))


def judge_pods(workload: Object) -> Iterator[Cause]:
    """Which pods are its own, and what they are to be."""
    spec = workload["spec"]
    yield from _judge_selector(workload)
    if workload["kind"] != "DaemonSet" and any(label_selector("", spec.get("selector"))):
        return  # what does not tell which pods are meant is not held against them
    if workload["kind"] == "StatefulSet":  # whose labels are looked at twice
        yield from labels("spec.template.labels", dig(spec, "template", "metadata", "labels"))
    yield from judge_template(spec.get("template") or {}, "spec.template")
    policy = dig(spec, "template", "spec", "restartPolicy")
    if policy and policy != "Always":
        yield unsupported("spec.template.spec.restartPolicy", policy, ("Always",))
    if dig(spec, "template", "spec", "activeDeadlineSeconds") is not None:
        said = f"activeDeadlineSeconds in {_MADE_BY.get(workload['kind'], workload['kind'])} is not Supported"
        yield forbidden_field("spec.template.spec.activeDeadlineSeconds", said)


def _judge_selector(workload: Object) -> Iterator[Cause]:
    spec, kind = workload["spec"], workload["kind"].lower()
    selector, found = spec.get("selector"), dig(spec, "template", "metadata", "labels")
    empty = selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions")
    wrong = list(label_selector("spec.selector", selector))
    said = "deployment" if kind == "replicaset" else kind  # the real server has the same words for both
    if selector is None and kind != "daemonset":
        yield required("spec.selector")
    else:
        yield from wrong
        if empty:
            yield invalid("spec.selector", selector, f"empty selector is invalid for {said}")
    if wrong:
        if kind == "statefulset":
            yield Cause("spec.selector", f"Invalid value: {shown(selector)}")
        elif kind != "daemonset":
            yield invalid("spec.selector", selector, "invalid label selector")
    elif selector is None or not selector_matches(selector, found or {}):
        yield invalid("spec.template.metadata.labels", found, "`selector` does not match template `labels`")


def judge_template(template: Object, at: str) -> Iterator[Cause]:
    """A pod's, in whatever makes pods."""
    yield from labels(f"{at}.labels", dig(template, "metadata", "labels"))
    yield from judge_annotations(dig(template, "metadata", "annotations") or {}, f"{at}.annotations")
    yield from judge_spec(template.get("spec") or {}, f"{at}.spec")
    if dig(template, "spec", "ephemeralContainers"):
        yield forbidden_field(f"{at}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


def name_warnings(workload: Object) -> Iterator[str]:
    """Of those whose pods bear their name."""
    for cause in name_causes("", workload["metadata"]["name"], LABEL):
        said = "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior"
        yield f"{said}; a DNS label is recommended: [{cause.message.partition(': ')[2].partition(': ')[2]}]"


def warn(workload: Object) -> Iterator[str]:
    yield from warnings(dig(workload, "spec", "template", "spec", default={}), "spec.template.spec")


def judge_strategy(strategy: Object, at: str, choices: tuple[str, ...], *, other: str) -> Iterator[Cause]:
    """`other` is the strategy that takes no numbers."""
    kind, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if kind not in choices:
        printed = f'{{"Type":{shown(kind)},"RollingUpdate":{_printed(rolling)}}}'
        listed = ", ".join(shown(choice) for choice in choices)
        yield Cause(at, f"Unsupported value: {printed}: supported values: {listed}", "FieldValueNotSupported")
    elif kind == other and rolling is not None and other == "Recreate":
        yield forbidden_field(f"{at}.rollingUpdate", f"may not be specified when strategy `type` is '{other}'")
    elif kind == ROLLING and rolling is not None:
        yield from _judge_rolling(rolling, f"{at}.rollingUpdate", each=other == "OnDelete")


def _printed(rolling: Object | None) -> str:
    if rolling is None:
        return "null"
    gone, surge = shown(rolling.get("maxUnavailable", 0)), shown(rolling.get("maxSurge", 0))
    return f'{{"MaxUnavailable":{gone},"MaxSurge":{surge}}}'


def _judge_rolling(rolling: Object, at: str, *, each: bool) -> Iterator[Cause]:
    """`each`: one on each node, where either number excludes the other."""
    surge, gone = rolling.get("maxSurge"), rolling.get("maxUnavailable")
    yield from number_or_percentage(f"{at}.maxUnavailable", gone, at_most_all=False)
    yield from number_or_percentage(f"{at}.maxSurge", surge, at_most_all=False)
    if each:
        yield from _not_more_than_all(f"{at}.maxUnavailable", gone)
        yield from _not_more_than_all(f"{at}.maxSurge", surge)
    if _is_none(surge) and _is_none(gone):
        if each:
            yield required(f"{at}.maxUnavailable", "cannot be 0 when maxSurge is 0")
        else:
            yield invalid(f"{at}.maxUnavailable", gone, "may not be 0 when `maxSurge` is 0")
    elif each and not _is_none(surge) and not _is_none(gone):
        yield invalid(f"{at}.maxSurge", surge, "may not be set when maxUnavailable is non-zero")
    if not each:
        yield from _not_more_than_all(f"{at}.maxUnavailable", gone)


def _not_more_than_all(field: str, value: int | str | None) -> Iterator[Cause]:
    if isinstance(value, str) and re.fullmatch(r"[0-9]+%", value) and int(value[:-1]) > 100:
        yield invalid(field, value, "must not be greater than 100%")


def _is_none(value: Any) -> bool:
    """As the real server counts: what is no number and no percentage is none."""
    if isinstance(value, str):
        return not re.fullmatch(r"[0-9]+%", value) or int(value[:-1]) == 0
    return not value
