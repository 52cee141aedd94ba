"""StatefulSets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.playground.cluster_server.naming import LABEL, name_causes
from bot.playground.cluster_server.rules.contract import Object, Rules, at_least, member
from bot.playground.cluster_server.rules.storage import claim_warnings, judge_claim_spec
from bot.playground.cluster_server.rules.workloads import fill_template, judge_pods, warn
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, shown
from bot.playground.cluster_server.values import dig

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


def prepare(stateful_set: Object, before: Object | None) -> None:
    """How many may be unavailable is not counted by a server that has not switched it on."""
    (stateful_set["spec"]["updateStrategy"].get("rollingUpdate") or {}).pop("maxUnavailable", None)


def judge(stateful_set: Object, before: Object | None) -> Iterator[Cause]:
    spec = stateful_set["spec"]
    policy, kept = spec["podManagementPolicy"], spec["persistentVolumeClaimRetentionPolicy"]
    if policy not in ("OrderedReady", "Parallel"):
        yield invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _judge_strategy(spec["updateStrategy"], "spec.updateStrategy")
    for name in ("whenDeleted", "whenScaled"):
        yield from member(f"spec.persistentVolumeClaimRetentionPolicy.{name}", kept[name], ("Retain", "Delete"))
    claims = spec.get("volumeClaimTemplates") or ()
    if before is None:
        for number, claim in enumerate(claims):
            yield from judge_claim_spec(claim["spec"], f"spec.volumeClaimTemplates[{number}].spec")
    yield from at_least("spec.replicas", spec["replicas"])
    yield from at_least("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from at_least("spec.ordinals.start", dig(spec, "ordinals", "start"))
    if before is None and spec.get("serviceName"):
        yield from name_causes("spec.serviceName", spec["serviceName"], LABEL)
    yield from judge_pods(_with_volumes(stateful_set, claims))
    if before is None:
        return
    now, was = ({n: v for n, v in obj["spec"].items() if n not in _MAY_CHANGE} for obj in (stateful_set, before))
    if now != was:
        listed = "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
        listed += "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'"
        yield forbidden_field("spec", f"updates to statefulset spec for fields other than {listed} are forbidden")


def _with_volumes(stateful_set: Object, claims: Sequence[Object]) -> Object:
    """Its pods have a volume of each claim, and their own of other names."""
    spec, template = stateful_set["spec"], stateful_set["spec"]["template"]
    names = dict.fromkeys(claim.get("metadata", {}).get("name", "") for claim in claims)
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]
    volumes += [volume for volume in template["spec"].get("volumes") or () if volume.get("name") not in names]
    template = template | {"spec": template["spec"] | {"volumes": volumes}}
    return stateful_set | {"spec": spec | {"template": template}}


def _judge_strategy(strategy: Object, at: str) -> Iterator[Cause]:
    kind, rolling = strategy["type"], strategy.get("rollingUpdate")
    printed = "null"
    if rolling is not None:
        printed = f'{{"Partition":{rolling.get("partition", 0)},"MaxUnavailable":null}}'
    if kind == "OnDelete" and rolling is not None:
        said = "only allowed for updateStrategy 'RollingUpdate'"
        yield Cause(f"{at}.rollingUpdate", f"Invalid value: {printed}: {said}")
    elif kind == "RollingUpdate" and rolling is not None:
        yield from at_least(f"{at}.rollingUpdate.partition", rolling.get("partition"))
    elif kind not in ("OnDelete", "RollingUpdate"):
        said = "must be 'RollingUpdate' or 'OnDelete'"
        yield Cause(at, f'Invalid value: {{"Type":{shown(kind)},"RollingUpdate":{printed}}}: {said}')


def _warn(stateful_set: Object) -> Iterator[str]:
    yield from warn(stateful_set)
    if stateful_set["spec"]["revisionHistoryLimit"] < 0:
        said = "a negative value retains all historical revisions; a value >= 0 is recommended"
        yield f"spec.revisionHistoryLimit: {said}"
    for number, template in enumerate(stateful_set["spec"].get("volumeClaimTemplates") or ()):
        yield from claim_warnings(template.get("spec") or {}, f"spec.volumeClaimTemplates[{number}]")


RULES = Rules(fill=fill, judge=judge, prepare=prepare, warn=_warn, naming=LABEL)
