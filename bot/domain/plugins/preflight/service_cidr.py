"""Pods and Services may not share addresses: a Service's would be taken for a pod's, or the other way round."""

import ipaddress
from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, conflict, ok, unknown

_SAYERS = ("servicecidrs", "ConfigMap kube-system/kubeadm-config", "pods of the control plane")


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    missing = around.unread_of(*_SAYERS)
    if missing and wanted.parameters.pod_cidrs:
        yield unknown(f"{' and '.join(missing)} could not be read, which may say which addresses Services have")
    if not around.service_ranges:
        if not missing:
            yield unknown("nobody in the cluster says which addresses Services have")
        return
    if not wanted.parameters.pod_cidrs:
        yield unknown("pods' addresses were decided when the manifest was rendered")
        return
    said: dict[str, list[str]] = {}
    for each in around.service_ranges:
        said.setdefault(each.cidr, []).append(each.said_by)
    clear = True
    for services, by in said.items():
        for cidr in wanted.parameters.pod_cidrs:
            if _overlap(cidr, services):
                clear = False
                yield conflict(f"{cidr} overlaps the Services' {services} ({'; '.join(by)}): choose another --pod-cidr")
    if clear:
        first = around.service_ranges[0]
        yield ok(f"apart from the Services' {first.cidr}, by {first.said_by}")


def _overlap(one: str, other: str) -> bool:
    first, second = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return first.version == second.version and first.overlaps(second)


CHECK = Preflight("service CIDR", _look)
