"""Which finding explains which: a cause is told first, and its symptoms say that they are only that."""

from collections.abc import Iterable, Iterator

import msgspec

from bot.domain.diagnosis.finding import Finding
from bot.domain.network.owners import owner_of
from bot.domain.network.references import SERVICE, Ref
from bot.domain.network.services import PodIndex
from bot.domain.network.snapshot import Pod, Snapshot

_OF_ENDPOINTS = ("service-without-ready-endpoints", "dns-not-ready", "network-plugin-not-ready")


def localise(snapshot: Snapshot, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with their causes named, the worst first, each cause before its symptoms.

    A Service that is the cluster's DNS is not told twice: `dns-not-ready` says all that the other rules do.
    """
    causes = _Causes(snapshot, tuple(_once(findings)))
    explained = [causes.explained(finding) for finding in causes.findings]
    symptoms: dict[str, list[Finding]] = {}
    for finding in explained:
        symptoms.setdefault(finding.cause, []).append(finding)
    keys = {finding.key for finding in explained}
    roots = [finding for finding in explained if finding.cause not in keys]
    return tuple(_unrolled(sorted(roots, key=_order), symptoms))


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    found = list(findings)
    told = {finding.object for finding in found if finding.rule == "dns-not-ready"}
    for finding in found:
        if finding.object not in told or finding.rule != "service-without-ready-endpoints":
            yield finding


def _unrolled(findings: Iterable[Finding], symptoms: dict[str, list[Finding]]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _unrolled(sorted(symptoms.get(finding.key, ()), key=_order), symptoms)


def _order(finding: Finding) -> tuple[int, Ref, str, str]:
    return (-finding.severity.rank, finding.owner, finding.rule, finding.field)


class _Causes:
    """What is known to be wrong with what others depend on. A cause is always of another rule, lower down."""

    def __init__(self, snapshot: Snapshot, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        self._pods = PodIndex(snapshot)
        self._services = {service.ref: service for service in snapshot.services}
        # A node that waits for the plugin is a symptom of it, and never its cause: causes make no circles.
        self._nodes = {f.object.name: f for f in findings if f.rule == "node-not-ready" and not _blames_plugin(f)}
        self._owners = {f.owner: f for f in reversed(findings) if f.rule == "pod-cannot-start"}
        self._agents = [f for f in findings if f.rule == "network-plugin-not-ready"]

    def explained(self, finding: Finding) -> Finding:
        cause = self._cause(finding)
        if cause is None:
            return finding
        told = f"because {cause.owner} {cause.summary}"
        return msgspec.structs.replace(finding, cause=cause.key, evidence=(told, *finding.evidence))

    def _cause(self, finding: Finding) -> Finding | None:
        if finding.rule in _OF_ENDPOINTS:
            pods = [pod for pod in self._behind(finding) if not pod.ready]
            return self._of(pods)
        if finding.rule == "node-not-ready" and self._agents and _blames_plugin(finding):
            return self._agents[0]
        return None

    def _behind(self, finding: Finding) -> list[Pod]:
        """The pods that the finding's object lives on."""
        if finding.object.kind == SERVICE.name:
            service = self._services.get(finding.object)
            return self._pods.selected(service) if service else []
        return [pod for pod in self._pods.pods(finding.object.namespace) if owner_of(pod) == finding.owner]

    def _of(self, pods: list[Pod]) -> Finding | None:
        """What explains all of these pods: that they cannot start, or that their nodes are not ready."""
        causes = [self._owners.get(owner_of(pod)) or self._nodes.get(pod.spec.node_name or "") for pod in pods]
        return causes[0] if causes and all(causes) else None


def _blames_plugin(finding: Finding) -> bool:
    """The kubelet says `cni plugin not initialized` and the like."""
    return "plugin" in " ".join(finding.evidence).lower()
