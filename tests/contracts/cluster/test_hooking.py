"""Admission webhooks: which requests they hear of and how, what their answers do, and what is told when they fail."""

import asyncio
import base64
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import web

from bot.playground.cluster_server.certificates import make_certificates
from tests.contracts.cluster.api import API
from tests.contracts.cluster.conftest import eventually
from tests.contracts.cluster.hooks import CONFIGURATIONS, Hooks, Stage, config_map, patched
from tests.contracts.cluster.places import Object, Place, pod, ready, workload


def rule(*resources: str, group: str = "", operations: tuple[str, ...] = ("*",), **said: Any) -> Object:
    return {
        "apiGroups": [group],
        "apiVersions": ["*"],
        "operations": list(operations),
        "resources": list(resources),
    } | said


@pytest.fixture(scope="module")
def _hooks() -> Iterator[Hooks]:
    hooks = Hooks()
    hooks.start()
    yield hooks
    hooks.stop()


@pytest.fixture
def stage(api: API, _hooks: Hooks, namespace: str) -> Iterator[Stage]:
    stage = Stage(api, _hooks, namespace)
    yield stage
    stage.clear()


def kind(group: str, version: str, name: str) -> Object:
    return {"group": group, "version": version, "kind": name}


def resource(group: str, version: str, plural: str) -> Object:
    return {"group": group, "version": version, "resource": plural}


def without_times(obj: Object) -> Object:
    entries = [
        {name: value for name, value in entry.items() if name != "time"}
        for entry in obj["metadata"].get("managedFields") or ()
    ]
    return obj | {"metadata": obj["metadata"] | {"managedFields": entries}}


def about(asked: Object) -> tuple[str, str, str, str]:
    """Operation, resource, subresource and kind."""
    return asked["operation"], asked["resource"]["resource"], asked.get("subResource", ""), asked["kind"]["kind"]


@pytest.mark.parametrize("mutating", [True, False], ids=["mutating", "validating"])
def test_a_webhook_is_told_everything_of_a_creation(stage: Stage, mutating: bool) -> None:
    stage.configure("told", mutating=mutating)
    made = stage.create("told", "told").body
    (asked,) = stage.hooks.of("/told")
    user, uid, obj = asked.pop("userInfo"), asked.pop("uid"), asked.pop("object")
    assert "system:masters" in user["groups"]
    assert len(uid) == 36
    assert asked == {
        "kind": kind("", "v1", "ConfigMap"), "resource": resource("", "v1", "configmaps"),
        "requestKind": kind("", "v1", "ConfigMap"), "requestResource": resource("", "v1", "configmaps"),
        "name": "told", "namespace": stage.namespace, "operation": "CREATE", "oldObject": None, "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "tester"},
    }  # fmt: skip
    unborn = ("resourceVersion", *(("uid", "creationTimestamp") if mutating else ()))
    known = {name: value for name, value in made["metadata"].items() if name not in unborn}
    assert without_times(obj) == without_times(made | {"metadata": known})
    stage.api.ask("DELETE", stage.path("configmaps/told"))


def test_a_name_that_is_generated_is_known_to_those_who_judge_alone(stage: Stage) -> None:
    stage.configure("first", mutating=True, objectSelector={"matchLabels": {"for": "both"}})
    stage.configure("then", objectSelector={"matchLabels": {"for": "both"}})
    body = {"metadata": {"generateName": "made-", "labels": {"for": "both"}}}
    name = stage.api.ask("POST", stage.path("configmaps"), body).body["metadata"]["name"]
    (changing,), (judging,) = stage.hooks.of("/first"), stage.hooks.of("/then")
    assert ("name" in changing, "name" in changing["object"]["metadata"]) == (False, False)
    assert (judging["name"], judging["object"]["metadata"]["name"]) == (name, name)


