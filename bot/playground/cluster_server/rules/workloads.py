"""What all that makes pods has in common: a selector and a template that must fit, and numbers for a rollout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.naming import label_selector, labels
from bot.playground.cluster_server.rules.contract import Object, at_least, immutable, number_or_percentage
from bot.playground.cluster_server.rules.pods import fill_spec, judge_spec
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, shown, unsupported
from bot.playground.cluster_server.values import dig

ROLLING = "RollingUpdate"


def fill_template(workload: Object) -> None:
    spec = workload.setdefault("spec", {})
    if workload.get("kind") in ("Deployment", "DaemonSet", "StatefulSet"):
        spec.setdefault("selector", None)  # told apart from an empty one when it is judged
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    fill_spec(template.setdefault("spec", {}))


def judge_workload(workload: Object, before: Object | None) -> Iterator[Cause]:
    spec = workload["spec"]
    selector, template = spec.get("selector"), spec.get("template", {})
    said = dig(template, "metadata", "labels")
    if selector is None:
        yield required("spec.selector")
    else:
        yield from label_selector("spec.selector", selector)
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            kind = workload["kind"].lower()
            yield invalid("spec.selector", selector, f"empty selector is invalid for {kind}")
    yield from at_least("spec.replicas", spec.get("replicas"))
    yield from at_least("spec.minReadySeconds", spec.get("minReadySeconds"))
    if selector is None or not selector_matches(selector, said or {}):
        yield invalid("spec.template.metadata.labels", said, "`selector` does not match template `labels`")
    yield from labels("spec.template.metadata.labels", said)
    yield from judge_spec(template.get("spec", {}), "spec.template.spec")
    policy = dig(template, "spec", "restartPolicy")
    if policy and policy != "Always":
        yield unsupported("spec.template.spec.restartPolicy", policy, ("Always",))
    if before is not None and before["spec"].get("selector") != selector:
        yield immutable("spec.selector", selector)


def judge_strategy(strategy: Object, at: str, choices: tuple[str, ...], *, other: str) -> Iterator[Cause]:
    """`other` is the strategy that takes no numbers."""
    kind, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if kind not in choices:
        printed = f'{{"Type":{shown(kind)},"RollingUpdate":{shown(rolling)}}}'
        listed = ", ".join(shown(choice) for choice in choices)
        yield Cause(at, f"Unsupported value: {printed}: supported values: {listed}", "FieldValueNotSupported")
    elif kind == other and rolling is not None:
        yield forbidden_field(f"{at}.rollingUpdate", f"may not be specified when strategy `type` is '{other}'")
    elif kind == ROLLING and rolling is not None:
        yield from _judge_rolling(rolling, f"{at}.rollingUpdate")


def _judge_rolling(rolling: Object, at: str) -> Iterator[Cause]:
    surge, gone = rolling.get("maxSurge"), rolling.get("maxUnavailable")
    wrong = [
        *number_or_percentage(f"{at}.maxUnavailable", gone),
        *number_or_percentage(f"{at}.maxSurge", surge, at_most_all=False),
    ]
    yield from wrong
    if not wrong and _is_none(surge) and _is_none(gone):
        yield invalid(f"{at}.maxUnavailable", gone, "may not be 0 when `maxSurge` is 0")


def _is_none(value: Any) -> bool:
    return value in (0, "0%")
