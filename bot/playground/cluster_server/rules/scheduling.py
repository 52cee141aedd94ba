"""Where a pod may run: affinities, tolerations, and how far apart it stands from its like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.playground.cluster_server.naming import LABEL, label_selector, label_value, name_causes, qualified_name
from bot.playground.cluster_server.rules.contract import Object, member, one_of
from bot.playground.cluster_server.statuses import Cause, duplicate, forbidden_field, invalid, required, unsupported
from bot.playground.cluster_server.values import dig

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")


def judge_affinity(affinity: Object, at: str) -> Iterator[Cause]:
    if node := affinity.get("nodeAffinity"):
        yield from _judge_nodes(node, f"{at}.nodeAffinity")
    for kind in ("podAffinity", "podAntiAffinity"):
        said, place = affinity.get(kind) or {}, f"{at}.{kind}"
        for number, term in enumerate(said.get(_REQUIRED) or ()):
            yield from _judge_term(term, f"{place}.{_REQUIRED}[{number}]")
        for number, weighted in enumerate(said.get(_PREFERRED) or ()):
            field = f"{place}.{_PREFERRED}[{number}]"
            yield from _judge_weight(weighted, field)
            yield from _judge_term(weighted.get("podAffinityTerm") or {}, f"{field}.podAffinityTerm")


def _judge_nodes(node: Object, at: str) -> Iterator[Cause]:
    if (wanted := node.get(_REQUIRED)) is not None:
        field = f"{at}.{_REQUIRED}.nodeSelectorTerms"
        if not wanted.get("nodeSelectorTerms"):
            yield required(field, "must have at least one node selector term")
        for number, term in enumerate(wanted.get("nodeSelectorTerms") or ()):
            yield from _judge_node_term(term, f"{field}[{number}]", values=True)
    for number, preferred in enumerate(node.get(_PREFERRED) or ()):
        field = f"{at}.{_PREFERRED}[{number}]"
        yield from _judge_weight(preferred, field)
        yield from _judge_node_term(preferred.get("preference") or {}, f"{field}.preference", values=False)


def _judge_node_term(term: Object, at: str, *, values: bool) -> Iterator[Cause]:
    """`values`: they are judged too."""
    for number, said in enumerate(term.get("matchExpressions") or ()):
        field = f"{at}.matchExpressions[{number}]"
        operator, given = said.get("operator", ""), said.get("values") or ()
        if operator in ("In", "NotIn"):
            if not given:
                yield required(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist"):
            if given:
                no_values = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                yield forbidden_field(f"{field}.values", no_values)
        elif operator in ("Gt", "Lt"):
            if len(given) != 1:
                yield required(f"{field}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
        else:
            yield invalid(f"{field}.operator", operator, "not a valid selector operator")
        yield from qualified_name(f"{field}.key", said.get("key", ""))
        for index, value in enumerate(given if values else ()):
            yield from label_value(f"{field}.values[{index}]", value)


def _judge_weight(weighted: Object, at: str) -> Iterator[Cause]:
    weight = weighted.get("weight", 0)
    if not 0 < weight <= 100:
        yield invalid(f"{at}.weight", weight, "must be in the range 1-100")


def _judge_term(term: Object, at: str) -> Iterator[Cause]:
    for name in ("labelSelector", "namespaceSelector"):
        yield from label_selector(f"{at}.{name}", term.get(name))
    for name in term.get("namespaces") or ():
        yield from name_causes(f"{at}.namespace", name, LABEL)
    key = term.get("topologyKey", "")
    if not key:
        yield required(f"{at}.topologyKey", "can not be empty")
    yield from qualified_name(f"{at}.topologyKey", key)


def judge_toleration(toleration: Object, at: str) -> Iterator[Cause]:
    operator, value = toleration.get("operator", ""), toleration.get("value", "")
    effect = toleration.get("effect", "")
    if toleration.get("key"):
        yield from qualified_name(f"{at}.key", toleration["key"])
    elif operator != "Exists":
        said = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield invalid(f"{at}.operator", operator, said)
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        yield invalid(f"{at}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
    if operator in ("Equal", ""):
        yield from label_value(f"{at}.operator", value)
    elif operator == "Exists":
        if value:
            yield invalid(f"{at}.operator", value, "value must be empty when `operator` is 'Exists'")
    elif operator in ("Lt", "Gt"):
        yield unsupported(f"{at}.operator", operator, ("Equal", "Exists", "Lt", "Gt"))
    else:
        yield unsupported(f"{at}.operator", operator, ("Equal", "Exists"))
    yield from member(f"{at}.effect", effect or None, _EFFECTS)


def judge_spread(constraints: list[Object], at: str) -> Iterator[Cause]:
    for number, said in enumerate(constraints):
        field = f"{at}[{number}]"
        skew, action, least = said.get("maxSkew", 0), said.get("whenUnsatisfiable", ""), said.get("minDomains")
        if skew <= 0:
            yield invalid(f"{field}.maxSkew", skew, "must be greater than zero")
        if not said.get("topologyKey"):
            yield required(f"{field}.topologyKey", "can not be empty")
        else:
            yield from qualified_name(f"{field}.topologyKey", said["topologyKey"])
        if action not in _UNSATISFIABLE:
            yield unsupported(f"{field}.whenUnsatisfiable", action, _UNSATISFIABLE)
        same = ((o.get("topologyKey"), o.get("whenUnsatisfiable")) for o in constraints[number + 1 :])
        if (said.get("topologyKey"), action) in same:
            printed = "{" + f"{said.get('topologyKey', '')}, {action}" + "}"
            yield duplicate(f"{field}.{{topologyKey, whenUnsatisfiable}}", printed)
        if least is not None and least <= 0:
            yield invalid(f"{field}.minDomains", least, "must be greater than zero")
        elif least is not None and action != "DoNotSchedule":
            only = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
            yield invalid(f"{field}.minDomains", least, only)
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if name in said:
                yield from one_of(f"{field}.{name}", said[name], ("Honor", "Ignore"))
        yield from label_selector(f"{field}.labelSelector", said.get("labelSelector"))


def warnings(spec: Object, at: str) -> Iterator[str]:
    """Of selectors that were left out where an empty one was meant, most likely."""
    nothing = "a null labelSelector results in matching no pod"
    for number, said in enumerate(spec.get("topologySpreadConstraints") or ()):
        if "labelSelector" not in said:
            yield f"{at}.topologySpreadConstraints[{number}].labelSelector: {nothing}"
    for kind in ("podAffinity", "podAntiAffinity"):
        place = f"{at}.affinity.{kind}"
        for number, term in enumerate(dig(spec, "affinity", kind, _REQUIRED, default=())):
            if "labelSelector" not in term:
                yield f"{place}.{_REQUIRED}[{number}].labelSelector: {nothing}"
        for number, weighted in enumerate(dig(spec, "affinity", kind, _PREFERRED, default=())):
            if "labelSelector" not in (weighted.get("podAffinityTerm") or {}):
                yield f"{place}.{_PREFERRED}[{number}].podAffinityTerm.labelSelector: {nothing}"
