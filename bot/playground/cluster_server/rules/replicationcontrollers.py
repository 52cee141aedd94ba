"""ReplicationControllers: ReplicaSets of an older make, whose selector is a map and may be left out."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.rules.contract import Object, Rules, at_least
from bot.playground.cluster_server.rules.pods import fill_spec
from bot.playground.cluster_server.rules.workloads import judge_template, name_warnings, warn
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, unsupported
from bot.playground.cluster_server.values import copied, dig


def fill(controller: Object) -> None:
    spec = controller.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    controller.setdefault("status", {}).setdefault("replicas", 0)
    if spec.get("template") is None:
        return
    fill_spec(spec["template"].setdefault("spec", {}))
    labels = dig(spec, "template", "metadata", "labels", default={})
    if labels and not spec.get("selector"):
        spec["selector"] = copied(labels)
    if labels and not controller["metadata"].get("labels"):
        controller["metadata"]["labels"] = copied(labels)


def judge(controller: Object, before: Object | None) -> Iterator[Cause]:
    spec = controller["spec"]
    selector, template = spec.get("selector") or {}, spec.get("template")
    yield from at_least("spec.minReadySeconds", spec.get("minReadySeconds"))
    if not selector:
        yield required("spec.selector")
    yield from at_least("spec.replicas", spec.get("replicas"))
    if template is None:
        yield required("spec.template")
        return
    found = dig(template, "metadata", "labels", default={})
    if any(found.get(name) != value for name, value in selector.items()):
        yield invalid("spec.template.metadata.labels", found, "`selector` does not match template `labels`")
    yield from judge_template(template, "spec.template")
    policy = template["spec"].get("restartPolicy")
    if policy and policy != "Always":
        yield unsupported("spec.template.spec.restartPolicy", policy, ("Always",))
    if template["spec"].get("activeDeadlineSeconds") is not None:
        said = "activeDeadlineSeconds in ReplicationController is not Supported"
        yield forbidden_field("spec.template.spec.activeDeadlineSeconds", said)


def _warn(controller: Object) -> Iterator[str]:
    yield from name_warnings(controller)
    yield from warn(controller)


RULES = Rules(fill=fill, judge=judge, warn=_warn)
