"""A step in words: what it makes, changes or removes, as `spec.type: ClusterIP → NodePort`."""

from __future__ import annotations

import msgspec

from bot.domain.changes.change import (
    Apply,
    Ask,
    Delete,
    Edit,
    FieldValue,
    Reach,
    Restore,
    Settle,
    Step,
    StepState,
    TryAddresses,
    Wait,
)
from bot.domain.changes.fields import covers, leaves
from bot.domain.network.references import JSON

_LONGEST = 160


def in_words(step: Step) -> str:
    """One line for a step."""
    match step:
        case Apply(creates=True):
            return f"creates {step.ref}"
        case Apply() | Edit():
            return f"changes {step.ref}"
        case Restore():
            return f"puts fields of {step.ref} back"
        case Delete():
            return f"deletes {step.ref}"
        case Wait():
            required = "" if step.required else ", and goes on without"
            limit = f"at most {step.timeout_seconds:g} s"
            return f"waits until {step.ref} {step.until.value}, {limit}{required}"
        case Ask():
            return f"asks: {step.probe}"
        case Reach():
            return f"asks by address: {reached_in_words(step)}, at most {step.timeout_seconds:g} s"
        case Settle():
            return f"waits until {step.ref} serves {_nodes(step)}, at most {step.timeout_seconds:g} s"
        case TryAddresses():
            return f"tries a new pod on each node: its address must be in {' or '.join(step.ranges) or 'any range'}"


def done_in_words(step: Step) -> str:
    """One line for a step that has been taken."""
    match step:
        case Apply(creates=True):
            return f"created {step.ref}"
        case Apply() | Edit():
            return f"changed {step.ref}"
        case Restore():
            return f"put fields of {step.ref} back"
        case Delete():
            return f"deleted {step.ref}"
        case Wait():
            return f"{step.ref} {step.until.value}"
        case Ask():
            return f"asked: {step.probe}"
        case Reach():
            return f"asked by address: {reached_in_words(step)}"
        case Settle():
            return f"{step.ref} serves {_nodes(step)}"
        case TryAddresses():
            return "a new pod on each node was given an address"


def taken_in_words(step: Step, state: StepState) -> str:
    """One line for a step of which something became; after one that failed comes what happened instead."""
    match step:
        case Wait() if state is StepState.FAILED:
            return f"waited until {step.ref} {step.until.value}"
        case Ask() | Reach() if state is StepState.FAILED:
            return done_in_words(step)
        case _:
            return done_in_words(step) if state is StepState.DONE else in_words(step)


def _nodes(step: Settle) -> str:
    more = f" and {len(step.without) - 3} more" if len(step.without) > 3 else ""
    return "every node" + (f" but {', '.join(step.without[:3])}{more}" if step.without else "")


def reached_in_words(step: Reach) -> str:
    """`https://shop.example.com/ of Ingress shop/web`, `http to port 80 of Service shop/web`."""
    if not step.host:
        return f"{step.scheme} to {f'port {step.port} of ' if step.port else ''}{step.ref}"
    path = step.path if step.scheme.startswith("http") else ""
    return f"{step.scheme}://{step.host}{f':{step.port}' if step.port else ''}{path} of {step.ref}"


def field_differences(step: Step) -> list[str]:
    """The fields that a step changes, one a line; empty for what makes or removes a whole object, or changes none."""
    match step:
        case Apply(creates=False):
            wanted = {field.path: field for field in leaves(step.manifest)}
            return [
                line(old, wanted[old.path])
                for old in step.prior
                if old.path in wanted and not (old.present and covers(old.value, wanted[old.path].value))
            ]
        case Edit():
            before = {field.path: field for field in step.prior}
            return [line(before[new.path], new) for new in step.fields if before.get(new.path, new) != new]
        case Restore():
            expected = {field.path: field for field in step.expected}
            return [line(expected[new.path], new) for new in step.fields if expected.get(new.path, new) != new]
        case _:
            return []


def line(old: FieldValue, new: FieldValue) -> str:
    name = ".".join(new.path)
    if is_long(old.value) or is_long(new.value):
        return f"{name}: as shown below"
    if not new.present:
        return f"{name}: {shown(old.value)} → removed"
    return f"{name}: {shown(old.value) if old.present else 'nothing'} → {shown(new.value)}"


def is_long(value: JSON) -> bool:
    """Whether it is read better as the difference of two texts."""
    return isinstance(value, list | dict) and len(msgspec.json.encode(value)) > _LONGEST


def shown(value: JSON) -> str:
    words = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
