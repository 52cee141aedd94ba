"""The Gateway API's kinds, limits and features, and how its objects are written.

Source: the CustomResourceDefinitions of v1.5.1 and v1.6.1, standard channel, and
https://gateway-api.sigs.k8s.io/reference/spec/. What a cluster's own definitions take is read from them (`features`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.domain.network.references import GRPC_ROUTE, HTTP_ROUTE, JSON, REFERENCE_GRANT, TLS_ROUTE, JSONObject, Kind
from bot.domain.network.snapshot import Condition, Metadata

GROUP = "gateway.networking.k8s.io"
BACKEND_TLS_POLICY = Kind("BackendTLSPolicy", "backendtlspolicies", f"{GROUP}/v1", short_names=("btlspolicy",))

RULES_A_ROUTE = 16
MATCHES_A_ROUTE = 128
"""Over all rules of a route, by a CEL rule; each rule may have 64."""
HOSTNAMES_A_ROUTE = 16
LISTENERS_A_GATEWAY = 64
LONGEST_PATH = 1024
HEADERS_A_FILTER = 16

Object = dict[str, Any]


class RouteNamespaces(msgspec.Struct, frozen=True):
    from_: str = msgspec.field(default="Same", name="from")


class AllowedRoutes(msgspec.Struct, frozen=True):
    namespaces: RouteNamespaces | None = None


class ListenerTLS(msgspec.Struct, frozen=True):
    mode: str | None = None


class Listener(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    port: int
    protocol: str
    hostname: str | None = None
    tls: ListenerTLS | None = None
    allowed_routes: AllowedRoutes | None = None

    def admits(self, own_namespace: str, namespace: str) -> bool:
        """Whether routes of a namespace may attach. A selector is taken to admit it: its labels are not known here."""
        said = self.allowed_routes.namespaces if self.allowed_routes else None
        return (said.from_ if said else "Same") != "Same" or own_namespace == namespace


class GatewaySpec(msgspec.Struct, frozen=True, rename="camel"):
    gateway_class_name: str = ""
    listeners: list[Listener] | None = None


class Gateway(msgspec.Struct, frozen=True):
    """A Gateway, as far as it is looked at here."""

    metadata: Metadata
    spec: GatewaySpec = GatewaySpec()

    @property
    def short(self) -> str:
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def listeners(self) -> Sequence[Listener]:
        return self.spec.listeners or ()

    @property
    def selects(self) -> bool:
        """Whether a listener takes routes of namespaces by their labels."""
        said = [each.allowed_routes.namespaces for each in self.listeners if each.allowed_routes]
        return any(each is not None and each.from_ == "Selector" for each in said)


class GatewayClassSpec(msgspec.Struct, frozen=True, rename="camel"):
    controller_name: str = ""


class GatewayClassStatus(msgspec.Struct, frozen=True):
    conditions: list[Condition] | None = None


class GatewayClass(msgspec.Struct, frozen=True):
    metadata: Metadata
    spec: GatewayClassSpec = GatewayClassSpec()
    status: GatewayClassStatus = GatewayClassStatus()

    @property
    def accepted(self) -> bool:
        """Whether a controller has taken it."""
        return any(each.type == "Accepted" and each.status == "True" for each in self.status.conditions or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a cluster's Gateway API takes. The defaults are the standard channel of v1.5 and v1.6."""

    version: str = ""
    """Its bundle version, `v1.6.1`; empty: there is none in the cluster."""
    channel: str = "standard"
    redirect_codes: frozenset[int] = frozenset({301, 302, 303, 307, 308})
    cors: bool = True
    kinds: frozenset[str] = frozenset({"HTTPRoute", "GRPCRoute", "TLSRoute", "BackendTLSPolicy", "ReferenceGrant"})
    """Those that are served in the version that is written here."""


def features(definitions: Iterable[JSONObject]) -> Features:
    """Read from a cluster's CustomResourceDefinitions; the defaults where there are none of the Gateway API."""
    ours: dict[str, Any] = {}
    for each in definitions:
        spec: Any = each.get("spec")
        if isinstance(spec, dict) and spec.get("group") == GROUP:
            ours[str((spec.get("names") or {}).get("kind"))] = each
    route = ours.get("HTTPRoute")
    if route is None:
        return Features()
    annotations = route["metadata"].get("annotations") or {}
    filters = _schema_at(_versions(route).get("v1") or {}, "spec", "rules", "filters")
    codes = _schema_at(filters, "requestRedirect", "statusCode").get("enum")
    return Features(
        version=str(annotations.get(f"{GROUP}/bundle-version") or "of unknown version"),
        channel=str(annotations.get(f"{GROUP}/channel") or "unknown"),
        redirect_codes=frozenset(codes) if codes else Features().redirect_codes,
        cors="cors" in (filters.get("properties") or {}),
        kinds=frozenset(
            kind.name
            for kind in (HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE, BACKEND_TLS_POLICY, REFERENCE_GRANT)
            if kind.name in ours and kind.api_version.rpartition("/")[2] in _versions(ours[kind.name])
        ),
    )


def _versions(definition: Object) -> dict[str, Object]:
    """The schemas of the versions that are served, by name."""
    return {
        each["name"]: (each.get("schema") or {}).get("openAPIV3Schema") or {}
        for each in definition["spec"].get("versions") or ()
        if each.get("served")
    }


def _schema_at(schema: Object, *path: str) -> Object:
    """The schema of a field, through lists; empty where it is not defined."""
    for name in path:
        schema = (schema.get("properties") or {}).get(name) or {}
        while "items" in schema:
            schema = schema["items"]
    return schema


def covers(pattern: str | None, host: str) -> bool:
    """Whether a listener's hostname takes a route's: `*.a.b` takes `x.a.b` and `y.x.a.b`, not `a.b`; None takes all.

    See https://gateway-api.sigs.k8s.io/reference/spec/#hostname. The other way round a listener's name is within the
    route's, and requests for it are served as well.
    """
    if not pattern or pattern == host:
        return True
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return False


def object_of(kind: Kind, namespace: str, name: str, spec: JSONObject, **metadata: JSON) -> JSONObject:
    """A manifest."""
    more = {key: value for key, value in metadata.items() if value}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {"name": name, "namespace": namespace, **more},
        "spec": spec,
    }


def grant(namespace: str, name: str, from_kind: Kind, from_namespace: str, to_kind: str, to_name: str) -> JSONObject:
    """Lets objects of one namespace name one Service or Secret of another: it stands where what it opens stands."""
    return object_of(
        REFERENCE_GRANT,
        namespace,
        name,
        {
            "from": [{"group": GROUP, "kind": from_kind.name, "namespace": from_namespace}],
            "to": [{"group": "", "kind": to_kind, "name": to_name}],
        },
    )


def decoded(objects: Iterable[Mapping[str, Any]], kind: type[Any]) -> tuple[Any, ...]:
    """Objects as one of the Structs above; one that does not fit is left out."""
    found = []
    for each in objects:
        try:
            found.append(msgspec.convert(each, kind))
        except msgspec.ValidationError:
            continue
    return tuple(found)
