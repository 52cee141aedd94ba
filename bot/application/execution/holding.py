"""What would go along when something is deleted: the objects of a definition, the contents of a namespace."""

from __future__ import annotations

from collections.abc import Iterable

from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.network.references import (
    CONFIG_MAP,
    CUSTOM_RESOURCE_DEFINITION,
    DAEMON_SET,
    DEPLOYMENT,
    NAMESPACE,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    SERVICE,
    STATEFUL_SET,
    JSONObject,
    Kind,
    Ref,
)
from bot.errors import NotFound

_CONTENTS = (POD, DAEMON_SET, DEPLOYMENT, STATEFUL_SET, SERVICE, CONFIG_MAP, PERSISTENT_VOLUME_CLAIM)
"""Not Secrets: a list of them would bring all their values."""
_GIVEN = ("kube-root-ca.crt", "openshift-service-ca.crt")
"""ConfigMaps that every namespace is given."""


async def held_by(
    cluster: Cluster, object: JSONObject, but: Iterable[Ref] = (), writers: Iterable[str] = ()
) -> list[Ref]:
    """What goes along when this object is deleted, in no order: nothing for most kinds. What is being deleted already
    does not count, nor does what goes with an owner of its own, nor those in `but`, nor what nobody but these writers
    wrote. Raises BotError when it cannot be read: then nobody knows."""
    known, expected = {_whatever_version(ref) for ref in but}, set(writers)
    found = []
    for kind, namespace in _where(object):
        try:
            listed = await cluster.list(kind, namespace)
        except NotFound:
            continue
        for each in listed:
            ref, own = fields.ref_of(each), fields.metadata(each)
            goes_anyway = own.get("deletionTimestamp") or own.get("ownerReferences")
            wrote = set(fields.writers(each))
            if _whatever_version(ref) in known or goes_anyway or ref.name in _GIVEN or (wrote and wrote <= expected):
                continue
            found.append(ref)
    return found


def _whatever_version(ref: Ref) -> tuple[str, str, str, str]:
    """An object is the same in each version in which its group is served."""
    group = ref.api_version.partition("/")[0] if "/" in ref.api_version else ""
    return group, ref.kind, ref.namespace, ref.name


def _where(object: JSONObject) -> Iterable[tuple[Kind, str]]:
    name = str(fields.metadata(object).get("name") or "")
    if object.get("kind") == NAMESPACE.name and object.get("apiVersion") == NAMESPACE.api_version:
        return [(kind, name) for kind in _CONTENTS]
    if object.get("kind") == CUSTOM_RESOURCE_DEFINITION.name:
        return [(kind_defined(object), "")]
    return []


def kind_defined(definition: JSONObject) -> Kind:
    """The kind that a CustomResourceDefinition defines, in a version of it that is served."""
    names = fields.at(definition, ("spec", "names")).value
    group = fields.at(definition, ("spec", "group")).value
    scope = fields.at(definition, ("spec", "scope")).value
    versions = fields.at(definition, ("spec", "versions")).value
    assert isinstance(names, dict)
    assert isinstance(versions, list)
    served = [each for each in versions if isinstance(each, dict) and each.get("served")]
    version = served[0] if served else versions[0]
    assert isinstance(version, dict)
    return Kind(str(names["kind"]), str(names["plural"]), f"{group}/{version['name']}", scope == "Namespaced")


def counted_in_words(held: list[Ref]) -> str:
    """`2 objects of kind IPPool (default-ipv4-ippool, other)`."""
    shown = ", ".join(str(ref) for ref in sorted(held)[:3])
    more = f" and {len(held) - 3} more" if len(held) > 3 else ""
    return f"{shown}{more}"
