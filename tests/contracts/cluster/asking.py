"""Reads the cases, puts one to a server, and brings answers into a form that two servers share.

A case in `cases/TOPIC.yaml`:
`says` is the behaviour in words and the case's name; `do` is a method and a resource (`POST services`,
`GET pods/web/log?tailLines=1`, or a whole path from `/`); `body`, `patch` (json, merge, strategic, apply), `text` (a
body sent as it is) and `headers` belong to it. Writes are tried (`dryRun=All`) unless `really: true`. `given` lists
objects that are there before, and gone after. `of` names the fields of the answer that count, where not all do.
A file with a `setup` has its cases under `cases`; a step of it, or of `given`, with `until` is asked until it has that
status: a real server learns of some things after a moment, and says so nowhere. A case that is `kept` is not undone
before the topic ends. `unless` is the status of a server that is too young to show it.
`{namespace}` stands for the namespace of the run.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.contracts.cluster.api import API, Answer, Object

HERE = Path(__file__).parent

_CORE, _RBAC, _META = "v1", "rbac.authorization.k8s.io/v1", "apiextensions.k8s.io/v1"
RESOURCES = {
    "configmaps": (_CORE, "ConfigMap", True), "secrets": (_CORE, "Secret", True), "services": (_CORE, "Service", True),
    "pods": (_CORE, "Pod", True), "endpoints": (_CORE, "Endpoints", True), "events": (_CORE, "Event", True),
    "serviceaccounts": (_CORE, "ServiceAccount", True), "namespaces": (_CORE, "Namespace", False),
    "nodes": (_CORE, "Node", False), "resourcequotas": (_CORE, "ResourceQuota", True),
    "limitranges": (_CORE, "LimitRange", True), "persistentvolumeclaims": (_CORE, "PersistentVolumeClaim", True),
    "replicationcontrollers": (_CORE, "ReplicationController", True),
    "deployments": ("apps/v1", "Deployment", True), "replicasets": ("apps/v1", "ReplicaSet", True),
    "statefulsets": ("apps/v1", "StatefulSet", True), "daemonsets": ("apps/v1", "DaemonSet", True),
    "controllerrevisions": ("apps/v1", "ControllerRevision", True),
    "jobs": ("batch/v1", "Job", True), "cronjobs": ("batch/v1", "CronJob", True),
    "ingresses": ("networking.k8s.io/v1", "Ingress", True),
    "ingressclasses": ("networking.k8s.io/v1", "IngressClass", False),
    "networkpolicies": ("networking.k8s.io/v1", "NetworkPolicy", True),
    "servicecidrs": ("networking.k8s.io/v1", "ServiceCIDR", False),
    "ipaddresses": ("networking.k8s.io/v1", "IPAddress", False),
    "endpointslices": ("discovery.k8s.io/v1", "EndpointSlice", True),
    "poddisruptionbudgets": ("policy/v1", "PodDisruptionBudget", True),
    "horizontalpodautoscalers": ("autoscaling/v2", "HorizontalPodAutoscaler", True),
    "leases": ("coordination.k8s.io/v1", "Lease", True), "roles": (_RBAC, "Role", True),
    "rolebindings": (_RBAC, "RoleBinding", True), "clusterroles": (_RBAC, "ClusterRole", False),
    "clusterrolebindings": (_RBAC, "ClusterRoleBinding", False),
    "customresourcedefinitions": (_META, "CustomResourceDefinition", False),
    "apiservices": ("apiregistration.k8s.io/v1", "APIService", False),
    "priorityclasses": ("scheduling.k8s.io/v1", "PriorityClass", False),
    "storageclasses": ("storage.k8s.io/v1", "StorageClass", False),
    "validatingwebhookconfigurations": ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", False),
    "selfsubjectaccessreviews": ("authorization.k8s.io/v1", "SelfSubjectAccessReview", False),
    "subjectaccessreviews": ("authorization.k8s.io/v1", "SubjectAccessReview", False),
    "localsubjectaccessreviews": ("authorization.k8s.io/v1", "LocalSubjectAccessReview", True),
    "selfsubjectrulesreviews": ("authorization.k8s.io/v1", "SelfSubjectRulesReview", False),
    "selfsubjectreviews": ("authentication.k8s.io/v1", "SelfSubjectReview", False),
    "tokenreviews": ("authentication.k8s.io/v1", "TokenReview", False),
}  # fmt: skip
"""apiVersion, kind, and whether it lives in a namespace."""


def topics() -> list[str]:
    return sorted(path.stem for path in (HERE / "cases").glob("*.yaml"))


def cases_of(topic: str) -> list[Object]:
    return list(_read(topic)["cases"])


def _read(topic: str) -> Object:
    found = yaml.safe_load((HERE / "cases" / f"{topic}.yaml").read_bytes())
    return dict(found) if isinstance(found, dict) else {"cases": found}


@contextlib.contextmanager
def prepared(api: API, topic: str, namespace: str) -> Iterator[None]:
    """With what a topic is about: objects that are there from its first case to its last, and gone afterwards."""
    made = []
    for step in _read(topic).get("setup") or ():
        if "until" in step:  # only asked, never done
            _settled(api, step, namespace, really=False)
            continue
        answer = _ask(api, step, namespace, really=True)
        assert answer.status < 300, f"{step}: {answer}"
        made.append((step, answer))
        if step["do"].endswith("customresourcedefinitions"):
            spec = step["body"]["spec"]
            path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
            while api.get(path).status != 200:
                time.sleep(0.05)
    yield
    for case in cases_of(topic):
        if case.get("kept"):
            path = path_of(case["do"].partition(" ")[2].partition("?")[0], namespace)
            api.ask("DELETE", f"{path}/{case['body']['metadata']['name']}")
    for step, answer in reversed(made):
        _forget(api, step, answer, namespace)


def answers_of(topic: str) -> Object:
    path = HERE / "answers" / f"{topic}.json"
    return dict(json.loads(path.read_bytes())["answers"]) if path.exists() else {}


def put(api: API, case: Object, namespace: str) -> Object:
    """Asks, and gives the answer in the form in which answers are recorded."""
    made = []
    try:
        for step in case.get("given", ()):
            answer = _settled(api, step, namespace, really=True)
            assert answer.status < 300, f"{step}: {answer}"
            if step["do"].startswith("POST") or answer.status == 201:
                made.append((step, answer))
        answer = _ask(api, case, namespace, really=case.get("really", False))
    finally:
        for step, earlier in reversed(made):
            _forget(api, step, earlier, namespace)
    if case.get("really") and case["do"].startswith("POST") and answer.status == 201 and not case.get("kept"):
        _forget(api, case, answer, namespace)
    return recorded(answer, case, namespace)


def _forget(api: API, step: Object, answer: Answer, namespace: str) -> None:
    path = path_of(step["do"].partition(" ")[2].partition("?")[0], namespace)
    if step["do"].startswith("PATCH"):
        path = path.rpartition("/")[0]
    name = answer.body["metadata"].get("name")
    if name:
        gone = api.ask("DELETE", f"{path}/{name}?gracePeriodSeconds=0").body
        if gone.get("metadata", {}).get("finalizers"):
            api.ask("PATCH", f"{path}/{name}", {"metadata": {"finalizers": None}}, patch="merge")


def path_of(place: str, namespace: str) -> str:
    """`services/web/status` as a path."""
    if place.startswith("/"):
        return place.replace("{namespace}", namespace)
    place, _, query = place.replace("{namespace}", namespace).partition("?")
    plural, _, rest = place.partition("/")
    version, _, namespaced = RESOURCES[plural]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    middle = f"/namespaces/{namespace}" if namespaced else ""
    return f"{base}{middle}/{plural}" + (f"/{rest}" if rest else "") + (f"?{query}" if query else "")


def _settled(api: API, step: Object, namespace: str, *, really: bool) -> Answer:
    """The answer to a step, asked again for a minute while it is not the one that the step waits for."""
    latest = time.monotonic() + 60
    while (answer := _ask(api, step, namespace, really=really)).status != step.get("until", answer.status):
        assert time.monotonic() < latest, f"{step}: still {answer}"
        time.sleep(0.1)
    return answer


def _ask(api: API, case: Object, namespace: str, *, really: bool) -> Answer:
    method, _, place = case["do"].partition(" ")
    path, body, patch = path_of(place, namespace), case.get("body"), case.get("patch", "")
    plural = place.partition("/")[0].partition("?")[0]
    if isinstance(body, dict):
        body = json.loads(json.dumps(body).replace("{namespace}", namespace))
        if body == {} and "/nothing" in place:
            body = {"apiVersion": RESOURCES[plural][0], "kind": RESOURCES[plural][1], "metadata": {"name": "nothing"}}
        if plural in RESOURCES and patch in ("", "apply") and "/" not in place.partition("?")[0].partition("/")[2]:
            body = {"apiVersion": RESOURCES[plural][0], "kind": RESOURCES[plural][1]} | body
    if method != "GET" and not really:
        path += ("&" if "?" in path else "?") + "dryRun=All"
    if patch == "apply" and "fieldManager" not in path and not case.get("nameless"):
        path += ("&" if "?" in path else "?") + "fieldManager=tester"
    headers = {name: str(value).replace("{namespace}", namespace) for name, value in case.get("headers", {}).items()}
    return api.ask(method, path, body, patch=patch, headers=headers, text=case.get("text"))


_CHANGING = {
    "uid", "resourceVersion", "creationTimestamp", "time", "lastTransitionTime", "deletionTimestamp", "lastUpdateTime",
    "lastProbeTime", "startedAt", "clusterIP", "nodePort", "healthCheckNodePort", "token", "expirationTimestamp",
}  # fmt: skip
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_AGE = re.compile(r"(\d+[smhd]){1,2}|<invalid>")
_TOKEN = re.compile(r"(kube-api-access-)[a-z0-9]{5}")
_REVISION = re.compile(r'(resourceVersion\\*":\\*")\d+')
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def recorded(answer: Answer, case: Object, namespace: str) -> Object:
    """Without what differs from server to server and from run to run."""
    body = answer.body
    if isinstance(body, dict):
        body = _common(body, namespace)
        if "of" in case:
            body = {path: _at(body, path) for path in case["of"]}
    elif isinstance(body, str) and "of" in case and body.startswith('{"type"'):  # the first event of a stream
        event = json.loads(body.splitlines()[0])
        body = {path: _at(event, path) for path in case["of"]}
    elif isinstance(body, str) and "yaml" in answer.headers.get("Content-Type", ""):
        body = _common(yaml.safe_load(body), namespace)
    elif isinstance(body, str):
        body = _TIME.sub("TIME", body.replace(namespace, "{namespace}"))
    found: Object = {"status": answer.status, "body": body}
    if warning := answer.headers.get("Warning"):
        found["warning"] = warning.replace(namespace, "{namespace}")
    for name in case.get("header", ()):
        found[name] = answer.headers.get(name, "")
    return found


def _at(body: Any, path: str) -> Any:
    for name in path.split("/"):
        if isinstance(body, list):
            body = body[int(name)] if name.isdecimal() and int(name) < len(body) else None
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return body


def _common(value: Any, namespace: str, name: str = "") -> Any:
    if isinstance(value, dict):
        kept = {
            key: "*" if key in _CHANGING and child not in (None, "", "None") else _common(child, namespace, key)
            for key, child in sorted(value.items())
            if key != "description"
        }
        if isinstance(kept.get("managedFields"), list):
            kept["managedFields"].sort(
                key=lambda entry: (entry.get("operation", ""), entry.get("manager", ""), entry.get("subresource", ""))
            )
        return kept
    if name == "cells":
        return ["AGE" if isinstance(cell, str) and _AGE.fullmatch(cell) else cell for cell in value]
    if isinstance(value, list):
        return ["*"] if name == "clusterIPs" and value != ["None"] else [_common(v, namespace, name) for v in value]
    if isinstance(value, str):
        value = _TOKEN.sub(r"\1X", _UID.sub("UID", value.replace(namespace, "{namespace}")))
        return _REVISION.sub(r"\1*", _TIME.sub("TIME", value))
    return value


def differences(real: Any, ours: Any, at: str = "") -> Iterator[str]:
    """Each place where they differ, with both values."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for name in sorted(set(real) | set(ours)):
            if name not in real:
                yield f"{at}.{name}: only here: {json.dumps(ours[name])[:300]}"
            elif name not in ours:
                yield f"{at}.{name}: missing, should be {json.dumps(real[name])[:300]}"
            else:
                yield from differences(real[name], ours[name], f"{at}.{name}")
    elif isinstance(real, list) and isinstance(ours, list) and len(real) == len(ours):
        if at.endswith(".conditions"):
            # Several controllers write them, each when it comes to it.
            real, ours = sorted(real, key=_type), sorted(ours, key=_type)
        for number, (one, other) in enumerate(zip(real, ours, strict=True)):
            yield from differences(one, other, f"{at}[{number}]")
    elif real != ours:
        yield f"{at}: should be {json.dumps(real)[:900]}, is {json.dumps(ours)[:900]}"


def _type(condition: Any) -> str:
    return str(condition.get("type")) if isinstance(condition, dict) else ""
