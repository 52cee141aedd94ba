"""Pods, and the pod templates of whatever makes pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.rules.contract import LABEL, Object, Rules, name_causes, port_number
from bot.playground.cluster_server.statuses import Cause, duplicate, forbidden_field, required
from bot.playground.cluster_server.values import copied, dig

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_MAY_CHANGE = ("image", "resources")
_TOLERATED_SECONDS = 300


def fill(pod: Object) -> None:
    fill_spec(pod["spec"])
    spec = pod["spec"]
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        resources = container["resources"]
        if "limits" in resources:
            resources["requests"] = copied(resources["limits"]) | (resources.get("requests") or {})
        for port in container.get("ports") or ():
            if spec.get("hostNetwork"):
                port.setdefault("hostPort", port.get("containerPort"))
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    if not spec.get("tolerations"):
        spec["tolerations"] = [
            {"effect": "NoExecute", "key": f"node.kubernetes.io/{key}", "operator": "Exists",
             "tolerationSeconds": _TOLERATED_SECONDS}
            for key in ("not-ready", "unreachable")
        ]  # fmt: skip
    status = pod.setdefault("status", {})
    status.setdefault("phase", "Pending")
    status.setdefault("qosClass", "Burstable" if _asks_for_resources(spec) else "BestEffort")


def fill_spec(spec: Object) -> None:
    """The defaults that templates have too."""
    for name, value in (
        ("dnsPolicy", "ClusterFirst"), ("restartPolicy", "Always"), ("schedulerName", "default-scheduler"),
        ("securityContext", {}), ("terminationGracePeriodSeconds", 30),
    ):  # fmt: skip
        spec.setdefault(name, copied(value))
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        _fill_container(container)
    for volume in spec.get("volumes") or ():
        for source in ("configMap", "secret", "projected", "downwardAPI"):
            if source in volume:
                volume[source].setdefault("defaultMode", 420)
        for source in dig(volume, "projected", "sources", default=()):
            if "serviceAccountToken" in source:
                source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        if set(volume) == {"name"}:
            volume["emptyDir"] = {}
        for reference in [volume.get("downwardAPI"), *dig(volume, "projected", "sources", default=())]:
            for item in dig(reference, "items", default=()) or dig(reference, "downwardAPI", "items", default=()):
                if "fieldRef" in item:
                    item["fieldRef"].setdefault("apiVersion", "v1")
        if "hostPath" in volume:
            volume["hostPath"].setdefault("type", "")


def _fill_container(container: Object) -> None:
    image = str(container.get("image", ""))
    tag = image.rpartition("/")[2].partition(":")[2]
    container.setdefault("imagePullPolicy", "Always" if tag in ("", "latest") and "@" not in image else "IfNotPresent")
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for name in _PROBES:
        if probe := container.get(name):
            for field, value in (
                ("failureThreshold", 3), ("periodSeconds", 10), ("successThreshold", 1), ("timeoutSeconds", 1),
            ):  # fmt: skip
                probe.setdefault(field, value)
            if "httpGet" in probe:
                probe["httpGet"].setdefault("path", "/")
                probe["httpGet"].setdefault("scheme", "HTTP")
            if "grpc" in probe:
                probe["grpc"].setdefault("service", "")
    for hook in ("postStart", "preStop"):
        if request := dig(container, "lifecycle", hook, "httpGet"):
            request.setdefault("path", "/")
            request.setdefault("scheme", "HTTP")
    for variable in container.get("env") or ():
        if reference := dig(variable, "valueFrom", "fieldRef"):
            reference.setdefault("apiVersion", "v1")


def _asks_for_resources(spec: Object) -> bool:
    return any(container.get("resources") for container in spec.get("containers") or ())


def judge(pod: Object, before: Object | None) -> Iterator[Cause]:
    yield from judge_spec(pod["spec"], "spec")
    if before is not None and _fixed(pod["spec"]) != _fixed(before["spec"]):
        allowed = (
            "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
            "`spec.tolerations` (only additions to existing tolerations),"
            "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
        )
        yield forbidden_field("spec", f"pod updates may not change fields other than {allowed}")


def _fixed(spec: Object) -> Object:
    kept = {name: value for name, value in spec.items() if name not in ("tolerations", "activeDeadlineSeconds")}
    for group in ("containers", "initContainers"):
        kept[group] = [
            {name: value for name, value in container.items() if name not in _MAY_CHANGE}
            for container in spec.get(group) or ()
        ]
    kept.pop("nodeName", None)
    return kept


def judge_spec(spec: Object, at: str) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield required(f"{at}.containers")
    seen: set[Any] = set()
    for number, container in enumerate(spec.get("containers") or ()):
        where = f"{at}.containers[{number}]"
        name = container.get("name", "")
        if not name:
            yield required(f"{where}.name")
        elif name in seen:
            yield duplicate(f"{where}.name", name)
        else:
            yield from name_causes(f"{where}.name", name, LABEL)
        seen.add(name)
        if not container.get("image"):
            yield required(f"{where}.image")
        for index, port in enumerate(container.get("ports") or ()):
            if not port.get("containerPort"):
                yield required(f"{where}.ports[{index}].containerPort")
            else:
                yield from port_number(f"{where}.ports[{index}].containerPort", port["containerPort"])


RULES = Rules(fill=fill, judge=judge)
