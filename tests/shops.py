"""The shop of the playground behind the real adapters, with what tests of Ingresses need besides: certificates, other
Ingresses, classes, cert-manager. And how objects are compared after a change was taken back."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from tests.fakes import MemoryStorage
from tests.keypairs import tls_secret
from tests.plugging import HeardClusters, Object, Site, WorldClock
from tests.stage import staged

_ALWAYS = ("resourceVersion", "generation", "managedFields")
_REBORN = ("uid", "creationTimestamp")


@asynccontextmanager
async def shop(*objects: Object) -> AsyncIterator[Site]:
    """The scenario `shop`, and these objects; whoever sleeps lets the world settle."""
    clock = WorldClock()
    storage = MemoryStorage(clock)
    async with staged("shop", storage, clock) as stage:
        cluster = stage.world.cluster
        cluster.registry.clock = clock.now
        clock.settle = cluster.settled
        heard = HeardClusters(stage.ports.clusters)
        object.__setattr__(stage.ports, "clusters", heard)
        site = Site(stage.world, stage.ports, clock, storage, heard)
        await with_objects(site, *objects)
        yield site


async def with_objects(site: Site, *objects: Object) -> None:
    """Somebody makes these."""
    site.create(*copy.deepcopy(objects))
    await site.world.cluster.settled()


def as_was(object: Object | None, *, reborn: bool = False) -> Any:
    """All that has to be the same again after an undo; `reborn`: after a delete."""
    if object is None:
        return None
    gone = (*_ALWAYS, *(_REBORN if reborn else ()))
    found = {key: value for key, value in object.items() if key != "status" or not reborn}
    found["metadata"] = {key: value for key, value in object["metadata"].items() if key not in gone}
    return copy.deepcopy(found)


def ingress(name: str, *led: str, namespace: str = "shop", cls: str = "traefik", **more: Any) -> Object:
    """`led` are `HOST/PATH=SERVICE:PORT`, each a prefix; `cls` empty: none. `tls`: entries; `annotations`."""
    rules = []
    for each in led:
        address, _, service = each.partition("=")
        host, _, path = address.partition("/")
        called, _, port = service.partition(":")
        number = {"number": int(port)} if port.isdigit() else {"name": port}
        paths = [{"path": f"/{path}", "pathType": "Prefix", "backend": {"service": {"name": called, "port": number}}}]
        rules.append({**({"host": host} if host else {}), "http": {"paths": paths}})
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace, "annotations": more.get("annotations", {})},
        "spec": {
            **({"ingressClassName": cls} if cls else {}),
            "rules": rules,
            **({"tls": more["tls"]} if "tls" in more else {}),
        },
    }


def ingress_class(name: str, controller: str = "example.com/controller", *, default: bool = False) -> Object:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"controller": controller},
    }


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def service(name: str, *ports: Any, namespace: str = "shop", **spec: Any) -> Object:
    """Without a selector, unless one is said."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**({"ports": list(ports)} if ports else {}), **spec},
    }


def _definition(kind: str, plural: str, scope: str) -> Object:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.cert-manager.io"},
        "spec": {"group": "cert-manager.io", "names": names, "scope": scope, "versions": [version]},
    }


CERT_MANAGER = (
    _definition("ClusterIssuer", "clusterissuers", "Cluster"),
    _definition("Issuer", "issuers", "Namespaced"),
)


def issuer(name: str, *, ready: bool = True, solver: str = "http01", namespace: str = "") -> Object:
    """One of ACME; a ClusterIssuer unless it has a namespace."""
    condition = {"type": "Ready", "status": "True" if ready else "False", "reason": "ErrRegisterACMEAccount"}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer" if namespace else "ClusterIssuer",
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "spec": {"acme": {"solvers": [{solver: {}}]}},
        "status": {"conditions": [{**condition, "message": "the account was not registered"}]},
    }


CERTIFICATES: Iterable[Object] = (
    tls_secret("shop-cert", "new.example.com", "*.new.example.com"),
    tls_secret("soon", "new.example.com", days=5.5),
    tls_secret("own", "new.example.com", issuer=""),
    tls_secret("expired", "new.example.com", days=-0.5, since=-30),
    tls_secret("early", "new.example.com", since=2),
    tls_secret("opaque", "new.example.com", type="Opaque"),
    tls_secret("other-key", "new.example.com", of="somebody"),
    tls_secret("nonsense", data={"tls.crt": b"no certificate", "tls.key": b"no key"}),
    tls_secret("no-key", type="Opaque", data={"tls.crt": b"x"}),
)
