"""Tokens, and who one is with them. What may be done with them is in `cases/access.yaml`."""

import base64
import json

import pytest

from tests.contracts.cluster.api import API, Answer
from tests.contracts.cluster.conftest import eventually

Object = dict[str, object]


def ask(api: API, path: str, token: str = "", method: str = "GET", body: object = None) -> Answer:
    """As somebody else, or as nobody."""
    with api.fresh() as session:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        reply = session.request(method, api.url + path, json=body, headers=headers, timeout=30)
        found = reply.json() if "json" in reply.headers.get("Content-Type", "") else reply.text
        return Answer(reply.status_code, found, reply.headers)


@pytest.fixture
def account(api, namespace):
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    api.ask("POST", path, {"metadata": {"name": "robot"}})
    yield f"{path}/robot"
    api.ask("DELETE", f"{path}/robot")


def token_of(api: API, account: str, **spec: object) -> Answer:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    return api.ask("POST", f"{account}/token", body)


@pytest.mark.parametrize("path", ["/version", "/healthz", "/livez", "/readyz"])
def test_some_things_anybody_may_ask(api, path):
    assert ask(api, path).status == 200


def test_nobody_is_anonymous_and_may_do_nothing(api):
    answer = ask(api, "/api/v1/namespaces/default/configmaps")
    said = 'User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"'
    assert (answer.status, answer.message) == (403, f"configmaps is forbidden: {said}")


def test_nobody_may_discover_nothing(api):
    answer = ask(api, "/api")
    assert (answer.status, answer.message) == (403, 'forbidden: User "system:anonymous" cannot get path "/api"')


@pytest.mark.parametrize("path", ["/version", "/api/v1/namespaces"])
def test_a_token_that_is_none_is_refused_everywhere(api, path):
    answer = ask(api, path, "nonsense")
    assert (answer.status, answer.reason, answer.message) == (401, "Unauthorized", "Unauthorized")


def test_a_token_of_an_account_says_who_it_is(api, namespace, account):
    given = token_of(api, account, expirationSeconds=600)
    assert given.status == 201
    assert (given.body["kind"], given.body["spec"]["expirationSeconds"]) == ("TokenRequest", 600)
    assert given.body["status"]["expirationTimestamp"].endswith("Z")
    token = given.body["status"]["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["sub"] == f"system:serviceaccount:{namespace}:robot"
    assert claims["exp"] - claims["iat"] == 600
    assert claims["kubernetes.io"]["serviceaccount"]["name"] == "robot"
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    me = ask(api, "/apis/authentication.k8s.io/v1/selfsubjectreviews", token, "POST", review).body["status"]["userInfo"]
    assert me["username"] == claims["sub"]
    assert me["groups"] == [
        "system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated",
    ]  # fmt: skip


def test_a_token_lasts_ten_minutes_at_least(api, account):
    refused = token_of(api, account, expirationSeconds=60)
    assert (refused.status, refused.reason) == (422, "Invalid")
    assert "may not specify a duration less than 10 minutes" in refused.message


def test_a_token_is_reviewed(api, namespace, account):
    token = token_of(api, account).body["status"]["token"]
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    status = api.ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review).body["status"]
    assert status["authenticated"] is True
    assert status["user"]["username"] == f"system:serviceaccount:{namespace}:robot"


def test_a_token_may_do_what_its_account_is_bound_to_and_ends_with_it(api, namespace, account):
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    token = token_of(api, account).body["status"]["token"]
    assert ask(api, maps, token).status == 403
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}
    api.ask("POST", f"{rbac}/roles", {"metadata": {"name": "lists"}, "rules": [rule]})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "lists"}
    subject = {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}
    api.ask(
        "POST", f"{rbac}/rolebindings", {"metadata": {"name": "lists"}, "roleRef": reference, "subjects": [subject]}
    )
    eventually(lambda: ask(api, maps, token).status == 200)
    assert ask(api, f"{maps}/kube-root-ca.crt", token).status == 403
    api.ask("DELETE", account)
    eventually(lambda: ask(api, maps, token).status == 401)


def test_a_token_of_no_account_is_told(api, namespace):
    answer = token_of(api, f"/api/v1/namespaces/{namespace}/serviceaccounts/nobody")
    assert (answer.status, answer.message) == (404, 'serviceaccounts "nobody" not found')
