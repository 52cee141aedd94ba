"""What can be said when an ingress controller is installed, checked before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.domain.plugins.parameters import check_registry
from bot.errors import UsageError


class Exposure(Enum):
    """How the controller's Service is reached from outside."""

    LOAD_BALANCER = "LoadBalancer"
    NODE_PORT = "NodePort"


class WorkloadKind(Enum):
    """What runs the controller's pods."""

    DEPLOYMENT = "Deployment"
    DAEMON_SET = "DaemonSet"


class EdgeOption(Enum):
    """An option of `controller install`; a controller says which it takes."""

    CLASS = "--class"
    DEFAULT_CLASS = "--default-class"
    SERVICE = "--service"
    REPLICAS = "--replicas"
    NAMESPACE = "--namespace"
    REGISTRY = "--registry"
    GATEWAY_API = "--gateway-api"
    KIND = "--kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeParameters:
    """What was asked for; what was not said is empty, until it is completed by the controller's defaults."""

    version: str = ""
    class_name: str = ""
    """Of its IngressClass, and of its GatewayClass where it serves the Gateway API."""
    default_class: bool | None = None
    service: Exposure | None = None
    replicas: int = 0
    """0: as many as its makers' file has."""
    namespace: str = ""
    registry: str = ""
    gateway_api: bool = False
    kind: WorkloadKind | None = None

    @property
    def given(self) -> frozenset[EdgeOption]:
        """The options that were said."""
        said = {
            EdgeOption.CLASS: bool(self.class_name),
            EdgeOption.DEFAULT_CLASS: self.default_class is not None,
            EdgeOption.SERVICE: self.service is not None,
            EdgeOption.REPLICAS: bool(self.replicas),
            EdgeOption.NAMESPACE: bool(self.namespace),
            EdgeOption.REGISTRY: bool(self.registry),
            EdgeOption.GATEWAY_API: self.gateway_api,
            EdgeOption.KIND: self.kind is not None,
        }
        return frozenset(option for option, given in said.items() if given)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeTaken:
    """What a controller takes."""

    title: str
    options: frozenset[EdgeOption]
    versions: tuple[str, ...]
    """Newest first."""


_OF_THE_CLUSTER = ("default", "kube-node-lease", "kube-public", "kube-system")


def check(parameters: EdgeParameters, taken: EdgeTaken) -> None:
    """Raises UsageError for what this controller does not take, with what it does."""
    if parameters.version and parameters.version not in taken.versions:
        raise UsageError(
            f"There is no {taken.title} {parameters.version[:60]} here",
            cause=f"the versions that are pinned by their digests are {', '.join(taken.versions)}",
            next_step=f"say `--version {taken.versions[0]}`, or leave it out",
        )
    for option in sorted(parameters.given - taken.options, key=lambda each: each.value):
        takes = ", ".join(f"`{each.value}`" for each in EdgeOption if each in taken.options) or "none"
        raise UsageError(
            f"{taken.title} takes no `{option.value}`",
            cause=f"its options here are {takes}",
            next_step="leave it out",
        )
    if parameters.kind is WorkloadKind.DAEMON_SET and parameters.replicas:
        raise UsageError(
            "`--replicas` does not go with `--kind DaemonSet`",
            cause="a DaemonSet runs one pod on every node that takes it",
            next_step="leave one of the two out",
        )
    if parameters.namespace in _OF_THE_CLUSTER:
        raise UsageError(
            f"`--namespace` cannot be {parameters.namespace}",
            cause="the cluster's own namespaces stay without controllers, so that these can be taken away whole",
            next_step="name one that is the controller's alone, or leave it out",
        )
    check_registry(parameters.registry)
