"""What the status of a pod looks like at each stage, as a real kubelet of 1.36 writes it."""

from __future__ import annotations

import hashlib
from typing import Any

from bot.playground.cluster_server.programs import Program, Reply
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_SUCCESS = range(200, 400)


def node_address(node: Object) -> str:
    addresses = dig(node, "status", "addresses", default=())
    return str(next((a["address"] for a in addresses if a["type"] == "InternalIP"), ""))


def creating(pod: Object, node: Object, address: str, now: str) -> Object:
    """The sandbox stands, with an address; containers are about to be made."""
    host = node_address(node)
    containers = [
        {
            "name": container["name"], "state": {"waiting": {"reason": "ContainerCreating"}}, "lastState": {},
            "ready": False, "restartCount": 0, "image": container["image"], "imageID": "", "started": False,
        }
        for container in pod["spec"]["containers"]
    ]  # fmt: skip
    status = pod["status"] | {
        "phase": "Pending", "hostIP": host, "hostIPs": [{"ip": host}], "podIP": address, "podIPs": [{"ip": address}],
        "startTime": now, "observedGeneration": pod["metadata"].get("generation", 1),
    }  # fmt: skip
    return assembled(pod | {"status": status}, containers, now)


def assembled(pod: Object, containers: list[Object], now: str) -> Object:
    """The status of the whole, from its containers."""
    status: Object = pod["status"]
    states = [container.get("state") or {} for container in containers]
    phase = (
        "Running"
        if any("waiting" not in s or dig(c, "lastState") for s, c in zip(states, containers, strict=True))
        else "Pending"
    )
    unready = [container["name"] for container in containers if not container.get("ready")]
    why = ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]") if unready else ("", "")
    before = {said["type"]: said for said in pod["status"].get("conditions") or ()}
    conditions = [
        _condition(before, "PodReadyToStartContainers", True, ("", ""), now),
        _condition(before, "Initialized", True, ("", ""), now),
        _condition(before, "Ready", not unready, why, now),
        _condition(before, "ContainersReady", not unready, why, now),
        _condition(before, "PodScheduled", True, ("", ""), now),
    ]
    return status | {"phase": phase, "conditions": conditions, "containerStatuses": containers}


def _condition(before: dict[str, Object], kind: str, holds: bool, why: tuple[str, str], now: str) -> Object:
    said: Object = {
        "type": kind,
        "status": "True" if holds else "False",
        "lastProbeTime": None,
        "lastTransitionTime": now,
    }
    said["observedGeneration"] = 1
    if why[0]:
        said |= {"reason": why[0], "message": why[1]}
    was = before.get(kind)
    if was and was["status"] == said["status"]:
        said["lastTransitionTime"] = was["lastTransitionTime"]
    return said


def waiting(container: Object, reason: str, message: str = "") -> Object:
    state = {"reason": reason} | ({"message": message} if message else {})
    return container | {"state": {"waiting": state}, "ready": False, "started": False}


def running(container: Object, now: str) -> Object:
    image = hashlib.sha256(container["image"].encode()).hexdigest()
    ran = hashlib.sha256(f"{image} {container['restartCount']} {now}".encode()).hexdigest()
    return container | {
        "state": {"running": {"startedAt": now}}, "started": True, "ready": False, "containerID": f"containerd://{ran}",
        "imageID": f"sha256:{image}",
    }  # fmt: skip


def ended(container: Object, exit_code: int, now: str) -> Object:
    terminated = {
        "exitCode": exit_code, "reason": "Completed" if exit_code == 0 else "Error",
        "startedAt": dig(container, "state", "running", "startedAt", default=now), "finishedAt": now,
        "containerID": container.get("containerID", ""),
    }  # fmt: skip
    return container | {"state": {"terminated": terminated}, "ready": False, "started": False}


def back_off(pod: Object, container: Object) -> str:
    metadata = pod["metadata"]
    where = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
    return f"Back-off restarting failed container {container['name']} in pod {where}"


def backing_off(pod: Object, container: Object, before: Object) -> Object:
    """It ended, was started again, ended again, and now waits ever longer."""
    which = back_off(pod, container).rpartition(" ")[2]
    said = f"back-off 10s restarting failed container={container['name']} pod={which}"
    after = waiting(before, "CrashLoopBackOff", said)
    return after | {"lastState": before["state"], "restartCount": before["restartCount"] + 1}


def probe_failure(container: Object, pod: Object, program: Program) -> str:
    """What the readiness probe of a running container says; empty: it is ready."""
    probe = container.get("readinessProbe")
    if not probe:
        return ""
    address = dig(pod, "status", "podIP", default="")
    if "httpGet" in probe:
        port, path = _number(probe["httpGet"]["port"], container), probe["httpGet"].get("path", "/")
        if port in program.http:
            replies = program.http[port]
            reply = replies.get(path.partition("?")[0]) or replies.get("") or Reply("", 404)
            return "" if reply.status in _SUCCESS else f"HTTP probe failed with statuscode: {reply.status}"
        if port in program.tcp:
            return f'Get "http://{address}:{port}{path}": net/http: HTTP/1.x transport connection broken'
        return f'Get "http://{address}:{port}{path}": dial tcp {address}:{port}: connect: connection refused'
    if "tcpSocket" in probe:
        port = _number(probe["tcpSocket"]["port"], container)
        listens = port in program.http or port in program.tcp
        return "" if listens else f"dial tcp {address}:{port}: connect: connection refused"
    return ""


def _number(port: int | str, container: Object) -> int:
    if isinstance(port, int):
        return port
    named = {said.get("name"): said["containerPort"] for said in container.get("ports") or ()}
    return int(named.get(port, 0))
