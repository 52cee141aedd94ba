"""What controllers make of objects: pods run, revisions follow one another, what belongs to what is gone goes too."""

from typing import Any

import pytest

from tests.contracts.cluster.api import API
from tests.contracts.cluster.conftest import eventually
from tests.contracts.cluster.places import IMAGE, Place, ready, template, workload

Object = dict[str, Any]


@pytest.fixture
def place(api: API, namespace: str) -> Place:
    return Place(api, namespace)


def holds(obj: Object, kind: str) -> bool:
    conditions = obj.get("status", {}).get("conditions") or ()
    return any(said["type"] == kind and said["status"] == "True" for said in conditions)


def test_a_pod_runs(place):
    place.make("pods", {"metadata": {"name": "runs"}, "spec": template("runs")["spec"]})
    pod = eventually(
        lambda: (found := place.get("pods", "runs"))["status"]["phase"] == "Running" and ready([found]) and found
    )
    assert pod["spec"]["nodeName"]
    assert pod["status"]["podIP"]
    assert pod["status"]["qosClass"] == "BestEffort"
    assert pod["status"]["containerStatuses"][0]["state"].keys() == {"running"}
    types = {said["type"] for said in pod["status"]["conditions"]}
    assert {"Initialized", "Ready", "ContainersReady", "PodScheduled"} <= types


def test_a_pod_that_ends_well_has_succeeded(place):
    place.make(
        "pods",
        {"metadata": {"name": "well"}, "spec": template("x", "sh", "-c", "echo hi", restartPolicy="Never")["spec"]},
    )
    pod = eventually(lambda: (found := place.get("pods", "well"))["status"]["phase"] == "Succeeded" and found)
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (0, "Completed")


def test_a_pod_that_ends_badly_has_failed(place):
    place.make(
        "pods",
        {"metadata": {"name": "badly"}, "spec": template("x", "sh", "-c", "exit 3", restartPolicy="Never")["spec"]},
    )
    pod = eventually(lambda: (found := place.get("pods", "badly"))["status"]["phase"] == "Failed" and found)
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (3, "Error")


def test_a_pod_that_keeps_ending_is_started_again(place):
    place.make("pods", {"metadata": {"name": "crashes"}, "spec": template("x", "sh", "-c", "exit 1")["spec"]})

    def restarted() -> Object | None:
        statuses = place.get("pods", "crashes")["status"].get("containerStatuses") or [{}]
        return statuses[0] if statuses[0].get("restartCount", 0) > 0 else None

    status = eventually(restarted)
    assert status["lastState"]["terminated"]["exitCode"] == 1


def test_containers_that_run_first_come_first(place):
    first = [{"name": "first", "image": IMAGE, "command": ["sh", "-c", "echo first"]}]
    place.make("pods", {"metadata": {"name": "after"}, "spec": template("x", initContainers=first)["spec"]})
    pod = eventually(lambda: ready([found := place.get("pods", "after")]) and found)
    done = pod["status"]["initContainerStatuses"][0]
    assert (done["state"]["terminated"]["exitCode"], done["ready"]) == (0, True)


def test_a_pod_that_fits_nowhere_stays_and_says_why(place):
    place.make("pods", {"metadata": {"name": "nowhere"}, "spec": template("x", nodeSelector={"no": "such"})["spec"]})

    def why() -> Object | None:
        conditions = place.get("pods", "nowhere")["status"].get("conditions") or ()
        return next((said for said in conditions if said["type"] == "PodScheduled"), None)

    condition = eventually(why)
    assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
    assert "didn't match Pod's node affinity/selector" in condition["message"]


def test_a_deployment_makes_a_replica_set_and_pods(place):
    place.make("deployments", workload("deployed", 2), "apps/v1")
    eventually(lambda: place.get("deployments", "deployed", "apps/v1")["status"].get("availableReplicas") == 2)
    deployment = place.get("deployments", "deployed", "apps/v1")
    assert holds(deployment, "Available")
    assert holds(deployment, "Progressing")
    assert deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    owners = {pod["metadata"]["ownerReferences"][0]["kind"] for pod in place.pods(app="deployed")}
    assert owners == {"ReplicaSet"}


