"""Calico: addresses come from its IPPools, in blocks that nodes claim.

Its plugin asks the API server with a token of the agent's account, which is why no pod starts once that is gone:
https://github.com/projectcalico/calico/issues/7712. The conditions are those of node/pkg/lifecycle in its source.
"""

from __future__ import annotations

from bot.playground.cluster_server.networks.contract import BLOCKS, Object, Plugin, Setting

_UP = ("CalicoIsUp", "Calico is running on this node")
_DOWN = ("CalicoIsDown", "Calico is shutting down on this node")
GROUP_VERSION = "crd.projectcalico.org/v1"


def _trouble(setting: Setting, _: Object) -> tuple[str, ...]:
    if setting.registry.kinds.of(GROUP_VERSION, "IPPool"):
        return ()
    why = f"could not find the requested resource (get ClusterInformations.{GROUP_VERSION.partition('/')[0]} default)"
    return (f"Hit error connecting to datastore - retry error=the server {why}",)


def refused(setting: Setting, title: str) -> str:
    failed, registry = 'plugin type="calico" failed (add): ', setting.registry
    if title not in setting.host.ran:
        return (
            f"{failed}stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container "
            "is running and has mounted /var/lib/calico/"
        )
    if not registry.find(registry.kinds.named("v1", "ServiceAccount"), *setting.host.ran[title]):
        return f"{failed}error getting ClusterInformation: connection is unauthorized: Unauthorized"
    return ""


def _refusal(setting: Setting, _: str) -> str:
    return refused(setting, CALICO.title)


CALICO = Plugin(
    "Calico", "calico-node", ("calico/node",), "10-calico.conflist", container="calico-node",
    says_up=_UP, says_down=_DOWN, addresses=BLOCKS,
    logs=("[INFO] startup/startup.go: Using node name", "[INFO] felix: Felix starting up"),
    trouble=_trouble, refusal=_refusal,
)  # fmt: skip
