"""Reads what matters to a network plugin, with who says it. What cannot be read is said, and hinders nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import itertools
from collections.abc import Iterable
from typing import Any

import yaml

from bot.application.execution.rights import TRIAL_RIGHTS, missing_rights, needed_rights
from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.network.references import (
    CONFIG_MAP,
    CUSTOM_RESOURCE_DEFINITION,
    DAEMON_SET,
    DEPLOYMENT,
    NODE,
    POD,
    JSONObject,
    Kind,
    Ref,
    ref_to,
)
from bot.domain.network.snapshot import Scope
from bot.domain.plugins.fitting import Objects, containers, ref
from bot.domain.plugins.surroundings import Range, Surroundings
from bot.errors import BotError, NotFound, Refused

SERVICE_CIDR = Kind("ServiceCIDR", "servicecidrs", "networking.k8s.io/v1", namespaced=False)
_AT_ONCE = 8
_CONTROL_PLANE = "component in (kube-apiserver,kube-controller-manager)"
_LONGEST_YAML = 200_000


async def read_surroundings(cluster: Cluster) -> Surroundings:
    """Without the plan's own objects and rights: see `with_plan`. Raises Unreachable when nothing answers."""
    snapshot = await cluster.read(Scope((NODE, DAEMON_SET, DEPLOYMENT)))
    unread = [f"{each.kind.plural}: {each.reason}" for each in snapshot.unread]
    pods, services = await _from_configuration(cluster, unread)
    return Surroundings(
        snapshot=snapshot,
        pod_ranges=tuple(pods),
        service_ranges=tuple(services),
        definitions=frozenset(await _definitions(cluster, unread)),
        kube_proxy=_kube_proxy(snapshot.daemon_sets) if snapshot.could_read(DAEMON_SET) else None,
        unread=tuple(unread),
    )


def _kube_proxy(daemon_sets: Iterable[Any]) -> bool:
    return any("kube-proxy" in each.name for each in daemon_sets)


async def with_plan(cluster: Cluster, around: Surroundings, objects: Objects) -> Surroundings:
    """With what stands already of a plan's objects, and what the bot may not do of it. Raises what `existing_objects`
    raises; where rights are missing these say more than the first object that may not be read."""
    missing = await missing_rights(cluster, [*needed_rights(objects), *TRIAL_RIGHTS])
    try:
        existing = await existing_objects(cluster, objects)
    except Refused:
        if not missing:
            raise
        existing = {}
    return dataclasses.replace(around, existing=existing, missing_rights=missing)


async def _definitions(cluster: Cluster, unread: list[str]) -> list[str]:
    try:
        listed = await cluster.list(CUSTOM_RESOURCE_DEFINITION)
    except BotError as error:
        unread.append(f"customresourcedefinitions: {error}")
        return []
    return [str(fields.metadata(each).get("name")) for each in listed]


async def _from_configuration(cluster: Cluster, unread: list[str]) -> tuple[list[Range], list[Range]]:
    """The pods' and the Services' ranges, by whoever knows them best first."""
    kubeadm = await _yaml_in(cluster, "kubeadm-config", "ClusterConfiguration", unread)
    networking = kubeadm.get("networking") if isinstance(kubeadm.get("networking"), dict) else {}
    assert isinstance(networking, dict)
    where = "ConfigMap kube-system/kubeadm-config"
    pods = _ranges(networking.get("podSubnet"), f"{where}, networking.podSubnet")
    services = await _service_cidrs(cluster, unread)
    services += _ranges(networking.get("serviceSubnet"), f"{where}, networking.serviceSubnet")
    for pod in await _control_plane(cluster, unread):
        name, flags = ref(pod).short, _flags(pod)
        pods += _ranges(flags.get("--cluster-cidr"), f"Pod {name}, --cluster-cidr")
        services += _ranges(flags.get("--service-cluster-ip-range"), f"Pod {name}, --service-cluster-ip-range")
    proxy = await _yaml_in(cluster, "kube-proxy", "config.conf", unread)
    pods += _ranges(proxy.get("clusterCIDR"), "ConfigMap kube-system/kube-proxy, clusterCIDR")
    return pods, services


async def _service_cidrs(cluster: Cluster, unread: list[str]) -> list[Range]:
    try:
        listed = await cluster.list(SERVICE_CIDR)
    except NotFound:
        return []  # before Kubernetes 1.33
    except BotError as error:
        unread.append(f"servicecidrs: {error}")
        return []
    found = []
    for each in listed:
        cidrs: Any = fields.at(each, ("spec", "cidrs")).value or []
        found += _ranges(",".join(map(str, cidrs)), f"ServiceCIDR {ref(each).name}")
    return found


async def _control_plane(cluster: Cluster, unread: list[str]) -> list[JSONObject]:
    try:
        return await cluster.list(POD, "kube-system", _CONTROL_PLANE)
    except BotError as error:
        unread.append(f"pods of the control plane: {error}")
        return []


def _flags(pod: JSONObject) -> dict[str, str]:
    spec: Any = pod.get("spec") or {}
    words = [
        str(word) for each in containers(spec) for word in (*(each.get("command") or ()), *(each.get("args") or ()))
    ]
    said = {flag: value for flag, equals, value in (word.partition("=") for word in words) if equals}
    apart = {word: after for word, after in itertools.pairwise(words) if not after.startswith("-")}
    return {flag: value for flag, value in apart.items() if flag.startswith("--") and "=" not in flag} | said


async def _yaml_in(cluster: Cluster, config_map: str, key: str, unread: list[str]) -> dict[str, Any]:
    """The YAML text under a key of a ConfigMap; empty when there is none, or it is not a mapping."""
    try:
        object = await cluster.get(ref_to(CONFIG_MAP, "kube-system", config_map))
    except NotFound:
        return {}
    except BotError as error:
        unread.append(f"ConfigMap kube-system/{config_map}: {error}")
        return {}
    text = fields.at(object, ("data", key)).value
    if not isinstance(text, str) or len(text) > _LONGEST_YAML:
        return {}
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.CSafeLoader)):
            raise yaml.YAMLError("it has aliases, which no such file needs")
        value = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        unread.append(f"ConfigMap kube-system/{config_map}, {key}: {str(error)[:200]}")
        return {}
    return value if isinstance(value, dict) else {}


def _ranges(said: object, by: str) -> list[Range]:
    found = []
    for word in str(said or "").split(","):
        try:
            found.append(Range(str(ipaddress.ip_network(word.strip(), strict=False)), by))
        except ValueError:
            continue
    return found


async def existing_objects(cluster: Cluster, objects: Objects) -> dict[Ref, JSONObject]:
    """Those that are there. A kind that is not served yet has none. Raises BotError when one cannot be read."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def look(own: Ref) -> tuple[Ref, JSONObject] | None:
        async with turn:
            try:
                return own, await cluster.get(own)
            except NotFound:
                return None

    found = await asyncio.gather(*(look(ref(object)) for object in objects))
    return dict(pair for pair in found if pair is not None)
