"""What Deployments, ReplicaSets and DaemonSets have in common: a selector and a template that must fit."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.rules.contract import Object, immutable
from bot.playground.cluster_server.rules.pods import fill_spec, judge_spec
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.statuses import Cause, invalid, required, unsupported
from bot.playground.cluster_server.values import dig


def fill_template(workload: Object) -> None:
    spec = workload.setdefault("spec", {})
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    fill_spec(template.setdefault("spec", {}))


def judge_workload(workload: Object, before: Object | None) -> Iterator[Cause]:
    spec = workload["spec"]
    selector, template = spec.get("selector"), spec.get("template", {})
    labels = dig(template, "metadata", "labels")
    if spec.get("replicas", 0) < 0:
        yield invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    if selector is None:
        yield required("spec.selector")
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid("spec.selector", selector, "empty selector is invalid for deployment")
    if not selector_matches(selector, labels or {}):
        yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from judge_spec(template.get("spec", {}), "spec.template.spec")
    policy = dig(template, "spec", "restartPolicy")
    if policy and policy != "Always":
        yield unsupported("spec.template.spec.restartPolicy", policy, ("Always",))
    if before is not None and before["spec"].get("selector") != selector:
        yield immutable("spec.selector", selector)
