"""Deployments beside the plain way: they pause, come too late, and forget."""

from typing import Any

import pytest

from tests.contracts.cluster.api import API
from tests.contracts.cluster.conftest import eventually
from tests.contracts.cluster.places import IMAGE, Place, workload

Object = dict[str, Any]


@pytest.fixture
def place(api: API, namespace: str) -> Place:
    return Place(api, namespace)


def progress(place: Place, name: str) -> tuple[str, str]:
    conditions = place.get("deployments", name, "apps/v1").get("status", {}).get("conditions") or ()
    return next(((said["status"], said["reason"]) for said in conditions if said["type"] == "Progressing"), ("", ""))


def sets(place: Place, name: str) -> list[Object]:
    path = f"{place.path('replicasets', group='apps/v1')}?labelSelector=app%3D{name}"
    return list(place.api.get(path).body["items"])


def env(value: str) -> Object:
    containers = [{"name": "c", "image": IMAGE, "env": [{"name": "A", "value": value}]}]
    return {"spec": {"template": {"spec": {"containers": containers}}}}


def test_a_paused_deployment_stands_still_until_it_is_resumed(place):
    place.make("deployments", workload("paused", 1, paused=True), "apps/v1")
    eventually(lambda: progress(place, "paused") == ("Unknown", "DeploymentPaused"))
    assert not sets(place, "paused")
    place.patch("deployments", "paused", {"spec": {"paused": False}}, "apps/v1")
    eventually(lambda: progress(place, "paused") == ("True", "NewReplicaSetAvailable"))
    assert [found["spec"]["replicas"] for found in sets(place, "paused")] == [1]


def test_a_template_changed_in_a_pause_waits_and_a_scale_does_not(place):
    place.make("deployments", workload("waits", 1), "apps/v1")
    eventually(lambda: progress(place, "waits") == ("True", "NewReplicaSetAvailable"))
    place.patch("deployments", "waits", {"spec": {"paused": True}}, "apps/v1")
    place.patch("deployments", "waits", env("b") | {"spec": env("b")["spec"] | {"replicas": 2}}, "apps/v1")
    eventually(lambda: [found["spec"]["replicas"] for found in sets(place, "waits")] == [2])
    place.patch("deployments", "waits", {"spec": {"paused": False}}, "apps/v1")
    eventually(lambda: sorted(found["spec"]["replicas"] for found in sets(place, "waits")) == [0, 2])


def test_a_deployment_that_gets_nowhere_says_that_it_is_late_and_may_still_arrive(place):
    body = workload("late", 1, progressDeadlineSeconds=2)
    body["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such"}
    place.make("deployments", body, "apps/v1")
    eventually(lambda: progress(place, "late") == ("False", "ProgressDeadlineExceeded"))
    place.patch("deployments", "late", {"spec": {"template": {"spec": {"nodeSelector": None}}}}, "apps/v1")
    eventually(lambda: progress(place, "late") == ("True", "NewReplicaSetAvailable"))


def test_a_deployment_forgets_revisions_beyond_its_limit(place):
    place.make("deployments", workload("forgets", 1, revisionHistoryLimit=1), "apps/v1")
    for value in ("a", "b", "c"):
        eventually(lambda: progress(place, "forgets") == ("True", "NewReplicaSetAvailable"))
        place.patch("deployments", "forgets", env(value), "apps/v1")
    path = "deployment.kubernetes.io/revision"
    eventually(lambda: sorted(found["metadata"]["annotations"][path] for found in sets(place, "forgets")) == ["3", "4"])