def test_another_template_is_another_revision_and_the_first_can_come_back(place):
    place.make("deployments", workload("revised", 1), "apps/v1")

    def revision() -> str:
        found = place.get("deployments", "revised", "apps/v1")
        status = found.get("status", {})
        settled = status.get("observedGeneration") == found["metadata"]["generation"] and (
            status.get("updatedReplicas") == status.get("availableReplicas") == status.get("replicas") == 1
        )
        return found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] if settled else ""

    eventually(lambda: revision() == "1")
    env = [{"name": "c", "image": IMAGE, "env": [{"name": "A", "value": "b"}]}]
    place.patch("deployments", "revised", {"spec": {"template": {"spec": {"containers": env}}}}, "apps/v1")
    eventually(lambda: revision() == "2")
    plain = [{"name": "c", "image": IMAGE}]
    place.patch("deployments", "revised", {"spec": {"template": {"spec": {"containers": plain}}}}, "apps/v1")
    eventually(lambda: revision() == "3")
    sets = place.api.get(f"{place.path('replicasets', group='apps/v1')}?labelSelector=app%3Drevised").body["items"]
    assert sorted(rs["spec"]["replicas"] for rs in sets) == [0, 1]


def test_a_replica_set_replaces_what_is_deleted(place):
    place.make("replicasets", workload("replaced", 1), "apps/v1")
    first = eventually(lambda: ready(place.pods(app="replaced")))[0]["metadata"]["name"]
    place.api.ask("DELETE", f"{place.path('pods', first)}?gracePeriodSeconds=0")
    eventually(lambda: [pod for pod in ready(place.pods(app="replaced")) if pod["metadata"]["name"] != first])


def test_a_daemon_set_has_a_pod_on_each_node(place):
    body = workload("each")
    del body["spec"]["replicas"]
    place.make("daemonsets", body, "apps/v1")
    nodes = {node["metadata"]["name"] for node in place.api.get("/api/v1/nodes").body["items"]}
    eventually(lambda: {pod["spec"].get("nodeName") for pod in ready(place.pods(app="each"))} == nodes)
    status = eventually(
        lambda: (
            (found := place.get("daemonsets", "each", "apps/v1")["status"]).get("numberAvailable") == len(nodes)
            and found
        )
    )
    assert status["desiredNumberScheduled"] == len(nodes)


def test_a_stateful_set_numbers_its_pods(place):
    place.make("statefulsets", workload("kept", 2, serviceName="kept"), "apps/v1")
    eventually(lambda: len(ready(place.pods(app="kept"))) == 2)
    pods = sorted(place.pods(app="kept"), key=lambda pod: pod["metadata"]["name"])
    assert [pod["metadata"]["name"] for pod in pods] == ["kept-0", "kept-1"]
    assert [pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] for pod in pods] == ["0", "1"]
    assert (pods[0]["spec"]["hostname"], pods[0]["spec"]["subdomain"]) == ("kept-0", "kept")
    place.patch("statefulsets", "kept", {"spec": {"replicas": 1}}, "apps/v1")
    eventually(lambda: [pod["metadata"]["name"] for pod in place.pods(app="kept")] == ["kept-0"])


def test_a_job_completes(place):
    place.make(
        "jobs",
        {
            "metadata": {"name": "good"},
            "spec": {"template": template("good", "sh", "-c", "echo hi", restartPolicy="Never")},
        },
        "batch/v1",
    )
    job = eventually(lambda: holds(found := place.get("jobs", "good", "batch/v1"), "Complete") and found)
    assert job["status"]["succeeded"] == 1
    assert job["status"]["completionTime"]
    reasons = {said["type"]: said["reason"] for said in job["status"]["conditions"]}
    assert reasons == {"SuccessCriteriaMet": "CompletionsReached", "Complete": "CompletionsReached"}


def test_a_job_that_fails_too_often_has_failed(place):
    spec = {"backoffLimit": 0, "template": template("bad", "sh", "-c", "exit 1", restartPolicy="Never")}
    place.make("jobs", {"metadata": {"name": "bad"}, "spec": spec}, "batch/v1")
    job = eventually(lambda: holds(found := place.get("jobs", "bad", "batch/v1"), "Failed") and found)
    assert job["status"]["failed"] == 1
    assert {said["reason"] for said in job["status"]["conditions"]} == {"BackoffLimitExceeded"}


