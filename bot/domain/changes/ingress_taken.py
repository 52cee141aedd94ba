"""The Ingress that has the wanted name already: whether it does all that is wanted, may be changed, or is not ours."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.domain.changes import fields
from bot.domain.changes.ingress_wanted import Surroundings, Wanted
from bot.domain.network.ingresses import routes
from bot.domain.network.references import JSONObject
from bot.domain.network.snapshot import IngressSpec
from bot.errors import BotError, Conflict, Undecided


def stands(wanted: Wanted, manifest: JSONObject, around: Surroundings) -> bool:
    """Whether it is all there already. One that Patchbay made for these very routes may be changed, another one not:
    raises Conflict, and where nobody said the name Undecided."""
    there = around.there or {}
    have = fields.at(there, ("metadata", "annotations")).value or {}
    asked = fields.at(manifest, ("metadata", "annotations")).value or {}
    if fields.covers(there.get("spec"), manifest["spec"]) and fields.covers(have, asked):
        return True
    mine, theirs = (
        {route.key for route in routes(msgspec.convert(each.get("spec") or {}, IngressSpec))}
        for each in (manifest, there)
    )
    if mine == theirs and fields.applied_by_us(there):
        return False
    raise _taken(wanted, around, "it leads other hosts or paths" if mine != theirs else "it was not made by Patchbay")


def _taken(wanted: Wanted, around: Surroundings, why: str) -> BotError:
    summary, free = f"There is an {wanted.ref} already", _free(wanted, around)
    if wanted.name_said:
        edit = f"`ingress edit {wanted.name} -n {wanted.namespace}`"
        step = f"choose another name, as in `--name {free}`, or change that one: {edit}"
        return Conflict(summary, cause=why, next_step=step)
    choices = ((f"a new Ingress {free}", f"{wanted.line} --name {free}"), *_added(wanted))
    return Undecided(summary, choices, cause=f"{why}, and no name was said", asks="Choose what to do")


def _free(wanted: Wanted, around: Surroundings) -> str:
    """The name with the first label of the first host, or with a number."""
    taken = {each.name for each in around.ingresses if each.namespace == wanted.namespace} | {wanted.name}
    label = next((rule.host.removeprefix("*.").partition(".")[0] for rule in wanted.rules if rule.host), "new")
    names = [f"{wanted.name}-{label}", *(f"{wanted.name}-{label}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _added(wanted: Wanted) -> Iterator[tuple[str, str]]:
    """The same as a part of the one that is there, where `ingress edit` can say it in one line."""
    whole = wanted.default or wanted.default_tls or wanted.annotations or wanted.issuing or wanted.ingress_class
    backends = {rule.backend for rule in wanted.rules}
    types = {rule.path_type for rule in wanted.rules}
    if whole or len(backends) != 1 or len(types) != 1 or any(rule.tls is not None for rule in wanted.rules):
        return
    addresses = " ".join(f"{rule.host}{rule.path}" for rule in wanted.rules)
    if any(sign in addresses for sign in "'\"\\$*"):
        return
    yield (
        f"add it to Ingress {wanted.name}",
        f"ingress edit {wanted.name} {addresses} --service {backends.pop()} --path-type {types.pop()} "
        f"-n {wanted.namespace}",
    )
