"""Cilium: its plugin asks the agent over a socket, and its configuration comes before all others by name.

That it hands out what the node was given is a simplification: its operator deals out ranges of its own.
"""

from __future__ import annotations

from bot.playground.cluster_server.networks.contract import Plugin, Setting


def _refusal(setting: Setting, _: str) -> str:
    if setting.up:
        return ""
    return (
        'plugin type="cilium-cni" failed (add): unable to connect to Cilium agent: failed to create cilium agent '
        'client after 30.000000 seconds timeout: Get "http://localhost/v1/config": dial unix '
        "/var/run/cilium/cilium.sock: connect: no such file or directory"
    )


CILIUM = Plugin(
    "Cilium", "cilium", ("cilium/cilium",), "05-cilium.conflist", container="cilium-agent", written_when_up=True,
    says_up=("CiliumIsUp", "Cilium is running on this node"), refusal=_refusal,
)  # fmt: skip
