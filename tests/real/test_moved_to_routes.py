"""What `ingress to-gateway` prints is given to kubectl as it is, and requests arrive, through a real Traefik, where
those to the Ingress did under ingress-nginx."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.migrations import HOST, REAL, any_path, manifest, path
from tests.real.addressing import Answer, ask
from tests.real.echoing import applied_as_printed, cleared, echoing
from tests.real.hands import Object, Patchbay, until
from tests.real.inhabiting import Place

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

NOBODY = 404


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, and what ingress-nginx made of it."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    program: str = ""
    """Who answered; empty: the controller itself."""
    path: str = ""
    """As the program saw it; empty: as it was asked."""
    saw: tuple[str, ...] = ()
    """Headers that had come to the program, whole lines."""
    status: int = 200
    location: str = ""
    answered: Mapping[str, str] = field(default_factory=dict)
    """Headers of the answer."""
    certificate: str = ""
    """The Secret whose certificate is shown."""


@dataclass(frozen=True)
class Moved:
    """An Ingress, what stands beside it, and requests."""

    title: str
    ingresses: tuple[Object, ...]
    requests: tuple[Asked, ...]
    beside: tuple[Object, ...] = ()


def real(title: str, *requests: Asked) -> Moved:
    found = next(each for each in REAL if each.title == title)
    return Moved(title, (found.manifest, *found.others), requests)


def config_map(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


CASES = (
    real(
        "an application behind cert-manager with TLS, as most charts write it",
        Asked(url=f"https://{HOST}/a/b?c=d", program="web", certificate="web-tls"),
        Asked(url=f"http://{HOST}/a?b=c", status=308, location=f"https://{HOST}/a?b=c"),
        Asked(url="http://other.example.com/", status=NOBODY),
    ),
    real(
        "microservices by prefix, each stripped of it",
        Asked(url=f"https://{HOST}/catalog/items/7?all=1", program="web", path="/items/7?all=1"),
        Asked(url=f"https://{HOST}/catalog", program="web", path="/"),
        Asked(url=f"https://{HOST}/order/", program="api", path="/"),
        Asked(url=f"https://{HOST}/elsewhere", status=NOBODY),
        Asked(url=f"http://{HOST}/order/1", status=308, location=f"https://{HOST}/order/1"),
    ),
    real(
        "sticky sessions with long reads and an HTTP that is not redirected",
        Asked(url=f"http://{HOST}/nodefiles/x", program="web"),
        Asked(url=f"https://{HOST}/nodefiles/x", program="web", certificate="web-tls"),
    ),
    real(
        "an API for other sites, with limits",
        # A CORS filter, which this Traefik does not know, would have it answer 500 to all.
        Asked(url="https://api.example.com/api/x", program="api", certificate="api-tls"),
        Asked(url="https://api.example.org/api", program="api", certificate="api-tls"),
        Asked(url="http://api.example.org/api", status=308, location="https://api.example.org/api"),
    ),
    real(
        "a canary by weight beside its main Ingress",
        Asked(url=f"https://{HOST}/", headers={"X-Canary": "always"}, program="web-next"),
        Asked(url=f"https://{HOST}/", headers={"X-Canary": "never"}, program="web"),
    ),
    real(
        "a moved site",
        Asked(url="http://old.example.com/a?b=c", status=308, location="https://new.example.com/a?b=c"),
        Asked(url="http://www.old.example.com/", status=308, location="https://new.example.com/"),
    ),
    real(
        "a shop with www., an application root, and raw configuration",
        Asked(url="https://example.com/", status=302, location="https://example.com/store"),
        Asked(url="https://example.com/store", program="web", certificate="shop-tls"),
        Asked(url="https://www.example.com/x", status=308, location="https://example.com/x", certificate="shop-tls"),
        Asked(url="http://example.com/x", status=308, location="https://example.com/x"),
    ),
    Moved(
        "headers, a Host of its own and a prefix that is told",
        (
            manifest(
                any_path("/shop(/|$)(.*)"),
                annotations={
                    "use-regex": "true",
                    "rewrite-target": "/$2",
                    "x-forwarded-prefix": "/shop",
                    "upstream-vhost": "internal.example.com",
                    "custom-headers": "PLACE/headers",
                },
            ),
        ),
        (
            Asked(
                url=f"http://{HOST}/shop/cart?id=1",
                program="web",
                path="/cart?id=1",
                saw=("X-Forwarded-Prefix: /shop", "Host: internal.example.com"),
                answered={"X-Frame-Options": "DENY"},
            ),
        ),
        (config_map("headers", **{"X-Frame-Options": "DENY"}),),
    ),
    Moved(
        "names below a wildcard, exact and nested paths, a named port, and a default backend",
        (
            manifest(
                path("/", service="web", port="http"),
                path("/api", service="api", port=9000),
                path("/api/only", "Exact", "docs"),
                hosts=("*.example.net", "example.net"),
                tls=[{"hosts": ["*.example.net"], "secretName": "wild-tls"}],
            ),
            manifest(
                path("/status"),
                name="other",
                host="bare.example.org",
                defaultBackend=path(service="docs")["backend"],
            ),
        ),
        (
            Asked(url="https://a.example.net/x", program="web", certificate="wild-tls"),
            Asked(url="https://a.example.net/api/x", program="api"),
            Asked(url="https://a.example.net/api/only", program="docs"),
            Asked(url="https://a.example.net/api/only/x", program="api"),
            Asked(url="https://a.example.net/apix", program="web"),
            Asked(url="http://a.example.net/x", status=308, location="https://a.example.net/x"),
            Asked(url="http://example.net/api", program="api"),
            Asked(url="http://bare.example.org/status", program="web"),
            Asked(url="http://bare.example.org/other", program="docs"),
        ),
    ),
)


@pytest.fixture(scope="module")
def programs(network: None) -> Iterator[Place]:
    with echoing("web", "api", "web-next", "docs") as made:
        yield made


@pytest.mark.parametrize("moved", CASES, ids=[each.title for each in CASES])
def test_requests_arrive_where_they_did(moved: Moved, programs: Place, traefik: None, bot: Patchbay) -> None:
    ingresses = [_in(programs, each) for each in moved.ingresses]
    certificates = _certified(programs, ingresses)
    programs.make(*moved.beside, *ingresses)
    try:
        for each in ingresses:
            _move(programs, each, bot)
        address = until("the Gateway has an address", lambda: _address(programs), 60)
        for asked in moved.requests:
            _answered_as_before(asked, address, certificates)
    finally:
        cleared(programs, ingresses)


def _in(place: Place, ingress: Object) -> Object:
    annotations = {name: value.replace("PLACE/", f"{place.name}/") for name, value in _annotations(ingress).items()}
    return ingress | {"metadata": {"name": ingress["metadata"]["name"], "annotations": annotations}}


def _annotations(ingress: Object) -> dict[str, str]:
    return dict(ingress["metadata"]["annotations"])


def _certified(place: Place, ingresses: list[Object]) -> dict[str, str]:
    entries: list[Any] = [entry for each in ingresses for entry in each["spec"].get("tls") or ()]
    return {entry["secretName"]: place.certify(entry["secretName"], *entry["hosts"]) for entry in entries}


def _move(place: Place, ingress: Object, bot: Patchbay) -> None:
    """As somebody does who follows the steps. The second Ingress of a place is attached to the first one's Gateway."""
    name = ingress["metadata"]["name"]
    if _annotations(ingress).get("nginx.ingress.kubernetes.io/canary") == "true":
        return
    where = "--gateway web" if place.names("gateways") else "--gateway-class traefik"
    status, said = bot(f"ingress to-gateway {name} -n {place.name} {where}")
    assert status in (0, 1), said
    assert "would refuse" not in said, said
    applied_as_printed(said)


