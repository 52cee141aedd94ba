"""What `expose` plans, from whole objects."""

from typing import Any

import pytest

from bot.domain.changes.change import Apply, Ask
from bot.domain.changes.expose import Exposure, plan
from bot.domain.network.probing import HTTPProbe, TCPProbe
from bot.errors import Conflict, Refused


def wanted(**more: Any) -> Exposure:
    given = {
        "line": "expose …",
        "cluster": "c1",
        "namespace": "shop",
        "name": "web",
        "port": 80,
        "target_port": "8080",
        "type": "ClusterIP",
    }
    return Exposure(**{**given, **more})


def deployment(ports: tuple[Any, ...] = ({"containerPort": 8080},), replicas: int = 1, **selector: Any) -> Any:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web", "team": "shop"}},
        "spec": {
            "replicas": replicas,
            "selector": selector or {"matchLabels": {"app": "web"}},
            "template": {"spec": {"containers": [{"name": "web", "ports": list(ports)}]}},
        },
        "status": {"readyReplicas": 1},
    }


def service(manager: str, **spec: Any) -> Any:
    entry = {
        "manager": manager,
        "operation": "Apply" if manager == "patchbay" else "Update",
        "fieldsV1": {"f:spec": {}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop", "managedFields": [entry]},
        "spec": {
            "type": "NodePort",
            "selector": {"app": "web"},
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 30080}],
            **spec,
        },
    }


def test_the_service_is_the_one_that_kubectl_expose_makes():
    step = plan(wanted(), deployment(), None).steps[0]
    assert isinstance(step, Apply)
    assert step.manifest == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web", "team": "shop"}},
        "spec": {
            "type": "ClusterIP",
            "selector": {"app": "web"},
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}],
        },
    }


def test_match_expressions_are_refused():
    expressions = [{"key": "app", "operator": "Exists"}]
    with pytest.raises(Refused, match="matchExpressions"):
        plan(wanted(), deployment(matchExpressions=expressions, matchLabels={"app": "web"}), None)


@pytest.mark.parametrize(("target", "warned"), [("8080", False), ("http", False), ("9090", True), ("metrics", True)])
def test_a_port_that_no_container_declares_is_warned_of(target: str, warned: bool):
    change = plan(wanted(target_port=target), deployment(({"name": "http", "containerPort": 8080},)), None)
    assert bool(change.warnings) is warned


@pytest.mark.parametrize(
    ("port", "target", "kind"), [(80, "8080", HTTPProbe), (5432, "5432", TCPProbe), (9000, "http", HTTPProbe)]
)
def test_what_looks_like_http_is_asked_by_http(port: int, target: str, kind: type):
    change = plan(wanted(port=port, target_port=target), deployment(({"name": "http", "containerPort": 9001},)), None)
    ask = change.steps[-1]
    assert isinstance(ask, Ask)
    assert isinstance(ask.probe, kind)


def test_what_stands_there_as_wanted_makes_a_plan_without_steps():
    assert plan(wanted(type="NodePort"), deployment(), service("kubectl-create")).steps == ()


def test_our_own_service_is_changed_and_its_former_values_recorded():
    step = plan(wanted(), deployment(), service("patchbay")).steps[0]
    assert isinstance(step, Apply)
    assert not step.creates
    assert {field.path: field.value for field in step.prior}["spec", "type"] == "NodePort"


@pytest.mark.parametrize("there", [service("kubectl-create"), service("patchbay", selector={"app": "other"})])
def test_a_name_that_belongs_to_something_else_is_refused(there: Any):
    with pytest.raises(Conflict, match="--name web-new"):
        plan(wanted(), deployment(), there)


def test_neither_status_nor_resource_version_is_in_the_digest():
    first, second = deployment(), deployment()
    second["status"] = {"readyReplicas": 0}
    second["metadata"]["resourceVersion"] = "99"
    assert plan(wanted(), first, None).digest == plan(wanted(), second, None).digest
