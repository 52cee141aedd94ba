"""What a cluster's Gateway API takes, and what its implementation says that it supports.

https://gateway-api.sigs.k8s.io/concepts/versioning/#release-channels and …/api-types/gatewayclass/; names of features
are those of `pkg/features` in https://github.com/kubernetes-sigs/gateway-api, v1.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.migration.gateway_api import BACKEND_TLS_POLICY, GROUP, GatewayClass, Object
from bot.domain.network.references import GRPC_ROUTE, HTTP_ROUTE, REFERENCE_GRANT, TLS_ROUTE, JSONObject, Kind

EXPERIMENTAL = {
    "sessionPersistence": "`spec.rules[].sessionPersistence` of an HTTPRoute",
    "retry": "`spec.rules[].retry` of an HTTPRoute",
    "externalAuth": "`spec.rules[].filters[].externalAuth` of an HTTPRoute",
}
"""Fields of the experimental channel that annotations mean, in words."""
OPTIONAL = frozenset({
    "HTTPRouteCORS", "HTTPRouteRequestMirror", "HTTPRouteRequestTimeout", "HTTPRoutePathRewrite",
    "HTTPRouteHostRewrite", "HTTPRoutePathRedirect", "HTTPRoutePortRedirect", "HTTPRouteSchemeRedirect",
    "HTTPRouteResponseHeaderModification",
    "HTTPRoute303RedirectStatusCode", "HTTPRoute307RedirectStatusCode", "HTTPRoute308RedirectStatusCode",
    "BackendTLSPolicy", "GRPCRoute", "TLSRoute",
})  # fmt: skip
"""What an implementation need not have, of all that is written here."""


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
    experimental: frozenset[str] = frozenset()
    """Which of `EXPERIMENTAL` the definitions have."""
    class_name: str = ""
    """The GatewayClass that says what it supports; empty: nobody says so."""
    unsupported: frozenset[str] = frozenset()
    """Which of `OPTIONAL` it does not name."""

    def lacks(self, feature: str) -> str:
        """Why one of `OPTIONAL` is not to be relied on; empty: nothing is known against it."""
        if feature not in self.unsupported:
            return ""
        return f"GatewayClass {self.class_name} does not name {feature} among what it supports"

    def no_kind(self, kind: Kind) -> str:
        """Why a kind cannot be written; empty: it can."""
        if kind.name not in self.kinds:
            return f"this Gateway API has no {kind.name} of {kind.api_version.rpartition('/')[2]}"
        return self.lacks(kind.name)

    def without(self, field: str) -> str:
        """That one of `EXPERIMENTAL` is not in the definitions, in words."""
        there = f"{self.version}, {self.channel} channel" if self.version else "none are installed"
        return f"the experimental channel has {EXPERIMENTAL[field]}, which these definitions ({there}) lack"


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
        experimental=_experimental(_versions(route).get("v1") or {}, filters),
        kinds=frozenset(
            kind.name
            for kind in (HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE, BACKEND_TLS_POLICY, REFERENCE_GRANT)
            if kind.name in ours and kind.api_version.rpartition("/")[2] in _versions(ours[kind.name])
        ),
    )


def _experimental(route: Object, filters: Object) -> frozenset[str]:
    there = {*(_schema_at(route, "spec", "rules").get("properties") or {}), *(filters.get("properties") or {})}
    return frozenset(EXPERIMENTAL) & there


def supported_by(found: Features, gateway_class: GatewayClass | None) -> Features:
    """As a class's controller says in `status.supportedFeatures`. What it does not name may be refused, or be passed
    over: Traefik v3.7 answers 500 for a route with a CORS filter. Where it says nothing, nothing is known."""
    if gateway_class is None or not gateway_class.supported:
        return found
    unsupported = OPTIONAL - gateway_class.supported
    codes = {code for code in found.redirect_codes if f"HTTPRoute{code}RedirectStatusCode" not in unsupported}
    return replace(
        found, class_name=gateway_class.metadata.name, unsupported=unsupported, redirect_codes=frozenset(codes)
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
