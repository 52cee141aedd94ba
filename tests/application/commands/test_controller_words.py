"""What people read of controllers: names that can be said, files that are used, titles of one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edge_worlds import deployment, edge, ingress_class, namespace
from tests.mirrors import HAVE_MIRROR, MIRROR
from tests.plugging import site, told


@pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real manifests in ../shared/manifests")
async def test_only_files_of_which_something_is_applied_are_named(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR) as here:
        said = told((await here.answer("controller install nginx-inc --service NodePort --dry-run")).report)
        assert "deployments/deployment/nginx-ingress.yaml" in said
        assert "deployments/service/nodeport.yaml" in said
        assert "deployments/daemon-set/nginx-ingress.yaml" not in said
        assert "deployments/service/loadbalancer.yaml" not in said


async def test_status_takes_every_controller_that_is_known_and_names_them(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None, network=False) as here:
        said = told((await here.answer("controller status trafeik")).report)
        assert "traefik" in said
        assert "There is no Istio here" in told((await here.answer("controller status istio")).report)
        assert "istio" in told((await here.answer("controller status nonesuch")).report)


async def test_what_is_long_stands_below_the_title(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=None) as here:
        here.create(
            namespace("ingress-nginx"),
            deployment("ingress-nginx", "ingress-nginx-controller", "registry.k8s.io/ingress-nginx/controller:v1.15.1"),
            ingress_class("nginx", "k8s.io/ingress-nginx"),
        )
        await here.world.cluster.settled()
        report = (await here.answer("controller status ingress-nginx")).report
        assert len(report.title) < 120
        assert "retired it in March 2026" in told(report)


async def test_definitions_that_others_brought_have_a_status(tmp_path: Path) -> None:
    async with site(tmp_path, scenario="edge") as here:
        said = told((await here.answer("controller status gateway-api")).report)
        assert said.startswith("Gateway API on patchbay-playground: v1.6.1, standard channel")
