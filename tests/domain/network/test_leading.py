"""Who leads to a Service, by which field."""

from typing import Any

import pytest

from bot.domain.network.leading import leads, told
from tests.builders import ingress, whole


def route(**spec: Any) -> Any:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web", "namespace": "edge"},
        "spec": {"hostnames": ["shop.example.com"], **spec},
    }


BACKEND = {"name": "web", "namespace": "shop", "port": 80}
STATEFUL = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": "shop"}}


@pytest.mark.parametrize(
    ("object", "expected"),
    [
        (whole(ingress()), [("spec.rules[0].http.paths[0].backend", "80", "shop")]),
        (whole(ingress(port="http")), [("spec.rules[0].http.paths[0].backend", "http", "shop")]),
        (
            whole(ingress(rules=[], defaultBackend={"service": {"name": "web", "port": {"number": 80}}})),
            [("spec.defaultBackend", "80", "shop")],
        ),
        (route(rules=[{"backendRefs": [BACKEND]}]), [("spec.rules[0].backendRefs[0]", "80", "shop")]),
        (
            route(rules=[{"backendRefs": [{"name": "web", "port": 80}]}]),
            [("spec.rules[0].backendRefs[0]", "80", "edge")],
        ),
        (
            route(rules=[{"filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": BACKEND}}]}]),
            [("spec.rules[0].filters[0].requestMirror.backendRef", "80", "shop")],
        ),
        (route(rules=[{"backendRefs": [{"kind": "ServiceImport", "group": "x", "name": "web"}]}]), []),
        ({**STATEFUL, "spec": {"serviceName": "db"}}, [("spec.serviceName", "", "shop")]),
        ({**STATEFUL, "spec": {}}, []),
        (route(), []),
    ],
)
def test_every_way_to_a_service_is_found_with_its_field(object: Any, expected: list[Any]):
    assert [(each.field, each.port, each.service.namespace) for each in leads(object)] == expected


def test_an_object_is_told_once_with_all_that_it_leads_there():
    found = list(leads(route(rules=[{"backendRefs": [BACKEND]}, {"backendRefs": [BACKEND]}])))
    assert told(found) == "HTTPRoute edge/web (shop.example.com)"
