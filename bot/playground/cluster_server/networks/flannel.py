"""flannel: hands out what its node was given, and wants that to lie in the network of its net-conf.json.

Its configuration is copied by a container that runs first, so that a node is Ready even when flanneld then fails; what
the CNI plugin needs, /run/flannel/subnet.env, is written by flanneld and stays when that is removed. Words from
flannel's pkg/subnet/kube and from reports of both cases:
https://github.com/flannel-io/flannel/blob/master/Documentation/troubleshooting.md.
"""

from __future__ import annotations

import ipaddress
import json

from bot.playground.cluster_server.networks.contract import Object, Plugin, Setting, mounted

_UP = ("FlannelIsUp", "Flannel is running on this node")
_CONFIGURATION = "net-conf.json"


def trouble(setting: Setting, pod: Object) -> tuple[str, ...]:
    said = mounted(setting.registry, pod, _CONFIGURATION)
    if said is None and any("configMap" in volume for volume in pod["spec"].get("volumes") or ()):
        why = "failed to read net conf: open /etc/kube-flannel/net-conf.json: no such file or directory"
        return (f"Failed to create SubnetManager: {why}",)
    try:
        network = ipaddress.ip_network(json.loads(said or "{}").get("Network") or "0.0.0.0/0", strict=False)
    except (ValueError, AttributeError, TypeError) as error:
        return (f"Failed to create SubnetManager: error parsing subnet config: {error}",)
    if not setting.pod_range:
        return (_unleased(f'node "{setting.name}" pod cidr not assigned'),)
    given = ipaddress.ip_network(setting.pod_range, strict=False)
    if given.version == network.version and not given.subnet_of(network):  # type: ignore[arg-type]
        why = f'subnet "{network}" specified in the flannel net config doesn\'t contain "{given}" PodCIDR'
        return (_unleased(f'{why} of the "{setting.name}" node'),)
    return ()


def _unleased(why: str) -> str:
    return f"Error registering network: failed to acquire lease: {why}"


def _refusal(setting: Setting, _: str) -> str:
    if FLANNEL.title in setting.host.ran:
        return ""
    return (
        'plugin type="flannel" failed (add): loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: '
        "no such file or directory"
    )


FLANNEL = Plugin(
    "flannel", "kube-flannel-ds", ("flannel",), "10-flannel.conflist", container="kube-flannel", says_up=_UP,
    logs=("Found network config - Backend type: vxlan", "Wrote subnet file to /run/flannel/subnet.env",
          "Running backend."),
    trouble=trouble, refusal=_refusal,
)  # fmt: skip
