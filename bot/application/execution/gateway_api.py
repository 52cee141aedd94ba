"""Objects of the Gateway API: whether the cluster has the API at all, and what of it may be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.application.execution.looking_up import existing
from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.network.references import CUSTOM_RESOURCE_DEFINITION, GATEWAY, GATEWAY_CLASS, JSONObject, Kind, ref_to
from bot.errors import BotError, NotFound, Refused

# https://gateway-api.sigs.k8s.io/guides/versioning/#crd-versions-and-channels
_VERSION = "gateway.networking.k8s.io/bundle-version"
_CHANNEL = "gateway.networking.k8s.io/channel"
# In which release each kind came into the standard channel in the version that Patchbay speaks:
# https://github.com/kubernetes-sigs/gateway-api/releases
_SINCE = {"HTTPRoute": "v1.0", "GRPCRoute": "v1.1", "TLSRoute": "v1.5"}


ELSEWHERE = "others may be in the way of this"
"""What it means for a plan that other namespaces could not be read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read of a kind."""

    objects: tuple[JSONObject, ...]
    unread: str = ""
    """A sentence about what could not be; empty: everything was."""


async def read(cluster: Cluster, kind: Kind, namespace: str) -> Reading:
    """All of a kind; of that namespace alone where no more may be read. Raises Refused, with the next step, when the
    cluster does not have the kind."""
    try:
        return Reading(tuple(await cluster.list(kind)))
    except NotFound as error:
        raise await not_served(cluster, kind) from error
    except Refused:
        if not namespace or not kind.namespaced:
            raise
    own = tuple(await cluster.list(kind, namespace))
    return Reading(own, f"Only the {kind.plural} of {namespace} could be read: {ELSEWHERE}.")


async def read_if_served(cluster: Cluster, kind: Kind, namespace: str) -> Reading:
    """The same; nothing where the cluster does not have the kind."""
    try:
        return await read(cluster, kind, namespace)
    except Missing:
        return Reading(())


def elsewhere(name: str, objects: Iterable[JSONObject]) -> str:
    """What to say when something of that name is in other namespaces; empty: it is not."""
    found = sorted(fields.ref_of(each).namespace for each in objects if fields.metadata(each).get("name") == name)
    return f"it is in {', '.join(dict.fromkeys(found))}: add `-n {found[0]}`" if found else ""


async def find_gateway(cluster: Cluster, namespace: str, name: str) -> JSONObject:
    """Raises NotFound with what was probably meant, Missing where the cluster has no Gateways at all."""
    try:
        return await existing(cluster, ref_to(GATEWAY, namespace, name))
    except NotFound as error:
        where = elsewhere(name, (await read(cluster, GATEWAY, namespace)).objects)
        raise (NotFound(error.summary, next_step=where) if where else error) from error


class Missing(Refused):
    """The cluster does not have the Gateway API, or not this kind of it."""


async def not_served(cluster: Cluster, kind: Kind) -> Missing:
    """Why the cluster does not serve the kind."""
    annotations = await _annotations(cluster)
    if annotations is None:
        return Missing(
            "This cluster has no Gateway API",
            cause=f"it serves no {kind.plural}.{kind.api_version.partition('/')[0]}",
            next_step="install its definitions by `controller install gateway-api`, and a controller that serves it",
        )
    version = annotations.get(_VERSION) or "of unknown version"
    channel = annotations.get(_CHANNEL) or "unknown"
    since = _SINCE.get(kind.name, "v1.0")
    return Missing(
        f"The Gateway API of this cluster has no {kind.name}",
        cause=f"installed is {version}, channel {channel}; {kind.name} {kind.api_version.rpartition('/')[2]} is in the "
        f"standard channel from {since} on",
        next_step="bring it up to date by `controller install gateway-api`",
    )


async def _annotations(cluster: Cluster) -> dict[str, Any] | None:
    """Of the definition of GatewayClass; None: there is none. Empty where definitions may not be read."""
    name = f"{GATEWAY_CLASS.plural}.{GATEWAY_CLASS.api_version.partition('/')[0]}"
    try:
        found = await cluster.list(CUSTOM_RESOURCE_DEFINITION, fields=f"metadata.name={name}")
    except BotError:
        try:
            await cluster.list(GATEWAY_CLASS)
        except NotFound:
            return None
        except BotError:
            return {}
        return {}
    return dict(fields.metadata(found[0]).get("annotations") or {}) if found else None
