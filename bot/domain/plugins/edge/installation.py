"""What a controller's file says of installing it: releases, what it takes, fitting its manifests, being ready."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.changes.change import Ask
from bot.domain.network.references import Ref
from bot.domain.plugins.edge.parameters import EdgeOption, EdgeParameters, EdgeTaken, Exposure, WorkloadKind
from bot.domain.plugins.fitting import Objects
from bot.domain.plugins.releases import Release

ALONE = "the ingress controllers"
"""What every change of a controller says of itself: two at once would quarrel over classes and definitions."""
ALL_OPTIONS = frozenset(EdgeOption) - {EdgeOption.GATEWAY_API, EdgeOption.KIND}
"""What every controller with a class, a Service and pods takes."""

Fit = Callable[[Objects, EdgeParameters, Release], Objects]


def _nothing(parameters: EdgeParameters) -> tuple[Ref, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeInstallation:
    """How a controller is installed and removed."""

    releases: tuple[Release, ...]
    """Newest first."""
    options: frozenset[EdgeOption]
    fit: Fit
    """The objects as they are applied, from those of the files in order and from parameters that are complete. With
    none of the files' objects it raises Misshapen."""
    class_name: str = ""
    """The class that its makers' documents have; empty: it has none."""
    namespace: str = ""
    """The namespace that they have."""
    service: Exposure | None = None
    """How they expose it."""
    workloads: Callable[[EdgeParameters], tuple[Ref, ...]] = _nothing
    """What has to be rolled out; the first one decides which instance of it this is."""
    services: Callable[[EdgeParameters], tuple[Ref, ...]] = _nothing
    """What leads traffic to it."""
    asked: Callable[[EdgeParameters], tuple[Ask, ...]] | None = None
    """What is asked at the end where its Services take no request before there is something to serve; None: these."""
    gateway_api: str = ""
    """The version of the Gateway API that its makers built it with, where it serves that: `v1.5.0`. Older ones lack
    what it watches."""
    writers: tuple[str, ...] = ()
    """Field managers that its own programs write as."""
    makes: tuple[str, ...] = ()
    """What it makes in its namespace besides, in words: it goes with the namespace, and stays with it."""
    notes: tuple[str, ...] = ()
    """What to know before one approves."""

    def taken(self, title: str, versions: tuple[str, ...]) -> EdgeTaken:
        """What it takes, for checking what was said."""
        return EdgeTaken(title=title, options=self.options, versions=versions)

    def completed(self, said: EdgeParameters) -> EdgeParameters:
        """With its makers' defaults for what was not said."""
        kinds = EdgeOption.KIND in self.options
        return dataclasses.replace(
            said,
            class_name=said.class_name or self.class_name,
            default_class=bool(said.default_class),
            service=said.service or self.service,
            namespace=said.namespace or self.namespace,
            kind=said.kind or (WorkloadKind.DEPLOYMENT if kinds else None),
        )
