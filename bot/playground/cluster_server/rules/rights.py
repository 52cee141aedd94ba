"""Roles and their bindings: what is refused. Who may grant what is decided where requests are authorized."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.naming import PATH_SEGMENT, SUBDOMAIN, label_selector, name_causes
from bot.playground.cluster_server.rules.contract import Object, Rules
from bot.playground.cluster_server.statuses import Cause, invalid, required, shown, unsupported

GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")


def _judge_role(role: Object, before: Object | None) -> Iterator[Cause]:
    namespaced = role["kind"] == "Role"
    for number, rule in enumerate(role.get("rules") or ()):
        at = f"rules[{number}]"
        if not rule.get("verbs"):
            yield required(f"{at}.verbs", "verbs must contain at least one value")
        if rule.get("nonResourceURLs"):
            if namespaced:
                said = "namespaced rules cannot apply to non-resource URLs"
                yield invalid(f"{at}.nonResourceURLs", rule["nonResourceURLs"], said)
            if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                said = "rules cannot apply to both regular resources and non-resource URLs"
                yield invalid(f"{at}.nonResourceURLs", rule["nonResourceURLs"], said)
            continue
        if not rule.get("apiGroups"):
            yield required(f"{at}.apiGroups", "resource rules must supply at least one api group")
        if not rule.get("resources"):
            yield required(f"{at}.resources", "resource rules must supply at least one resource")
    if (aggregated := role.get("aggregationRule")) is not None:
        selectors, at = aggregated.get("clusterRoleSelectors") or (), "aggregationRule.clusterRoleSelectors"
        if not selectors:
            yield required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil")
        for number, selector in enumerate(selectors):
            yield from label_selector(f"{at}[{number}]", selector)


def _fill_binding(binding: Object) -> None:
    reference = binding.setdefault("roleRef", {})
    if not reference.get("apiGroup"):
        reference["apiGroup"] = GROUP
    for subject in binding.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", GROUP)


def _judge_binding(binding: Object, before: Object | None) -> Iterator[Cause]:
    reference, cluster = binding["roleRef"], binding["kind"] == "ClusterRoleBinding"
    kinds = ("ClusterRole",) if cluster else ("Role", "ClusterRole")
    if reference["apiGroup"] != GROUP:
        yield unsupported("roleRef.apiGroup", reference["apiGroup"], (GROUP,))
    if reference.get("kind") not in kinds:
        yield unsupported("roleRef.kind", reference.get("kind", ""), kinds)
    if not reference.get("name"):
        yield required("roleRef.name")
    else:
        yield from name_causes("roleRef.name", reference["name"], PATH_SEGMENT)
    for number, subject in enumerate(binding.get("subjects") or ()):
        yield from _judge_subject(subject, f"subjects[{number}]", cluster=cluster)
    if before is not None and before["roleRef"] != reference:
        said = {name: reference.get(name, "") for name in ("apiGroup", "kind", "name")}
        printed = shown({"APIGroup": said["apiGroup"], "Kind": said["kind"], "Name": said["name"]})
        yield Cause("roleRef", f"Invalid value: {printed}: cannot change roleRef")


def _judge_subject(subject: Object, at: str, *, cluster: bool) -> Iterator[Cause]:
    if not subject.get("name"):
        yield required(f"{at}.name")
    kind = subject.get("kind", "")
    if kind not in _SUBJECTS:
        yield unsupported(f"{at}.kind", kind, _SUBJECTS)
    elif kind == "ServiceAccount":
        if subject.get("name"):
            yield from name_causes(f"{at}.name", subject["name"], SUBDOMAIN)
        if subject.get("apiGroup"):
            yield unsupported(f"{at}.apiGroup", subject["apiGroup"], ("",))
        if cluster and not subject.get("namespace"):
            yield required(f"{at}.namespace")
    elif subject.get("apiGroup") != GROUP:
        yield unsupported(f"{at}.apiGroup", subject.get("apiGroup", ""), (GROUP,))


ROLE = Rules(judge=_judge_role, naming=PATH_SEGMENT)
BINDING = Rules(fill=_fill_binding, judge=_judge_binding, naming=PATH_SEGMENT)
