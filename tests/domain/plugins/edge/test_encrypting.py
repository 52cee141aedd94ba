"""Whether Traefik serves an Ingress by TLS, as its arguments and the Ingress tell it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.plugins.edge.encrypting import by_router

ROUTER = "traefik.ingress.kubernetes.io/router"
PROVIDER = "--providers.kubernetesingress"
POINTS = ("--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443")
TLS = "--entrypoints.websecure.http.tls=true"


def why(*args: str, image: str = "traefik:v3.7.9", annotations: Any = None, **container: Any) -> Any:
    containers = [{"name": "traefik", "image": image, "args": list(args), **container}]
    workload = {"kind": "Deployment", "spec": {"template": {"spec": {"containers": containers}}}}
    ingress: Any = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "shop", "annotations": annotations or {}},
    }
    return by_router(ingress, [workload], ("traefik",))


@pytest.mark.parametrize(
    ("args", "more"),
    [
        ((PROVIDER,), {}),
        ((PROVIDER, *POINTS), {}),
        ((PROVIDER, *POINTS, "--entrypoints.websecure.http.tls=false"), {}),
        ((PROVIDER, *POINTS, TLS), {"annotations": {f"{ROUTER}.entrypoints": "web"}}),
        ((PROVIDER, *POINTS), {"annotations": {f"{ROUTER}.tls": "false"}}),
        ((), {"env": [{"name": "TRAEFIK_PROVIDERS_KUBERNETESINGRESS", "value": "true"}]}),
    ],
)
def test_a_secret_alone_is_not_enough(args: tuple[str, ...], more: Any) -> None:
    told = why(*args, **more)
    assert told is not None
    assert "Ingress shop/web lacks the annotation" in told.why
    assert told.annotation == f"{ROUTER}.tls=true"


@pytest.mark.parametrize(
    ("args", "more"),
    [
        ((PROVIDER, *POINTS, TLS), {}),
        ((PROVIDER, *POINTS, "--entrypoints.websecure.http.tls.certresolver=le"), {}),
        ((PROVIDER, *POINTS, TLS), {"annotations": {f"{ROUTER}.entrypoints": "web, websecure"}}),
        ((PROVIDER, *POINTS), {"annotations": {f"{ROUTER}.tls": "true"}}),
        ((), {"env": [{"name": "TRAEFIK_ENTRYPOINTS_WEBSECURE_HTTP_TLS", "value": "true"}]}),
    ],
)
def test_an_entry_point_or_the_ingress_has_tls(args: tuple[str, ...], more: Any) -> None:
    assert why(*args, **more) is None


@pytest.mark.parametrize(
    ("args", "image"), [((), "traefik"), ((PROVIDER, "--configfile=/x"), "traefik"), ((), "nginx")]
)
def test_what_is_not_told_in_arguments_is_not_known(args: tuple[str, ...], image: str) -> None:
    assert why(*args, image=image) is None
