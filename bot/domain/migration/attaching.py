"""To which listeners of which Gateway the routes of an Ingress attach: of one that is there, or of one that is written.

A Gateway has one listener for each host name with its certificate; HTTP is one for all. A Gateway that is there belongs
to somebody else: what it lacks is told, and not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.migration.gateway_api import (
    LISTENERS_A_GATEWAY,
    Gateway,
    GatewayClass,
    Listener,
    covers,
    grant,
    object_of,
)
from bot.domain.migration.outcome import Concern, Journal
from bot.domain.network.references import GATEWAY, JSONObject
from bot.domain.network.snapshot import IngressTLS
from bot.errors import NotFound, Refused

NO_CLASS = "choose-a-class"
"""What stands for the class in a Gateway while none is known. Nobody serves it."""
_PORTS = {"HTTP": 80, "HTTPS": 443, "TLS": 443}


@dataclass(frozen=True, slots=True)
class Choice:
    """Where routes are to attach."""

    gateway: Gateway | None = None
    """None: one is written."""
    gateway_class: str = ""
    """For one that is written; empty: none is known."""

    @property
    def class_name(self) -> str:
        """Of the Gateway, whichever it is."""
        return self.gateway.spec.gateway_class_name if self.gateway else self.gateway_class


def chosen(
    namespace: str,
    gateways: Sequence[Gateway],
    classes: Sequence[GatewayClass],
    named: str = "",
    named_class: str = "",
) -> Choice:
    """The Gateway called `named` ([NAMESPACE/]NAME); without it, the only one that admits routes of the namespace; else
    a new one of the class called so, or of the only class. Raises NotFound, or Refused when several would do."""
    if named:
        wanted = named if "/" in named else f"{namespace}/{named}"
        found = next((each for each in gateways if each.short == wanted), None)
        if found is None:
            there = ", ".join(each.short for each in gateways[:5])
            raise NotFound(
                f"There is no Gateway {wanted}",
                next_step=f"there is {there}" if there else "there are no Gateways at all",
            )
        return Choice(found)
    if named_class:
        known = [each.metadata.name for each in classes]
        if known and named_class not in known:
            raise NotFound(f"There is no GatewayClass {named_class}", next_step=f"there is {', '.join(known[:5])}")
        return Choice(None, named_class)
    admitting = [
        each for each in gateways if any(one.admits(each.metadata.namespace, namespace) for one in each.listeners)
    ]
    if len(admitting) == 1:
        return Choice(admitting[0])
    if admitting:
        names = ", ".join(each.short for each in admitting[:5])
        raise Refused(
            "It is not clear to which Gateway the routes should attach",
            cause=f"{len(admitting)} take routes of {namespace}: {names}",
            next_step=f"say one, as in `--gateway {admitting[0].short}`, or `--gateway-class NAME` for a new one",
        )
    return Choice(None, usual_class(classes))


def usual_class(classes: Sequence[GatewayClass]) -> str:
    """The only one that a controller has taken, else the only one; empty: there is none or more."""
    names = [each.metadata.name for each in classes if each.accepted] or [each.metadata.name for each in classes]
    return names[0] if len(names) == 1 else ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Which name is served with which Secret."""

    host: str
    """Of the listener, `*.a.example` too; empty: any name."""
    secret: str
    assumed: bool = False
    """The Ingress names no Secret, so that this one has to be made."""
    by_default: str = ""
    """The Secret, as `namespace/name`, that the controller served in its place, where that is known."""


def certificates(
    tls: Iterable[IngressTLS], hosts: Sequence[str], ingress: str, by_default: str = ""
) -> tuple[Certificate, ...]:
    """Those of the Ingress; an entry without hosts is for all hosts of the rules. `by_default`: see Certificate."""
    found: dict[str, Certificate] = {}
    for entry in tls:
        for host in entry.hosts or hosts or [""]:
            secret = entry.secret_name or f"{ingress[:249]}-tls"
            assumed = not entry.secret_name
            found.setdefault(host, Certificate(host, secret, assumed, by_default if assumed else ""))
    return tuple(found.values())


