"""Which Gateway a route is attached to: the one that was said, or the only one that would take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.changes import fields
from bot.domain.changes.route_wanted import Wanted
from bot.domain.network.listeners import Applicant, Verdict, hosts_meet, listeners, verdicts
from bot.domain.network.references import JSONObject, Ref
from bot.errors import NotFound, Refused

_MOST_TOLD = 5
_HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class Attachment:
    """A Gateway that takes the route, by some of its listeners."""

    gateway: Ref
    served: tuple[Verdict, ...]
    """The listeners that take it."""
    sections: tuple[str, ...] = ()
    """Those to name in the route; empty: whichever take it."""


def applicant(wanted: Wanted, labels: Mapping[str, str] | None) -> Applicant:
    """The route as listeners see it. `labels` are its namespace's; None: they could not be read."""
    return Applicant(
        kind=wanted.kind.name,
        namespace=wanted.namespace,
        labels=labels,
        hosts=wanted.hosts,
        schemes=wanted.protocols,
    )


def attachment(gateway: JSONObject, wanted: Wanted, asking: Applicant, listener: str = "") -> Attachment:
    """To that Gateway, or to one of its listeners alone. Raises Refused with each listener's reason, NotFound for a
    listener that it does not have."""
    ref = fields.ref_of(gateway)
    names = [str(each.get("name")) for each in listeners(gateway)]
    if listener and listener not in names:
        raise NotFound(
            f"{ref} has no listener {listener}",
            cause=f"it has {', '.join(names) or 'none'}",
            next_step="say one of them, or leave the listener out" if names else "",
        )
    said = verdicts(gateway, asking, listener)
    served = tuple(each for each in said if each.takes)
    if not served:
        raise Refused(
            f"{ref} would not take this {wanted.kind.name}",
            cause="; ".join(each.refusal for each in said[:_MOST_TOLD]) or "it has no listeners",
            next_step=said[0].next_step if said else "give it a listener",
        )
    _check_each_host(ref, wanted, served)
    # A redirect to TLS is for the listeners that do not speak it: a route that names none is attached to all.
    sections = (listener,) if listener else tuple(each.listener for each in served) if wanted.protocols else ()
    return Attachment(ref, served, sections)


def candidates(gateways: Sequence[JSONObject], wanted: Wanted, asking: Applicant) -> list[Attachment]:
    """The Gateways that would take it, the own namespace's first. Raises Refused when there are none, or none
    would."""
    if not gateways:
        raise Refused(
            "There is no Gateway that a route could be attached to",
            next_step="make one, as in `gateway create public --listener HTTP:80 --allow all`",
        )
    if len(gateways) == 1:
        return [attachment(gateways[0], wanted, asking)]
    found, refusals = [], []
    for gateway in gateways:
        try:
            found.append(attachment(gateway, wanted, asking))
        except (Refused, NotFound) as error:
            refusals.append(f"{fields.ref_of(gateway).short}: {error.cause}")
    if not found:
        more = f", and {len(refusals) - _MOST_TOLD} more" if len(refusals) > _MOST_TOLD else ""
        raise Refused(
            f"No Gateway would take this {wanted.kind.name}",
            cause="; ".join(refusals[:_MOST_TOLD]) + more,
            next_step="say which one by `--gateway` to see what to change there, or make one by `gateway create`",
        )
    return sorted(found, key=lambda each: (each.gateway.namespace != wanted.namespace, each.gateway))


def leads_nowhere(gateway: JSONObject, wanted: Wanted) -> str:
    """For a redirect to TLS: why nothing answers where it leads, in a sentence; empty: something does."""
    if not wanted.to_https:
        return ""
    ref = fields.ref_of(gateway)
    secured = [each for each in listeners(gateway) if each.get("protocol") in ("HTTPS", "TLS")]
    for host in wanted.hosts:
        fitting = [e for e in secured if not e.get("hostname") or hosts_meet(str(e.get("hostname")), host)]
        if not fitting:
            return f"No listener of {ref} serves {host} by TLS: the redirect leads nowhere until one does."
        if all(each.get("port") != _HTTPS_PORT for each in fitting):
            ports = ", ".join(str(each.get("port")) for each in fitting)
            return (
                f"The redirect leads to port {_HTTPS_PORT}, and {ref} serves {host} by TLS on {ports}: it leads "
                f"nowhere unless its Service takes {_HTTPS_PORT} there."
            )
    return ""


def in_words(gateway: JSONObject) -> str:
    """`infra/public (traefik; HTTP 80, HTTPS 443)`: what people choose by."""
    ports = ", ".join(f"{each.get('protocol')} {each.get('port')}" for each in listeners(gateway))
    class_name = fields.at(gateway, ("spec", "gatewayClassName")).value
    return f"{fields.ref_of(gateway).short} ({class_name}; {ports})"


def _check_each_host(gateway: Ref, wanted: Wanted, served: Sequence[Verdict]) -> None:
    """A Gateway takes a route when one of its names fits, and is silent about the others. Raises Refused."""
    for host in wanted.hosts:
        if not any(not each.hostname or hosts_meet(each.hostname, host) for each in served):
            names = ", ".join(f"{each.listener}: {each.hostname}" for each in served[:_MOST_TOLD])
            raise Refused(
                f"No listener of {gateway} is for {host}",
                cause=f"nobody would serve {host}: the listeners that take the route are for {names}",
                next_step=f"leave {host} out, or make a route for it at another Gateway",
            )
