"""A namespace by short words, and what is put into one."""

from typing import Any

from tests.contracts.cluster.api import API

Object = dict[str, Any]

IMAGE = "registry.local/toolbox:1"


class Place:
    """One namespace, by short words."""

    def __init__(self, api: API, namespace: str) -> None:
        self.api = api
        self.namespace = namespace

    def path(self, plural: str, name: str = "", group: str = "") -> str:
        base = f"/apis/{group}" if group else "/api/v1"
        return f"{base}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    def get(self, plural: str, name: str, group: str = "") -> Object:
        return dict(self.api.get(self.path(plural, name, group)).body)

    def is_gone(self, plural: str, name: str, group: str = "") -> bool:
        return self.api.get(self.path(plural, name, group)).status == 404

    def make(self, plural: str, body: Object, group: str = "") -> Object:
        answer = self.api.ask("POST", self.path(plural, group=group), body)
        assert answer.status == 201, answer
        return dict(answer.body)

    def patch(self, plural: str, name: str, body: Object, group: str = "") -> None:
        answer = self.api.ask("PATCH", self.path(plural, name, group), body, patch="merge")
        assert answer.status == 200, answer

    def pods(self, **labels: str) -> list[Object]:
        chosen = ",".join(f"{key}%3D{value}" for key, value in labels.items())
        items = self.api.get(f"{self.path('pods')}?labelSelector={chosen}").body["items"]
        return [pod for pod in items if not pod["metadata"].get("deletionTimestamp")]


def template(app: str, *command: str, **spec: Any) -> Object:
    container = {"name": "c", "image": IMAGE} | ({"command": list(command)} if command else {})
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]} | spec,
    }


def pod(name: str, *command: str, **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": template("x", *command, **spec)["spec"]}


def workload(app: str, replicas: int = 1, **spec: Any) -> Object:
    chosen = {"selector": {"matchLabels": {"app": app}}, "template": template(app)}
    return {"metadata": {"name": app}, "spec": {"replicas": replicas} | chosen | spec}


def ready(pods: list[Object]) -> list[Object]:
    return [
        pod for pod in pods
        if any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions") or ())
    ]  # fmt: skip