def test_a_service_has_the_endpoints_of_its_ready_pods(place):
    place.make("deployments", workload("served", 2), "apps/v1")
    place.make(
        "services",
        {
            "metadata": {"name": "served"},
            "spec": {"selector": {"app": "served"}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    )

    def slices() -> list[Object]:
        path = place.path("endpointslices", group="discovery.k8s.io/v1")
        items = place.api.get(f"{path}?labelSelector=kubernetes.io/service-name%3Dserved").body["items"]
        return [endpoint for item in items for endpoint in item["endpoints"] or () if endpoint["conditions"]["ready"]]

    eventually(lambda: len(slices()) == 2)
    addresses = {endpoint["addresses"][0] for endpoint in slices()}
    assert addresses == {pod["status"]["podIP"] for pod in place.pods(app="served")}
    assert all(endpoint["targetRef"]["kind"] == "Pod" and endpoint["nodeName"] for endpoint in slices())
    subsets = place.get("endpoints", "served")["subsets"]
    assert {address["ip"] for address in subsets[0]["addresses"]} == addresses
    assert subsets[0]["ports"] == [{"port": 8080, "protocol": "TCP"}]


def owned(place: Place, name: str, owner: Object) -> None:
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    place.make(
        "configmaps", {"metadata": {"name": name, "ownerReferences": [reference | {"blockOwnerDeletion": True}]}}
    )


def test_what_belongs_to_what_is_gone_goes_too(place):
    owned(place, "child-1", place.make("configmaps", {"metadata": {"name": "parent-1"}}))
    place.api.ask("DELETE", place.path("configmaps", "parent-1"))
    eventually(lambda: place.is_gone("configmaps", "child-1"))


def test_orphans_are_let_go(place):
    owned(place, "child-2", place.make("configmaps", {"metadata": {"name": "parent-2"}}))
    place.api.ask("DELETE", f"{place.path('configmaps', 'parent-2')}?propagationPolicy=Orphan")
    eventually(lambda: place.is_gone("configmaps", "parent-2"))
    assert "ownerReferences" not in place.get("configmaps", "child-2")["metadata"]


def test_in_the_foreground_the_owner_goes_last(place):
    owned(place, "child-3", place.make("configmaps", {"metadata": {"name": "parent-3"}}))
    answer = place.api.ask("DELETE", f"{place.path('configmaps', 'parent-3')}?propagationPolicy=Foreground")
    assert answer.body["metadata"]["finalizers"] == ["foregroundDeletion"]
    eventually(lambda: place.is_gone("configmaps", "parent-3"))
    assert place.is_gone("configmaps", "child-3")


def test_what_names_an_owner_that_never_was_goes(place):
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "never",
        "uid": "6118ef0b-0a9f-4e81-89eb-000000000000",
    }
    place.make("configmaps", {"metadata": {"name": "lost", "ownerReferences": [reference]}})
    eventually(lambda: place.is_gone("configmaps", "lost"))


def test_a_namespace_ends_with_all_that_is_in_it(api):
    name = api.ask("POST", "/api/v1/namespaces", {"metadata": {"generateName": "contract-"}}).body["metadata"]["name"]
    maps = f"/api/v1/namespaces/{name}/configmaps"
    api.ask("POST", maps, {"metadata": {"name": "a"}})
    gone = api.ask("DELETE", f"/api/v1/namespaces/{name}")
    assert gone.body["status"]["phase"] == "Terminating"
    refused = api.ask("POST", maps, {"metadata": {"name": "late"}})
    assert refused.status in (403, 404)
    eventually(lambda: api.get(f"/api/v1/namespaces/{name}").status == 404)
    assert api.get(maps).body["items"] == []


def test_a_new_namespace_is_given_an_account_and_an_authority(api):
    name = api.ask("POST", "/api/v1/namespaces", {"metadata": {"generateName": "contract-"}}).body["metadata"]["name"]
    base = f"/api/v1/namespaces/{name}"
    eventually(lambda: api.get(f"{base}/serviceaccounts/default").status == 200)
    authority = eventually(lambda: (found := api.get(f"{base}/configmaps/kube-root-ca.crt")).status == 200 and found)
    assert "BEGIN CERTIFICATE" in authority.body["data"]["ca.crt"]
    api.ask("DELETE", base)


def test_a_budget_refuses_an_eviction_and_then_allows_it(place):
    place.make("replicasets", workload("budgeted", 1), "apps/v1")
    pod = eventually(lambda: ready(place.pods(app="budgeted")))[0]["metadata"]["name"]
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "budgeted"}}}
    place.make("poddisruptionbudgets", {"metadata": {"name": "budgeted"}, "spec": spec}, "policy/v1")
    eventually(lambda: place.get("poddisruptionbudgets", "budgeted", "policy/v1")["status"].get("currentHealthy") == 1)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    refused = place.api.ask("POST", place.path("pods", f"{pod}/eviction"), eviction)
    assert (refused.status, refused.reason) == (429, "TooManyRequests")
    assert refused.message == "Cannot evict pod as it would violate the pod's disruption budget."
    causes = refused.body["details"]["causes"]
    said = "The disruption budget budgeted needs 1 healthy pods and has 1 currently"
    assert causes == [{"reason": "DisruptionBudget", "message": said}]
    place.patch("poddisruptionbudgets", "budgeted", {"spec": {"minAvailable": 0}}, "policy/v1")
    eventually(lambda: place.get("poddisruptionbudgets", "budgeted", "policy/v1")["status"]["disruptionsAllowed"] == 1)
    assert place.api.ask("POST", place.path("pods", f"{pod}/eviction"), eviction).status == 201


