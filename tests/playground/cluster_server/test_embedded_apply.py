"""Server-side apply: ownership, conflicts, force, and what is given up."""

MAP = "/api/v1/namespaces/default/configmaps/a"
SERVICE = "/api/v1/namespaces/default/services/web"


def config_map(**data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


def service(*ports):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": list(ports)}}


def owned(answer, manager):
    entries = answer.body["metadata"]["managedFields"]
    return next((entry["fieldsV1"] for entry in entries if entry["manager"] == manager), None)


async def test_it_creates_once_and_then_changes(client):
    assert (await client.apply(MAP, config_map(x="1"))).status == 201
    assert (await client.apply(MAP, config_map(x="2"))).status == 200


async def test_the_same_again_changes_nothing(client):
    first = await client.apply(MAP, config_map(x="1"))
    assert (await client.apply(MAP, config_map(x="1"))).body == first.body


async def test_fields_of_others_are_a_conflict_that_names_each(client):
    await client.ask("POST", "/api/v1/namespaces/default/configmaps?fieldManager=curl", config_map(x="1", y="2"))
    answer = await client.apply(MAP, config_map(x="3", y="4", z="5"))
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    said = 'Apply failed with 2 conflicts: conflicts with "curl" using v1:\n- .data.x\n- .data.y'
    assert answer.body["message"] == said
    assert answer.body["details"]["causes"][0] == {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "curl" using v1',
        "field": ".data.x",
    }


async def test_force_takes_the_fields_over(client):
    await client.ask("POST", "/api/v1/namespaces/default/configmaps?fieldManager=curl", config_map(x="1"))
    answer = await client.apply(MAP, config_map(x="3"), query="&force=true")
    assert (answer.status, answer.body["data"]) == (200, {"x": "3"})
    assert owned(answer, "tester") == {"f:data": {"f:x": {}}}
    assert owned(answer, "curl") == {"f:data": {}}


async def test_the_same_value_is_owned_together(client):
    await client.apply(MAP, config_map(x="1"), "one")
    answer = await client.apply(MAP, config_map(x="1"), "two")
    assert owned(answer, "one") == owned(answer, "two") == {"f:data": {"f:x": {}}}


async def test_what_is_no_longer_applied_is_removed_unless_others_want_it(client):
    await client.apply(MAP, config_map(x="1", y="1"), "one")
    await client.apply(MAP, config_map(y="1"), "two")
    answer = await client.apply(MAP, config_map(z="1"), "one")
    assert answer.body["data"] == {"y": "1", "z": "1"}


async def test_elements_of_a_list_are_owned_by_their_keys(client):
    await client.apply(SERVICE, service({"name": "a", "port": 80}), "one")
    answer = await client.apply(SERVICE, service({"name": "b", "port": 81}), "two")
    assert [port["port"] for port in answer.body["spec"]["ports"]] == [80, 81]
    key = 'k:{"port":81,"protocol":"TCP"}'
    assert owned(answer, "two") == {"f:spec": {"f:ports": {key: {".": {}, "f:name": {}, "f:port": {}}}}}
    again = await client.apply(SERVICE, service({"name": "c", "port": 82}), "two")
    assert [port["port"] for port in again.body["spec"]["ports"]] == [80, 82]


async def test_a_plain_write_takes_a_field_from_its_applier(client):
    await client.apply(MAP, config_map(x="1"), "one")
    path = f"{MAP}?fieldManager=curl"
    answer = await client.ask("PATCH", path, {"data": {"x": "2"}}, patch="merge-patch+json")
    assert owned(answer, "curl") == {"f:data": {"f:x": {}}}
    assert owned(answer, "one") is None


async def test_defaults_belong_to_nobody(client):
    answer = await client.apply(SERVICE, service({"port": 80}), "one")
    assert answer.body["spec"]["type"] == "ClusterIP"
    assert "f:type" not in owned(answer, "one")["f:spec"]


async def test_a_dry_run_meets_conflicts_too_and_writes_nothing(client):
    await client.apply(MAP, config_map(x="1"), "one")
    assert (await client.apply(MAP, config_map(x="2"), "two", "&dryRun=All")).status == 409
    tried = await client.apply(MAP, config_map(x="2"), "one", "&dryRun=All")
    assert tried.body["data"] == {"x": "2"}
    assert (await client.get(MAP)).body["data"] == {"x": "1"}


async def test_an_apply_needs_a_manager(client):
    answer = await client.ask("PATCH", MAP, config_map(), patch="apply-patch+yaml")
    said = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
    assert (answer.status, answer.body["message"]) == (422, said)
