"""What the status of a pod looks like at each stage, as a real kubelet of 1.36 writes it."""

from __future__ import annotations

import hashlib
from typing import Any

from bot.playground.cluster_server.pods import shell
from bot.playground.cluster_server.pods.programs import Program, Reply
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_SUCCESS = range(200, 400)
GROUPS = {
    "initContainers": "initContainerStatuses",
    "containers": "containerStatuses",
    "ephemeralContainers": "ephemeralContainerStatuses",
}
"""Where the containers of a pod stand, and where what became of them."""


def node_address(node: Object) -> str:
    addresses = dig(node, "status", "addresses", default=())
    return str(next((a["address"] for a in addresses if a["type"] == "InternalIP"), ""))


def created(container: Object, reason: str) -> Object:
    """One that nothing has happened to yet."""
    status = {
        "name": container["name"], "state": {"waiting": {"reason": reason}}, "lastState": {}, "ready": False,
        "restartCount": 0, "image": container["image"], "imageID": "", "started": False,
    }  # fmt: skip
    if mounts := container.get("volumeMounts"):
        status["volumeMounts"] = [
            {"name": mount["name"], "mountPath": mount["mountPath"]}
            | ({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.get("readOnly") else {})
            for mount in mounts
        ]
    return status


def is_sidecar(container: Object) -> bool:
    return bool(container.get("restartPolicy") == "Always")


def creating(pod: Object, node: Object, address: str, now: str) -> Object:
    """The sandbox stands, with an address; containers are about to be made. Without one: it does not stand yet."""
    host, spec = node_address(node), pod["spec"]
    first = spec.get("initContainers") or ()
    groups = {
        "containers": [created(c, "PodInitializing" if first else "ContainerCreating") for c in spec["containers"]]
    }
    if first:
        groups["initContainers"] = [
            created(container, "PodInitializing" if number else "ContainerCreating")
            for number, container in enumerate(first)
        ]
    status = pod["status"] | {
        "phase": "Pending", "hostIP": host, "hostIPs": [{"ip": host}], "startTime": now,
        "observedGeneration": pod["metadata"].get("generation", 1),
    }  # fmt: skip
    if address:
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
    return assembled(pod | {"status": status}, groups, now)


def has_ended(status: Object, policy: str) -> bool:
    """Whether a container is done and is not started again."""
    code = dig(status, "state", "terminated", "exitCode")
    return code is not None and (policy == "Never" or (policy == "OnFailure" and code == 0))


def is_initialized(pod: Object, statuses: list[Object]) -> bool:
    """Whether every container that runs before the others has done so."""
    for container, status in zip(pod["spec"].get("initContainers") or (), statuses, strict=False):
        if is_sidecar(container):
            if not status.get("started"):
                return False
        elif dig(status, "state", "terminated", "exitCode") != 0:
            return False
    return True


def assembled(pod: Object, groups: dict[str, list[Object]], now: str) -> Object:
    """The status of the whole, from its containers by group."""
    status: Object = pod["status"]
    policy = pod["spec"].get("restartPolicy", "Always")
    containers, first = groups["containers"], groups.get("initContainers", [])
    phase = _phase(containers, first, policy)
    unready = [container["name"] for container in containers if not container.get("ready")]
    unready += [
        one["name"] for said, one in zip(pod["spec"].get("initContainers") or (), first, strict=False)
        if is_sidecar(said) and not one.get("ready")
    ]  # fmt: skip
    why = ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]") if unready else ("", "")
    initial = ("", "")
    initialized = is_initialized(pod, first)
    if not initialized:
        waiting = [one["name"] for one in first if dig(one, "state", "terminated", "exitCode") != 0]
        initial = ("ContainersNotInitialized", f"containers with incomplete status: [{' '.join(waiting)}]")
    over = phase in ("Succeeded", "Failed")
    if over:
        why = ("PodCompleted" if phase == "Succeeded" else "PodFailed", "")
        initial = ("PodCompleted", "") if phase == "Succeeded" else initial
    before = {said["type"]: said for said in pod["status"].get("conditions") or ()}
    generation = pod["metadata"].get("generation", 1)
    conditions = [
        _condition(before, kind, holds, said, now) | {"observedGeneration": generation}
        for kind, holds, said in (
            ("PodReadyToStartContainers", bool(status.get("podIP")) and not over, ("", "")),
            ("Initialized", initialized, initial),
            ("Ready", not unready and not over, why),
            ("ContainersReady", not unready and not over, why),
            ("PodScheduled", True, ("", "")),
        )
    ]
    said: Object = {GROUPS[group]: statuses for group, statuses in groups.items() if statuses}
    if phase != "Pending":
        said["resources"] = {}
    return status | {"phase": phase, "conditions": conditions, "observedGeneration": generation} | said


def _phase(containers: list[Object], first: list[Object], policy: str) -> str:
    failed_before = any((dig(one, "state", "terminated", "exitCode") or 0) != 0 and policy == "Never" for one in first)
    if failed_before:
        return "Failed"
    if all(has_ended(container, policy) for container in containers):
        good = all(dig(container, "state", "terminated", "exitCode") == 0 for container in containers)
        return "Succeeded" if good else "Failed"
    began = any("waiting" not in (c.get("state") or {}) or dig(c, "lastState", "terminated") for c in containers)
    return "Running" if began else "Pending"


def _condition(before: dict[str, Object], kind: str, holds: bool, why: tuple[str, str], now: str) -> Object:
    said: Object = {
        "type": kind,
        "status": "True" if holds else "False",
        "lastProbeTime": None,
        "lastTransitionTime": now,
    }
    if why[0]:
        said["reason"] = why[0]
    if why[1]:
        said["message"] = why[1]
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
        "imageID": f"sha256:{image}", "resources": {},
    }  # fmt: skip


def restarted(container: Object, now: str) -> Object:
    """The next run of one that has ended; what it came to stays for a while."""
    ended_as = dig(container, "state", "terminated") or dig(container, "lastState", "terminated")
    last = {"terminated": ended_as} if ended_as else {}
    return running(container | {"lastState": last, "restartCount": container["restartCount"] + 1}, now)


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


def backing_off(pod: Object, container: Object, before: Object, seconds: int) -> Object:
    """It ended, was started again, ended again, and now waits ever longer."""
    which = back_off(pod, container).rpartition(" ")[2]
    delay = f"{seconds}s" if seconds < 60 else f"{seconds // 60}m{seconds % 60}s"
    said = f"back-off {delay} restarting failed container={container['name']} pod={which}"
    return waiting(before | {"lastState": before["state"]}, "CrashLoopBackOff", said)


def probe_failure(container: Object, pod: Object, program: Program, name: str = "readinessProbe") -> str:
    """What a probe of a running container says; empty: it is content, or there is no such probe."""
    probe = container.get(name)
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
    if "exec" in probe:
        command = probe["exec"].get("command") or []
        said, code = program.commands.get(" ".join(command), ("", shell.foretold(command).exit_code))
        return "" if not code else f"command {command} exited with {code}: {said}".strip()
    return ""


def _number(port: int | str, container: Object) -> int:
    if isinstance(port, int):
        return port
    named = {said.get("name"): said["containerPort"] for said in container.get("ports") or ()}
    return int(named.get(port, 0))
