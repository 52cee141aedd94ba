"""Pods, and the pod templates of whatever makes pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.naming import LABEL, SUBDOMAIN, labels, name_causes, qualified_name
from bot.playground.cluster_server.objects.canonical import amount
from bot.playground.cluster_server.rules.contract import (
    Object,
    Rules,
    address,
    at_least,
    member,
    one_of,
    port_name,
    port_number,
    port_or_name,
)
from bot.playground.cluster_server.statuses import Cause, duplicate, forbidden_field, invalid, required, shown
from bot.playground.cluster_server.values import copied, dig

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_MAY_CHANGE = ("image", "resources")
UPDATES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
"""What is said of a change of anything else."""
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_MOST, _MOST_NAMESERVERS = 2**31 - 1, 3
_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations", "spec.nodeName",
    "spec.serviceAccountName", "status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs",
)  # fmt: skip
"""What a variable may be read from."""
_SOURCE_ORDER = ("emptyDir", "hostPath", "gitRepo", "secret", "nfs", "persistentVolumeClaim", "configMap", "projected",
                 "downwardAPI", "csi", "ephemeral", "image", "iscsi", "cephfs", "rbd", "fc", "azureFile", "flexVolume",
                 "glusterfs", "cinder")  # fmt: skip
"""As the real server looks at them: the first one counts."""


def fill(pod: Object) -> None:
    spec = pod.setdefault("spec", {})
    fill_spec(spec)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        resources = container["resources"]
        if "limits" in resources:
            resources["requests"] = copied(resources["limits"]) | (resources.get("requests") or {})
        for port in container.get("ports") or ():
            if spec.get("hostNetwork"):
                port.setdefault("hostPort", port.get("containerPort"))
    spec.setdefault("enableServiceLinks", True)
    status = pod.setdefault("status", {})
    status.setdefault("phase", "Pending")
    status.setdefault("qosClass", _quality(spec))


def fill_spec(spec: Object) -> None:
    """The defaults that templates have too."""
    for name, value in (
        ("dnsPolicy", "ClusterFirst"), ("restartPolicy", "Always"), ("schedulerName", "default-scheduler"),
        ("securityContext", {}), ("terminationGracePeriodSeconds", 30),
    ):  # fmt: skip
        spec.setdefault(name, copied(value))
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in _all_containers(spec) + list(spec.get("ephemeralContainers") or ()):
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


def _quality(spec: Object) -> str:
    """The class of service that the kubelet evicts by: all limits equal to the requests, some, or none."""
    found = [container.get("resources") or {} for container in _all_containers(spec)]
    if not any(said.get("requests") or said.get("limits") for said in found):
        return "BestEffort"
    for said in found:
        limits, requests = said.get("limits") or {}, said.get("requests") or {}
        if any(name not in limits or requests.get(name, limits[name]) != limits[name] for name in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def _all_containers(spec: Object) -> list[Object]:
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def judge(pod: Object, before: Object | None) -> Iterator[Cause]:
    spec = pod["spec"]
    yield from judge_spec(spec, "spec")
    if before is None:
        if spec.get("ephemeralContainers"):
            yield forbidden_field("spec.ephemeralContainers", "cannot be set on create")
        return
    yield from _judge_ephemeral(spec, before["spec"])
    if any(
        len(spec.get(name) or ()) != len(before["spec"].get(name) or ()) for name in ("containers", "initContainers")
    ):
        name = "containers" if len(spec["containers"]) != len(before["spec"]["containers"]) else "initContainers"
        yield forbidden_field(f"spec.{name}", "pod updates may not add or remove containers")
    elif _fixed(spec) != _fixed(before["spec"]):
        yield forbidden_field("spec", UPDATES)


def _fixed(spec: Object) -> Object:
    kept = {name: value for name, value in spec.items() if name not in ("tolerations", "activeDeadlineSeconds")}
    for group in ("containers", "initContainers"):
        kept[group] = [
            {name: value for name, value in container.items() if name not in _MAY_CHANGE}
            for container in spec.get(group) or ()
        ]
    kept.pop("nodeName", None)
    kept.pop("ephemeralContainers", None)
    return kept


def _judge_ephemeral(spec: Object, before: Object) -> Iterator[Cause]:
    """Those that were added to a pod that runs: never changed, and without ports."""
    was = {container["name"]: container for container in before.get("ephemeralContainers") or ()}
    names = {container["name"] for container in _all_containers(spec)}
    for number, container in enumerate(spec.get("ephemeralContainers") or ()):
        at = f"spec.ephemeralContainers[{number}]"
        if container.get("name", "") in names:
            yield duplicate(f"{at}.name", container["name"])
        names.add(container.get("name", ""))
        for field in ("ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"):
            if field in container:
                yield forbidden_field(f"{at}.{field}", "cannot be set for an Ephemeral Container")
        if container.get("name") in was and was[container["name"]] != container:
            said = f'existing ephemeral containers "{container["name"]}" may not be changed'
            yield forbidden_field("spec.ephemeralContainers", said)
    for name in set(was) - {container.get("name") for container in spec.get("ephemeralContainers") or ()}:
        said = f'existing ephemeral containers "{name}" may not be removed'
        yield forbidden_field("spec.ephemeralContainers", said)


def judge_spec(spec: Object, at: str) -> Iterator[Cause]:
    """Of a pod, or of a template at `at`."""
    volumes: set[str] = set()
    for number, volume in enumerate(spec.get("volumes") or ()):
        yield from _judge_volume(volume, f"{at}.volumes[{number}]", volumes)
    if not spec.get("containers"):
        yield required(f"{at}.containers")
    seen: set[str] = set()
    host = bool(spec.get("hostNetwork"))
    for group in ("containers", "initContainers"):
        ports: set[str] = set()
        for number, container in enumerate(spec.get(group) or ()):
            where = f"{at}.{group}[{number}]"
            yield from _judge_container(container, where, volumes, seen, first=group == "initContainers")
            yield from _judge_ports(container.get("ports") or (), where, ports, host=host)
    yield from member(f"{at}.restartPolicy", spec.get("restartPolicy"), ("Always", "OnFailure", "Never"))
    yield from member(f"{at}.dnsPolicy", spec.get("dnsPolicy"), _DNS_POLICIES)
    yield from _judge_dns(spec, f"{at}.dnsConfig")
    for number, toleration in enumerate(spec.get("tolerations") or ()):
        yield from _judge_toleration(toleration, f"{at}.tolerations[{number}]")
    yield from labels(f"{at}.nodeSelector", spec.get("nodeSelector"))
    for name, naming in (("serviceAccountName", SUBDOMAIN), ("nodeName", SUBDOMAIN), ("hostname", LABEL),
                         ("subdomain", LABEL)):  # fmt: skip
        if spec.get(name):
            yield from name_causes(f"{at}.{name}", spec[name], naming)
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and deadline < 1:
        said = f"must be between 1 and {_MOST}, inclusive"
        yield invalid(f"{at}.activeDeadlineSeconds", deadline, said)


def _judge_volume(volume: Object, at: str, seen: set[str]) -> Iterator[Cause]:
    name = volume.get("name", "")
    if not name:
        yield required(f"{at}.name")
    else:
        yield from name_causes(f"{at}.name", name, LABEL)
    if name in seen:
        yield duplicate(f"{at}.name", name)
    seen.add(name)
    sources = [source for source in volume if source != "name"]
    for source in sorted(sources, key=_SOURCE_ORDER.index if set(sources) <= set(_SOURCE_ORDER) else None)[1:]:
        yield forbidden_field(f"{at}.{source}", "may not specify more than 1 volume type")
    if "hostPath" in volume and not volume["hostPath"].get("path"):
        yield required(f"{at}.hostPath.path")


def _judge_container(container: Object, at: str, volumes: set[str], seen: set[str], *, first: bool) -> Iterator[Cause]:
    """`first`: one that runs before the others."""
    name, image = container.get("name", ""), container.get("image", "")
    if not name:
        yield required(f"{at}.name")
    elif name in seen:
        yield duplicate(f"{at}.name", name)
    else:
        yield from name_causes(f"{at}.name", name, LABEL)
    seen.add(name)
    if not image:
        yield required(f"{at}.image")
    elif image.strip() != image:
        yield invalid(f"{at}.image", image, "must not have leading or trailing whitespace")
    for number, variable in enumerate(container.get("env") or ()):
        yield from _judge_variable(variable, f"{at}.env[{number}]")
    yield from _judge_mounts(container.get("volumeMounts") or (), at, volumes)
    sidecar = container.get("restartPolicy") == "Always"
    for probe in _PROBES:
        if probe in container and first and not sidecar:
            said = "may not be set for init containers without restartPolicy=Always"
            yield forbidden_field(f"{at}.{probe}", said)
        elif probe in container:
            yield from _judge_probe(container[probe], f"{at}.{probe}", once=probe != "readinessProbe")
    yield from member(f"{at}.imagePullPolicy", container.get("imagePullPolicy"), ("Always", "IfNotPresent", "Never"))
    yield from _judge_resources(container.get("resources") or {}, f"{at}.resources")
    yield from _judge_context(container.get("securityContext") or {}, f"{at}.securityContext")


def _judge_variable(variable: Object, at: str) -> Iterator[Cause]:
    if not variable.get("name"):
        yield required(f"{at}.name")
    source = variable.get("valueFrom")
    if source is None:
        return
    if variable.get("value"):
        yield invalid(f"{at}.valueFrom", "", "may not be specified when `value` is not empty")
    path = dig(source, "fieldRef", "fieldPath")
    if path and path not in _FIELDS and not path.startswith(("metadata.labels[", "metadata.annotations[")):
        said = f"error converting fieldPath: field label not supported: {path}"
        yield invalid(f"{at}.valueFrom.fieldRef.fieldPath", path, said)


def _judge_mounts(mounts: Any, at: str, volumes: set[str]) -> Iterator[Cause]:
    places: set[str] = set()
    for number, mount in enumerate(mounts):
        field = f"{at}.volumeMounts[{number}]"
        if not mount.get("name"):
            yield required(f"{field}.name")
        elif mount["name"] not in volumes:
            yield Cause(f"{field}.name", f"Not found: {shown(mount['name'])}", "FieldValueNotFound")
        place = mount.get("mountPath", "")
        if not place:
            yield required(f"{field}.mountPath")
        if place in places:
            yield invalid(f"{field}.mountPath", place, "must be unique")
        places.add(place)


def _judge_ports(ports: Any, at: str, taken: set[str], *, host: bool) -> Iterator[Cause]:
    names: set[str] = set()
    for number, port in enumerate(ports):
        field = f"{at}.ports[{number}]"
        name = port.get("name", "")
        if name:
            wrong = list(port_name(f"{field}.name", name))
            yield from wrong
            if not wrong and name in names:
                yield duplicate(f"{field}.name", name)
            names.add(name)
        if not port.get("containerPort"):
            yield required(f"{field}.containerPort")
        else:
            yield from port_number(f"{field}.containerPort", port["containerPort"])
        if port.get("hostPort"):
            yield from port_number(f"{field}.hostPort", port["hostPort"])
            if host and port["hostPort"] != port.get("containerPort"):
                said = "must match `containerPort` when `hostNetwork` is true"
                yield invalid(f"{field}.hostPort", port["hostPort"], said)
            key = f"{port.get('protocol', 'TCP')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if key in taken:
                yield duplicate(f"{field}.hostPort", key)
            taken.add(key)
        yield from one_of(f"{field}.protocol", port.get("protocol", "TCP"), ("SCTP", "TCP", "UDP"))


def _judge_probe(probe: Object, at: str, *, once: bool) -> Iterator[Cause]:
    """`once`: one that may not ask for more than one success."""
    ways = [way for way in ("exec", "httpGet", "tcpSocket", "grpc") if way in probe]
    if not ways:
        yield required(at, "must specify a handler type")
    for way in ways[1:]:
        yield forbidden_field(f"{at}.{way}", "may not specify more than 1 handler type")
    for way in ways[:1]:
        port = dig(probe, way, "port")
        if port is not None:
            yield from port_or_name(f"{at}.{way}.port", port)
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        yield from at_least(f"{at}.{name}", probe.get(name))
    if once and probe.get("successThreshold", 1) > 1:
        yield invalid(f"{at}.successThreshold", probe["successThreshold"], "must be 1")


def _judge_resources(resources: Object, at: str) -> Iterator[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for group, found in (("limits", limits), ("requests", requests)):
        for name, value in sorted(found.items()):
            if amount(value) < 0:
                yield invalid(f"{at}.{group}[{name}]", value, "must be greater than or equal to 0")
    for name, value in sorted(requests.items()):
        if name in limits and amount(value) > amount(limits[name]):
            said = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid(f"{at}.requests", value, said)


_CONTEXT = (
    "Capabilities", "Privileged", "SELinuxOptions", "WindowsOptions", "RunAsUser", "RunAsGroup", "RunAsNonRoot",
    "ReadOnlyRootFilesystem", "AllowPrivilegeEscalation", "ProcMount", "SeccompProfile", "AppArmorProfile",
)  # fmt: skip


def _judge_context(context: Object, at: str) -> Iterator[Cause]:
    if context.get("allowPrivilegeEscalation") is False and context.get("privileged"):
        given = {name[0].lower() + name[1:]: name for name in _CONTEXT}
        values = {given[name]: value for name, value in context.items() if name in given}
        printed = "{" + ",".join(f'"{name}":{shown(values.get(name))}' for name in _CONTEXT) + "}"
        said = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        yield Cause(at, f"Invalid value: {printed}: {said}")


def _judge_dns(spec: Object, at: str) -> Iterator[Cause]:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None" and config is None:
        yield required(at, "must provide `dnsConfig` when `dnsPolicy` is None")
    servers = (config or {}).get("nameservers") or ()
    if spec.get("dnsPolicy") == "None" and config is not None and not servers:
        yield required(f"{at}.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")
    if len(servers) > _MOST_NAMESERVERS:
        said = f"must not have more than {_MOST_NAMESERVERS} nameservers"
        yield invalid(f"{at}.nameservers", servers, said)
    for number, server in enumerate(servers):
        yield from address(f"{at}.nameservers[{number}]", server)


def _judge_toleration(toleration: Object, at: str) -> Iterator[Cause]:
    operator = toleration.get("operator", "Equal")
    if toleration.get("key"):
        yield from qualified_name(f"{at}.key", toleration["key"])
    elif operator != "Exists":
        said = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield invalid(f"{at}.operator", operator, said)
    if operator == "Exists" and toleration.get("value"):
        yield invalid(f"{at}.operator", toleration["value"], "value must be empty when `operator` is 'Exists'")
    yield from member(f"{at}.effect", toleration.get("effect"), ("NoSchedule", "PreferNoSchedule", "NoExecute"))


RULES = Rules(fill=fill, judge=judge)
