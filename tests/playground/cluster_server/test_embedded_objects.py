"""Objects over HTTP: one behaviour a test. Messages were read off a real 1.36."""

import asyncio
import json

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"
SERVICES = "/api/v1/namespaces/default/services"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def config_map(name="a", **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def service(name="web", **spec):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]} | spec,
    }


async def test_without_a_token_one_is_anonymous_and_may_do_nothing(client):
    answer = await client.get(MAPS, Authorization="")
    assert (answer.status, answer.body["reason"]) == (403, "Forbidden")
    assert 'User "system:anonymous" cannot list resource "configmaps"' in answer.body["message"]


async def test_a_wrong_token_is_refused_also_where_none_is_needed(client):
    assert (await client.get("/version", Authorization="Bearer wrong")).status == 401
    assert (await client.get("/readyz", Authorization="")).body == "ok"


async def test_what_is_created_bears_identity_and_owner(client):
    answer = await client.ask("POST", f"{MAPS}?fieldManager=me", config_map(x="1"))
    metadata = answer.body["metadata"]
    assert answer.status == 201
    assert metadata["uid"]
    assert int(metadata["resourceVersion"]) > 1000
    assert "generation" not in metadata
    assert metadata["managedFields"][0] | {"time": ""} == {
        "manager": "me",
        "operation": "Update",
        "apiVersion": "v1",
        "time": "",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {".": {}, "f:x": {}}},
    }


@pytest.mark.parametrize(
    ("body", "status", "reason", "message"),
    [
        (
            config_map("A_b"),
            422,
            "Invalid",
            'ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowerc',
        ),
        ({"metadata": {}}, 422, "Invalid", 'ConfigMap "" is invalid: metadata.name: Required value: name or generateN'),
        ({"kind": "Secret", "apiVersion": "v1"}, 400, "BadRequest", 'Secret in version "v1" cannot be handled as a'),
        ({"metadata": {"name": "a", "namespace": "b"}}, 400, "BadRequest", "the namespace of the provided object does"),
        (
            config_map(x=1),
            400,
            "BadRequest",
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot',
        ),
    ],
)
async def test_what_is_wrong_with_an_object_is_said_in_the_real_words(client, body, status, reason, message):
    answer = await client.ask("POST", MAPS, body)
    assert (answer.status, answer.body["reason"]) == (status, reason)
    assert answer.body["message"].startswith(message)


async def test_a_field_of_the_wrong_type_is_named_with_its_struct(client):
    wrong = service(ports=[{"port": "80", "name": "http"}])
    answer = await client.ask("POST", SERVICES, wrong)
    said = "cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32"
    assert answer.body["message"].endswith(said)


async def test_names_are_generated_and_taken_once(client):
    one = await client.ask("POST", MAPS, {"metadata": {"generateName": "x-"}})
    again = await client.ask("POST", MAPS, config_map(one.body["metadata"]["name"]))
    assert one.body["metadata"]["name"].startswith("x-")
    assert (again.status, again.body["reason"]) == (409, "AlreadyExists")


async def test_a_namespace_must_exist(client):
    answer = await client.ask("POST", "/api/v1/namespaces/none/configmaps", config_map())
    assert (answer.status, answer.body["message"]) == (404, 'namespaces "none" not found')


async def test_an_unknown_field_is_refused_when_strict_and_warned_about_else(client):
    wrong = config_map() | {"dat": {}}
    strict = await client.ask("POST", f"{MAPS}?fieldValidation=Strict", wrong)
    warned = await client.ask("POST", MAPS, wrong)
    assert strict.body["message"].endswith('strict decoding error: unknown field "dat"')
    assert (warned.status, warned.headers["Warning"]) == (201, '299 - "unknown field \\"dat\\""')
    assert "dat" not in warned.body


async def test_a_stale_version_is_a_conflict(client):
    await client.ask("POST", MAPS, config_map())
    stale = config_map() | {"metadata": {"name": "a", "resourceVersion": "1"}}
    answer = await client.ask("PUT", f"{MAPS}/a", stale)
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    assert "the object has been modified" in answer.body["message"]


async def test_a_write_that_changes_nothing_keeps_the_version(client):
    made = (await client.ask("POST", MAPS, config_map(x="1"))).body
    again = (await client.ask("PATCH", f"{MAPS}/a", {"data": {"x": "1"}}, patch="merge-patch+json")).body
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


async def test_a_dry_run_answers_and_writes_nothing(client):
    answer = await client.ask("POST", f"{MAPS}?dryRun=All", config_map())
    assert (answer.status, "resourceVersion" in answer.body["metadata"]) == (201, False)
    assert (await client.get(f"{MAPS}/a")).status == 404