class Attachment:
    """Gives the parentRefs of routes, and remembers which listeners they need."""

    def __init__(
        self, choice: Choice, namespace: str, name: str, certificates: Sequence[Certificate], journal: Journal
    ) -> None:
        """`name` is what a Gateway that is written is called."""
        self._choice = choice
        self._namespace = namespace
        self._name = name
        self._certificates = certificates
        self._journal = journal
        self._needed: dict[tuple[str, str], JSONObject] = {}
        self._used: set[Certificate] = set()

    def secure(self, host: str) -> bool:
        """Whether the Ingress serves the host over TLS."""
        return self._certificate(host) is not None

    def _certificate(self, host: str) -> Certificate | None:
        exact = next((each for each in self._certificates if each.host == host), None)
        return exact or next((each for each in self._certificates if each.host and covers(each.host, host)), None)

    def parents(self, hosts: Iterable[str], protocols: Sequence[str]) -> tuple[JSONObject, ...]:
        """The listeners of these protocols for these hosts, those included that a Gateway that is there lacks."""
        sections: dict[str, None] = {}
        for host in hosts:
            for protocol in protocols:
                sections.update(dict.fromkeys(self._sections(host, protocol)))
        return tuple(self._parent(each) for each in sections)

    def _parent(self, section: str) -> JSONObject:
        gateway = self._choice.gateway
        if gateway is None:
            return {"name": self._name, "sectionName": section}
        parent: JSONObject = {"name": gateway.metadata.name, "sectionName": section}
        if gateway.metadata.namespace != self._namespace:
            parent["namespace"] = gateway.metadata.namespace
        return parent

    def _sections(self, host: str, protocol: str) -> Iterator[str]:
        gateway = self._choice.gateway
        certificate = self._certificate(host) if protocol == "HTTPS" else None
        wanted = certificate.host if certificate else host if protocol == "TLS" else ""
        if certificate:
            self._used.add(certificate)
        if gateway is None:
            listener = self._written(protocol, wanted, certificate)
            self._needed.setdefault((protocol, wanted), listener)
            yield str(listener["name"])
            return
        found = [each.name for each in gateway.listeners if _serves(gateway, each, self._namespace, host, protocol)]
        if not found:  # Told, shown, and taken to be added.
            missing = self._needed.setdefault((protocol, wanted), self._written(protocol, wanted, certificate))
            found = [str(missing["name"])]
        yield from found

    def _written(self, protocol: str, host: str, certificate: Certificate | None) -> JSONObject:
        name = protocol.lower() + (f"-{host.replace('*', 'any')}" if host else "")
        if self._choice.gateway and name in [each.name for each in self._choice.gateway.listeners]:
            name = f"{name[:189]}-{self._namespace}"
        listener: JSONObject = {"name": name[:253].rstrip("-."), "port": _PORTS[protocol], "protocol": protocol}
        if host:
            listener["hostname"] = host
        if protocol == "TLS":
            listener["tls"] = {"mode": "Passthrough"}
        if certificate:
            reference: JSONObject = {"name": certificate.secret}
            if self._choice.gateway and self._choice.gateway.metadata.namespace != self._namespace:
                reference["namespace"] = self._namespace
            listener["tls"] = {"mode": "Terminate", "certificateRefs": [reference]}
        if self._choice.gateway and self._choice.gateway.metadata.namespace != self._namespace:
            selector: JSONObject = {"matchLabels": {"kubernetes.io/metadata.name": self._namespace}}
            listener["allowedRoutes"] = {"namespaces": {"from": "Selector", "selector": selector}}
        return listener

    def gateway(self, annotations: Mapping[str, str]) -> tuple[JSONObject, ...]:
        """The Gateway, where one is written. A second one would have another address: what is beyond 64 is told."""
        if self._choice.gateway or not self._needed:
            return ()
        listeners = sorted(self._needed.values(), key=lambda each: int(str(each["port"])))
        if len(listeners) > LISTENERS_A_GATEWAY:
            self._journal.lose(
                "spec.tls",
                f"a Gateway has {LISTENERS_A_GATEWAY} listeners at the most, {len(listeners)} are needed",
                "a wildcard certificate, or ListenerSets (v1.5) for the rest",
            )
        spec: JSONObject = {
            "gatewayClassName": self._choice.gateway_class or NO_CLASS,
            "listeners": [*listeners[:LISTENERS_A_GATEWAY]],
        }
        return (object_of(GATEWAY, self._namespace, self._name, spec, annotations=dict(annotations)),)

    def missing(self) -> tuple[JSONObject, ...]:
        """Listeners that the Gateway that is there should get."""
        return tuple(self._needed.values()) if self._choice.gateway else ()

    def grants(self) -> tuple[JSONObject, ...]:
        """That listeners that are missing may take this namespace's certificates."""
        gateway = self._choice.gateway
        if gateway is None or gateway.metadata.namespace == self._namespace:
            return ()
        wanted: list[Any] = [each["tls"] for each in self._needed.values() if each["protocol"] == "HTTPS"]
        secrets = sorted({each["name"] for tls in wanted for each in tls["certificateRefs"]})
        return tuple(
            grant(
                self._namespace,
                f"{gateway.metadata.name}-{secret}"[:253].rstrip("-."),
                GATEWAY,
                gateway.metadata.namespace,
                "Secret",
                secret,
            )
            for secret in secrets
        )

    def tell(self) -> None:
        """What becomes of `spec.tls`, and what the Gateway lacks."""
        gateway = self._choice.gateway
        for each in self._certificates:
            self._tell_certificate(each)
        for listener in self.missing():
            concern = Concern.SECURITY if listener["protocol"] == "HTTPS" else Concern.TRAFFIC
            host = str(listener.get("hostname") or "any host")
            self._journal.lose(
                "spec.tls" if listener["protocol"] != "HTTP" else "spec.rules",
                f"Gateway {gateway.short if gateway else ''} has no {listener['protocol']} listener for {host} "
                f"that takes "
                f"routes of {self._namespace}",
                "add the listener that is shown below, or take another --gateway",
                concern,
            )

    def _tell_certificate(self, certificate: Certificate) -> None:
        gateway, host = self._choice.gateway, certificate.host or "any host"
        if certificate not in self._used:
            self._journal.carry("spec.tls", f"nothing for {host}: no rule is for it")
        elif ("HTTPS", certificate.host) not in self._needed:
            self._journal.carry(
                "spec.tls",
                f"an HTTPS listener of Gateway {gateway.short if gateway else ''} for {host}",
                f"the certificate of the listener counts, not Secret {certificate.secret}",
            )
        elif certificate.assumed:
            self._journal.lose(
                "spec.tls",
                f"{host} has no Secret: the controller served its default certificate"
                f"{f', of Secret {certificate.by_default}' if certificate.by_default else ''}, a Gateway has none",
                f"put {'that' if certificate.by_default else 'a'} certificate into Secret "
                f"{self._namespace}/{certificate.secret}, which the listener names",
            )
        elif gateway is None:
            self._journal.carry("spec.tls", f"an HTTPS listener for {host} with Secret {certificate.secret}")


def _serves(gateway: Gateway, listener: Listener, namespace: str, host: str, protocol: str) -> bool:
    if listener.protocol != protocol or not listener.admits(gateway.metadata.namespace, namespace):
        return False
    if protocol == "TLS" and (listener.tls is None or listener.tls.mode != "Passthrough"):
        return False
    name = listener.hostname
    return not host or covers(name, host) or bool(name and covers(host, name))
