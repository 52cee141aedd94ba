"""What plans of Ingresses rest on: Services, other Ingresses, classes, certificates and who issues them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from bot.application.execution.looking_up import existing
from bot.application.execution.tls_secrets import tls_secret
from bot.application.ports import Cluster, Context
from bot.domain.changes import fields
from bot.domain.changes.ingress_tls import Issuing, Vetting
from bot.domain.diagnosis.unready import READ
from bot.domain.network.cert_manager import CLUSTER_ISSUER, ISSUER
from bot.domain.network.references import (
    CUSTOM_RESOURCE_DEFINITION,
    INGRESS,
    INGRESS_CLASS,
    SERVICE,
    JSONObject,
    Kind,
    ref_to,
)
from bot.domain.network.snapshot import Scope, Service, Snapshot
from bot.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Ingresses and their classes, as far as they may be read."""

    snapshot: Snapshot
    unread: tuple[str, ...]
    """What of the Ingresses could not be read, in plain words."""


async def neighbours(cluster: Cluster, namespace: str) -> Neighbours:
    """Of all namespaces, since they share host names; of one where no more may be read."""
    everywhere = await cluster.read(Scope((INGRESS, INGRESS_CLASS)))
    if everywhere.could_read(INGRESS):
        return Neighbours(everywhere, ())
    own = await cluster.read(Scope((INGRESS, INGRESS_CLASS), namespace))
    what = "Ingresses of other namespaces" if own.could_read(INGRESS) else "Ingresses"
    why = next((each.reason for each in everywhere.unread if each.kind == INGRESS), "")
    return Neighbours(own, (f"{what} could not be read ({why})",))


async def services(cluster: Cluster, namespace: str, names: Iterable[str]) -> dict[str, Service]:
    """By name. Raises NotFound for one that is not there, with what was probably meant."""
    wanted = list(dict.fromkeys(names))
    found = await asyncio.gather(*(existing(cluster, ref_to(SERVICE, namespace, name)) for name in wanted))
    return {name: msgspec.convert(each, Service) for name, each in zip(wanted, found, strict=True)}


async def services_there(cluster: Cluster, namespace: str) -> dict[str, Service]:
    """By name, as far as they may be read: for what is led to already, and need not be right."""
    snapshot = await cluster.read(Scope((SERVICE,), namespace))
    return {each.name: each for each in snapshot.services}


async def behind(cluster: Cluster, namespace: str) -> Snapshot:
    """Who stands behind the Services of the namespace."""
    return await cluster.read(Scope(READ, namespace))


async def found(cluster: Cluster, namespace: str, name: str) -> JSONObject | None:
    """The Ingress of that name; None: there is none."""
    try:
        return await cluster.get(ref_to(INGRESS, namespace, name))
    except NotFound:
        return None


async def vetting(context: Context, namespace: str, names: Iterable[str], issuing: Issuing | None) -> Vetting:
    """What is known of these Secrets, and of who is to issue them. Raises NotFound, Refused without cert-manager."""
    secrets = await asyncio.gather(*(tls_secret(context, namespace, name) for name in names))
    issuer = await _issuer(context.cluster, issuing) if issuing is not None else None
    return Vetting({each.ref.name: each for each in secrets}, context.ports.clock.now(), issuer)


def issuing(namespace: str, cluster_issuer: str, issuer: str) -> Issuing | None:
    """Whom the options name; None: nobody."""
    if cluster_issuer:
        return Issuing(ref_to(CLUSTER_ISSUER, "", cluster_issuer))
    return Issuing(ref_to(ISSUER, namespace, issuer)) if issuer else None


async def _issuer(cluster: Cluster, issuing: Issuing) -> JSONObject | None:
    """None where it may not be read."""
    kind = CLUSTER_ISSUER if issuing.issuer.kind == CLUSTER_ISSUER.name else ISSUER
    await _check_served(cluster, kind)
    try:
        return await cluster.get(issuing.issuer)
    except NotFound as error:
        there = sorted(fields.ref_of(each).name for each in await cluster.list(kind, issuing.issuer.namespace))
        raise NotFound(
            f"There is no {issuing.issuer}",
            cause=f"there is {', '.join(there[:5])}" if there else f"there is no {kind.name} at all",
            next_step="take one of them" if there else "make one: https://cert-manager.io/docs/configuration/",
        ) from error
    except Refused:
        return None


async def _check_served(cluster: Cluster, kind: Kind) -> None:
    """Raises Refused where cert-manager is not installed; where definitions may not be read, it is taken to be."""
    name = f"{kind.plural}.{kind.api_version.partition('/')[0]}"
    try:
        there = await cluster.list(CUSTOM_RESOURCE_DEFINITION, fields=f"metadata.name={name}")
    except Refused:
        return
    if not there:
        raise Refused(
            "cert-manager is not installed in this cluster",
            cause=f"there is no kind {kind.name} (definition {name})",
            next_step="install it (https://cert-manager.io/docs/installation/), or take a Secret by `--tls`",
        )
