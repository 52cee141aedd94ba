"""Plans an Ingress that leads a host name to a port of a Service, as `kubectl create ingress` makes one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.changes import fields
from bot.domain.changes.change import Apply, Ask, Change, Premise, Step, Until, Wait
from bot.domain.network.probing import HTTPProbe
from bot.domain.network.references import INGRESS, JSON, SERVICE, JSONObject, ref_to
from bot.errors import Conflict, NotFound, Refused

ADDRESS_SECONDS = 30.0
# https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What is wanted."""

    line: str
    """The canonical request."""
    cluster: str
    namespace: str
    name: str
    host: str
    path: str
    service: str
    port: str
    """A number or a name."""
    ingress_class: str
    """Empty: the default one."""
    tls: str
    """Name of a Secret; empty: no TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The full current objects that the plan rests on."""

    service: JSONObject
    ingresses: Sequence[JSONObject]
    """Those of all namespaces that may be read."""
    classes: Sequence[JSONObject]
    secret_type: str = ""
    """Only the type of the TLS Secret: its data is nobody's business here."""
    secret_keys: frozenset[str] = frozenset()


def plan(wanted: Route, around: Surroundings) -> Change:
    """The plan; no steps when it is all there already. Raises NotFound, Refused, Conflict with what to do next."""
    port = _service_port(wanted, around.service)
    if wanted.tls:
        _check_secret(wanted, around)
    class_name = _class(wanted, around)
    ref = ref_to(INGRESS, wanted.namespace, wanted.name)
    manifest = _manifest(wanted, class_name)
    there = next((each for each in around.ingresses if fields.ref_of(each) == ref), None)
    _check_host(wanted, around)
    if there is not None:
        _check_taken(wanted, manifest, there)
        if fields.covers(there.get("spec"), manifest["spec"]):
            return Change(cluster=wanted.cluster, request=wanted.line, summary=f"{ref} does that already", steps=())
    apply = Apply(
        ref=ref,
        manifest=manifest,
        creates=there is None,
        prior=fields.standing(there, manifest) if there is not None else (),
    )
    return Change(
        cluster=wanted.cluster,
        request=wanted.line,
        summary=f"lead {wanted.host}{wanted.path} to Service {wanted.namespace}/{wanted.service}:{wanted.port} "
        f"by Ingress {ref.short}",
        steps=(apply, *_proof(wanted, class_name, port, around)),
        premises=_premises(wanted, class_name, port),
        warnings=tuple(_warnings(wanted, class_name, around)),
    )


def _premises(wanted: Route, class_name: str, port: dict[str, Any]) -> tuple[Premise, ...]:
    found: JSON = {"port": port.get("port"), "name": port.get("name")}
    return (
        Premise(f"the port of Service {wanted.namespace}/{wanted.service}", found),
        Premise("the Ingress class", class_name),
    )


def _manifest(wanted: Route, class_name: str) -> JSONObject:
    port: JSON = {"number": int(wanted.port)} if wanted.port.isdigit() else {"name": wanted.port}
    backend: JSON = {"service": {"name": wanted.service, "port": port}}
    path: JSON = {"path": wanted.path, "pathType": "Prefix", "backend": backend}
    spec: JSONObject = {"rules": [{"host": wanted.host, "http": {"paths": [path]}}]}
    if class_name:
        spec["ingressClassName"] = class_name
    if wanted.tls:
        spec["tls"] = [{"hosts": [wanted.host], "secretName": wanted.tls}]
    return {
        "apiVersion": INGRESS.api_version,
        "kind": INGRESS.name,
        "metadata": {"name": wanted.name, "namespace": wanted.namespace},
        "spec": spec,
    }


def _service_port(wanted: Route, service: JSONObject) -> dict[str, Any]:
    ports: list[dict[str, Any]] = _at(service, "spec", "ports") or []
    for port in ports:
        if wanted.port in (str(port.get("port")), port.get("name")):
            return port
    there = ", ".join(f"{port.get('port')}" + (f" ({port['name']})" if port.get("name") else "") for port in ports)
    raise NotFound(
        f"Service {wanted.namespace}/{wanted.service} has no port {wanted.port}",
        cause=f"it has {there}" if there else "it has no ports at all",
        next_step=f"say one of them, as in `--service {wanted.service}:{ports[0].get('port')}`" if ports else "",
    )


