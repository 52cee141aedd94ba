"""Calico: its operator puts the agent into calico-system, its plain manifest into kube-system.

Installed by the operator: definitions, the operator, and an Installation that tells it what is wanted
(https://docs.tigera.io/calico/latest/reference/installation/api).
"""

from typing import Any

from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, Kind, Ref, ref_to
from bot.domain.plugins.cni import Marks, NetworkPlugin
from bot.domain.plugins.fitting import Objects, change_images, copied, from_registry, named
from bot.domain.plugins.incoming import Incoming
from bot.domain.plugins.installation import Installation, Leftovers, Wire
from bot.domain.plugins.parameters import Encapsulation, Option, Parameters
from bot.domain.plugins.releases import ManifestFile, Release
from bot.domain.plugins.surroundings import Surroundings

WRITERS = (
    "operator", "calico", "calico-node", "calico-typha", "calico-kube-controllers", "kube-controllers", "calico-ipam",
)  # fmt: skip
"""Named after the programs; newer releases have one program for all parts."""
_EXTRAS = {"goldmane": "Goldmane", "whisker": "Whisker"}
_ARCHITECTURES = frozenset({"amd64", "arm64", "ppc64le", "s390x"})


def _release(version: str, kubernetes: tuple[str, str], **sha256: str) -> Release:
    def file(name: str, digest: str) -> ManifestFile:
        url = f"https://raw.githubusercontent.com/projectcalico/calico/{version}/manifests/{name}"
        return ManifestFile(f"calico/{version}/{name}", url, digest)

    return Release(
        version=version,
        files=tuple(file(name.replace("_", "-") + ".yaml", digest) for name, digest in sha256.items()),
        kubernetes=kubernetes,
        architectures=_ARCHITECTURES,
    )


def block_size(cidr: str, parameters: Parameters) -> int:
    """Prefix length of the blocks of a pool: what was said for its family, else Calico's own."""
    six = ":" in cidr
    said = parameters.block_size if (parameters.block_size > 32) == six else 0
    return said or (122 if six else 26)


def pool(cidr: str, parameters: Parameters) -> dict[str, Any]:
    """An IPPool as an Installation has it. `natOutgoing` is an enum there: older texts' `true` is refused."""
    six = ":" in cidr
    encapsulation = parameters.encapsulation or Encapsulation.VXLAN_CROSS_SUBNET
    nat = (not six) if parameters.nat_outgoing is None else parameters.nat_outgoing
    return {
        "name": f"default-ipv{6 if six else 4}-ippool",
        "cidr": cidr,
        "blockSize": block_size(cidr, parameters),
        "encapsulation": encapsulation.value,
        "natOutgoing": "Enabled" if nat else "Disabled",
        "nodeSelector": "all()",
    }


def _fit(objects: Objects, parameters: Parameters) -> Objects:
    left_out = {kind for extra, kind in _EXTRAS.items() if extra not in parameters.extras}
    fitted = copied(object for object in objects if object.get("kind") not in left_out)
    installation = named(fitted, "Installation", "default")
    spec = installation.setdefault("spec", {})
    network = spec.setdefault("calicoNetwork", {})
    network["ipPools"] = [pool(cidr, parameters) for cidr in parameters.pod_cidrs]
    if parameters.mtu:
        network["mtu"] = parameters.mtu
    if parameters.registry:
        spec["registry"] = f"{parameters.registry}/"
        change_images(fitted, lambda image: from_registry(image, parameters.registry))
    return fitted


def overhead(parameters: Parameters) -> int:
    """IPIP 20 bytes, VXLAN 50, over IPv6 70: https://docs.tigera.io/calico/latest/networking/configuring/mtu"""
    six = parameters.pod_cidrs and all(":" in cidr for cidr in parameters.pod_cidrs)
    match parameters.encapsulation:
        case Encapsulation.NONE:
            return 0
        case Encapsulation.IPIP | Encapsulation.IPIP_CROSS_SUBNET:
            return 20
        case _:
            return 70 if six else 50


def _wire(parameters: Parameters) -> Wire:
    how = (parameters.encapsulation or Encapsulation.VXLAN_CROSS_SUBNET).value
    protocol = {"V": "UDP", "I": "IPIP"}.get(how[0], "")
    return Wire(protocol, how in ("VXLAN", "IPIP"))


def _ready(parameters: Parameters) -> tuple[Ref, ...]:
    names = ("ippools", "calico", "apiserver", *sorted(parameters.extras))
    return tuple(Ref("TigeraStatus", name, "", "operator.tigera.io/v1") for name in names)


