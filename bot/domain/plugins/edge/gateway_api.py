"""The definitions of the Gateway API, which all controllers of a cluster share.

They are never downgraded, the experimental channel is left alone, and what is there is left as it is when a controller
is installed: others rest on it. https://gateway-api.sigs.k8s.io/concepts/versioning/
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.plugins.edge.kinds import GROUP
from bot.domain.plugins.edge.surroundings import GatewayDefinition
from bot.domain.plugins.present import numbers
from bot.domain.plugins.releases import ManifestFile, Release

VERSION = "gateway.networking.k8s.io/bundle-version"
CHANNEL = "gateway.networking.k8s.io/channel"
NEEDED = tuple(f"{plural}.{GROUP}" for plural in ("gatewayclasses", "gateways", "httproutes"))
"""Without these nothing that serves the Gateway API works."""


def _release(version: str, sha256: str, oldest: str) -> Release:
    file = f"gateway-api/{version}/standard-install.yaml"
    url = f"https://github.com/kubernetes-sigs/gateway-api/releases/download/{version}/standard-install.yaml"
    return Release(version=version, files=(ManifestFile(file, url, sha256),), kubernetes=(oldest, ""))


RELEASES = (
    _release("v1.6.1", "24d931f22abd8e40c973264319ead7cfa09d0fb7716b7ab1ee2ff174cb063a73", "1.32"),
    _release("v1.5.1", "751002b3b91a87f7ae3bd2517c79a47a8d7ed6702901808a1cf9bd97d284f9b8", "1.31"),
)
"""Standard channel. Each supports the five newest Kubernetes minors of its time, as its makers say
(https://gateway-api.sigs.k8s.io/concepts/versioning/#supported-versions), which was 1.35 for v1.5 and 1.36 for v1.6."""


def version_there(standing: Sequence[GatewayDefinition]) -> str:
    """The newest of the bundles that the definitions came with; empty: none says one."""
    return max((each.version for each in standing), key=numbers, default="")


def told(standing: Sequence[GatewayDefinition]) -> str:
    """`v1.6.1, standard channel, 10 definitions`."""
    versions = sorted({each.version or "of a version that they do not say" for each in standing}, key=numbers)
    channels = sorted({each.channel or "unknown" for each in standing})
    word = "definition" if len(standing) == 1 else "definitions"
    return f"{' and '.join(versions)}, {' and '.join(channels)} channel, {len(standing)} {word}"


def experimental(standing: Sequence[GatewayDefinition]) -> bool:
    """Whether any is of the experimental channel."""
    return any(each.channel == "experimental" for each in standing)


def is_older(one: str, other: str) -> bool:
    """Whether a bundle is older than another one; what says no version is."""
    return numbers(one) < numbers(other)


def missing(standing: Sequence[GatewayDefinition]) -> tuple[str, ...]:
    """Those that everybody needs and that are not there."""
    names = {each.name for each in standing}
    return tuple(name for name in NEEDED if name not in names)