def test_a_webhook_is_told_of_updates_and_deletions_with_what_was_before(stage: Stage) -> None:
    stage.configure("changes")
    stage.create("changing", "changes")
    place = stage.path("configmaps/changing")
    stage.api.ask("PATCH", f"{place}?fieldManager=me&fieldValidation=Strict", {"data": {"a": "c"}}, patch="merge")
    stage.api.ask("DELETE", place, {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"})
    _, update, delete = stage.hooks.of("/changes")
    assert (update["object"]["data"], update["oldObject"]["data"]) == ({"a": "c"}, {"a": "b"})
    head = {"apiVersion": "meta.k8s.io/v1"}
    said = {"kind": "UpdateOptions", "fieldManager": "me", "fieldValidation": "Strict"}
    assert update["options"] == head | said
    assert (delete["operation"], delete["object"], delete["oldObject"]["data"]) == ("DELETE", None, {"a": "c"})
    assert delete["options"] == head | {"kind": "DeleteOptions", "propagationPolicy": "Background"}


def test_what_is_applied_is_a_creation_or_an_update(stage: Stage) -> None:
    stage.configure("applied")
    config = {"apiVersion": "v1", "kind": "ConfigMap"} | config_map("applied", {"for": "applied"})
    for data in ("b", "c"):
        config["data"] = {"a": data}
        stage.api.ask("PATCH", stage.path("configmaps/applied?fieldManager=me&force=true"), config, patch="apply")
    assert [asked["options"] for asked in stage.hooks.of("/applied")] == [
        {"kind": f"{what}Options", "apiVersion": "meta.k8s.io/v1", "fieldManager": "me"}
        for what in ("Create", "Update")
    ]
    stage.api.ask("DELETE", stage.path("configmaps/applied"))


def test_those_that_are_deleted_together_have_no_names(stage: Stage) -> None:
    for name in ("many1", "many2"):
        stage.create(name, "many")
    stage.configure("many")
    stage.api.ask("DELETE", stage.path("configmaps?labelSelector=for%3Dmany"))
    heard = stage.hooks.of("/many")
    assert sorted(asked["oldObject"]["metadata"]["name"] for asked in heard) == ["many1", "many2"]
    assert not any("name" in asked for asked in heard)


def internal(name: str, said: str) -> Object:
    message = f'failed calling webhook "{name}": {said}'
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "InternalError",
        "message": f"Internal error occurred: {message}", "details": {"causes": [{"message": message}]}, "code": 500,
    }  # fmt: skip


REFUSALS: dict[str, tuple[Object | None, int, str, str]] = {
    "a message": ({"message": "no way"}, 400, "", ": no way"),
    "a code": ({"message": "no way", "code": 403}, 403, "", ": no way"),
    "a code of its own": ({"message": "no way", "code": 418, "reason": "Teapot"}, 418, "Teapot", ": no way"),
    "a reason alone": ({"reason": "Forbidden"}, 400, "Forbidden", ": Forbidden"),
    "nothing": (None, 400, "", " without explanation"),
    "a success": ({"status": "Success", "code": 200, "message": "hm"}, 400, "", ": hm"),
}


@pytest.mark.parametrize("mutating", [True, False], ids=["mutating", "validating"])
def test_a_refusal_is_told_in_the_name_of_the_webhook(stage: Stage, mutating: bool) -> None:
    answers: list[Object] = [{"allowed": False} | ({"status": r[0]} if r[0] else {}) for r in REFUSALS.values()]
    name = stage.configure("denies", lambda _: answers.pop(0), mutating=mutating)
    for what, (_, code, reason, said) in REFUSALS.items():
        answer = stage.create("denied", "denies")
        told = {"status": "Failure", "message": f'admission webhook "{name}" denied the request{said}', "code": code}
        told |= {"kind": "Status", "apiVersion": "v1", "metadata": {}} | ({"reason": reason} if reason else {})
        assert (answer.status, answer.body) == (code, told), what


def test_details_and_warnings_of_a_refusal_are_passed_on(stage: Stage) -> None:
    details = {"name": "q", "causes": [{"reason": "r", "message": "m", "field": "f"}]}
    said = {"allowed": False, "status": {"details": details}, "warnings": ["careful", 'a "word"', "", "two\nlines"]}
    stage.configure("details", lambda _: said)
    answer = stage.create("denied", "details")
    assert answer.body["details"] == details
    assert answer.headers["Warning"] == r'299 - "careful", 299 - "a \"word\""'


def test_those_who_let_pass_may_warn(stage: Stage) -> None:
    stage.configure("warns", lambda _: {"allowed": True, "warnings": ["old"]})
    made = stage.create("warned", "warns")
    assert (made.status, made.headers["Warning"]) == (201, '299 - "old"')
    gone = stage.api.ask("DELETE", stage.path("configmaps/warned"))
    assert (gone.status, gone.headers["Warning"]) == (200, '299 - "old"')


def raw(body: bytes, status: int = 200, content_type: str = "text/plain") -> Callable[[Object], Any]:
    return lambda _: web.Response(body=body, status=status, content_type=content_type)


def review(response: Object | None, **said: str) -> Callable[[Object], bytes]:
    head = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    return lambda asked: json.dumps(
        head | said | {"response": response and {"uid": asked["uid"]} | response}
    ).encode()  # fmt: skip


CALL, RECEIVED = "failed to call webhook: ", "received invalid webhook response: "
PARSE = f"{CALL}couldn't get version/kind; json parse error: "
STRUCT = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
FAILURES: dict[str, tuple[Callable[[Object], Any], str]] = {
    "500": (raw(b"boom", 500), f'{CALL}an error on the server ("boom") has prevented the request from succeeding'),
    "500 with JSON": (
        raw(b"{}", 500, "application/json"),
        f'{CALL}an error on the server ("unknown") has prevented the request from succeeding',
    ),
    "503": (raw(b"boom", 503), f"{CALL}the server is currently unable to handle the request"),
    "404": (raw(b"nope", 404), f"{CALL}the server could not find the requested resource"),
    "401": (raw(b"nope", 401), f"{CALL}the server has asked for the client to provide credentials"),
    "400": (raw(b"nope", 400), f"{CALL}the server rejected our request for an unknown reason"),
    "403": (raw(b"nope", 403), f"{CALL}nope"),
    "a Status": (
        raw(b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"mine"}', 409, "application/json"),
        f"{CALL}mine",
    ),
    "half a Status": (
        raw(b'{"kind":"Status","apiVersion":"v1","message":"mine"}', 409, "application/json"),
        f"{CALL}the server reported a conflict",
    ),
    "nothing": (
        raw(b"", 200, "application/json"),
        f"{CALL}0-length response with status code: 200 and content type: application/json",
    ),
    "words": (
        raw(b"hello"),
        f"{PARSE}json: cannot unmarshal string into Go value of type {STRUCT}",
    ),
    "a list": (
        raw(b"[]"),
        f"{PARSE}json: cannot unmarshal array into Go value of type {STRUCT}",
    ),
    "no response": (review(None), f"{RECEIVED}webhook response was absent"),
    "another uid": (review({"uid": "x", "allowed": True}), f'{RECEIVED}expected response.uid="UID", got "x"'),
    "another version": (
        review({"allowed": True}, apiVersion="admission.k8s.io/v1beta1"),
        f"{CALL}converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion",
    ),
    "another kind": (
        review({"allowed": True}, kind="Foo"),
        f'{CALL}no kind "Foo" is registered for version "admission.k8s.io/v1" in scheme "pkg/runtime/scheme.go:111"',
    ),
    "no kind": (
        review({"allowed": True}, kind="", apiVersion=""),
        f"{RECEIVED}expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=",
    ),
    "a wrong type": (
        review({"allowed": "yes"}),
        f"{CALL}json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool",
    ),
    "a patch from who judges": (
        lambda _: patched({"op": "add", "path": "/data/z", "value": "1"}),
        f"{RECEIVED}validating webhook may not return response.patch",
    ),
}


def test_what_is_no_answer_is_told_as_it_is(stage: Stage) -> None:
    answers = [says for says, _ in FAILURES.values()]
    name = stage.configure("fails", lambda asked: answers.pop(0)(asked))
    for what, (_, said) in FAILURES.items():
        stage.hooks.heard.clear()
        answer = stage.create("failed", "fails")
        (asked,) = stage.hooks.of("/fails")
        assert (answer.status, answer.body) == (500, internal(name, said.replace("UID", asked["uid"]))), what


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


BAD_PATCHES: dict[str, tuple[Object, str]] = {
    "no type": ({"patch": encoded("[]")}, f"{RECEIVED}webhook returned response.patch but not response.patchType"),
    "no patch": ({"patchType": "JSONPatch"}, f"{RECEIVED}webhook returned response.patchType but not response.patch"),
    "another type": (
        {"patchType": "Foo", "patch": encoded('[{"op":"add","path":"/data/z","value":"1"}]')},
        'unsupported patch type "Foo"',
    ),
    "an object": (
        {"patchType": "JSONPatch", "patch": encoded('{"data":1}')},
        "received undecodable patch in webhook response: "
        "json: cannot unmarshal object into Go value of type jsonpatch.Patch",
    ),
    "no base64": ({"patchType": "JSONPatch", "patch": "%%"}, f"{CALL}illegal base64 data at input byte 0"),
}


def test_a_patch_that_is_none_is_a_failure_of_the_webhook(stage: Stage) -> None:
    answers = [response for response, _ in BAD_PATCHES.values()]
    name = stage.configure("misleads", lambda _: {"allowed": True} | answers.pop(0), mutating=True)
    for what, (_, said) in BAD_PATCHES.items():
        assert stage.create("misled", "misleads").body == internal(name, said), what


IMPOSSIBLE = {
    "error in remove for path: '/data/no': Unable to remove nonexistent key: no: missing value":
        {"op": "remove", "path": "/data/no"},
    'add operation does not apply: doc is missing path: "/no/no": missing value':
        {"op": "add", "path": "/no/no", "value": "s"},
    "replace operation does not apply: doc is missing path: /no/no: missing value":
        {"op": "replace", "path": "/no/no", "value": "s"},
    "testing value /data/a failed: test failed": {"op": "test", "path": "/data/a", "value": "z"},
    "error in move for path: 'no': Unable to remove nonexistent key: no: missing value":
        {"op": "move", "from": "/data/no", "path": "/data/a"},
    "Unexpected kind: foo": {"op": "foo", "path": "/data/a"},
    "json: cannot unmarshal number into Go struct field ConfigMap.data of type string":
        {"op": "add", "path": "/data/a", "value": 3},
}  # fmt: skip


def test_a_patch_that_cannot_be_done_is_told(stage: Stage) -> None:
    operations = list(IMPOSSIBLE.values())
    stage.configure("confuses", lambda _: patched(operations.pop(0)), mutating=True)
    for said in IMPOSSIBLE:
        answer = stage.create("confused", "confuses")
        assert (answer.status, answer.body["message"]) == (500, f"Internal error occurred: {said}")


def test_a_change_is_stored_and_owned_by_nobody(stage: Stage) -> None:
    added = {"op": "add", "path": "/data/z", "value": "1"}
    noted = {"op": "add", "path": "/metadata/annotations", "value": {"p": "q"}}
    unknown = {"op": "add", "path": "/spec", "value": {"a": 1}}
    stage.configure("adds", lambda _: patched(added, noted, unknown), mutating=True)
    made = stage.create("more", "adds").body
    assert made["data"] == {"a": "b", "z": "1"}
    assert made["metadata"]["annotations"] == {"p": "q"}
    assert "spec" not in made
    (entry,) = made["metadata"]["managedFields"]
    assert entry["fieldsV1"]["f:data"] == {".": {}, "f:a": {}}
    assert made == stage.api.get(stage.path("configmaps/more")).body
    stage.hooks.says["/adds"] = lambda _: {"allowed": True}
    stage.api.ask("DELETE", stage.path("configmaps/more"))


def test_what_webhooks_add_is_completed_and_judged(stage: Stage) -> None:
    ports = [{"op": "add", "path": "/spec/ports/-", "value": {"name": "more", "port": 81}}]
    rules = [rule("services")]
    stage.configure("ports", lambda _: patched(*ports), mutating=True, rules=rules)
    body = {
        "metadata": {"name": "ported", "labels": {"for": "ports"}},
        "spec": {"ports": [{"name": "one", "port": 80}]},
    }
    made = stage.api.ask("POST", stage.path("services?dryRun=All"), body)
    more = {"name": "more", "port": 81, "protocol": "TCP", "targetPort": 81}
    assert made.body["spec"]["ports"][1] == more
    ports[0]["value"] = {"name": "more", "port": 0}
    refused = stage.api.ask("POST", stage.path("services?dryRun=All"), body)
    assert refused.status == 422
    assert "spec.ports[1].port: Invalid value: 0" in refused.body["message"]


def test_a_deletion_cannot_be_changed(stage: Stage) -> None:
    stage.create("lasting", "clings")
    said = patched({"op": "add", "path": "/data", "value": {}})
    name = stage.configure("clings", lambda _: said, mutating=True, rules=[rule("configmaps", operations=("DELETE",))])
    answer = stage.api.ask("DELETE", stage.path("configmaps/lasting"))
    told = f'admission webhook "{name}" attempted to modify the object, which is not supported for this operation'
    assert (answer.status, answer.body["message"]) == (500, f"Internal error occurred: {told}")


def test_another_namespace_is_not_accepted_from_a_webhook(stage: Stage) -> None:
    moved = patched({"op": "replace", "path": "/metadata/namespace", "value": "default"})
    stage.configure("moves", lambda _: moved, mutating=True)
    answer = stage.create("moved", "moves")
    said = "the namespace of the provided object does not match the namespace sent on the request"
    assert (answer.status, answer.body["message"]) == (400, said)


def appending(letter: str) -> Callable[[Object], Object]:
    def says(asked: Object) -> Object:
        value = asked["object"]["data"].get("seen", "") + letter
        return patched({"op": "add", "path": "/data/seen", "value": value})

    return says


@pytest.mark.parametrize(("policy", "seen"), [("IfNeeded", "abca"), ("Never", "abc")])
def test_who_asks_for_it_is_asked_again_after_others_have_changed_something(
    stage: Stage, policy: str, seen: str
) -> None:
    for letter in "cba":
        stage.configure(
            f"{letter}-appends", appending(letter), mutating=True,
            reinvocationPolicy=policy if letter == "a" else "Never",
            objectSelector={"matchLabels": {"for": "round"}},
        )  # fmt: skip
    made = stage.create(f"round-{policy.lower()}", "round").body
    assert made["data"]["seen"] == seen, "by the names of the configurations, and once more"


def test_nobody_is_asked_again_when_nothing_has_changed(stage: Stage) -> None:
    stage.configure("calm", mutating=True, reinvocationPolicy="IfNeeded")
    stage.configure("still", mutating=True, objectSelector={"matchLabels": {"for": "calm"}})
    stage.create("calm", "calm")
    assert (len(stage.hooks.of("/calm")), len(stage.hooks.of("/still"))) == (1, 1)


def test_the_failures_of_some_are_ignored_and_their_refusals_are_not(stage: Stage) -> None:
    answers: list[Any] = [web.Response(status=500), b"nonsense", {"allowed": False}]
    stage.configure("lenient", lambda _: answers.pop(0), failurePolicy="Ignore")
    assert [stage.create(f"lenient{n}", "lenient").status for n in range(3)] == [201, 201, 400]
    nowhere = stage.client("") | {"url": "https://127.0.0.1:1/x"}
    stage.configure("absent", failurePolicy="Ignore", clientConfig=nowhere)


def test_a_server_that_is_not_there_is_told(stage: Stage) -> None:
    nowhere = {"url": "https://127.0.0.1:1/x"}
    name = stage.configure("nowhere", clientConfig=nowhere, timeoutSeconds=3)
    said = 'Post "https://127.0.0.1:1/x?timeout=3s": dial tcp 127.0.0.1:1: connect: connection refused'
    assert stage.create("lost", "nowhere").body == internal(name, CALL + said)


def test_a_certificate_of_nobody_known_is_told(stage: Stage) -> None:
    strange = base64.b64encode(make_certificates().ca_pem).decode()
    name = stage.configure("strange", clientConfig=stage.client("strange") | {"caBundle": strange})
    message = stage.create("lost", "strange").body["message"]
    said = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    assert message.startswith(
        f'Internal error occurred: failed calling webhook "{name}": '
        f'{CALL}Post "{stage.hooks.url}/strange?timeout=10s": {said}'
    )
    assert not stage.hooks.of("/strange")


SERVICES = {
    "nothing": ({}, 443, 'service "nothing" not found'),
    "headless": ({"clusterIP": "None"}, 443, 'cannot route to service with ClusterIP "None"'),
    "narrow": ({}, 444, 'no service port 444 found for service "narrow"'),
}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_leads_nowhere_is_told(stage: Stage, service: str) -> None:
    spec, port, said = SERVICES[service]
    if service != "nothing":
        body = {"metadata": {"name": service}, "spec": {"ports": [{"port": 443}], "selector": {"a": "b"}} | spec}
        stage.api.ask("POST", stage.path("services"), body)
    reference = {"namespace": stage.namespace, "name": service, "path": "/p", "port": port}
    name = stage.configure(f"to-{service}", clientConfig={"service": reference})
    url = f"https://{service}.{stage.namespace}.svc:{port}/p?timeout=10s"
    assert stage.create("lost", f"to-{service}").body == internal(name, f'{CALL}Post "{url}": {said}')


def test_who_takes_too_long_is_not_waited_for(stage: Stage) -> None:
    async def sleep(_: Object) -> Object:
        await asyncio.sleep(1.5)
        return {"allowed": True}

    name = stage.configure("slow", sleep, timeoutSeconds=1)
    said = f'Post "{stage.hooks.url}/slow?timeout=1s": context deadline exceeded'
    assert stage.create("late", "slow").body == internal(name, CALL + said)


def test_a_webhook_is_told_of_a_dry_run(stage: Stage) -> None:
    body, path = config_map("dry", {"for": "dry"}), stage.path("configmaps?dryRun=All")
    stage.configure("dry", sideEffects="NoneOnDryRun")
    assert stage.api.ask("POST", path, body).status == 201
    (asked,) = stage.hooks.of("/dry")
    assert (asked["dryRun"], asked["options"]["dryRun"]) == (True, ["All"])


def heard(stage: Stage, path: str) -> list[tuple[str, str, str, str]]:
    """What the tests themselves did. A patch that a controller overtook is asked again: that counts once."""
    own = (asked for asked in stage.hooks.of(path) if "system:masters" in asked["userInfo"].get("groups", ()))
    return [what for what, _ in itertools.groupby(map(about, own))]


def test_rules_choose_by_operation_resource_and_subresource(stage: Stage) -> None:
    chosen = {"for": "deployments"}
    selector = {"matchLabels": chosen}
    rules = {
        "plain": [rule("deployments", group="apps", operations=("CREATE", "DELETE"))],
        "scales": [rule("*/scale", group="apps")],
        "statuses": [rule("deployments/status", group="*")],
        "everything": [rule("deployments/*", group="apps", operations=("UPDATE",))],
        "others": [rule("replicasets", "statefulsets/*", group="apps", operations=("CREATE",)), rule("deployments")],
    }
    for name, said in rules.items():
        stage.configure(name, rules=said, objectSelector={} if name == "scales" else selector)
    body = workload("chosen", 0)
    body["metadata"]["labels"] = chosen
    place = stage.path("deployments/chosen", "apps/v1")
    assert stage.api.ask("POST", stage.path("deployments", "apps/v1"), body).status == 201
    conditions = {"Available", "Progressing"}
    eventually(lambda: conditions <= {c["type"] for c in stage.api.get(place).body["status"].get("conditions", ())})
    stage.api.ask("PATCH", place, {"metadata": {"annotations": {"c": "d"}}}, patch="merge")
    scaled = stage.api.ask("PATCH", f"{place}/scale", {"spec": {"replicas": 0}}, patch="merge")
    assert scaled.status == 200
    stage.api.ask("PATCH", f"{place}/status", {"status": {"replicas": 0}}, patch="merge")
    stage.api.ask("DELETE", place)
    create, delete = ("CREATE", "deployments", "", "Deployment"), ("DELETE", "deployments", "", "Deployment")
    update, status = ("UPDATE", "deployments", "", "Deployment"), ("UPDATE", "deployments", "status", "Deployment")
    assert heard(stage, "/plain") == [create, delete]
    assert heard(stage, "/scales") == [("UPDATE", "deployments", "scale", "Scale")]
    assert heard(stage, "/statuses") == [status]
    assert heard(stage, "/everything") == [update, status], "a Scale has no labels to be chosen by"
    assert heard(stage, "/others") == []


def test_a_scale_can_be_changed_on_its_way(stage: Stage) -> None:
    stage.api.ask("POST", stage.path("deployments", "apps/v1"), workload("scaled", 0, paused=True))
    doubled = patched({"op": "replace", "path": "/spec/replicas", "value": 4})
    stage.configure("doubles", lambda _: doubled, mutating=True, rules=[rule("deployments/scale", group="apps")],
                    objectSelector={})  # fmt: skip
    place = stage.path("deployments/scaled/scale?dryRun=All", "apps/v1")
    answer = stage.api.ask("PATCH", place, {"spec": {"replicas": 2}}, patch="merge")
    assert answer.body["spec"] == {"replicas": 4}
    stage.api.ask("DELETE", stage.path("deployments/scaled", "apps/v1"))


@pytest.mark.parametrize(("scope", "hears"), [("Namespaced", 1), ("Cluster", 0), ("*", 1)])
def test_a_scope_tells_objects_in_namespaces_from_others(stage: Stage, scope: str, hears: int) -> None:
    stage.configure("scoped", rules=[rule("configmaps", scope=scope)])
    stage.create("scoped", "scoped")
    assert len(stage.hooks.of("/scoped")) == hears
    stage.api.ask("DELETE", stage.path("configmaps/scoped"))


def test_a_namespace_is_chosen_by_the_labels_that_it_is_to_have(stage: Stage) -> None:
    selector = {"matchLabels": {"hooked": stage.namespace}}
    stage.configure("homes", rules=[rule("namespaces", scope="Cluster")], objectSelector={}, namespaceSelector=selector)
    for labels in ({"hooked": stage.namespace}, {"hooked": "no"}):
        body = {"metadata": {"name": f"{stage.namespace}-home", "labels": labels}}
        assert stage.api.ask("POST", "/api/v1/namespaces?dryRun=All", body).status == 201
    (asked,) = stage.hooks.of("/homes")
    assert (asked["name"], asked["namespace"]) == (f"{stage.namespace}-home", f"{stage.namespace}-home")


def test_objects_are_chosen_also_by_the_labels_that_they_had(stage: Stage) -> None:
    stage.create("freed", "old")
    stage.configure("old")
    for _ in range(2):
        stage.api.ask("PATCH", stage.path("configmaps/freed"), {"metadata": {"labels": None}}, patch="merge")
    assert len(stage.hooks.of("/old")) == 1


@pytest.mark.parametrize(("policy", "hears"), [("Equivalent", [("", "Event")]), ("Exact", [])])
def test_a_policy_says_whether_the_same_in_another_group_is_meant(
    stage: Stage, policy: str, hears: list[tuple[str, str]]
) -> None:
    name = f"events-{policy.lower()}"
    stage.configure(name, rules=[rule("events")], matchPolicy=policy)
    event = {
        "metadata": {"name": name, "labels": {"for": name}}, "eventTime": "2026-01-01T00:00:00.000000Z", "action": "d",
        "reportingController": "a/b", "reportingInstance": "c", "reason": "r", "type": "Normal", "note": "n",
        "regarding": {"kind": "Pod", "namespace": stage.namespace, "name": "x"},
    }  # fmt: skip
    assert stage.api.ask("POST", stage.path("events", "events.k8s.io/v1"), event).status == 201
    found = stage.hooks.of(f"/{name}")
    assert [(asked["kind"]["group"], asked["kind"]["kind"]) for asked in found] == hears
    for asked in found:
        assert asked["requestKind"] == kind("events.k8s.io", "v1", "Event")
        assert (asked["object"]["apiVersion"], asked["object"]["message"]) == ("v1", "n")


def test_conditions_choose_by_what_is_asked(stage: Stage) -> None:
    wanted = "request.operation == 'CREATE' && !request.dryRun && object.data.a == 'b'"
    stage.configure("wants", matchConditions=[{"name": "wanted", "expression": wanted}])
    for name, data in (("wanted", "b"), ("unwanted", "c")):
        stage.create(name, "wants", data={"a": data})
    assert [asked["name"] for asked in stage.hooks.of("/wants")] == ["wanted"]


@pytest.mark.parametrize(("policy", "status"), [("Fail", 403), ("Ignore", 201)])
def test_a_condition_that_cannot_be_evaluated_fails_as_the_webhook_would(
    stage: Stage, policy: str, status: int
) -> None:
    conditions = [{"name": "q", "expression": "object.data.q == 'x'"}]
    name = f"asks-{policy.lower()}"
    stage.configure(name, failurePolicy=policy, matchConditions=conditions)
    answer = stage.create(name, name)
    assert answer.status == status
    if status == 403:
        said = "expression 'object.data.q == 'x'' resulted in error: no such key: q"
        assert answer.body["message"] == f'configmaps "{name}" is forbidden: {said}'
    assert not stage.hooks.of(f"/{name}")


def test_no_webhook_hears_of_webhooks(stage: Stage) -> None:
    stage.configure("jealous", lambda _: {"allowed": False}, namespaceSelector={}, rules=[
        rule("*", group="admissionregistration.k8s.io")], objectSelector={})  # fmt: skip
    place = f"{CONFIGURATIONS.format('validating')}/{stage.namespace}-jealous"
    assert stage.api.ask("PATCH", place, {"metadata": {"labels": {"a": "b"}}}, patch="merge").status == 200
    assert stage.api.ask("DELETE", place).status == 200
    assert not stage.hooks.of("/jealous")


def test_who_was_overtaken_meanwhile_is_told_or_tries_again(stage: Stage) -> None:
    made = stage.create("raced", "races").body
    place, turns = stage.path("configmaps/raced"), [1, 2]

    async def overtake(_: Object) -> Object:
        if turns:
            change = {"metadata": {"labels": None, "annotations": {"turn": str(turns.pop())}}}
            await asyncio.to_thread(lambda: stage.api.ask("PATCH", place, change, patch="merge"))
        return {"allowed": True}

    mine = "request.name == 'raced' && object.data.a == 'mine'"
    stage.configure("races", overtake, objectSelector={}, matchConditions=[{"name": "mine", "expression": mine}])
    refused = stage.api.ask("PUT", place, made | {"data": {"a": "mine"}})
    assert (refused.status, refused.body["reason"]) == (409, "Conflict")
    again = stage.api.ask("PATCH", place, {"data": {"a": "mine"}}, patch="merge")
    assert (again.status, again.body["data"]) == (200, {"a": "mine"})
    assert again.body["metadata"]["annotations"] == {"turn": "1"}


@pytest.fixture
def running(stage: Stage) -> Iterator[Place]:
    """With a pod that runs."""
    place = Place(stage.api, stage.namespace)
    place.make("pods", pod("runs", "sleep", "3600", terminationGracePeriodSeconds=0))
    eventually(lambda: ready([place.get("pods", "runs")]))
    yield place
    stage.clear()
    stage.api.ask("DELETE", stage.path("pods/runs?gracePeriodSeconds=0"))
    eventually(lambda: place.is_gone("pods", "runs"))


def test_webhooks_judge_who_connects_to_pods(stage: Stage, running: Place) -> None:
    rules = [rule("pods/*", operations=("CONNECT",))]
    name = stage.configure("guards", lambda _: {"allowed": False}, rules=rules, objectSelector={})
    denied = f'admission webhook "{name}" denied the request without explanation'
    for rest in ("exec?command=ls&command=-l&container=c&stdout=true", "attach?stdin=true", "portforward?ports=80"):
        answer = stage.api.ask("POST", stage.path(f"pods/runs/{rest}"))
        assert (answer.status, answer.body["message"]) == (400, denied)
    assert stage.api.get(stage.path("pods/runs/proxy/x")).status == 400
    heard = stage.hooks.of("/guards")
    assert [about(asked)[2:] for asked in heard] == [
        ("exec", "PodExecOptions"), ("attach", "PodAttachOptions"), ("portforward", "PodPortForwardOptions"),
        ("proxy", "PodProxyOptions"),
    ]  # fmt: skip
    said = {"kind": "PodExecOptions", "apiVersion": "v1"}
    assert heard[0]["object"] == said | {"stdout": True, "container": "c", "command": ["ls", "-l"]}
    assert [asked["options"] for asked in heard] == [None] * 4


def test_an_eviction_is_a_creation_below_the_pod(stage: Stage, running: Place) -> None:
    rules = [rule("pods/eviction", operations=("CREATE",)), rule("pods", operations=("DELETE",))]
    stage.configure("evicts", lambda _: {"allowed": False}, rules=rules, objectSelector={})
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "runs"}}
    assert stage.api.ask("POST", stage.path("pods/runs/eviction"), eviction).status == 400
    (asked,) = stage.hooks.of("/evicts")
    assert about(asked) == ("CREATE", "pods", "eviction", "Eviction")
    assert asked["kind"]["group"] == "policy"


