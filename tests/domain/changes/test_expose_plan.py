"""What `expose` plans, from whole objects."""

from typing import Any

import pytest

from bot.domain.changes.change import Apply, Ask, Reach, Wait
from bot.domain.changes.expose import Exposure, plan
from bot.domain.changes.service_ports import WantedPort
from bot.domain.changes.service_taken import Around, PortRange
from bot.domain.changes.target import target
from bot.domain.network.probing import HTTPProbe, TCPProbe
from bot.domain.network.references import POD
from bot.errors import Conflict, Refused
from tests.builders import deployment, pod, service, snapshot, whole


def wanted(port: int = 80, leads_to: str = "8080", *, ports: tuple[WantedPort, ...] = (), **more: Any) -> Exposure:
    given = {
        "line": "expose …",
        "cluster": "c1",
        "namespace": "shop",
        "name": "web",
        "ports": ports or (WantedPort(port=port, target=leads_to),),
    }
    return Exposure(**{**given, **more})


def workload(ports: tuple[Any, ...] = ({"containerPort": 8080},), replicas: int = 1, **selector: Any) -> Any:
    labels = {"app": "web", "team": "shop"}
    found = whole(deployment(replicas=replicas))
    found["metadata"]["labels"] = labels
    found["spec"]["selector"] = selector or {"matchLabels": {"app": "web"}}
    found["spec"]["template"]["spec"]["containers"][0]["ports"] = list(ports)
    return found


def around(*objects: Any, services: tuple[Any, ...] = (), **more: Any) -> Around:
    given = {"snapshot": snapshot(*objects), "services": services, "node_ports": PortRange(30000, 32767)}
    return Around(**{**given, **more})


def planned(exposure: Exposure, exposed: Any = None, there: Any = None, near: Around | None = None) -> Any:
    return plan(exposure, target(exposed or workload()), near or around(pod()), there)


def standing(manager: str, **spec: Any) -> Any:
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
    step = planned(wanted()).steps[0]
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
        planned(wanted(), workload(matchExpressions=expressions, matchLabels={"app": "web"}))


@pytest.mark.parametrize(("leads_to", "warned"), [("8080", False), ("http", False), ("9090", True)])
def test_a_number_that_no_container_declares_is_warned_of(leads_to: str, warned: bool):
    exposed = workload(({"name": "http", "containerPort": 8080},))
    change = planned(wanted(leads_to=leads_to), exposed, near=around())
    assert any("No container declares" in warning for warning in change.warnings) is warned


def test_a_name_that_no_container_has_is_refused_with_those_there_are():
    exposed = workload(({"name": "http", "containerPort": 8080},))
    with pytest.raises(Refused, match="named http") as refused:
        planned(wanted(leads_to="htp"), exposed, near=around())
    assert "did you mean `http`" in refused.value.next_step


def test_a_name_of_another_protocol_does_not_count():
    exposed = workload(({"name": "dns", "containerPort": 5353, "protocol": "UDP"},))
    ports = (WantedPort(port=53, target="dns", protocol="TCP"),)
    with pytest.raises(Refused, match="No container has a TCP port named dns"):
        planned(wanted(ports=ports), exposed, near=around())


@pytest.mark.parametrize(
    ("port", "leads_to", "kind"), [(80, "8080", HTTPProbe), (5432, "5432", TCPProbe), (9000, "http", HTTPProbe)]
)
def test_what_looks_like_http_is_asked_by_http(port: int, leads_to: str, kind: type):
    exposed = workload(({"name": "http", "containerPort": 9001},))
    ask = planned(wanted(port, leads_to), exposed, near=around()).steps[-1]
    assert isinstance(ask, Ask)
    assert isinstance(ask.probe, kind)


@pytest.mark.parametrize(
    ("type_", "kinds"),
    [
        ("ClusterIP", [Apply, Wait, Ask]),
        ("NodePort", [Apply, Wait, Ask, Reach]),
        ("LoadBalancer", [Apply, Wait, Ask, Wait, Reach]),
    ],
)
def test_what_is_open_outside_is_asked_by_its_address_too(type_: str, kinds: list[type]):
    assert [type(step) for step in planned(wanted(type=type_)).steps] == kinds


def test_of_many_ports_a_few_are_asked():
    ports = tuple(WantedPort(port=number) for number in range(8000, 8010))
    assert sum(isinstance(step, Ask) for step in planned(wanted(ports=ports)).steps) == 3


def test_what_stands_there_as_wanted_makes_a_plan_without_steps():
    assert planned(wanted(type="NodePort"), there=standing("kubectl-create")).steps == ()


def test_our_own_service_is_changed_and_its_former_values_recorded():
    step = planned(wanted(), there=standing("patchbay")).steps[0]
    assert isinstance(step, Apply)
    assert not step.creates
    assert {field.path: field.value for field in step.prior}["spec", "type"] == "NodePort"


@pytest.mark.parametrize("there", [standing("kubectl-create"), standing("patchbay", selector={"app": "other"})])
def test_a_name_that_belongs_to_something_else_is_refused(there: Any):
    with pytest.raises(Conflict, match="--name web-new"):
        planned(wanted(), there=there)


def test_a_node_port_of_another_service_is_refused_by_its_name():
    other = service("other", type="NodePort", ports=[{"port": 80, "nodePort": 30080}])
    ports = (WantedPort(port=80, node_port=30080),)
    with pytest.raises(Conflict, match="shop/other"):
        planned(wanted(ports=ports, type="NodePort"), near=around(pod(), services=(other,)))


def test_a_node_port_outside_of_the_clusters_own_range_is_refused():
    ports = (WantedPort(port=80, node_port=30080),)
    with pytest.raises(Refused, match="20000 to 22767"):
        planned(wanted(ports=ports, type="NodePort"), near=around(pod(), node_ports=PortRange(20000, 22767)))


def test_where_the_range_is_not_known_the_usual_one_counts():
    ports = (WantedPort(port=80, node_port=80),)
    with pytest.raises(Refused, match=r"from 30000 to 32767, as clusters do unless told otherwise"):
        planned(wanted(ports=ports, type="NodePort"), near=around(pod(), node_ports=None))


def test_pods_that_may_not_be_read_are_no_reason_to_refuse():
    near = Around(snapshot=snapshot(unread=(POD,)), services=(), node_ports=None)
    change = planned(wanted(selector={"app": "nobody"}), near=near)
    assert any("could be read" in warning for warning in change.warnings)


def test_neither_status_nor_resource_version_is_in_the_digest():
    first, second = workload(), workload()
    second["status"] = {"readyReplicas": 0}
    second["metadata"]["resourceVersion"] = "99"
    ready, unready = around(pod()), around(pod(ready=False), pod("web-2"))
    assert planned(wanted(), first, near=ready).digest == planned(wanted(), second, near=unready).digest
