"""Weave Net: the agents share one range out among themselves; what nodes were given does not matter.

Its plugin asks the agent for each address, so that no pod starts without it. It writes its configuration last.
"""

from __future__ import annotations

import ipaddress

from bot.playground.cluster_server.networks.contract import SLICED, Object, Plugin, Setting, variable

_DEFAULT_RANGE = "10.32.0.0/12"
_CONTAINER = "weave"


def shared_range(pod: Object) -> ipaddress.IPv4Network:
    """Raises ValueError for one that is none."""
    return ipaddress.IPv4Network(variable(pod, _CONTAINER, "IPALLOC_RANGE") or _DEFAULT_RANGE, strict=False)


def _trouble(_: Setting, pod: Object) -> tuple[str, ...]:
    try:
        shared_range(pod)
    except ValueError:
        return (f"FATA: invalid CIDR address: {variable(pod, _CONTAINER, 'IPALLOC_RANGE')}",)
    return ()


def _refusal(setting: Setting, sandbox: str) -> str:
    if setting.up:
        return ""
    return (
        f'plugin type="weave-net" name="weave" failed (add): unable to allocate IP address: Post '
        f'"http://127.0.0.1:6784/ip/{sandbox}": dial tcp 127.0.0.1:6784: connect: connection refused'
    )


WEAVE = Plugin(
    "Weave Net", "weave-net", ("weave-kube",), "10-weave.conflist", container=_CONTAINER, written_when_up=True,
    says_up=("WeaveIsUp", "Weave pod has set this"), addresses=SLICED,
    logs=("INFO: Command line options: map[conn-limit:200 ipalloc-init:consensus=2 port:6783]",),
    trouble=_trouble, refusal=_refusal,
)  # fmt: skip