def _address(place: Place) -> str:
    gateway = place.get("gateway", "web") or {}
    return str(next((each["value"] for each in gateway.get("status", {}).get("addresses", ())), ""))


def _answered_as_before(asked: Asked, address: str, certificates: Mapping[str, str]) -> None:
    scheme, _, rest = asked.url.partition("://")
    host, slash, path = rest.partition("/")
    tls = scheme == "https"
    differences: list[str] = []

    def holds() -> bool:
        found = ask(address, 443 if tls else 80, host, slash + path, tls=tls, headers=asked.headers)
        differences[:] = _differs(asked, found, certificates)
        return not differences

    try:
        until(asked.url, holds, 20)
    except AssertionError as error:
        raise AssertionError(f"{asked.url}: {'; '.join(differences)}") from error


def _differs(asked: Asked, found: Answer | None, certificates: Mapping[str, str]) -> Iterator[str]:
    if found is None:
        yield "nobody answers"
        return
    if found.status != asked.status:
        yield f"status {found.status}"
    if found.location != asked.location:
        yield f"Location {found.location}"
    for name, value in asked.answered.items():
        if found.headers.get(name) != value:
            yield f"{name}: {found.headers.get(name)}"
    if asked.certificate and found.certificate != certificates[asked.certificate]:
        yield "the certificate of somebody else"
    if asked.program:
        lines = found.text.splitlines()
        _, _, whole = asked.url.partition("://")
        wanted = asked.path or "/" + whole.partition("/")[2]
        if not found.text.startswith(f"{asked.program} "):
            yield f"answered by {found.text[:40]}"
        elif lines[1].split()[1] != wanted:
            yield f"it came as {lines[1]}"
        yield from (f"without {each}" for each in asked.saw if each not in [line.strip() for line in lines])
