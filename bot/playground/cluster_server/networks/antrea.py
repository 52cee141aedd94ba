"""Antrea: its plugin asks the agent over a socket; the agent wants to know what its node was given.

It says nothing in the node's conditions. Words from https://github.com/antrea-io/antrea/issues/7472 and
https://github.com/antrea-io/antrea/issues/832.
"""

from __future__ import annotations

from bot.playground.cluster_server.networks.contract import Object, Plugin, Setting


def _trouble(setting: Setting, _: Object) -> tuple[str, ...]:
    if setting.pod_range:
        return ()
    return (
        '"Spec.PodCIDR is empty for Node. Please make sure --allocate-node-cidrs is enabled for '
        "kube-controller-manager and --cluster-cidr specifies a sufficient CIDR range, or nodeIPAM is enabled for "
        f'antrea-controller" nodeName="{setting.name}"',
        f"Error running agent: error initializing agent: Spec.PodCIDR is empty for Node {setting.name}",
    )


def _refusal(setting: Setting, _: str) -> str:
    if setting.up:
        return ""
    why = "connection refused" if ANTREA.title in setting.host.ran else "no such file or directory"
    return (
        'plugin type="antrea" failed (add): rpc error: code = Unavailable desc = connection error: desc = "transport: '
        f'Error while dialing: dial unix /var/run/antrea/cni.sock: connect: {why}"'
    )


ANTREA = Plugin(
    "Antrea", "antrea-agent", ("antrea-agent-ubuntu",), "10-antrea.conflist", container="antrea-agent",
    logs=('"Starting Antrea agent"', '"Setting up node network"'), trouble=_trouble, refusal=_refusal,
)  # fmt: skip
