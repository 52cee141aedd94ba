"""ReferenceGrants: the say-so of a namespace that objects of another one may refer to something in it.

See https://gateway-api.sigs.k8s.io/api-types/referencegrant/: the grant stands where the target is, and one that names
what it is for lets nothing else in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.domain.changes import fields
from bot.domain.changes.change import Apply
from bot.domain.network.leading import backends
from bot.domain.network.listeners import certificates
from bot.domain.network.references import (
    GATEWAY,
    GRPC_ROUTE,
    HTTP_ROUTE,
    REFERENCE_GRANT,
    TLS_ROUTE,
    JSONObject,
    Kind,
    Ref,
    ref_to,
)
from bot.errors import Conflict

_LONGEST_NAME = 253
_REFERRING = (GATEWAY, HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE)


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that points into another namespace."""

    kind: Kind
    """Of what points."""
    namespace: str
    """Where that is."""
    target: Ref

    @property
    def grant(self) -> Ref:
        """The ReferenceGrant that Patchbay makes for it."""
        kind = self.target.kind.lower()
        name = f"{self.kind.name.lower()}-{self.namespace}-to-{kind}-{self.target.name}"
        return ref_to(REFERENCE_GRANT, self.target.namespace, name[:_LONGEST_NAME].rstrip("-."))


def references(object: JSONObject) -> list[Reference]:
    """What a Gateway or a route refers to in other namespaces, each once: certificates and Services. Nothing of other
    kinds needs a grant."""
    own = fields.ref_of(object)
    kind = next((each for each in _REFERRING if each.name == own.kind), None)
    if kind is None:
        return []
    targets = certificates(object) if kind == GATEWAY else backends(object)
    return [Reference(kind, own.namespace, each) for each in targets if each.namespace != own.namespace]


def targets(wanted: Iterable[Reference]) -> list[str]:
    """The namespaces whose say-so it takes, each once."""
    return list(dict.fromkeys(each.target.namespace for each in wanted))


def granted(reference: Reference, grants: Iterable[JSONObject]) -> bool:
    """Whether one of these, of the target's namespace, permits it."""
    return any(_permits(grant, reference) for grant in grants)


def _permits(grant: JSONObject, reference: Reference) -> bool:
    if fields.metadata(grant).get("namespace") != reference.target.namespace:
        return False
    spec: Any = grant.get("spec") or {}
    wanted = (_group(reference.kind.api_version), reference.kind.name, reference.namespace)
    if wanted not in {(each.get("group"), each.get("kind"), each.get("namespace")) for each in spec.get("from") or ()}:
        return False
    target = (_group(reference.target.api_version), reference.target.kind)
    return any(
        (each.get("group") or "", each.get("kind")) == target and each.get("name") in (None, "", reference.target.name)
        for each in spec.get("to") or ()
    )


def grant(reference: Reference, grants: Iterable[JSONObject]) -> Apply:
    """The step that permits it and nothing besides. Raises Conflict when its name belongs to something else."""
    ref = reference.grant
    there = next((each for each in grants if fields.ref_of(each) == ref), None)
    if there is not None and not fields.applied_by_us(there):
        raise Conflict(
            f"There is a {ref} already, and it permits something else",
            cause="it was not made by Patchbay",
            next_step=f"rename it, or let it permit {reference.kind.name}s of {reference.namespace} to lead to "
            f"{reference.target}",
        )
    manifest: JSONObject = {
        "apiVersion": REFERENCE_GRANT.api_version,
        "kind": REFERENCE_GRANT.name,
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": {
            "from": [
                {
                    "group": _group(reference.kind.api_version),
                    "kind": reference.kind.name,
                    "namespace": reference.namespace,
                }
            ],
            "to": [
                {
                    "group": _group(reference.target.api_version),
                    "kind": reference.target.kind,
                    "name": reference.target.name,
                }
            ],
        },
    }
    return Apply(
        ref=ref,
        manifest=manifest,
        creates=there is None,
        prior=fields.standing(there, manifest) if there is not None else (),
    )


def told(reference: Reference) -> str:
    """What the grant means, for whoever approves it."""
    return (
        f"{reference.target} is in another namespace: from then on every {reference.kind.name} of "
        f"{reference.namespace} may refer to it ({reference.grant})."
    )


def _group(api_version: str) -> str:
    return api_version.partition("/")[0] if "/" in api_version else ""