@pytest.mark.parametrize(
    ("kind", "patch", "data"),
    [
        ("merge-patch+json", {"data": {"x": None, "y": "2"}}, {"y": "2"}),
        ("json-patch+json", [{"op": "move", "from": "/data/x", "path": "/data/z"}], {"z": "1"}),
        ("strategic-merge-patch+json", {"data": {"y": "2"}}, {"x": "1", "y": "2"}),
    ],
)
async def test_patches(client, kind, patch, data):
    await client.ask("POST", MAPS, config_map(x="1"))
    assert (await client.ask("PATCH", f"{MAPS}/a", patch, patch=kind)).body["data"] == data


async def test_a_json_patch_that_cannot_be_done_is_422_without_a_word(client):
    await client.ask("POST", MAPS, config_map(x="1"))
    answer = await client.ask("PATCH", f"{MAPS}/a", [{"op": "remove", "path": "/data/q"}], patch="json-patch+json")
    assert (answer.status, answer.body["details"]) == (422, {})


async def test_a_strategic_patch_merges_lists_by_their_key(client):
    await client.ask("POST", SERVICES, service(ports=[{"name": "a", "port": 80}, {"name": "b", "port": 81}]))
    patch = {"spec": {"ports": [{"port": 81, "targetPort": 9000}]}}
    answer = await client.ask("PATCH", f"{SERVICES}/web", patch, patch="strategic-merge-patch+json")
    assert [(p["name"], p["targetPort"]) for p in answer.body["spec"]["ports"]] == [("a", 80), ("b", 9000)]


async def test_preconditions_of_a_delete(client):
    await client.ask("POST", MAPS, config_map())
    refused = await client.ask("DELETE", f"{MAPS}/a", {"preconditions": {"uid": "x"}})
    assert (refused.status, refused.body["details"]["kind"]) == (409, "ConfigMap")
    gone = await client.ask("DELETE", f"{MAPS}/a")
    assert (gone.status, gone.body["status"], gone.body["details"]["kind"]) == (200, "Success", "configmaps")


async def test_a_finalizer_keeps_an_object_until_it_is_taken_off(client):
    held = config_map() | {"metadata": {"name": "a", "finalizers": ["example.com/hold"]}}
    await client.ask("POST", MAPS, held)
    answer = await client.ask("DELETE", f"{MAPS}/a")
    assert answer.body["metadata"]["deletionTimestamp"]
    await client.ask("PATCH", f"{MAPS}/a", {"metadata": {"finalizers": None}}, patch="merge-patch+json")
    assert (await client.get(f"{MAPS}/a")).status == 404


