"""What `ingress create` plans, and what it refuses."""

from typing import Any

import pytest

from bot.domain.changes.change import Apply, Wait
from bot.domain.changes.ingress import Route, Surroundings, plan
from bot.errors import Conflict, NotFound, Refused


def wanted(**more: Any) -> Route:
    given = {
        "line": "ingress create …",
        "cluster": "c1",
        "namespace": "shop",
        "name": "web",
        "host": "web.example.com",
        "path": "/",
        "service": "web",
        "port": "80",
        "ingress_class": "",
        "tls": "",
    }
    return Route(**{**given, **more})


def around(*ingresses: Any, classes: tuple[Any, ...] = (), **more: Any) -> Surroundings:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}
    ports = [{"port": 80, "name": "http"}]
    return Surroundings(service={**service, "spec": {"ports": ports}}, ingresses=ingresses, classes=classes, **more)


def ingress_class(name: str, default: bool = False) -> Any:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {"metadata": {"name": name, "annotations": annotations}}


def ingress(name: str, namespace: str = "shop", host: str = "web.example.com") -> Any:
    paths = [{"path": "/", "pathType": "Prefix", "backend": {}}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"rules": [{"host": host, "http": {"paths": paths}}]},
    }


def spec_of(route: Route, surroundings: Surroundings) -> Any:
    step = plan(route, surroundings).steps[0]
    assert isinstance(step, Apply)
    return step.manifest["spec"]


def test_the_default_class_is_taken_and_its_controller_waited_for():
    surroundings = around(classes=(ingress_class("other"), ingress_class("main", default=True)))
    assert spec_of(wanted(), surroundings)["ingressClassName"] == "main"
    assert any(isinstance(step, Wait) for step in plan(wanted(), surroundings).steps)


def test_two_default_classes_are_a_question():
    with pytest.raises(Refused, match="--class"):
        plan(wanted(), around(classes=(ingress_class("a", True), ingress_class("b", True))))


@pytest.mark.parametrize(
    ("surroundings", "said"),
    [
        (around(), "no ingress controller"),
        (around(classes=(ingress_class("a"),)), "No class is the default"),
        (around(ingress("web", "other"), classes=(ingress_class("a", True),)), "elsewhere"),
    ],
)
def test_what_keeps_it_from_being_served_is_warned_of(surroundings: Surroundings, said: str):
    assert said in " ".join(plan(wanted(), surroundings).warnings)


def test_a_service_without_that_port_is_named_with_the_ports_it_has():
    with pytest.raises(NotFound, match=r"80 \(http\)"):
        plan(wanted(port="81"), around())


def test_a_port_may_be_named():
    backend = spec_of(wanted(port="http"), around())["rules"][0]["http"]["paths"][0]["backend"]
    assert backend == {"service": {"name": "web", "port": {"name": "http"}}}


def test_a_secret_of_another_type_is_refused_and_a_right_one_written():
    with pytest.raises(Refused, match="Opaque"):
        plan(wanted(tls="cert"), around(secret_type="Opaque", secret_keys=frozenset({"tls.crt", "tls.key"})))
    right = around(secret_type="kubernetes.io/tls", secret_keys=frozenset({"tls.crt", "tls.key"}))
    assert spec_of(wanted(tls="cert"), right)["tls"] == [{"hosts": ["web.example.com"], "secretName": "cert"}]


def test_a_host_that_another_ingress_leads_is_refused():
    with pytest.raises(Conflict, match="shop/older"):
        plan(wanted(), around(ingress("older")))


def test_a_name_that_leads_other_hosts_is_not_overwritten():
    with pytest.raises(Conflict, match="--name web-new"):
        plan(wanted(), around(ingress("web", host="other.example.com")))
