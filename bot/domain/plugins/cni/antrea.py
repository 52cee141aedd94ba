"""Antrea: the agent runs Open vSwitch in a container of its own; images are named for the base they are built on.

The file that is pinned is the source at the tag, whose images float (`:latest`): they are pinned to the version here.
"""

import re

from bot.domain.network.references import CONFIG_MAP, DAEMON_SET, DEPLOYMENT, Ref, ref_to
from bot.domain.plugins.cni import Marks, NetworkPlugin
from bot.domain.plugins.fitting import Misshapen, Objects, change_images, copied, from_registry, named, pinned
from bot.domain.plugins.installation import Installation, Leftovers, Wire
from bot.domain.plugins.parameters import Encapsulation, Option, Parameters
from bot.domain.plugins.releases import ManifestFile, Release

_VERSION = "v2.7.0"
_BACKENDS = ("geneve", "vxlan", "gre")


def _fit(objects: Objects, parameters: Parameters) -> Objects:
    fitted = copied(objects)
    change_images(fitted, lambda image: pinned(image, _VERSION))
    data = named(fitted, "ConfigMap", "antrea-config")["data"]
    if "antrea-agent.conf" not in data:
        raise Misshapen("antrea-agent.conf in ConfigMap kube-system/antrea-config")
    if parameters.encapsulation is Encapsulation.NONE:
        data["antrea-agent.conf"] = _set(data["antrea-agent.conf"], "trafficEncapMode", '"noEncap"')
    if parameters.backend:
        data["antrea-agent.conf"] = _set(data["antrea-agent.conf"], "tunnelType", f'"{parameters.backend}"')
    if parameters.mtu:
        data["antrea-agent.conf"] = _set(data["antrea-agent.conf"], "defaultMTU", str(parameters.mtu))
    if parameters.registry:
        change_images(fitted, lambda image: from_registry(image, parameters.registry))
    return fitted


def _set(text: str, key: str, value: str) -> str:
    """Sets a key at the top of a YAML text whose comments people read. Raises Misshapen."""
    changed, count = re.subn(rf"(?m)^#?{key}:.*$", f"{key}: {value}", text, count=1)
    if not count:
        raise Misshapen(f"{key} in antrea-agent.conf")
    return changed


def overhead(parameters: Parameters) -> int:
    """https://antrea.io/docs/main/docs/network-requirements: Geneve and VXLAN 50, GRE 38; over IPv6 20 more."""
    if parameters.encapsulation is Encapsulation.NONE:
        return 0
    six = 20 if parameters.pod_cidrs and all(":" in cidr for cidr in parameters.pod_cidrs) else 0
    return (38 if parameters.backend == "gre" else 50) + six


def _wire(parameters: Parameters) -> Wire:
    if parameters.encapsulation is Encapsulation.NONE:
        return Wire("", within_subnets=False)
    return Wire("GRE") if parameters.backend == "gre" else Wire()


CNI = NetworkPlugin(
    title="Antrea",
    marks=(
        Marks(daemon_sets=("antrea-agent",)),
        Marks(images=("antrea/antrea-agent-ubuntu",)),
        Marks(images=("antrea/antrea-agent-ubi",)),
    ),
    version_image="antrea-agent-ubuntu",
    install=Installation(
        releases=(
            Release(
                version=_VERSION,
                files=(
                    ManifestFile(
                        "antrea/v2.7.0/tag-source/antrea.yml",
                        "https://raw.githubusercontent.com/antrea-io/antrea/v2.7.0/build/yamls/antrea.yml",
                        "37a414ff6f43502296d9713a75f67ae7e3604bd667cd8449986541ed83a9fae0",
                    ),
                ),
                kubernetes=("1.23", ""),  # https://pkg.go.dev/antrea.io/antrea/v2#section-readme, Prerequisites
                architectures=frozenset({"amd64", "arm64", "arm"}),
            ),
        ),
        options=frozenset({Option.POD_CIDR, Option.ENCAPSULATION, Option.BACKEND, Option.MTU, Option.REGISTRY}),
        backends=_BACKENDS,
        encapsulations=(Encapsulation.NONE,),  # how it wraps is said by --backend
        pod_cidrs=("10.244.0.0/16",),
        dual_stack=True,  # it takes what nodes have, of both families: https://antrea.io/docs/main/docs/getting-started
        fit=_fit,
        agent=ref_to(DAEMON_SET, "kube-system", "antrea-agent"),
        overhead=overhead,
        wire=_wire,
        wraps_all="leave out `--backend` and `--encapsulation`",
        tells_network=False,
        uses_node_cidrs=True,
        controllers=(ref_to(DEPLOYMENT, "kube-system", "antrea-controller"),),
        makes=tuple(
            ref_to(CONFIG_MAP, "kube-system", f"antrea-{name}") for name in ("ca", "cluster-identity", "ipsec-ca")
        ),
        writers=("antrea-agent", "antrea-controller"),
        ready=lambda parameters: (
            Ref("APIService", "v1beta2.controlplane.antrea.io", "", "apiregistration.k8s.io/v1"),
        ),
        behind={"v1beta2.controlplane.antrea.io": ref_to(DEPLOYMENT, "kube-system", "antrea-controller")},
        notes=(
            "The pinned file is Antrea's source at the tag, whose images float: here they are pinned to the version.",
        ),
    ),
    leftovers=Leftovers(
        definitions=(".crd.antrea.io",),
        configuration=("10-antrea.conflist",),
        on_hosts=(
            "rm -f /etc/cni/net.d/10-antrea.conflist",
            "rm -rf /var/run/antrea /var/lib/antrea /etc/cni/net.d/antrea*",
            "ip link delete antrea-gw0; ovs-vsctl del-br br-int",
        ),
    ),
)
