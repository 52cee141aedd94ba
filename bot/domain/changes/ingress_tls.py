"""Whether the certificates of an Ingress can serve its hosts, be they there already or made by cert-manager."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.domain.changes.ingress_spec import Rule
from bot.domain.network.cert_manager import ANNOTATIONS, cannot_issue, not_ready
from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.tls_secrets import TLSSecret, remarks, unfit, wrong_with
from bot.errors import Conflict, NotFound, Refused


@dataclass(frozen=True, slots=True)
class Issuing:
    """Who is to issue the certificates."""

    issuer: Ref

    @property
    def annotations(self) -> dict[str, str]:
        return {ANNOTATIONS[self.issuer.kind]: self.issuer.name}


@dataclass(frozen=True, slots=True)
class Vetting:
    """What is known of certificates."""

    secrets: Mapping[str, TLSSecret]
    """By name, all that the Ingress names."""
    now: datetime.datetime
    issuer: JSONObject | None = None
    """The issuer that is asked for; None: none is, or it may not be read."""


def hosts_of(rules: Iterable[Rule], everything: str = "") -> dict[str, list[str]]:
    """The hosts of each Secret, in order; `everything` is one that serves what no rule names."""
    found: dict[str, list[str]] = {everything: []} if everything else {}
    for rule in rules:
        if rule.tls:
            hosts = found.setdefault(rule.tls, [])
            if rule.host not in hosts:
                hosts.append(rule.host)
    return found


def check(hosts: Mapping[str, list[str]], issuing: Issuing | None, vetting: Vetting) -> None:
    """Raises NotFound, Refused or Conflict for a certificate that cannot serve, with what was expected instead."""
    if issuing is not None:
        _check_issuer(hosts, issuing, vetting)
        return
    for name, named in hosts.items():
        secret = vetting.secrets[name]
        make = f"`kubectl create secret tls {name} -n {secret.ref.namespace} --cert=FILE --key=FILE`"
        if secret.missing:
            raise NotFound(
                f"There is no {secret.ref}",
                cause="the certificate was expected in there",
                next_step=f"make it by {make}, or let cert-manager make one by `--cluster-issuer`",
            )
        if why := unfit(secret):
            raise Refused(f"{secret.ref} cannot be used for TLS", cause=why, next_step=f"make one by {make}")
        if why := wrong_with(secret, named, vetting.now):
            raise Refused(
                f"The certificate in {secret.ref} does not fit",
                cause=why,
                next_step="put a right one in there, or take another Secret by `--tls`",
            )


def _check_issuer(hosts: Mapping[str, list[str]], issuing: Issuing, vetting: Vetting) -> None:
    for name in hosts:
        secret = vetting.secrets[name]
        if not secret.unread and not secret.missing and not secret.issued:
            raise Conflict(
                f"{secret.ref} is there already, and not from cert-manager",
                cause="cert-manager would overwrite it",
                next_step="use it as it is by `--tls` without an issuer, or say another name by `--tls`",
            )
    if vetting.issuer is None:
        return
    if why := not_ready(vetting.issuer):
        raise Refused(
            f"{issuing.issuer} cannot issue certificates now",
            cause=why,
            next_step="see `kubectl describe "
            f"{issuing.issuer.kind.lower()} {issuing.issuer.name}`, or take another issuer",
        )
    every = [host for named in hosts.values() for host in named]
    if wildcards := cannot_issue(vetting.issuer, every):
        raise Refused(
            f"{issuing.issuer} cannot issue a certificate for {', '.join(wildcards)}",
            cause="it proves names by HTTP alone, and a wildcard can only be proven by DNS",
            next_step="take an issuer with a dns01 solver, or name the hosts one by one",
        )


def warnings(hosts: Mapping[str, list[str]], issuing: Issuing | None, vetting: Vetting) -> Iterator[str]:
    """What people should know before they approve."""
    if issuing is None:
        for name in hosts:
            yield from remarks(vetting.secrets[name], vetting.now)
        return
    if vetting.issuer is None:
        yield f"{issuing.issuer} could not be read: whether it can issue certificates is not known."
    made = ", ".join(name for name in hosts if vetting.secrets[name].missing)
    if made:
        yield f"cert-manager is asked for Secret {made}: until it is there, the controller shows its own certificate."
