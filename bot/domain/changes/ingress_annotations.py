"""Annotations that somebody wants on an Ingress: which are refused, and which have to be accepted by name."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.changes.change import Doubt
from bot.domain.network.ingresses import LEGACY_CLASS
from bot.errors import Refused

SNIPPET = "snippet"
_CONFIGURATION = frozenset({"config-backend", "config-defaults", "config-frontend", "config-global", "config-tcp"})
"""What haproxy-ingress calls them: https://haproxy-ingress.github.io/docs/configuration/keys/#configuration-snippet"""


def check(annotations: Mapping[str, str]) -> None:
    """Raises Refused for the old way to name a class: together with the field the API takes it from nobody."""
    if LEGACY_CLASS in annotations:
        raise Refused(
            f"The annotation {LEGACY_CLASS} is deprecated, and excludes the field that took its place",
            cause="every Ingress made here names its class in `spec.ingressClassName`",
            next_step=f"say `--class {annotations[LEGACY_CLASS] or 'NAME'}` instead",
        )


def snippets(annotations: Mapping[str, str]) -> list[str]:
    """Those whose value becomes part of the proxy's own configuration, sorted. Whoever may write one may read
    whatever the controller may, Secrets of all namespaces as a rule (CVE-2021-25742:
    https://github.com/kubernetes/kubernetes/issues/126811)."""
    return sorted(
        key for key in annotations if "snippet" in key.rpartition("/")[2] or key.rpartition("/")[2] in _CONFIGURATION
    )


def doubt(annotations: Mapping[str, str]) -> Doubt | None:
    """What has to be accepted by its code."""
    if not (found := snippets(annotations)):
        return None
    return Doubt(
        SNIPPET,
        f"{', '.join(found)} puts code into the controller's own configuration: it can read every Secret that the "
        "controller may read, and a mistake in it can stop all hosts",
    )
