"""What is wanted of a new Ingress, and what a plan for it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.changes import ingress_tls
from bot.domain.changes.ingress_spec import Backend, Rule
from bot.domain.changes.ingress_tls import Issuing, Vetting
from bot.domain.network.references import INGRESS, JSONObject, Ref, ref_to
from bot.domain.network.snapshot import Ingress, IngressClass, Service, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is wanted."""

    line: str
    """The canonical request."""
    cluster: str
    namespace: str
    name: str
    rules: tuple[Rule, ...]
    default: Backend | None = None
    """Who answers what no rule leads anywhere."""
    default_tls: str = ""
    """The Secret where there is no rule to have one."""
    ingress_class: str = ""
    """Empty: the default one."""
    annotations: Mapping[str, str]
    issuing: Issuing | None = None
    """cert-manager makes the Secrets."""
    accepted: frozenset[str] = frozenset()
    name_said: bool = True
    """False: the name is worked out, so that another one does as well."""

    @property
    def ref(self) -> Ref:
        return ref_to(INGRESS, self.namespace, self.name)

    @property
    def secrets(self) -> dict[str, list[str]]:
        """The hosts of each TLS Secret."""
        return ingress_tls.hosts_of(self.rules, self.default_tls if not self.rules else "")

    @property
    def backends(self) -> tuple[Backend, ...]:
        named = [*(rule.backend for rule in self.rules), *([self.default] if self.default else [])]
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the plan rests on, as it is now."""

    services: Mapping[str, Service]
    """By name, those that are to be led to."""
    there: JSONObject | None
    """The whole object of the wanted name."""
    ingresses: Sequence[Ingress]
    """Those of all namespaces that may be read."""
    classes: Sequence[IngressClass] | None
    """None: they may not be read."""
    vetting: Vetting
    """What is known of certificates."""
    behind: Snapshot
    """Endpoints of the namespace, its pods and what makes them: who stands behind the Services."""
    unread: tuple[str, ...] = ()
    """What could not be read, in plain words."""
