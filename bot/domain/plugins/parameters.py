"""What can be said when a network plugin is installed, checked before anything is read."""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import re
from dataclasses import dataclass
from enum import Enum

from bot.errors import UsageError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Encapsulation(Enum):
    """As Calico's Installation has it: https://docs.tigera.io/calico/latest/reference/installation/api"""

    IPIP = "IPIP"
    IPIP_CROSS_SUBNET = "IPIPCrossSubnet"
    VXLAN = "VXLAN"
    VXLAN_CROSS_SUBNET = "VXLANCrossSubnet"
    NONE = "None"


class Option(Enum):
    """An option of `cni install`; a plugin says which it takes."""

    POD_CIDR = "--pod-cidr"
    ENCAPSULATION = "--encapsulation"
    NAT_OUTGOING = "--nat-outgoing"
    MTU = "--mtu"
    BLOCK_SIZE = "--block-size"
    BACKEND = "--backend"
    REGISTRY = "--registry"
    WITH = "--with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What was asked for; what was not said is empty."""

    version: str = ""
    pod_cidrs: tuple[str, ...] = ()
    """At most one a family, IPv4 first."""
    encapsulation: Encapsulation | None = None
    nat_outgoing: bool | None = None
    mtu: int = 0
    block_size: int = 0
    """Prefix length of the IPv4 blocks that nodes are given, else of the IPv6 ones when there are no others."""
    backend: str = ""
    registry: str = ""
    """Host and perhaps path, without a slash at the end."""
    extras: frozenset[str] = frozenset()

    @property
    def given(self) -> frozenset[Option]:
        """The options that were said."""
        said = {
            Option.POD_CIDR: bool(self.pod_cidrs),
            Option.ENCAPSULATION: self.encapsulation is not None,
            Option.NAT_OUTGOING: self.nat_outgoing is not None,
            Option.MTU: bool(self.mtu),
            Option.BLOCK_SIZE: bool(self.block_size),
            Option.BACKEND: bool(self.backend),
            Option.REGISTRY: bool(self.registry),
            Option.WITH: bool(self.extras),
        }
        return frozenset(option for option, given in said.items() if given)

    def with_cidrs(self, cidrs: tuple[str, ...]) -> Parameters:
        return dataclasses.replace(self, pod_cidrs=cidrs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a plugin takes."""

    title: str
    options: frozenset[Option]
    versions: tuple[str, ...]
    """Newest first; empty: whatever the mirror holds."""
    backends: tuple[str, ...] = ()
    unsized_backends: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    extras_need: tuple[tuple[str, str], ...] = ()
    encapsulations: tuple[Encapsulation, ...] = ()
    """Empty: all there are, where it takes `--encapsulation`."""
    dual_stack: bool = False
    least_mtu: int = 576


_REGISTRY = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*){0,8}"
)
_FORBIDDEN = (
    ipaddress.ip_network("0.0.0.0/8"),
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("224.0.0.0/4"),
    ipaddress.ip_network("::/8"),  # loopback, and IPv4 in other clothes: RFC 4291
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("ff00::/8"),
)


def cidrs(words: tuple[str, ...]) -> tuple[str, ...]:
    """Pod CIDRs as they were said, several in one word or in several. Raises UsageError that says what is wrong."""
    networks = [_network(word) for words_ in words for word in words_.split(",")]
    for version in (4, 6):
        same = [str(each) for each in networks if each.version == version]
        if len(same) > 1:
            raise UsageError(
                "`--pod-cidr` takes one range a family",
                cause=f"{' and '.join(same)} are both IPv{version}",
                next_step="give one range that holds both, or one of IPv4 and one of IPv6: "
                "`--pod-cidr 10.244.0.0/16,fd00:10:244::/56`",
            )
    return tuple(str(each) for each in sorted(networks, key=lambda network: network.version))


def _network(word: str) -> Network:
    try:
        if "%" in word:
            raise ValueError(f"{word.strip()[:60]!r} names a link: a range of pods is on no link in particular")
        network = ipaddress.ip_network(word.strip())
    except ValueError as error:
        example = "10.244.0.0/16"
        with contextlib.suppress(ValueError):
            example = str(ipaddress.ip_network(re.sub("%[^/]*", "", word.strip()), strict=False))
        raise UsageError(
            f"`--pod-cidr` cannot be {word[:60]!r}", cause=str(error), next_step=f"say `--pod-cidr {example}`"
        ) from None
    if "/" not in word or network.num_addresses < 64:
        raise UsageError(
            f"`--pod-cidr` {network} is too small for pods",
            cause=f"it has {network.num_addresses} addresses",
            next_step="give at least a /26, usually a /16",
        )
    if any(network.version == each.version and network.overlaps(each) for each in _FORBIDDEN):
        raise UsageError(
            f"`--pod-cidr` {network} cannot be routed",
            cause="it has addresses of an unspecified, loopback, link-local or multicast range",
            next_step="take a private range such as 10.244.0.0/16",
        )
    return network


def meant(version: str, versions: tuple[str, ...]) -> str:
    """`v3.32.1` for `3.32.1` too, when only one that there is can be meant."""
    same = [each for each in versions if each.removeprefix("v") == version.removeprefix("v")]
    return version if version in versions or len(same) != 1 else same[0]


def check_accepted(accepted: tuple[str, ...], codes: tuple[str, ...]) -> None:
    """Raises UsageError for what is no code of any doubt. One that does not come up is no fault."""
    for word in accepted:
        if word not in codes:
            raise UsageError(
                f"There is no doubt {word[:60]!r} to accept",
                cause=f"those that a check can have are {', '.join(codes)}",
                next_step="leave it out: the plan shows its doubts, each with its code",
            )


def check(parameters: Parameters, taken: Taken) -> None:
    """Raises UsageError for what this plugin does not take, with what it does."""
    if taken.versions and parameters.version and parameters.version not in taken.versions:
        raise UsageError(
            f"There is no {taken.title} {parameters.version[:60]} here",
            cause=f"the versions that are pinned by their digests are {', '.join(taken.versions)}",
            next_step=f"say `--version {taken.versions[0]}`, or leave it out",
        )
    for option in sorted(parameters.given - taken.options, key=lambda each: each.value):
        takes = ", ".join(f"`{each.value}`" for each in Option if each in taken.options) or "none"
        raise UsageError(
            f"{taken.title} takes no `{option.value}`",
            cause=f"its options here are {takes}",
            next_step="leave it out",
        )
    if parameters.backend:
        _check_choice("--backend", parameters.backend, taken.backends)
    for extra in sorted(parameters.extras):
        _check_choice("--with", extra, taken.extras)
        _check_needed(extra, parameters.extras, taken)
    if parameters.encapsulation and taken.encapsulations:
        known = tuple(each.value for each in taken.encapsulations)
        _check_choice("--encapsulation", parameters.encapsulation.value, known)
    _check_mtu(parameters, taken)
    _check_families(parameters, taken)
    _check_blocks(parameters)
    check_registry(parameters.registry)


def _check_choice(option: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise UsageError(
            f"`{option}` cannot be {word[:60]!r}",
            cause=f"expected one of {', '.join(known)}",
            next_step="take one of them, or leave it out",
        )


def _check_needed(extra: str, extras: frozenset[str], taken: Taken) -> None:
    missing = [needed for each, needed in taken.extras_need if each == extra and needed not in extras]
    if missing:
        raise UsageError(
            f"`--with {extra}` needs {' and '.join(missing)}",
            cause=f"{taken.title} makes nothing of {extra} alone",
            next_step=f"say `--with {','.join((*missing, *sorted(extras)))}`",
        )


def check_registry(registry: str) -> None:
    """Raises UsageError. What has no dot and no port is a folder of Docker Hub for a container runtime, and no host:
    https://github.com/distribution/reference/blob/main/normalize.go"""
    cause = ""
    if registry and not _REGISTRY.fullmatch(registry):
        cause = "expected a host and perhaps a path, without a scheme, a tag or a slash at the end"
    elif registry and not _is_host(registry.partition("/")[0]):
        cause = "a host without a dot or a port is taken for a folder of Docker Hub"
    if cause:
        raise UsageError(
            f"`--registry` cannot be {registry[:60]!r}",
            cause=cause,
            next_step="say it as in `--registry registry.example.com/mirror`",
        )


def _is_host(word: str) -> bool:
    return "." in word or ":" in word or word == "localhost"


def _check_mtu(parameters: Parameters, taken: Taken) -> None:
    least = 1280 if any(":" in each for each in parameters.pod_cidrs) else taken.least_mtu
    if parameters.mtu and not least <= parameters.mtu <= 9216:
        raise UsageError(
            f"`--mtu` cannot be {parameters.mtu}",
            cause=f"expected {least} to 9216 bytes" + (", as IPv6 needs 1280" if least == 1280 else ""),
            next_step="leave it out: plugins find out what the nodes' links carry",
        )
    if parameters.mtu and parameters.backend in taken.unsized_backends:
        raise UsageError(
            f"`--backend {parameters.backend}` takes no `--mtu`",
            cause=f"{taken.title} gives pods what the nodes' links carry there, whatever it is told",
            next_step="leave `--mtu` out",
        )


def _check_families(parameters: Parameters, taken: Taken) -> None:
    versions = {ipaddress.ip_network(each).version for each in parameters.pod_cidrs}
    if 6 in versions and not taken.dual_stack:
        raise UsageError(
            f"{taken.title} is installed with IPv4 here",
            cause="`--pod-cidr` has an IPv6 range, which this plugin's manifest has no place for",
            next_step="leave the IPv6 range out, or take Antrea, Calico or flannel",
        )
    if 6 in versions and parameters.encapsulation in (Encapsulation.IPIP, Encapsulation.IPIP_CROSS_SUBNET):
        raise UsageError(
            f"`--encapsulation {parameters.encapsulation.value}` carries no IPv6",
            cause="Calico wraps IPv6 in VXLAN, or not at all",
            next_step="say `--encapsulation VXLAN` or `--encapsulation None`",
        )
    if 6 in versions and parameters.backend == "gre":
        raise UsageError(
            "`--backend gre` carries no IPv6",
            cause=f"{taken.title} takes no GRE where pods have IPv6 addresses",
            next_step="leave `--backend` out, or say `--backend vxlan`",
        )


def _check_blocks(parameters: Parameters) -> None:
    """https://docs.tigera.io/calico/latest/reference/resources/ippool: 20 to 32, for IPv6 116 to 128."""
    if not parameters.block_size:
        return
    six = bool(parameters.pod_cidrs) and all(":" in each for each in parameters.pod_cidrs)
    least, most = (116, 128) if six else (20, 32)
    if not least <= parameters.block_size <= most:
        raise UsageError(
            f"`--block-size` cannot be {parameters.block_size}",
            cause=f"expected a prefix length from {least} to {most}",
            next_step=f"leave it out: the default is {122 if six else 26}, 64 addresses",
        )
    for each in parameters.pod_cidrs:
        network = ipaddress.ip_network(each)
        if network.version == (6 if six else 4) and network.prefixlen > parameters.block_size:
            raise UsageError(
                f"`--block-size` {parameters.block_size} is larger than the range {each}",
                cause="a block is a part of the range",
                next_step=f"give a block size above {network.prefixlen}",
            )
