"""The Gateway API's kinds, limits and features, and how its objects are written.

Source: the CustomResourceDefinitions of v1.5.1 and v1.6.1, standard channel, and
https://gateway-api.sigs.k8s.io/reference/spec/. What a cluster's own definitions take: see features.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from bot.domain.network.references import JSON, REFERENCE_GRANT, JSONObject, Kind
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


class GatewayClassStatus(msgspec.Struct, frozen=True, rename="camel"):
    conditions: list[Condition] | None = None
    supported_features: list[Any] | None = None
    """Objects with a `name`; before v1.3 plain names."""


class GatewayClass(msgspec.Struct, frozen=True):
    metadata: Metadata
    spec: GatewayClassSpec = GatewayClassSpec()
    status: GatewayClassStatus = GatewayClassStatus()

    @property
    def accepted(self) -> bool:
        """Whether a controller has taken it."""
        return any(each.type == "Accepted" and each.status == "True" for each in self.status.conditions or ())

    @property
    def supported(self) -> frozenset[str]:
        """Features of which its controller says that it has them; empty: it says nothing."""
        said = self.status.supported_features or ()
        return frozenset(str(each.get("name") if isinstance(each, dict) else each) for each in said)


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
