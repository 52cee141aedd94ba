"""What a client may learn of the API before it asks for anything."""

import pytest

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
GROUPS = (
    "apps", "batch", "networking.k8s.io", "discovery.k8s.io", "rbac.authorization.k8s.io", "coordination.k8s.io",
    "authorization.k8s.io", "authentication.k8s.io", "events.k8s.io", "policy", "apiextensions.k8s.io",
    "apiregistration.k8s.io",
)  # fmt: skip


def test_the_version_is_told(api):
    found = api.get("/version").body
    assert (found["major"], found["minor"]) == ("1", "36")
    assert found["gitVersion"].startswith("v1.36.")


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health_is_a_word(api, path):
    assert api.get(path).body == "ok"
    assert "[+]ping ok" in api.get(f"{path}?verbose").body


def test_the_core_group_has_one_version(api):
    assert api.get("/api").body["versions"] == ["v1"]


def test_all_groups_are_listed_with_their_versions(api):
    found = {group["name"]: group for group in api.get("/apis").body["groups"]}
    assert set(GROUPS) <= set(found)
    assert found["autoscaling"]["preferredVersion"] == {"groupVersion": "autoscaling/v2", "version": "v2"}
    assert [version["version"] for version in found["autoscaling"]["versions"]] == ["v2", "v1"]


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_tells_its_resources(api, group):
    version = api.get(f"/apis/{group}").body["preferredVersion"]["groupVersion"]
    found = api.get(f"/apis/{version}").body
    assert (found["kind"], found["groupVersion"]) == ("APIResourceList", version)
    assert all(resource["kind"] and resource["verbs"] for resource in found["resources"])


def test_a_resource_tells_its_names_and_verbs(api):
    found = {resource["name"]: resource for resource in api.get("/api/v1").body["resources"]}
    pods = found["pods"]
    assert (pods["singularName"], pods["shortNames"], pods["categories"]) == ("pod", ["po"], ["all"])
    assert pods["verbs"] == ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    assert {"pods/log", "pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "pods/eviction", "pods/status",
            "pods/ephemeralcontainers", "pods/binding"} <= set(found)  # fmt: skip
    assert (found["pods/eviction"]["group"], found["pods/eviction"]["kind"]) == ("policy", "Eviction")


@pytest.mark.parametrize("path", ["/api", "/apis"])
def test_everything_can_be_had_in_one_answer(api, path):
    answer = api.get(path, Accept=AGGREGATED)
    assert answer.body["kind"] == "APIGroupDiscoveryList"
    assert "as=APIGroupDiscoveryList" in answer.headers["Content-Type"]
    for group in answer.body["items"]:
        for version in group["versions"]:
            for resource in version["resources"]:
                assert resource["scope"] in ("Namespaced", "Cluster")
                assert resource["responseKind"]["kind"]


def test_both_ways_of_discovery_say_the_same(api):
    listed = {resource["name"] for resource in api.get("/apis/apps/v1").body["resources"]}
    groups = api.get("/apis", Accept=AGGREGATED).body["items"]
    apps = next(group for group in groups if group["metadata"]["name"] == "apps")
    found = set()
    for resource in apps["versions"][0]["resources"]:
        found.add(resource["resource"])
        found |= {f"{resource['resource']}/{sub['subresource']}" for sub in resource.get("subresources") or ()}
    assert found == listed


def test_the_types_of_a_group_are_described(api):
    paths = api.get("/openapi/v3").body["paths"]
    assert {"api/v1", "apis/apps/v1", "apis/batch/v1"} <= set(paths)
    document = api.get(paths["apis/apps/v1"]["serverRelativeURL"]).body
    schemas = document["components"]["schemas"]
    deployment = schemas["io.k8s.api.apps.v1.Deployment"]
    assert deployment["x-kubernetes-group-version-kind"] == [{"group": "apps", "kind": "Deployment", "version": "v1"}]
    spec = schemas["io.k8s.api.apps.v1.DeploymentSpec"]
    assert set(spec["required"]) == {"selector", "template"}
    assert spec["properties"]["replicas"]["format"] == "int32"
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    assert containers["x-kubernetes-list-map-keys"] == ["name"]


def test_the_older_description_has_the_same_kinds(api):
    found = api.get("/openapi/v2").body
    assert found["swagger"] == "2.0"
    assert "io.k8s.api.core.v1.Pod" in found["definitions"]


def test_a_group_that_is_not_there_is_told(api):
    assert api.get("/apis/nothing.example.com").status == 404
    assert api.get("/openapi/v3/apis/nothing.example.com/v1").status == 404
