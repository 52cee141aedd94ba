"""Canal: flannel's daemon carries the packets of what the node was given, Calico's plugin wires the pods.

Calico's agent leaves the node condition alone when its networking backend is `none`; flannel's sets it.
"""

from __future__ import annotations

from bot.playground.cluster_server.networks import calico, flannel
from bot.playground.cluster_server.networks.contract import Plugin, Setting


def _refusal(setting: Setting, sandbox: str) -> str:
    return calico.refused(setting, CANAL.title)


CANAL = Plugin(
    "Canal", "canal", ("calico/node", "flannel"), "10-canal.conflist", container="kube-flannel",
    says_up=flannel.FLANNEL.says_up, logs=flannel.FLANNEL.logs, trouble=flannel.trouble, refusal=_refusal,
)  # fmt: skip
