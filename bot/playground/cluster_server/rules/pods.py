"""Pods, and the pod templates of whatever makes pods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.naming import CONFIG_KEY, LABEL, SUBDOMAIN, labels, name_causes, qualified_name
from bot.playground.cluster_server.objects.canonical import amount
from bot.playground.cluster_server.rules import scheduling
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
from bot.playground.cluster_server.rules.scheduling import judge_affinity, judge_spread, judge_toleration
from bot.playground.cluster_server.rules.volumes import judge_mounts, judge_volumes
from bot.playground.cluster_server.statuses import (
    Cause,
    duplicate,
    forbidden_field,
    invalid,
    required,
    shown,
    unsupported,
)
from bot.playground.cluster_server.values import copied, dig

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_MAY_CHANGE = ("image",)
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
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_VARIABLE = re.compile(r"[ -<>-~]+")
_VARIABLE_SAID = "a valid environment variable name must consist only of printable ASCII characters other than '='"


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
    status.setdefault("qosClass", quality(spec))


def fill_spec(spec: Object) -> None:
    """The defaults that templates have too."""
    for name, value in (
        ("dnsPolicy", "ClusterFirst"), ("restartPolicy", "Always"), ("schedulerName", "default-scheduler"),
        ("securityContext", {}), ("terminationGracePeriodSeconds", 30),
    ):  # fmt: skip
        spec.setdefault(name, copied(value))
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in all_containers(spec) + list(spec.get("ephemeralContainers") or ()):
        _fill_container(container)
    for volume in spec.get("volumes") or ():
        for source in ("configMap", "secret", "projected", "downwardAPI"):
            if source in volume:
                volume[source].setdefault("defaultMode", 420)
        for source in dig(volume, "projected", "sources", default=()):
            if "serviceAccountToken" in source:
                source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
        if set(volume) <= {"name"}:
            volume["emptyDir"] = {}
        for reference in [volume.get("downwardAPI"), *dig(volume, "projected", "sources", default=())]:
            for item in dig(reference, "items", default=()) or dig(reference, "downwardAPI", "items", default=()):
                if "fieldRef" in item:
                    item["fieldRef"].setdefault("apiVersion", "v1")
        if "hostPath" in volume:
            volume["hostPath"].setdefault("type", "")


_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?)*(?::[0-9]+)?"
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::([\w][\w.-]{{0,127}}))?(@[A-Za-z][\w+.-]*:[0-9a-fA-F]{{32,}})?"
)
"""What names an image, see https://github.com/distribution/reference."""
_LONGEST_IMAGE = 255


def _is_latest(image: str) -> bool:
    """Whether an image's name leaves open which one it is. What names none does not."""
    found = _IMAGE.fullmatch(image) if len(image) <= _LONGEST_IMAGE else None
    return found is not None and found[1] in (None, "latest") and found[2] is None


def _fill_container(container: Object) -> None:
    container.setdefault("imagePullPolicy", "Always" if _is_latest(container.get("image", "")) else "IfNotPresent")
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
                probe["httpGet"].setdefault("port", 0)
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