_DEPLOYMENTS = {"apiserver": "calico-apiserver", "goldmane": "goldmane", "whisker": "whisker"}
"""What a TigeraStatus speaks of, by its name."""
_IMAGES = (
    "node", "cni", "pod2daemon-flexvol", "typha", "kube-controllers", "csi", "node-driver-registrar", "apiserver",
)  # fmt: skip
"""What the operator runs for what custom-resources.yaml asks for; key-cert-provisioner has to be asked for besides."""
_IMAGES_OF_EXTRAS = {"goldmane": ("goldmane",), "whisker": ("whisker", "whisker-backend")}
_PRIVILEGES = (
    "DaemonSet calico-system/calico-node: the host's network; privileged containers flexvol-driver, ebpf-bootstrap, "
    "install-cni, calico-node",
    "DaemonSet calico-system/csi-node-driver: privileged containers calico-csi, csi-node-driver-registrar",
    "Deployment calico-system/calico-typha: the host's network",
)
_HOST_PATHS: dict[str, dict[str, tuple[str, ...]]] = {
    "calico-node": {
        "read only": ("/lib/modules", "/proc"),
        "writes": (
            "/etc/cni/net.d", "/opt/cni/bin", "/run/xtables.lock", "/sys/fs", "/sys/fs/bpf", "/var/lib/calico",
            "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/nodeagent~uds", "/var/log/calico/cni",
            "/var/run/calico", "/var/run/nodeagent",
        ),
    },
    "csi-node-driver": {
        "writes": (
            "/var/lib/kubelet", "/var/lib/kubelet/plugins/csi.tigera.io", "/var/lib/kubelet/plugins_registry",
            "/var/run",
        ),
    },
}  # fmt: skip
_MADE = "made by the operator"


def _brings(parameters: Parameters, release: Release) -> Incoming:
    """What the operator makes of an Installation on plain Kubernetes: pkg/components/calico.go, pkg/render/node.go and
    csi.go of https://github.com/tigera/operator"""
    names = (*_IMAGES, *(name for extra in sorted(parameters.extras) for name in _IMAGES_OF_EXTRAS.get(extra, ())))
    registry = parameters.registry or "quay.io"
    return Incoming(
        images=tuple(f"{registry}/calico/{name}:{release.image_tag} ({_MADE})" for name in names),
        privileges=tuple(f"{line} ({_MADE})" for line in _PRIVILEGES),
        host_paths=tuple(
            f"{path}: DaemonSet {name}, {how} ({_MADE})"
            for name, paths in _HOST_PATHS.items()
            for how, those in paths.items()
            for path in those
        ),
    )


def _standing(around: Surroundings) -> Parameters:
    """The registry that its Installation has, and the extras that run."""
    installation: Any = around.existing.get(Ref("Installation", "default", "", "operator.tigera.io/v1")) or {}
    registry = str((installation.get("spec") or {}).get("registry") or "").rstrip("/")
    running = {each.name for each in around.snapshot.deployments if each.namespace == "calico-system"}
    return Parameters(registry=registry, extras=frozenset(_EXTRAS) & running)


CNI = NetworkPlugin(
    title="Calico",
    marks=(Marks(daemon_sets=("calico-node",)), Marks(images=("calico/node",), without_images=("flannel/flannel",))),
    version_image="calico/node",
    install=Installation(
        releases=(
            _release(
                "v3.32.1",
                ("1.34", "1.36"),
                operator_crds="192f8b2d934ef24b62e86b7e1a6e1762d1c8af26a916f78057bc13fa5ed60f71",
                tigera_operator="f18e073794207d372606bc3ea6f8fd73972f86d6828f4ba666dfe0d4aa8ab07f",
                custom_resources="4fb598a7fce1ad1f8bbfb9004f5efcdb835082e92e06323cb7b8ce60260ed891",
            ),
            _release(
                "v3.31.7",
                ("1.32", "1.35"),
                operator_crds="380414d5756e9a1af29ddb1ad70cada07aa344ae7a2680ba7355248621f8adbf",
                tigera_operator="092c10b3d0cb73617aca51367ca59755348f4647e6d2e63fa4e5b81266203214",
                custom_resources="4fb598a7fce1ad1f8bbfb9004f5efcdb835082e92e06323cb7b8ce60260ed891",
            ),
        ),
        options=frozenset(
            {
                Option.POD_CIDR,
                Option.ENCAPSULATION,
                Option.NAT_OUTGOING,
                Option.MTU,
                Option.BLOCK_SIZE,
                Option.REGISTRY,
                Option.WITH,
            }
        ),
        extras=tuple(_EXTRAS),
        extras_need=(("whisker", "goldmane"),),  # https://github.com/tigera/operator, pkg/controller/whisker
        pod_cidrs=("192.168.0.0/16",),
        dual_stack=True,
        fit=_fit,
        agent=ref_to(DAEMON_SET, "calico-system", "calico-node"),
        overhead=overhead,
        wire=_wire,
        wraps_all="say `--encapsulation VXLAN`",
        tells_network=True,
        uses_node_cidrs=False,
        blocks=Kind("IPAMBlock", "ipamblocks", "crd.projectcalico.org/v1", namespaced=False),
        operator=ref_to(DEPLOYMENT, "tigera-operator", "tigera-operator"),
        brings=_brings,
        standing=_standing,
        ready=_ready,
        behind={
            "calico": ref_to(DAEMON_SET, "calico-system", "calico-node"),
            **{n: ref_to(DEPLOYMENT, "calico-system", w) for n, w in _DEPLOYMENTS.items()},
        },
        writers=WRITERS,
    ),
    leftovers=Leftovers(
        definitions=(".projectcalico.org", ".operator.tigera.io"),
        network_reason="CalicoIsUp",
        shutdown_reason="CalicoIsDown",
        configuration=("10-calico.conflist", "calico-kubeconfig"),
        on_hosts=(
            "rm -f /etc/cni/net.d/10-calico.conflist /etc/cni/net.d/calico-kubeconfig",
            "rm -rf /var/lib/calico /var/run/calico /var/lib/cni/networks/k8s-pod-network",
            "ip link delete vxlan.calico; modprobe -r ipip",
            "iptables-save | grep -v cali | iptables-restore",
        ),
    ),
)
