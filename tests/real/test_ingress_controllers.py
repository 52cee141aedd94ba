"""A real ingress controller that Patchbay installs from its makers' files: it serves, and goes without a trace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mirrors import HAVE_MIRROR
from tests.real import edge
from tests.real.addressing import arrives
from tests.real.cloud import ADDRESS
from tests.real.hands import Object, Patchbay, applied, items, until
from tests.real.inhabiting import Place

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

_KINDS = (
    "namespaces,clusterroles,clusterrolebindings,ingressclasses,customresourcedefinitions,"
    "deployments,services,serviceaccounts"
)
Names = set[tuple[str, str, str]]


def standing() -> Names:
    found = items(_KINDS, "-A")
    return {(each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]) for each in found}


def _ports() -> list[Object]:
    [service] = items("services", "-n", edge.NAMESPACE)
    return list(service["spec"]["ports"])


@pytest.fixture
def without(place: Place, cloud: None) -> Iterator[None]:
    """No controller is there, and Traefik's image is."""
    if not HAVE_MIRROR:
        pytest.skip("needs the real manifests in ../shared/manifests")
    if items("ingressclasses"):
        pytest.skip("there is an ingress controller already: run this file by itself")
    try:
        edge.give_image()
    except edge.NotBuilt as error:
        pytest.skip(str(error))
    yield
    edge.uninstall()


@pytest.mark.parametrize(
    ("options", "port", "tls_port"),
    [
        ("--default-class yes --gateway-api", 80, 443),
        ("--service NodePort --class edge --replicas 2 --accept no-node", 0, 0),
    ],
    ids=["by load balancer", "by node port"],
)
def test_traefik_is_installed_serves_and_goes(
    without: None, place: Place, bot: Patchbay, options: str, port: int, tls_port: int
) -> None:
    before = standing()
    place.expose("deployment", "web", "--port=80", "--target-port=8080")
    applied(bot, f"controller install traefik {options} --timeout 90s --accept no-load-balancer")
    assert "traefik" in bot("controller list")[1]
    if not port:
        port, tls_port = (each["nodePort"] for each in _ports())
    host = f"shop.{place.name}.example.com"
    certificate = place.certify("shop-tls", host)
    [ingress_class] = items("ingressclasses")
    rule = f"--rule={host}/*=web:80,tls=shop-tls"
    place.create("ingress", "shop", f"--class={ingress_class['metadata']['name']}", rule)
    arrives(ADDRESS, port, "web", host)
    until(
        "its certificate is shown", lambda: arrives(ADDRESS, tls_port, "web", host, tls=True).certificate == certificate
    )
    place.delete("ingress", "shop")

    applied(bot, "controller uninstall traefik")
    until("the namespace is gone", lambda: not items("namespaces", "--field-selector=metadata.name=traefik"))
    left = {each for each in standing() - before if each[0] != "CustomResourceDefinition" and each[1] != place.name}
    assert left == set()