def test_an_eviction_by_another_name_is_refused(place):
    place.make("pods", {"metadata": {"name": "evicted"}, "spec": template("evicted")["spec"]})
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "other"}}
    refused = place.api.ask("POST", place.path("pods", "evicted/eviction"), eviction)
    assert (refused.status, refused.message) == (400, "name in URL does not match name in Eviction object")


def test_a_container_is_added_to_a_pod_that_runs(place):
    place.make("pods", {"metadata": {"name": "looked-at"}, "spec": template("x")["spec"]})
    eventually(lambda: ready([place.get("pods", "looked-at")]))
    path = place.path("pods", "looked-at/ephemeralcontainers")
    added = {
        "spec": {"ephemeralContainers": [{"name": "look", "image": IMAGE, "command": ["sh", "-c", "echo looked"]}]}
    }
    answer = place.api.ask("PATCH", path, added, patch="strategic")
    assert answer.body["spec"]["ephemeralContainers"][0]["terminationMessagePolicy"] == "File"

    def ended() -> bool:
        statuses = place.get("pods", "looked-at")["status"].get("ephemeralContainerStatuses") or [{}]
        return statuses[0].get("state", {}).get("terminated", {}).get("exitCode") == 0

    eventually(ended)
    again = {"spec": {"ephemeralContainers": [{"name": "look", "image": "other"}]}}
    refused = place.api.ask("PATCH", path, again, patch="strategic")
    assert (refused.status, refused.reason) == (422, "Invalid")
    assert 'existing ephemeral containers "look" may not be changed' in refused.message


def test_a_definition_is_established_and_takes_its_objects_along(api):
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "contract.example.com", "scope": "Cluster", "names": names, "versions": [version]}
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    widgets = "/apis/contract.example.com/v1/widgets"
    assert api.get(widgets).status == 404
    api.ask("POST", path, {"metadata": {"name": "widgets.contract.example.com"}, "spec": spec})
    definition = f"{path}/widgets.contract.example.com"
    found = eventually(lambda: holds(found := api.get(definition).body, "Established") and found)
    assert holds(found, "NamesAccepted")
    assert found["status"]["acceptedNames"]["kind"] == "Widget"
    eventually(lambda: api.get(widgets).status == 200)
    made = api.ask(
        "POST", widgets, {"apiVersion": "contract.example.com/v1", "kind": "Widget", "metadata": {"name": "a"}}
    )
    assert made.status == 201
    groups = [group["name"] for group in api.get("/apis").body["groups"]]
    assert "contract.example.com" in groups
    eventually(lambda: api.get("/apis/apiregistration.k8s.io/v1/apiservices/v1.contract.example.com").status == 200)
    api.ask("DELETE", definition)
    eventually(lambda: api.get(definition).status == 404)
    eventually(lambda: api.get(widgets).status == 404)


def test_a_cluster_role_gathers_those_with_its_label(api):
    roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    selector = {"matchLabels": {"contract.example.com/gathered": "true"}}
    api.ask(
        "POST",
        roles,
        {"metadata": {"name": "contract-all"}, "aggregationRule": {"clusterRoleSelectors": [selector]}, "rules": []},
    )
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
    api.ask("POST", roles, {"metadata": {"name": "contract-one", "labels": selector["matchLabels"]}, "rules": [rule]})
    try:
        eventually(lambda: api.get(f"{roles}/contract-all").body.get("rules") == [rule])
    finally:
        for name in ("contract-all", "contract-one"):
            api.ask("DELETE", f"{roles}/{name}")