def quality(spec: Object) -> str:
    """The class of service that the kubelet evicts by: all limits equal to the requests, some, or none."""
    found = [container.get("resources") or {} for container in all_containers(spec)]
    if not any(said.get("requests") or said.get("limits") for said in found):
        return "BestEffort"
    for said in found:
        limits, requests = said.get("limits") or {}, said.get("requests") or {}
        if any(name not in limits or requests.get(name, limits[name]) != limits[name] for name in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def all_containers(spec: Object) -> list[Object]:
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
    names = {container["name"] for container in all_containers(spec)}
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
    yield from judge_volumes(spec.get("volumes") or [], f"{at}.volumes", volumes)
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
    yield from labels(f"{at}.nodeSelector", spec.get("nodeSelector"))
    yield from _judge_pod_context(spec.get("securityContext") or {}, f"{at}.securityContext")
    yield from judge_affinity(spec.get("affinity") or {}, f"{at}.affinity")
    yield from _judge_dns(spec, f"{at}.dnsConfig")
    yield from judge_spread(spec.get("topologySpreadConstraints") or [], f"{at}.topologySpreadConstraints")
    for name in ("serviceAccountName", "nodeName"):
        if spec.get(name):
            yield from name_causes(f"{at}.{name}", spec[name], SUBDOMAIN)
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _MOST:
        yield invalid(f"{at}.activeDeadlineSeconds", deadline, f"must be between 1 and {_MOST}, inclusive")
    for name in ("hostname", "subdomain"):
        if spec.get(name):
            yield from name_causes(f"{at}.{name}", spec[name], LABEL)
    for number, toleration in enumerate(spec.get("tolerations") or ()):
        yield from judge_toleration(toleration, f"{at}.tolerations[{number}]")
    for number, alias in enumerate(spec.get("hostAliases") or ()):
        yield from address(f"{at}.hostAliases[{number}].ip", alias.get("ip", ""))
        for index, host in enumerate(alias.get("hostnames") or ()):
            yield from name_causes(f"{at}.hostAliases[{number}].hostnames[{index}]", host, SUBDOMAIN)
    if spec.get("priorityClassName"):
        yield from name_causes(f"{at}.priorityClassName", spec["priorityClassName"], SUBDOMAIN)


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
    yield from judge_mounts(container.get("volumeMounts") or (), at, volumes)
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
    name = variable.get("name", "")
    if not name:
        yield required(f"{at}.name")
    elif not _VARIABLE.fullmatch(name):
        yield invalid(f"{at}.name", name, _VARIABLE_SAID)
    source, at = variable.get("valueFrom"), f"{at}.valueFrom"
    if source is None:
        return
    if "fieldRef" in source:
        yield from _judge_field(source["fieldRef"], f"{at}.fieldRef")
    for kind in ("configMapKeyRef", "secretKeyRef"):
        if kind in source:
            yield from _judge_key(source[kind], f"{at}.{kind}")
    given = [kind for kind in _SOURCES if kind in source]
    if not given:
        *others, last = (f"`{kind}`" for kind in _SOURCES)
        yield invalid(at, "", f"must specify one of: {', '.join(others)} or {last}")
    elif variable.get("value"):
        yield invalid(at, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield invalid(at, "", "may not have more than one field specified at a time")


def _judge_field(reference: Object, at: str) -> Iterator[Cause]:
    path = reference.get("fieldPath", "")
    named = re.fullmatch(r"metadata\.(labels|annotations)\['(.*)'\]", path)
    if not path:
        yield required(f"{at}.fieldPath")
    elif named:
        yield from qualified_name(at, named[2])
    elif path not in _FIELDS:
        said = f"error converting fieldPath: field label not supported: {path}"
        yield invalid(f"{at}.fieldPath", path, said)


def _judge_key(reference: Object, at: str) -> Iterator[Cause]:
    yield from name_causes(f"{at}.name", reference.get("name", ""), SUBDOMAIN)
    if not reference.get("key"):
        yield required(f"{at}.key")
    else:
        yield from name_causes(f"{at}.key", reference["key"], CONFIG_KEY)


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
        yield from _judge_way(probe[way] or {}, way, f"{at}.{way}")
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        yield from at_least(f"{at}.{name}", probe.get(name))
    if once and probe.get("successThreshold", 1) > 1:
        yield invalid(f"{at}.successThreshold", probe["successThreshold"], "must be 1")


def _judge_way(action: Object, way: str, at: str) -> Iterator[Cause]:
    if way == "exec":
        if not action.get("command"):
            yield required(f"{at}.command")
        return
    port = action.get("port", 0)
    yield from port_number(f"{at}.port", port) if way == "grpc" else port_or_name(f"{at}.port", port)
    if way == "httpGet" and action.get("scheme") not in ("HTTP", "HTTPS"):
        yield unsupported(f"{at}.scheme", action.get("scheme", ""), ("HTTP", "HTTPS"))


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


def _judge_ids(context: Object, at: str, names: tuple[str, ...]) -> Iterator[Cause]:
    for name in names:
        if name in context and not 0 <= context[name] <= _MOST:
            yield invalid(f"{at}.{name}", context[name], f"must be between 0 and {_MOST}, inclusive")


def _judge_pod_context(context: Object, at: str) -> Iterator[Cause]:
    yield from _judge_ids(context, at, ("fsGroup", "runAsUser", "runAsGroup"))


def _judge_context(context: Object, at: str) -> Iterator[Cause]:
    yield from _judge_ids(context, at, ("runAsUser", "runAsGroup"))
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


def warnings(spec: Object, at: str) -> Iterator[str]:
    """Of a pod's spec, or a template's: what is taken, but hardly meant."""
    yield from scheduling.warnings(spec, at)
    grace = "must be >= 0; negative values are invalid and will be treated as 1"
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        yield f"{at}.terminationGracePeriodSeconds: {grace}"
    for number, reference in enumerate(spec.get("imagePullSecrets") or ()):
        if not reference.get("name"):
            yield f'{at}.imagePullSecrets[{number}].name: invalid empty name ""'
    for group in ("initContainers", "containers"):
        for number, container in enumerate(spec.get(group) or ()):
            yield from _container_warnings(container, f"{at}.{group}[{number}]")


def _container_warnings(container: Object, at: str) -> Iterator[str]:
    for group in ("limits", "requests"):
        for name in ("memory", "ephemeral-storage"):
            value = dig(container, "resources", group, name)
            if value is not None and amount(value) % 1:
                said = f'fractional byte value "{value}" is invalid, must be an integer'
                yield f"{at}.resources.{group}[{name}]: {said}"
    values: dict[str, str] = {}
    for number, variable in enumerate(container.get("env") or ()):
        name, value = variable.get("name", ""), variable.get("value", "")
        if name in values and ("valueFrom" in variable or value == f"$({name})" or f"$({name})" not in value):
            said = f'hides previous definition of "{name}", which may be dropped when using apply'
            yield f"{at}.env[{number}]: {said}"
        values.setdefault(name, value)


def _warn(pod: Object) -> Iterator[str]:
    yield from warnings(pod["spec"], "spec")


RULES = Rules(fill=fill, judge=judge, warn=_warn)
