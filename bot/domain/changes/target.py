"""What is exposed: a workload, a pod or another Service, by what a new Service takes over from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.domain.changes import fields
from bot.domain.network.references import POD, SERVICE, JSONObject, Ref
from bot.domain.network.snapshot import Workload
from bot.errors import Refused


@dataclass(frozen=True, slots=True)
class DeclaredPort:
    """A port of a container, or of the Service that is exposed anew."""

    number: int
    protocol: str
    name: str = ""
    container: str = ""
    leads_to: str = ""
    """Where the new Service leads: the same number, for a Service its target port."""

    def __str__(self) -> str:
        said = f"{self.number}/{self.protocol}" + (f" {self.name}" if self.name else "")
        return said + (f" of container {self.container}" if self.container else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is exposed."""

    ref: Ref
    selector: dict[str, str]
    """Labels of its pods; empty: none could be worked out, see `why_no_selector`."""
    why_no_selector: str
    labels: dict[str, str]
    ports: tuple[DeclaredPort, ...]
    maker: Workload | None
    """It, when it makes pods."""

    def selector_or_refusal(self) -> dict[str, str]:
        """Raises Refused for what no Service can select."""
        if not self.selector:
            raise Refused(
                f"{self.ref} cannot be exposed",
                cause=self.why_no_selector,
                next_step="say labels that only its pods have, as in `--selector app=web`",
            )
        return self.selector


def target(object: JSONObject) -> Target:
    """From the whole object of any kind that can be exposed."""
    ref = fields.ref_of(object)
    selector, why = _selector(ref, object)
    return Target(
        ref=ref,
        selector=selector,
        why_no_selector=why,
        labels={str(key): str(value) for key, value in (fields.metadata(object).get("labels") or {}).items()},
        ports=tuple(_ports(ref, object)),
        maker=None if ref.kind in (POD.name, SERVICE.name) else msgspec.convert(object, Workload),
    )


def _selector(ref: Ref, object: JSONObject) -> tuple[dict[str, str], str]:
    """The labels, else why there are none."""
    if ref.kind == POD.name:
        return dict(fields.metadata(object).get("labels") or {}), "the pod has no labels by which it could be selected"
    said: Any = fields.at(object, ("spec", "selector")).value or {}
    if ref.kind in (SERVICE.name, "ReplicationController"):
        return dict(said), "it has no selector"
    if said.get("matchExpressions"):
        return {}, "it selects its pods by matchExpressions, which a Service does not know"
    return dict(said.get("matchLabels") or {}), "its selector names no labels"


def _ports(ref: Ref, object: JSONObject) -> Iterator[DeclaredPort]:
    if ref.kind == SERVICE.name:
        of_service: Any = fields.at(object, ("spec", "ports")).value or []
        for port in of_service:
            protocol, leads_to = str(port.get("protocol") or "TCP"), str(port.get("targetPort") or port["port"])
            yield DeclaredPort(int(port["port"]), protocol, str(port.get("name") or ""), leads_to=leads_to)
        return
    where = ("spec",) if ref.kind == POD.name else ("spec", "template", "spec")
    containers: Any = fields.at(object, (*where, "containers")).value or []
    for container in containers:
        for port in container.get("ports") or ():
            number, protocol = int(port["containerPort"]), str(port.get("protocol") or "TCP")
            yield DeclaredPort(number, protocol, str(port.get("name") or ""), str(container.get("name")), str(number))
