"""An Ingress and what is wanted of it: how its fields will stand then, all else as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from bot.domain.changes import fields, ingress_editing, ingress_spec
from bot.domain.changes.ingress_editing import Rules
from bot.domain.changes.ingress_spec import Backend, Rule
from bot.domain.changes.ingress_tls import Issuing
from bot.domain.network.cert_manager import secret_name
from bot.domain.network.ingresses import tls_of
from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.snapshot import Ingress, IngressSpec
from bot.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class Certificates:
    """What is to become of certificates."""

    secret: str = ""
    """Empty: nothing, unless somebody issues them."""
    removed: bool = False
    hosts: tuple[str, ...] = ()
    """Of these hosts; empty: of all."""
    issuing: Issuing | None = None


@dataclass(frozen=True, kw_only=True)
class Editing:
    """What is wanted of an Ingress."""

    line: str
    cluster: str
    there: JSONObject
    """The whole Ingress as it is now."""
    rules: tuple[tuple[Rule, bool], ...] = ()
    """Paths that are to lead somewhere; True: whatever type they have there."""
    removed: tuple[tuple[str, str], ...] = ()
    """Hosts and paths that go; an empty path: the whole host."""
    default: Backend | None = None
    without_default: bool = False
    ingress_class: str = ""
    certificates: Certificates = field(default_factory=Certificates)
    annotations: Mapping[str, str] = field(default_factory=dict)
    removed_annotations: tuple[str, ...] = ()
    accepted: frozenset[str] = frozenset()

    @property
    def ref(self) -> Ref:
        return fields.ref_of(self.there)

    @cached_property
    def before(self) -> Ingress:
        return msgspec.convert(self.there, Ingress)

    @cached_property
    def new_rules(self) -> Rules:
        """Raises NotFound for what is not there, Refused for what is not clear."""
        found = _list(self.there, "rules")
        for host, path in self.removed:
            found = ingress_editing.without(found, host, path)
        for rule, any_type in self.rules:
            found = ingress_editing.with_rule(found, rule, any_type=any_type)
        return found

    @cached_property
    def new_tls(self) -> Rules:
        """Raises NotFound for the certificate of a host that is not there."""
        every = list(dict.fromkeys(str(rule.get("host") or "") for rule in self.new_rules))
        found = _list(self.there, "tls")
        gone = {str(rule.get("host") or "") for rule in _list(self.there, "rules")} - {*every, ""}
        if gone:
            found = ingress_editing.without_tls(found, gone)
        for rule, _ in self.rules:
            if rule.tls is not None:
                found = ingress_editing.with_tls(found, rule.tls, [rule.host], every)
        meant = self.certificates
        if unknown := [host for host in meant.hosts if host not in every]:
            raise NotFound(f"{self.ref} does not serve {unknown[0] or '*'}", cause=f"it serves {', '.join(every[:5])}")
        hosts = meant.hosts or tuple(every)
        if meant.removed:
            return ingress_editing.without_tls(found, hosts) if meant.hosts else []
        if secret := self._secret(hosts):
            return ingress_editing.with_tls(found, secret, hosts, every)
        return found

    def _secret(self, hosts: Sequence[str]) -> str:
        """The Secret to write: as said, or for an issuer the one that is there, or one called after the host."""
        meant = self.certificates
        if meant.secret or meant.issuing is None:
            return meant.secret
        named = [host for host in hosts if host]
        if not named:
            raise Refused(f"{self.ref} has no host name", cause="a certificate is for names", next_step="add one first")
        return tls_of(self.before.spec, named[0]) or secret_name(named[0])

    @cached_property
    def new_annotations(self) -> dict[str, str]:
        """Those that are written; values of all others stay."""
        issuing = self.certificates.issuing
        return {**self.annotations, **(issuing.annotations if issuing else {})}

    @cached_property
    def after(self) -> IngressSpec:
        """As it is to stand, but for a class that was not said."""
        said: Any = self.there.get("spec") or {}
        spec: dict[str, Any] = dict(said)
        spec |= {"rules": self.new_rules, "tls": self.new_tls}
        if self.default is not None:
            spec["defaultBackend"] = ingress_spec.backend(self.default)
        elif self.without_default:
            spec.pop("defaultBackend", None)
        if self.ingress_class:
            spec["ingressClassName"] = self.ingress_class
        return msgspec.convert(spec, IngressSpec)

    @property
    def changed(self) -> Ingress:
        """The whole of it, as it is to stand."""
        kept = {key: value for key, value in self.before.annotations.items() if key not in self.removed_annotations}
        metadata = msgspec.structs.replace(self.before.metadata, annotations={**kept, **self.new_annotations})
        return msgspec.structs.replace(self.before, spec=self.after, metadata=metadata)

    @property
    def changed_backends(self) -> tuple[Backend, ...]:
        """Those that are said now: only they have to be right."""
        named = [*(rule.backend for rule, _ in self.rules), *([self.default] if self.default else [])]
        return tuple(dict.fromkeys(named))

    @property
    def changed_secrets(self) -> dict[str, list[str]]:
        """The hosts of each Secret whose certificates have to be right: those that are under it only now."""
        found: dict[str, list[str]] = {}
        had = {
            (str(e.get("secretName") or ""), host) for e in _list(self.there, "tls") for host in e.get("hosts") or [""]
        }
        for entry in self.new_tls:
            secret = str(entry.get("secretName") or "")
            for host in entry.get("hosts") or [""]:
                if secret and (secret, host) not in had:
                    found.setdefault(secret, []).append(str(host))
        return found


def _list(ingress: JSONObject, name: str) -> Rules:
    found: Any = fields.at(ingress, ("spec", name)).value
    return list(found or [])