def test_an_api_service_without_its_service_is_not_available(api):
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    spec = {
        "group": "absent.example.com", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
        "service": {"namespace": "default", "name": "absent"}, "insecureSkipTLSVerify": True,
    }  # fmt: skip
    api.ask("POST", path, {"metadata": {"name": "v1.absent.example.com"}, "spec": spec})

    def condition() -> Object | None:
        found = api.get(f"{path}/v1.absent.example.com").body.get("status", {}).get("conditions") or ()
        return next((said for said in found if said["type"] == "Available"), None)

    try:
        said = eventually(condition)
        assert (said["status"], said["reason"]) == ("False", "ServiceNotFound")
        assert said["message"] == 'service/absent in "default" is not present'
        assert api.get("/apis/absent.example.com/v1").status == 503
    finally:
        api.ask("DELETE", f"{path}/v1.absent.example.com")


def test_events_tell_what_happened_to_a_pod(place):
    place.make("pods", {"metadata": {"name": "told"}, "spec": template("x")["spec"]})

    def reasons() -> set[str]:
        found = place.api.get(f"{place.path('events')}?fieldSelector=involvedObject.name%3Dtold").body["items"]
        return {event["reason"] for event in found}

    eventually(lambda: {"Scheduled", "Pulled", "Created", "Started"} <= reasons())


def test_scale_reads_and_writes_the_number_of_replicas(place):
    place.make("deployments", workload("scaled", 1), "apps/v1")
    path = place.path("deployments", "scaled/scale", "apps/v1")
    scale = place.api.get(path).body
    assert (scale["kind"], scale["apiVersion"], scale["spec"]["replicas"]) == ("Scale", "autoscaling/v1", 1)
    scale["spec"]["replicas"] = 2
    del scale["metadata"]["resourceVersion"]  # the status changes it all the time
    assert place.api.ask("PUT", path, scale).status == 200
    eventually(lambda: len(ready(place.pods(app="scaled"))) == 2)
    assert place.api.get(path).body["status"] == {"replicas": 2, "selector": "app=scaled"}


def test_a_pod_takes_its_time_to_end(place):
    spec = template("x")["spec"] | {"terminationGracePeriodSeconds": 2}
    place.make("pods", {"metadata": {"name": "slow"}, "spec": spec})
    eventually(lambda: ready([place.get("pods", "slow")]))
    gone = place.api.ask("DELETE", place.path("pods", "slow"))
    assert gone.body["metadata"]["deletionGracePeriodSeconds"] == 2
    eventually(lambda: place.is_gone("pods", "slow"))


def test_a_replication_controller_keeps_as_many_pods_as_wanted(place):
    place.make(
        "replicationcontrollers",
        {"metadata": {"name": "older"}, "spec": {"replicas": 2, "template": template("older")}},
    )

    def status() -> Object:
        found = dict(place.get("replicationcontrollers", "older").get("status", {}))
        found.pop("observedGeneration", None)
        return found

    counts = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    eventually(lambda: status() == dict.fromkeys(counts, 2))
    first = place.pods(app="older")[0]["metadata"]
    (owner,) = first["ownerReferences"]
    assert (owner["kind"], owner["apiVersion"], owner["controller"]) == ("ReplicationController", "v1", True)
    place.api.ask("DELETE", place.path("pods", first["name"]))
    eventually(lambda: len([p for p in place.pods(app="older") if p["metadata"]["name"] != first["name"]]) == 2)
    eventually(lambda: status() == dict.fromkeys(counts, 2))
    scale = f"{place.path('replicationcontrollers', 'older')}/scale"
    assert place.api.ask("PATCH", scale, {"spec": {"replicas": 1}}, patch="merge").body["spec"] == {"replicas": 1}
    eventually(lambda: status() == dict.fromkeys(counts, 1))
    place.api.ask("DELETE", place.path("replicationcontrollers", "older"))
    eventually(lambda: place.is_gone("replicationcontrollers", "older"))
    (left,) = place.pods(app="older")
    assert "ownerReferences" not in left["metadata"], "it lets go of its pods when nobody says otherwise"
    place.api.ask("DELETE", place.path("pods", left["metadata"]["name"]))
