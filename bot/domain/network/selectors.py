"""Labels and selectors: what matches what, and what somebody probably meant who matched nothing."""

import difflib
import itertools
from collections.abc import Iterable, Mapping

from bot.domain.network.snapshot import LabelSelector, LabelSelectorRequirement

_CONSIDERED = 2_000
"""Pods and templates that are looked at for a likely meaning."""
_ALIKE = 0.6
"""How much of two words has to be the same (0 to 1) for one to be taken for a slip of the other."""


def matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a Service's selector selects a pod with these labels. An empty selector selects nothing here: a Service
    without one has its endpoints made by somebody else (https://kubernetes.io/docs/concepts/services-networking/service/).
    """
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def matches_selector(selector: LabelSelector | None, labels: Mapping[str, str]) -> bool:
    """Whether a workload's or policy's selector selects these labels. None selects nothing, an empty one everything."""
    if selector is None:
        return False
    exact = all(labels.get(key) == value for key, value in (selector.match_labels or {}).items())
    return exact and all(_satisfies(requirement, labels) for requirement in selector.match_expressions or ())


def _satisfies(requirement: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    has, values = requirement.key in labels, requirement.values or []
    match requirement.operator:
        case "In":
            return has and labels[requirement.key] in values
        case "NotIn":
            return not has or labels[requirement.key] not in values
        case "Exists":
            return has
        case "DoesNotExist":
            return not has
        case _:
            return False


def as_text(selector: LabelSelector | Mapping[str, str] | None) -> str:
    """The selector as `-l` takes it: `app=web,tier in (a,b)`. Empty when it names nothing."""
    if selector is None:
        return ""
    if not isinstance(selector, LabelSelector):
        return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    parts = [f"{key}={value}" for key, value in sorted((selector.match_labels or {}).items())]
    for requirement in selector.match_expressions or ():
        values = ",".join(requirement.values or [])
        form = {"In": "{} in ({})", "NotIn": "{} notin ({})", "Exists": "{}", "DoesNotExist": "!{}"}
        parts.append(form[requirement.operator].format(requirement.key, values))
    return ",".join(parts)


def probably_meant(selector: Mapping[str, str], candidates: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The labels that the selector would need in place of those which are probably slips; empty when nothing is near.

    Each candidate is the labels of one pod or pod template. The one that needs the smallest correction is taken.
    """
    best: tuple[float, dict[str, str]] | None = None
    distinct = {tuple(sorted(labels.items())) for labels in itertools.islice(candidates, _CONSIDERED)}
    for labels in map(dict, sorted(distinct)):
        found = _corrections(selector, labels)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    return best[1] if best else {}


def _corrections(selector: Mapping[str, str], labels: Mapping[str, str]) -> tuple[float, dict[str, str]] | None:
    """How far off the selector is from these labels, and the labels to write instead; None when it is too far."""
    cost, instead = 0.0, {}
    for key, value in selector.items():
        if labels.get(key) == value:
            continue
        near = max(((_likeness(key, value, *pair), pair) for pair in labels.items()), default=(0.0, ("", "")))
        if near[0] < _ALIKE:
            return None
        cost += 1 - near[0]
        instead[near[1][0]] = near[1][1]
    return cost, instead


def _likeness(key: str, value: str, other_key: str, other_value: str) -> float:
    """Slips are in the value or in the key, rarely in both: the other one has to be right."""
    if key == other_key:
        return _ratio(value, other_value)
    return _ratio(key, other_key) if value == other_value else 0.0


def _ratio(word: str, other: str) -> float:
    """How alike two words are; 0 at once when they cannot be alike enough, which most are not."""
    matcher = difflib.SequenceMatcher(None, word, other)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    return matcher.ratio()
