"""Whether a controller serves an Ingress by TLS at all, where a Secret in `spec.tls` alone does not make it do so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.changes import fields
from bot.domain.network.references import JSONObject
from bot.domain.plugins.edge.listening import arguments, containers, entry_points

_ROUTER_TLS = "traefik.ingress.kubernetes.io/router.tls"
_ROUTER_POINTS = "traefik.ingress.kubernetes.io/router.entrypoints"
_OPTIONS = ("providers.", "entrypoints.")


@dataclass(frozen=True, slots=True)
class Unencrypted:
    """An Ingress with a certificate that is not served by TLS."""

    why: str
    """For people."""
    annotation: str
    """What has it served by TLS, and by TLS alone: `key=value`."""


def by_router(ingress: JSONObject, workloads: Sequence[JSONObject], images: Iterable[str]) -> Unencrypted | None:
    """Of Traefik, which answers 404 by TLS then; None: it does not, or a file tells it perhaps. See
    https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/ (router.tls)."""
    annotations: Any = fields.metadata(ingress).get("annotations") or {}
    if str(annotations.get(_ROUTER_TLS, "")).lower() == "true":
        return None
    names = {each.strip().lower() for each in str(annotations.get(_ROUTER_POINTS) or "").split(",")} - {""}
    running = list(containers(workloads, tuple(images)))
    if not running or any(_encrypts(container, names) for container in running):
        return None
    ref = fields.ref_of(ingress)
    return Unencrypted(
        "Traefik serves no Ingress by TLS for its Secret alone, and answers 404: its entry point has no TLS "
        f"(--entrypoints.websecure.http.tls=true), and {ref} lacks the annotation {_ROUTER_TLS}=true",
        f"{_ROUTER_TLS}=true",
    )


def _encrypts(container: JSONObject, names: set[str]) -> bool:
    """Whether one of these entry points (none named: any) has TLS of its own, or may have: what does not stand in
    arguments or variables is in a file."""
    said = list(arguments(container))
    variables: Any = container.get("env") or ()
    told = any(name.startswith(_OPTIONS) for name, _ in said)
    told = told or any(str(each.get("name", "")).upper().startswith("TRAEFIK_") for each in variables)
    if not told or any(name == "configfile" for name, _ in said):
        return True
    return any(not number and (not names or name in names) for name, number in entry_points(said, container))
