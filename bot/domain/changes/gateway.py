"""Plans a Gateway: where a controller listens for requests, and from where routes may be attached to it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.changes import fields, gateway_proof, granting
from bot.domain.changes.change import Apply, Change, Doubt, Premise
from bot.domain.changes.gateway_same import says_the_same
from bot.domain.changes.gateway_wanted import SAME, Wanted, manifest
from bot.domain.changes.granting import Reference
from bot.domain.network.listeners import listeners
from bot.domain.network.listening import Listening
from bot.domain.network.references import JSONObject
from bot.domain.network.tls_secrets import TLSSecret, remarks, unfit, wrong_with
from bot.errors import Conflict, NotFound, Refused

PORT = "port"
"""The code of the doubt that nobody listens there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the plan rests on."""

    gateway_class: JSONObject
    unserved: str
    """Why nobody serves the class, as far as is known; empty: somebody does."""
    there: JSONObject | None
    """What has the wanted name; None: nothing."""
    secret: TLSSecret | None
    grants: Sequence[JSONObject]
    """ReferenceGrants of the Secret's namespace."""
    now: datetime.datetime
    listening: Listening | None = None
    """At which ports its controller listens; None: it makes what listens, or nobody knows."""
    one_gateway: str = ""
    """Where the controller serves one Gateway alone: how that one is said."""
    accepted: frozenset[str] = frozenset()
    """Codes of doubts."""


def plan(wanted: Wanted, around: Surroundings) -> Change:
    """The plan; no steps when it is all there already. Raises NotFound, Refused, Conflict with what to do next."""
    if around.secret is not None:
        _check_certificate(wanted, around.secret, around.now)
    object, there = manifest(wanted), around.there
    done = there is not None and says_the_same(there.get("spec"), object["spec"])
    if there is not None and not done:
        _check_taken(wanted, there)
    needed = [each for each in granting.references(object) if not granting.granted(each, around.grants)]
    if done and not needed:
        return Change(cluster=wanted.cluster, request=wanted.line, summary=f"{wanted.ref} does that already", steps=())
    apply = Apply(
        ref=wanted.ref,
        manifest=object,
        creates=there is None,
        prior=fields.standing(there, object) if there is not None else (),
    )
    return Change(
        cluster=wanted.cluster,
        request=wanted.line,
        summary=f"listen on {', '.join(map(str, wanted.listeners))} by {wanted.ref} of class {wanted.class_name}",
        steps=(
            *(granting.grant(each, around.grants) for each in needed),
            *(() if done else (apply,)),
            *gateway_proof.steps(object),
        ),
        premises=(
            Premise("the controller of the class", fields.at(around.gateway_class, ("spec", "controllerName")).value),
        ),
        warnings=tuple(_warnings(wanted, around, needed)),
        doubts=tuple(each for each in _doubts(wanted, around.listening) if each.code not in around.accepted),
    )


def _check_certificate(wanted: Wanted, secret: TLSSecret, now: datetime.datetime) -> None:
    """Raises NotFound, Refused for one that cannot serve the HTTPS listeners, with what was expected instead."""
    make = f"`kubectl create secret tls {secret.ref.name} -n {secret.ref.namespace} --cert=FILE --key=FILE`"
    if secret.missing:
        raise NotFound(
            f"There is no {secret.ref}", cause="the certificate was expected in there", next_step=f"make it by {make}"
        )
    if why := unfit(secret):
        raise Refused(f"{secret.ref} cannot be used for TLS", cause=why, next_step=f"make one by {make}")
    if why := wrong_with(secret, [each.hostname for each in wanted.secured], now):
        raise Refused(
            f"The certificate in {secret.ref} does not fit",
            cause=why,
            next_step="put a right one in there, take another by `--tls`, or give the listener another host name",
        )


def _check_taken(wanted: Wanted, there: JSONObject) -> None:
    """A Gateway of that name may be changed when Patchbay made it, with the same class and listeners: routes may name
    these. Raises Conflict."""
    names = {str(each.get("name")) for each in listeners(there)}
    same_class = fields.at(there, ("spec", "gatewayClassName")).value == wanted.class_name
    same = same_class and names == {each.name for each in wanted.listeners}
    if same and fields.applied_by_us(there):
        return
    raise Conflict(
        f"There is a {wanted.ref} already",
        cause="it was not made by Patchbay" if same else "it is of another class, or has other listeners",
        next_step=f"choose another name, as in `gateway create {wanted.name[:58]}-new`, or see `gateway show "
        f"{wanted.name} -n {wanted.namespace}`",
    )


def _doubts(wanted: Wanted, listening: Listening | None) -> Iterator[Doubt]:
    """Listeners that the controller has no port for."""
    if listening is None:
        return
    said = ", ".join(f"{port} ({what})" for port, what in listening.ports.items())
    for each in wanted.listeners:
        if each.port not in listening.ports:
            yield Doubt(
                PORT,
                f"Listener {each.name} is for port {each.port}, and the controller listens on {said}: "
                f"{listening.otherwise}. Take one of those, or {listening.mend}.",
            )
        elif each.protocol == "HTTP" and each.port in listening.encrypted:
            yield Doubt(
                PORT,
                f"Listener {each.name} is for plain HTTP on port {each.port}, where {listening.ports[each.port]} ends "
                f"TLS: {listening.otherwise}. Take HTTPS or another port.",
            )


def _warnings(wanted: Wanted, around: Surroundings, needed: Sequence[Reference]) -> Iterator[str]:
    if around.unserved:
        yield f"GatewayClass {wanted.class_name} is not served: {around.unserved}."
    if around.one_gateway:
        yield f"The controller of {wanted.class_name} serves one Gateway alone: {around.one_gateway}."
    if around.secret is not None:
        yield from remarks(around.secret, around.now)
    for reference in needed:
        yield granting.told(reference)
    if wanted.allow.lower() == SAME:
        yield f"Only routes of {wanted.namespace} may be attached to it: `--allow all`, or labels, let others in."
