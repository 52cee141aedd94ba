"""At which ports controllers listen for Gateways, as their objects tell it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.plugins.edge.listening import by_entry_points, by_services

Object = dict[str, Any]
PROVIDER = "--providers.kubernetesgateway"


def traefik(*args: str, image: str = "traefik:v3.7.9", **container: Any) -> Object:
    containers = [{"name": "traefik", "image": image, "args": list(args), **container}]
    return {"kind": "Deployment", "spec": {"template": {"spec": {"containers": containers}}}}


@pytest.mark.parametrize(
    ("args", "env", "ports", "encrypted"),
    [
        (("--entrypoints.web.address=:8000/tcp",), (), {8000: "entry point web"}, set()),
        (("--entryPoints.Web.Address=0.0.0.0:80",), (), {80: "entry point web"}, set()),
        (("-entrypoints.web.address", "[::]:80"), (), {80: "entry point web"}, set()),
        (("--entrypoints.quic.address=:443/udp", "--entrypoints.web.address=:80"), (), {80: "entry point web"}, set()),
        (
            ("--entrypoints.web.address=:80", "--entrypoints.s.address=:443", "--entrypoints.s.http.tls=true"),
            (),
            {80: "entry point web", 443: "entry point s"},
            {443},
        ),
        (
            ("--entrypoints.s.address=:443", "--entrypoints.s.http.tls.certResolver=le"),
            (),
            {443: "entry point s"},
            {443},
        ),
        (("--entrypoints.s.address=:443", "--entrypoints.s.http.tls=false"), (), {443: "entry point s"}, set()),
        ((), ({"name": "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS", "value": ":80"},), {80: "entry point web"}, set()),
    ],
)
def test_the_entry_points_of_traefik(args: Any, env: Any, ports: Any, encrypted: Any) -> None:
    found = by_entry_points([traefik(PROVIDER, *args, env=list(env))], ["traefik"])
    assert found is not None
    assert dict(found.ports) == ports
    assert found.encrypted == encrypted


@pytest.mark.parametrize(
    "workload",
    [
        traefik(PROVIDER, "--configfile=/etc/traefik.yaml"),
        traefik("--entrypoints.web.address=:80"),
        traefik(PROVIDER, "--entrypoints.web.address=:80", image="example.com/notraefik:1"),
    ],
    ids=["in a file", "it serves no Gateways", "another image"],
)
def test_where_it_is_not_known_nothing_is_said(workload: Object) -> None:
    assert by_entry_points([workload], ["traefik"]) is None


def test_what_serves_any_port_is_reached_by_those_of_its_services() -> None:
    def service(name: str, type_: str, *ports: int) -> Object:
        metadata = {"name": name, "namespace": "projectcontour"}
        return {"metadata": metadata, "spec": {"type": type_, "ports": [{"port": port} for port in ports]}}

    found = by_services([service("contour", "ClusterIP", 8001), service("envoy", "LoadBalancer", 443, 80)])
    assert found is not None
    assert dict(found.ports) == {80: "Service projectcontour/envoy", 443: "Service projectcontour/envoy"}
    assert by_services([service("contour", "ClusterIP", 8001)]) is None
