"""What the links between nodes carry, as far as nodes tell: before a plugin is installed, and of one that is there."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.network.snapshot import Node

_LINKS = {"gce": 1460, "aws": 9001}
"""https://cloud.google.com/vpc/docs/mtu, https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html"""
_ETHERNET = 1500


def narrowest(nodes: Iterable[Node]) -> tuple[int, str]:
    """Bytes that the narrowest link carries, and who says so."""
    clouds = {node.spec.provider_id.partition(":")[0] for node in nodes}
    bytes, cloud = min((_LINKS.get(cloud, _ETHERNET), cloud) for cloud in clouds or {""})
    if cloud in _LINKS:
        return bytes, f"{bytes} is what links of {cloud} carry (spec.providerID of the nodes)"
    return bytes, f"{bytes} is Ethernet's; that every link between nodes carries more is not seen through the API"
