"""Quotas over time: what controllers say of refused pods, how quotas count, and what comes when there is room."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.cluster.api import API
from tests.contracts.cluster.conftest import eventually
from tests.contracts.cluster.places import Place, pod, workload

Object = dict[str, Any]


@pytest.fixture
def place(api: API, namespace: str) -> Iterator[Place]:
    """With room for one pod, and nothing left behind."""
    place = Place(api, namespace)
    place.make("resourcequotas", {"metadata": {"name": "room"}, "spec": {"hard": {"pods": "1"}}})
    eventually(lambda: used(place, "pods") == "0")
    yield place
    for plural, group in (("deployments", "apps/v1"), ("statefulsets", "apps/v1"), ("daemonsets", "apps/v1"),
                          ("jobs", "batch/v1"), ("pods", "")):  # fmt: skip
        gone = f"{place.path(plural, group=group)}?propagationPolicy=Background&gracePeriodSeconds=0"
        assert api.ask("DELETE", gone).status == 200
    api.ask("DELETE", place.path("resourcequotas", "room"))
    eventually(lambda: not api.get(place.path("pods")).body["items"])


def used(place: Place, resource: str) -> str:
    return str(place.get("resourcequotas", "room").get("status", {}).get("used", {}).get(resource, ""))


def refusals(place: Place, kind: str) -> list[str]:
    """What is told of refused pods on objects of a kind."""
    path = f"{place.path('events')}?fieldSelector=involvedObject.kind%3D{kind},reason%3DFailedCreate,type%3DWarning"
    return [event["message"] for event in place.api.get(path).body["items"]]


def conditions(obj: Object) -> dict[str, Object]:
    return {said["type"]: said for said in obj.get("status", {}).get("conditions") or ()}


_SAID = "is forbidden: exceeded quota: room, requested: pods=1, used: pods=1, limited: pods=1"


def test_a_replica_set_and_its_deployment_say_that_pods_are_refused(place):
    place.make("deployments", workload("crowd", 3), "apps/v1")
    deployment = eventually(
        lambda: "ReplicaFailure" in conditions(found := place.get("deployments", "crowd", "apps/v1")) and found
    )
    failure = conditions(deployment)["ReplicaFailure"]
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
    assert failure["message"].endswith(_SAID)
    (replica_set,) = place.api.get(place.path("replicasets", group="apps/v1")).body["items"]
    assert conditions(replica_set)["ReplicaFailure"]["message"] == failure["message"]
    assert replica_set["status"]["replicas"] == 1
    told = eventually(lambda: refusals(place, "ReplicaSet"))
    assert told[0].startswith('Error creating: pods "crowd-')
    assert told[0].endswith(_SAID)


def test_when_there_is_room_again_the_pods_come_and_the_failure_goes(place):
    place.make("deployments", workload("patient", 2), "apps/v1")
    eventually(lambda: "ReplicaFailure" in conditions(place.get("deployments", "patient", "apps/v1")))
    place.patch("resourcequotas", "room", {"spec": {"hard": {"pods": "2"}}})
    deployment = eventually(
        lambda: (found := place.get("deployments", "patient", "apps/v1"))["status"].get("readyReplicas") == 2 and found
    )
    assert "ReplicaFailure" not in conditions(deployment)
    eventually(lambda: used(place, "pods") == "2")


@pytest.mark.parametrize(
    ("plural", "group", "kind", "said"),
    [
        ("daemonsets", "apps/v1", "DaemonSet", 'Error creating: pods "refused-'),
        ("statefulsets", "apps/v1", "StatefulSet", "create Pod refused-0 in StatefulSet refused failed error: "),
        ("jobs", "batch/v1", "Job", 'Error creating: pods "refused-'),
    ],
)
def test_every_controller_tells_what_refuses_its_pods(place, plural, group, kind, said):
    place.make("pods", pod("first"))
    body = workload("refused")
    if kind == "Job":
        body["spec"] = {"template": body["spec"]["template"]}
        body["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    elif kind == "DaemonSet":
        del body["spec"]["replicas"]
    place.make(plural, body, group)
    told = eventually(lambda: refusals(place, kind))
    assert told[0].lower().startswith(said.lower())
    assert told[0].endswith(_SAID)


def test_a_pod_that_ends_makes_room(place):
    place.make("pods", pod("ends", "sh", "-c", "exit 0", restartPolicy="Never"))
    eventually(lambda: place.get("pods", "ends")["status"]["phase"] == "Succeeded")
    eventually(lambda: used(place, "pods") == "0")
    place.make("pods", pod("next"))
    answer = place.api.ask("POST", place.path("pods"), pod("one-too-many"))
    assert (answer.status, answer.body["reason"]) == (403, "Forbidden")
