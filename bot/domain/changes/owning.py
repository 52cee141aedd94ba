"""Whether somebody keeps an object as it is: what we change of it would not last."""

from __future__ import annotations

from typing import Any

from bot.domain.changes import fields
from bot.domain.network.references import JSONObject

# https://helm.sh/docs/chart_best_practices/labels/
_MANAGED_BY = "app.kubernetes.io/managed-by"
_RELEASE = "meta.helm.sh/release-name"


def kept_by(object: JSONObject) -> str:
    """The object that owns this one, `Kafka orders`, its controller before others; empty: nobody says so. Operators do
    not always call themselves the controller of what they make."""
    owners: Any = fields.metadata(object).get("ownerReferences") or []
    first = sorted(owners, key=lambda owner: not owner.get("controller"))
    return f"{first[0].get('kind')} {first[0].get('name')}" if first else ""


def packaged(object: JSONObject) -> str:
    """The Helm release that it belongs to, in words; empty: none."""
    metadata = fields.metadata(object)
    if (metadata.get("labels") or {}).get(_MANAGED_BY) != "Helm":
        return ""
    release = (metadata.get("annotations") or {}).get(_RELEASE)
    return f"the Helm release {release}" if release else "a Helm release"
