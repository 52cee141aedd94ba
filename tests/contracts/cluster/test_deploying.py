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


STUCK = {"spec": {"template": {"spec": {"nodeSelector": {"no": "such"}}}}}


def revision(replica_set: Object) -> int:
    return int(replica_set["metadata"]["annotations"]["deployment.kubernetes.io/revision"])


def sizes(place: Place, name: str) -> list[int]:
    """From the oldest template to the latest."""
    return [found["spec"]["replicas"] for found in sorted(sets(place, name), key=revision)]


def stick(place: Place, name: str, wanted: list[int], patch: Object = STUCK) -> None:
    """Begins a rollout that gets nowhere, and waits until it stands still."""
    place.patch("deployments", name, patch, "apps/v1")
    eventually(lambda: sizes(place, name) == wanted)
    eventually(lambda: all(found["status"]["replicas"] == found["spec"]["replicas"] for found in sets(place, name)))


@pytest.mark.parametrize("paused", [True, False], ids=["paused", "not-paused"])
def test_in_the_middle_of_a_rollout_both_sides_are_scaled_in_proportion(place, paused):
    name = f"shares-{'paused' if paused else 'on'}"
    place.make("deployments", workload(name, 4), "apps/v1")
    eventually(lambda: progress(place, name) == ("True", "NewReplicaSetAvailable"))
    stick(place, name, [3, 2])
    if paused:
        place.patch("deployments", name, {"spec": {"paused": True}}, "apps/v1")
        eventually(lambda: progress(place, name) == ("Unknown", "DeploymentPaused"))
    place.patch("deployments", name, {"spec": {"replicas": 8}}, "apps/v1")
    eventually(lambda: sizes(place, name) == [6, 4])
    most = "deployment.kubernetes.io/max-replicas"
    assert {found["metadata"]["annotations"][most] for found in sets(place, name)} == {"10"}
    if paused:
        place.patch("deployments", name, {"spec": {"replicas": 3}}, "apps/v1")
        eventually(lambda: sizes(place, name) == [2, 2])
        place.patch("deployments", name, {"spec": {"replicas": 0}}, "apps/v1")
        eventually(lambda: sizes(place, name) == [0, 0])
    place.api.ask("DELETE", place.path("deployments", name, "apps/v1"))


def test_nothing_is_forgotten_in_the_middle_of_a_rollout(place):
    place.make("deployments", workload("recalls", 1, revisionHistoryLimit=0), "apps/v1")
    eventually(lambda: progress(place, "recalls") == ("True", "NewReplicaSetAvailable"))
    stick(place, "recalls", [1, 1])
    stick(place, "recalls", [1, 0, 1], {"spec": {"template": {"spec": {"nodeSelector": {"no": "such-either"}}}}})
    place.patch("deployments", "recalls", {"spec": {"paused": True}}, "apps/v1")
    eventually(lambda: sizes(place, "recalls") == [1, 1], within=20)
    place.api.ask("DELETE", place.path("deployments", "recalls", "apps/v1"))


def test_what_is_busy_is_not_forgotten_nor_something_else_in_its_place(place):
    place.make("deployments", workload("spares", 1, revisionHistoryLimit=1), "apps/v1")
    eventually(lambda: progress(place, "spares") == ("True", "NewReplicaSetAvailable"))
    stick(place, "spares", [1, 1])
    stick(place, "spares", [1, 0, 1], {"spec": {"template": {"spec": {"nodeSelector": {"no": "such-either"}}}}})
    place.patch("deployments", "spares", {"spec": {"paused": True}}, "apps/v1")
    eventually(lambda: progress(place, "spares") == ("Unknown", "DeploymentPaused"))
    place.patch("deployments", "spares", {"spec": {"minReadySeconds": 1}}, "apps/v1")
    deployment = place.get("deployments", "spares", "apps/v1")
    generation = deployment["metadata"]["generation"]
    eventually(lambda: place.get("deployments", "spares", "apps/v1")["status"]["observedGeneration"] >= generation)
    assert sizes(place, "spares") == [1, 0, 1]
    place.api.ask("DELETE", place.path("deployments", "spares", "apps/v1"))


def test_pods_are_available_only_when_they_have_been_ready_for_long_enough(place):
    def status(name: str) -> tuple[int, int]:
        found = place.get("replicasets", name, "apps/v1").get("status", {})
        return found.get("readyReplicas", 0), found.get("availableReplicas", 0)

    place.make("replicasets", workload("young", 1, minReadySeconds=3600), "apps/v1")
    place.make("replicasets", workload("grown", 1, minReadySeconds=2), "apps/v1")
    eventually(lambda: status("young") == (1, 0))
    eventually(lambda: status("grown") == (1, 1))
    assert status("young") == (1, 0)
    for name in ("young", "grown"):
        place.api.ask("DELETE", place.path("replicasets", name, "apps/v1"))


def test_why_a_deployment_changed_is_noted_at_its_newest_set(place):
    cause = "kubernetes.io/change-cause"
    place.make("deployments", workload("noted", 1), "apps/v1")
    eventually(lambda: progress(place, "noted") == ("True", "NewReplicaSetAvailable"))
    place.patch("deployments", "noted", {"metadata": {"annotations": {cause: "first"}}}, "apps/v1")
    eventually(lambda: sets(place, "noted")[0]["metadata"]["annotations"].get(cause) == "first")
    place.patch("deployments", "noted", env("b") | {"metadata": {"annotations": {cause: "second"}}}, "apps/v1")
    eventually(
        lambda: {found["metadata"]["annotations"].get(cause) for found in sets(place, "noted")} == {"first", "second"}
    )