async def test_a_service_is_given_what_it_did_not_ask_for(client):
    spec = (await client.ask("POST", SERVICES, service(type="LoadBalancer"))).body["spec"]
    assert spec["clusterIP"].startswith("10.96.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert 30000 <= spec["ports"][0]["nodePort"] <= 32767
    assert (spec["ports"][0]["targetPort"], spec["ports"][0]["protocol"]) == (80, "TCP")
    assert (spec["ipFamilies"], spec["internalTrafficPolicy"], spec["sessionAffinity"]) == (["IPv4"], "Cluster", "None")


async def test_a_node_port_goes_with_its_type(client):
    await client.ask("POST", SERVICES, service(type="NodePort"))
    patched = await client.ask("PATCH", f"{SERVICES}/web", {"spec": {"type": "ClusterIP"}}, patch="merge-patch+json")
    assert patched.status == 200, patched.body
    assert "nodePort" not in patched.body["spec"]["ports"][0]


async def test_all_that_is_wrong_with_a_service_is_listed(client):
    answer = await client.ask("POST", SERVICES, service(type="Foo", ports=[{"port": 70000, "protocol": "X"}]))
    assert [cause["field"] for cause in answer.body["details"]["causes"]] == [
        "spec.ports[0].port",
        "spec.ports[0].protocol",
        "spec.ports[0].targetPort",
        "spec.type",
    ]


async def test_a_cluster_ip_may_not_change(client):
    await client.ask("POST", SERVICES, service())
    answer = await client.ask(
        "PATCH", f"{SERVICES}/web", {"spec": {"clusterIP": "10.96.9.9"}}, patch="merge-patch+json"
    )
    said = 'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.9.9"]: may not change once set'
    assert (answer.status, answer.body["message"]) == (422, said)


async def test_a_deployment_must_select_its_own_template(client):
    template = {"metadata": {"labels": {"a": "c"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    answer = await client.ask("POST", DEPLOYMENTS, {"metadata": {"name": "x"}, "spec": spec})
    said = 'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`'
    assert answer.body["message"] == f'Deployment.apps "x" is invalid: {said}'


async def test_lists_come_in_pages(client):
    for name in "abc":
        await client.ask("POST", MAPS, config_map(name))
    first = (await client.get(f"{MAPS}?limit=2")).body
    second = (await client.get(f"{MAPS}?limit=9&continue={first['metadata']['continue']}")).body
    assert [item["metadata"]["name"] for item in first["items"] + second["items"]] == [
        "a",
        "b",
        "c",
        "kube-root-ca.crt",
    ]
    assert first["metadata"]["remainingItemCount"] == 2
    assert "kind" not in first["items"][0]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("labelSelector=tier%3Dfront", {"a"}),
        ("labelSelector=tier!%3Dfront,tier", {"b"}),
        ("labelSelector=tier+in+(front,back)", {"a", "b"}),
        ("labelSelector=!tier", {"c", "kube-root-ca.crt"}),
        ("fieldSelector=metadata.name%3Dc", {"c"}),
        ("fieldSelector=metadata.name!%3Dc,metadata.namespace%3Ddefault", {"a", "b", "kube-root-ca.crt"}),
    ],
)
async def test_selectors(client, query, names):
    for name, labels in (("a", {"tier": "front"}), ("b", {"tier": "back"}), ("c", {})):
        await client.ask("POST", MAPS, {"metadata": {"name": name, "labels": labels}})
    found = (await client.get(f"{MAPS}?{query}")).body["items"]
    assert {item["metadata"]["name"] for item in found} == names


async def test_a_field_that_nothing_can_be_selected_by(client):
    answer = await client.get(f"{MAPS}?fieldSelector=spec.x%3D1")
    said = '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'
    assert (answer.status, answer.body["message"]) == (400, said)


async def test_a_watch_tells_what_enters_and_leaves_its_selection(client):
    begin = (await client.get(MAPS)).body["metadata"]["resourceVersion"]
    await client.ask("POST", MAPS, {"metadata": {"name": "a", "labels": {"on": "1"}}})
    await client.ask("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"on": None}}}, patch="merge-patch+json")
    watched = f"{MAPS}?watch=1&resourceVersion={begin}&labelSelector=on&timeoutSeconds=1"
    url, headers = client.cluster.url + watched, {"Authorization": f"Bearer {client.cluster.token}"}
    async with client.http.get(url, headers=headers) as stream:
        seen = [json.loads(await stream.content.readline()) for _ in range(2)]
    assert [event["type"] for event in seen] == ["ADDED", "DELETED"]


async def test_a_watch_tells_what_happens_while_it_is_open(client):
    headers = {"Authorization": f"Bearer {client.cluster.token}"}
    query = "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    async with client.http.get(client.cluster.url + MAPS + query, headers=headers) as stream:
        first = [json.loads(await stream.content.readline()) for _ in range(2)]
        await client.ask("POST", MAPS, config_map("late"))
        late = json.loads(await asyncio.wait_for(stream.content.readline(), 5))
    assert [event["type"] for event in first] == ["ADDED", "BOOKMARK"]
    assert first[1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert late["object"]["metadata"]["name"] == "late"


async def test_a_watch_from_before_the_memory_begins_is_gone(client):
    client.cluster.store.compact()
    event = (await client.get(f"{MAPS}?watch=1&resourceVersion=1000")).body
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


async def test_a_table_has_the_columns_of_kubectl(client):
    await client.ask("POST", SERVICES, service())
    answer = await client.get(SERVICES, Accept="application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
    names = [column["name"] for column in answer.body["columnDefinitions"]]
    assert names == ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"]
    row = next(row for row in answer.body["rows"] if row["cells"][0] == "web")
    assert (row["cells"][4], row["cells"][6], row["object"]["kind"]) == ("80/TCP", "app=web", "PartialObjectMetadata")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/apis/none.io/v1/x", 404, "404 page not found\n"),
        ("/nope", 404, "404 page not found\n"),
        ("/api/v1/foo", 404, "the server could not find the requested resource"),
        ("/api/v1/namespaces/default/pods/nope", 404, 'pods "nope" not found'),
    ],
)
async def test_places_that_are_not_there(client, path, status, text):
    answer = await client.get(path)
    said = answer.body if isinstance(answer.body, str) else answer.body["message"]
    assert (answer.status, said) == (status, text)


async def test_discovery_in_one_answer_names_what_the_lists_name(client):
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    items = (await client.get("/apis", Accept=accept)).body["items"]
    apps = next(item for item in items if item["metadata"]["name"] == "apps")
    names = {resource["resource"] for resource in apps["versions"][0]["resources"]}
    listed = (await client.get("/apis/apps/v1")).body["resources"]
    assert names == {entry["name"] for entry in listed if "/" not in entry["name"]}


async def test_the_administrator_may(client):
    body = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    answer = await client.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    assert (answer.status, answer.body["status"]) == (201, {"allowed": True})


async def test_a_namespace_ends_with_all_that_is_in_it(client):
    await client.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "n"}})
    await client.cluster.settled()
    await client.ask("POST", "/api/v1/namespaces/n/configmaps", config_map())
    answer = await client.ask("DELETE", "/api/v1/namespaces/n")
    assert answer.body["status"]["phase"] == "Terminating"
    await client.cluster.settled()
    assert (await client.get("/api/v1/namespaces/n")).status == 404
    assert (await client.get("/api/v1/configmaps?fieldSelector=metadata.namespace%3Dn")).body["items"] == []