SIDECAR = {"name": "sidecar", "image": "registry.local/toolbox:1", "command": ["sleep", "3600"]}


def test_what_controllers_make_is_changed_by_webhooks_too(stage: Stage) -> None:
    place = Place(stage.api, stage.namespace)
    added = patched({"op": "add", "path": "/spec/containers/-", "value": SIDECAR})
    rules = [rule("pods", operations=("CREATE",))]
    stage.configure(
        "injects", lambda _: added, mutating=True, rules=rules, objectSelector={"matchLabels": {"app": "in"}}
    )
    body = workload("in", 3)
    body["spec"]["template"]["spec"]["containers"][0]["command"] = ["sleep", "3600"]
    place.make("deployments", body, "apps/v1")
    eventually(lambda: place.get("deployments", "in", "apps/v1").get("status", {}).get("readyReplicas") == 3)
    pods = place.pods(app="in")
    assert [[c["name"] for c in found["spec"]["containers"]] for found in pods] == [["c", "sidecar"]] * 3
    for found in pods:
        mounts = [container["volumeMounts"] for container in found["spec"]["containers"]]
        assert mounts[0] == mounts[1], "the server's own admission comes again after the webhooks"
        assert len(found["spec"]["volumes"]) == 1
    users = {asked["userInfo"]["username"] for asked in stage.hooks.of("/injects")}
    assert users == {"system:serviceaccount:kube-system:replicaset-controller"}
    assert len(stage.hooks.of("/injects")) == 3
    events = stage.api.get(stage.path("events?fieldSelector=reason%3DSuccessfulCreate")).body["items"]
    told = {event["message"] for event in events}
    assert {f"Created pod: {found['metadata']['name']}" for found in pods} <= told
    stage.api.ask("DELETE", stage.path("deployments/in", "apps/v1"))
    eventually(lambda: not place.pods(app="in"))


def test_controllers_tell_what_webhooks_refuse_and_try_again(stage: Stage) -> None:
    place, answers = Place(stage.api, stage.namespace), {"allowed": False}
    rules = [rule("pods", operations=("CREATE",))]
    name = stage.configure("keeps-out", lambda _: answers, rules=rules, objectSelector={"matchLabels": {"app": "out"}})
    place.make("replicasets", workload("out"), "apps/v1")
    said = f'admission webhook "{name}" denied the request without explanation'

    def failure() -> Any:
        conditions = place.get("replicasets", "out", "apps/v1").get("status", {}).get("conditions") or ()
        return next((found for found in conditions if found["type"] == "ReplicaFailure"), None)

    told = eventually(failure)
    assert (told["reason"], told["message"]) == ("FailedCreate", said)
    answers["allowed"] = True
    eventually(lambda: place.pods(app="out"))
    eventually(lambda: not failure())
    stage.api.ask("DELETE", stage.path("replicasets/out", "apps/v1"))