def _check_secret(wanted: Route, around: Surroundings) -> None:
    if around.secret_type != "kubernetes.io/tls" or not {"tls.crt", "tls.key"} <= around.secret_keys:  # noqa: S105
        raise Refused(
            f"Secret {wanted.namespace}/{wanted.tls} is not for TLS",
            cause=f"expected type kubernetes.io/tls with tls.crt and tls.key, not {around.secret_type or 'unknown'}",
            next_step=f"make one by `kubectl create secret tls {wanted.tls} -n {wanted.namespace} --cert … --key …`",
        )


def _class(wanted: Route, around: Surroundings) -> str:
    """The class to write; empty: none is known, and nothing will serve it."""
    names = sorted(str(fields.metadata(each)["name"]) for each in around.classes)
    if wanted.ingress_class:
        return wanted.ingress_class
    default = [
        str(fields.metadata(each)["name"])
        for each in around.classes
        if (fields.metadata(each).get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
    ]
    if len(default) > 1:
        raise Refused(
            "It is not clear which ingress controller is meant",
            cause=f"{' and '.join(sorted(default))} are both marked as the default class",
            next_step=f"say one, as in `--class {names[0]}`",
        )
    return default[0] if default else ""


def _check_host(wanted: Route, around: Surroundings) -> None:
    """Two Ingresses of one namespace for the same host and path: which one is served is left to chance."""
    for other in _same_route(wanted, around):
        ref = fields.ref_of(other)
        if ref.namespace == wanted.namespace and ref.name != wanted.name:
            raise Conflict(
                f"{wanted.host}{wanted.path} is led somewhere already",
                cause=f"by {ref}",
                next_step=f"take another path, or see `kubectl describe ingress {ref.name} -n {ref.namespace}`",
            )


def _same_route(wanted: Route, around: Surroundings) -> Iterator[JSONObject]:
    for ingress in around.ingresses:
        if (wanted.host, wanted.path.rstrip("/") or "/") in set(_routes(ingress)):
            yield ingress


def _routes(ingress: JSONObject) -> Iterator[tuple[str, str]]:
    for rule in _at(ingress, "spec", "rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            yield rule.get("host") or "", (path.get("path") or "/").rstrip("/") or "/"


def _check_taken(wanted: Route, manifest: JSONObject, there: JSONObject) -> None:
    """An Ingress of that name may be changed when Patchbay made it for this very route."""
    only_this = set(_routes(there)) == set(_routes(manifest))
    if only_this and (fields.applied_by_us(there) or fields.covers(there.get("spec"), manifest["spec"])):
        return
    raise Conflict(
        f"There is an Ingress {wanted.namespace}/{wanted.name} already",
        cause="it leads other hosts or paths" if not only_this else "it was not made by Patchbay",
        next_step=f"choose another name, as in `--name {wanted.name[:58]}-new`",
    )


def _proof(wanted: Route, class_name: str, port: dict[str, Any], around: Surroundings) -> Iterator[Step]:
    """That the controller took it, where there is one; and that what it leads to answers."""
    ref = ref_to(INGRESS, wanted.namespace, wanted.name)
    if class_name in {str(fields.metadata(each)["name"]) for each in around.classes}:
        yield Wait(ref=ref, until=Until.ADDRESS_ASSIGNED, timeout_seconds=ADDRESS_SECONDS, required=False)
    number = int(port.get("port") or 0)
    tls = number in (443, 8443) or "https" in str(port.get("appProtocol") or port.get("name") or "")
    target = ref_to(SERVICE, wanted.namespace, wanted.service)
    yield Ask(probe=HTTPProbe(target=target, port=number, path=wanted.path, tls=tls))


def _warnings(wanted: Route, class_name: str, around: Surroundings) -> Iterator[str]:
    names = sorted(str(fields.metadata(each)["name"]) for each in around.classes)
    if not names:
        yield "There is no ingress controller in this cluster: nothing will serve this Ingress until one is installed."
    elif not class_name:
        yield f"No class is the default one: nothing will serve this. There are: {', '.join(names)} (--class)."
    elif class_name not in names:
        yield f"There is no Ingress class {class_name}: nothing will serve this. There are: {', '.join(names)}."
    for other in _same_route(wanted, around):
        ref = fields.ref_of(other)
        if ref.namespace != wanted.namespace:
            yield f"{ref} leads {wanted.host}{wanted.path} elsewhere: only one of the two will be served."


def _at(object: JSONObject, *path: str) -> Any:
    return fields.at(object, path).value
