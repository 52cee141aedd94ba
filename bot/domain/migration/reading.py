"""All that is known of one Ingress before any object is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.migration import foreign, grpc
from bot.domain.migration.attaching import Attachment, Choice, certificates
from bot.domain.migration.backends import Backends
from bot.domain.migration.features import Features
from bot.domain.migration.foreign import Kept, Served
from bot.domain.migration.neighbours import Neighbours
from bot.domain.migration.nginx import backend_tls
from bot.domain.migration.nginx.controller import Controller
from bot.domain.migration.nginx.filters import Filters, filters
from bot.domain.migration.nginx.redirects import Redirects, redirects, usual_of
from bot.domain.migration.nginx.values import Annotations
from bot.domain.migration.outcome import Journal
from bot.domain.migration.routes import Names
from bot.domain.network.references import JSONObject
from bot.domain.network.snapshot import HTTPPath, Ingress, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What was read besides the Ingress."""

    neighbours: Neighbours
    services: Mapping[str, Mapping[str, Service]] | None
    """By namespace and name; None: they could not be read."""
    features: Features = Features()
    choice: Choice = Choice()
    config_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Data of those that annotations name and that could be read, by `namespace/name`."""
    controllers: Sequence[Controller] | None = None
    """Those of ingress-nginx that were found; None: they could not be looked for."""
    routes: Sequence[JSONObject] = ()
    """Routes that are there, of all namespaces that may be read."""


@dataclass(frozen=True, slots=True)
class Path:
    """One path of a host, and the field that says it."""

    where: str
    said: HTTPPath

    @property
    def value(self) -> str:
        return self.said.path or "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An Ingress, read; what becomes of each thing goes into the journal."""

    ingress: Ingress
    around: Around
    journal: Journal
    annotations: Annotations
    served: Served
    controller: Controller | None
    """Of ingress-nginx, where it is known which one it is."""
    paths: Mapping[str, tuple[Path, ...]]
    """By host, in order; empty: any host. A host without paths is there for the default backend."""
    backends: Backends
    attachment: Attachment
    redirects: Redirects
    protocol: backend_tls.BackendProtocol
    filters: Filters
    grpc: bool
    """It becomes a GRPCRoute."""
    why_not_grpc: str
    """Why it speaks gRPC, and becomes an HTTPRoute all the same."""
    target: str
    """`rewrite-target`, or empty."""
    regex: bool
    """`use-regex`: its paths are regular expressions; those of another Ingress of the host may make them so, too."""
    passthrough: bool
    kept: Kept
    names: Names
    spoken_to: dict[str, None] = field(default_factory=dict)
    """Services that the routes lead to, in order; filled while they are made."""

    @property
    def to_https(self) -> bool:
        """Whether HTTP is redirected for hosts with TLS. Of other controllers it is not known: both are answered."""
        return self.served.nginx and self.redirects.to_https and not self.redirects.elsewhere

    @property
    def rewrites(self) -> bool:
        """Whether a path is to become another one, as the controller asks: then paths are regular expressions."""
        paths = [each.value for listed in self.paths.values() for each in listed]
        return any(self.target and self.target != each for each in paths)

    def secure(self, host: str) -> bool:
        return self.attachment.secure(host)


def read(
    ingress: Ingress, around: Around, journal: Journal, annotations: Annotations, controller: Controller | None
) -> Reading:
    """Reads the annotations that mean something for routes, and tells what they become."""
    served = around.neighbours.served(ingress)
    paths = _paths(ingress)
    passthrough = _passthrough(annotations, controller, journal)
    aside = Journal() if passthrough else journal  # With it the controller reads no other annotation.
    found = redirects(annotations, around.features, usual_of(controller), aside)
    protocol = backend_tls.protocol(annotations, aside)
    own = filters(annotations, around.features, around.config_maps, aside)
    values = [each.value for listed in paths.values() for each in listed]
    shared = [host for host in paths if around.neighbours.shared_with_http(ingress, host)]
    why_not_grpc = grpc.why_not(values, shared, around.features) if protocol.grpc else ""
    is_grpc = protocol.grpc and not why_not_grpc and not found.elsewhere
    if is_grpc:
        aside.carry("backend-protocol", "a GRPCRoute")
    by_default = controller.arguments.get("default-ssl-certificate", "") if controller else ""
    named = certificates(ingress.spec.tls or (), [host for host in paths if host], ingress.name, by_default)
    services = None if around.services is None else around.services.get(ingress.namespace, {})
    return Reading(
        ingress=ingress,
        around=around,
        journal=journal,
        annotations=annotations,
        served=served,
        controller=controller,
        paths=paths,
        backends=Backends(ingress.namespace, services, journal),
        attachment=Attachment(around.choice, ingress.namespace, ingress.name, named, journal),
        redirects=grpc.without_redirects(found, aside) if is_grpc else found,
        protocol=protocol,
        filters=grpc.without(own, aside) if is_grpc else own,
        grpc=is_grpc,
        why_not_grpc=why_not_grpc,
        target=annotations.text("rewrite-target"),
        regex=annotations.flag("use-regex", False),
        passthrough=passthrough,
        kept=foreign.tell(ingress, served, around.choice.gateway is None, journal),
        names=Names(ingress.name),
    )


def _passthrough(annotations: Annotations, controller: Controller | None, journal: Journal) -> bool:
    said = annotations.flag("ssl-passthrough", False)
    if said and controller and not controller.flag("enable-ssl-passthrough"):
        why = f"{controller.name} runs without --enable-ssl-passthrough, so that it never passed TLS through"
        journal.ignore("ssl-passthrough", why, "nothing, or a TLSRoute where that was meant")
        return False
    if annotations.has("ssl-passthrough") and not said:
        journal.carry("ssl-passthrough", "nothing: false is what it is without")
    return said


def _paths(ingress: Ingress) -> dict[str, tuple[Path, ...]]:
    found: dict[str, list[Path]] = {}
    for number, rule in enumerate(ingress.spec.rules or ()):
        own = found.setdefault(rule.host or "", [])
        for index, path in enumerate((rule.http.paths if rule.http else None) or ()):
            own.append(Path(f"spec.rules[{number}].http.paths[{index}]", path))
    if not found and ingress.spec.default_backend:
        found[""] = []
    return {host: tuple(own) for host, own in found.items()}
