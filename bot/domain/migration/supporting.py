"""What the written routes ask of the implementation, beyond what was looked at while they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.migration.features import Features
from bot.domain.migration.outcome import Journal
from bot.domain.network.references import JSONObject

_FEATURES = {
    ("urlRewrite", "path"): "HTTPRoutePathRewrite",
    ("urlRewrite", "hostname"): "HTTPRouteHostRewrite",
    ("requestRedirect", "path"): "HTTPRoutePathRedirect",
    ("requestRedirect", "port"): "HTTPRoutePortRedirect",
    ("requestRedirect", "scheme"): "HTTPRouteSchemeRedirect",
    ("responseHeaderModifier", "set"): "HTTPRouteResponseHeaderModification",
}
"""By a filter and a field of it."""


def tell_unsupported(made: Sequence[JSONObject], features: Features, journal: Journal) -> None:
    """Of features that the GatewayClass does not name: a route with them may be refused, or served otherwise."""
    asked = {feature for each in made for feature in _asked(each)}
    for feature in sorted(asked):
        if why := features.lacks(feature):
            journal.lose("spec.rules", f"{why}, and the routes ask for it", "another implementation, or its own filter")


def _asked(route: Any) -> Iterator[str]:
    filters = [each for rule in route["spec"].get("rules") or () for each in rule.get("filters") or ()]
    for (filter, field), feature in _FEATURES.items():
        if any(field in (each.get(filter) or {}) for each in filters):
            yield feature
