"""StatefulSets."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.rules.contract import Object, Rules, at_least, number_or_percentage
from bot.playground.cluster_server.rules.storage import claim_warnings
from bot.playground.cluster_server.rules.workloads import fill_template, judge_workload, warn
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, shown

_MAY_CHANGE = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip


def fill(stateful_set: Object) -> None:
    fill_template(stateful_set)
    spec = stateful_set["spec"]
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy:
        strategy["rollingUpdate"].setdefault("partition", 0)
    kept = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    kept.setdefault("whenDeleted", "Retain")
    kept.setdefault("whenScaled", "Retain")
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim.setdefault("status", {}).setdefault("phase", "Pending")


def judge(stateful_set: Object, before: Object | None) -> Iterator[Cause]:
    policy = stateful_set["spec"]["podManagementPolicy"]
    if policy not in ("OrderedReady", "Parallel"):
        yield invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _judge_strategy(stateful_set["spec"]["updateStrategy"], "spec.updateStrategy")
    yield from judge_workload(stateful_set, None)
    if before is None:
        return
    now, was = ({n: v for n, v in obj["spec"].items() if n not in _MAY_CHANGE} for obj in (stateful_set, before))
    if now != was:
        listed = "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
        listed += "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'"
        yield forbidden_field("spec", f"updates to statefulset spec for fields other than {listed} are forbidden")


def _judge_strategy(strategy: Object, at: str) -> Iterator[Cause]:
    kind, rolling = strategy["type"], strategy.get("rollingUpdate")
    most = (rolling or {}).get("maxUnavailable")
    printed = "null"
    if rolling is not None:
        printed = f'{{"Partition":{rolling.get("partition", 0)},"MaxUnavailable":{shown(most)}}}'
    if kind == "OnDelete" and rolling is not None:
        said = "only allowed for updateStrategy 'RollingUpdate'"
        yield Cause(f"{at}.rollingUpdate", f"Invalid value: {printed}: {said}")
    elif kind == "RollingUpdate" and rolling is not None:
        yield from at_least(f"{at}.rollingUpdate.partition", rolling.get("partition"))
        if most is not None:
            yield from number_or_percentage(f"{at}.rollingUpdate.maxUnavailable", most)
            if most in (0, "0%"):
                yield invalid(f"{at}.rollingUpdate.maxUnavailable", most, "cannot be 0")
    elif kind not in ("OnDelete", "RollingUpdate"):
        said = "must be 'RollingUpdate' or 'OnDelete'"
        yield Cause(at, f'Invalid value: {{"Type":{shown(kind)},"RollingUpdate":{printed}}}: {said}')


def _warn(stateful_set: Object) -> Iterator[str]:
    yield from warn(stateful_set)
    for number, template in enumerate(stateful_set["spec"].get("volumeClaimTemplates") or ()):
        yield from claim_warnings(template.get("spec") or {}, f"spec.volumeClaimTemplates[{number}]")


RULES = Rules(fill=fill, judge=judge, warn=_warn)
