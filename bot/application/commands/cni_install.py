"""`cni install`: a network plugin from its published manifests, checked before and proved afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.application.execution import plugins, release_files
from bot.application.execution.plugins import PluginName
from bot.application.execution.surroundings import read_surroundings, with_plan
from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.chat.grammar import Value, argument, option
from bot.domain.chat.values import ClusterChangeRequest, Span, Word
from bot.domain.plugins import installing, parameters
from bot.domain.plugins.parameters import Encapsulation, Parameters, Taken
from bot.domain.plugins.preflight import Wanted, all_codes

_TRUE, _FALSE = ("yes", "true", "enabled", "on"), ("no", "false", "disabled", "off")


def _switch(word: str) -> str:
    """As people and manifests write it; the API itself takes `Enabled` and `Disabled` alone."""
    if word.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(word)
    return "yes" if word.lower() in _TRUE else "no"


def _bytes(word: str) -> int:
    if not word.isascii() or not word.isdigit() or len(word) > 5 or not int(word):
        raise ValueError(word)
    return int(word)


def _something(word: str) -> str:
    if not word.strip():
        raise ValueError(word)
    return word


Switch = Annotated[str, Value(_switch, "yes or no (true, false, enabled, disabled)", "yes", "yes|no", ("yes", "no"))]
Bytes = Annotated[int, Value(_bytes, "a number of bytes above 0", "1450", "BYTES")]
PrefixLength = Annotated[int, Value(_bytes, "a prefix length such as 26", "26", "BITS")]
Version = Annotated[str, Value(_something, "a version such as v1.2.3", "v1.2.3", "WORD")]
Backend = Annotated[str, Value(_something, "the name of a backend", "vxlan", "WORD")]
Registry = Annotated[str, Value(_something, "a registry's host and path", "registry.example.com/mirror", "WORD")]
CIDRs = Annotated[str, Value(str, "a range such as 10.244.0.0/16", "10.244.0.0/16", "CIDR")]


@dataclass(frozen=True, kw_only=True)
class InstallPlugin(ClusterChangeRequest):
    name: PluginName = argument("the network plugin")
    version: Version = option("--version", summary="a pinned version; default: the newest", default="")
    pod_cidr: tuple[CIDRs, ...] = option(
        "--pod-cidr", summary="the pods' addresses; default: what the cluster has, else the plugin's own", default=()
    )
    encapsulation: Encapsulation | None = option(
        "--encapsulation", summary="how packets between nodes are wrapped", default=None
    )
    nat_outgoing: Switch = option("--nat-outgoing", summary="hide pods' addresses from the world outside", default="")
    mtu: Bytes = option("--mtu", summary="bytes a packet; default: found by the plugin", default=0)
    block_size: PrefixLength = option("--block-size", summary="addresses a node takes at once, as a prefix", default=0)
    backend: Backend = option("--backend", summary="vxlan, host-gw, wireguard or what the plugin has", default="")
    registry: Registry = option("--registry", summary="a registry that mirrors the images", default="")
    extras: tuple[Word, ...] = option("--with", summary="goldmane or whisker, with Calico", default=())
    timeout: Span | None = option("--timeout", summary="how long nodes and pods are waited for", default=None)
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def install_plugin(request: InstallPlugin, context: Context) -> Change:
    """All that was said is checked before anything is read, and once more with the range that the cluster has."""
    plugin, installation = plugins.installable(request.name)
    taken = plugins.taken(context.ports, request.name, plugin, installation)
    wanted = _parameters(request, taken)
    parameters.check(wanted, taken)
    parameters.check_accepted(request.accept, all_codes())
    plugins.check_version(request.name, plugin, installation, wanted.version)
    around = await read_surroundings(context.cluster)
    release, sources = await plugins.read_release(context, request.name, plugin, installation, wanted.version)
    cidrs = installing.pod_cidrs(wanted, installation.pod_cidrs, installation.dual_stack, around)
    if installation.pod_cidrs:
        wanted = wanted.with_cidrs(cidrs)
        parameters.check(wanted, taken)
    objects = installation.fit(tuple(each for source in sources for each in source.objects), wanted)
    release_files.check_custom(context.ports, objects)
    return installing.plan(
        Wanted(
            name=request.name,
            plugin=plugin,
            installation=installation,
            release=release,
            parameters=wanted,
            objects=objects,
            patience=request.timeout.total_seconds() if request.timeout else 0.0,
        ),
        await with_plan(context.cluster, around, objects),
        sources,
        line=context.line,
        accepted=frozenset(request.accept),
    )


def _parameters(request: InstallPlugin, taken: Taken) -> Parameters:
    return Parameters(
        version=parameters.meant(request.version, taken.versions),
        pod_cidrs=parameters.cidrs(request.pod_cidr),
        encapsulation=request.encapsulation,
        nat_outgoing=request.nat_outgoing == "yes" if request.nat_outgoing else None,
        mtu=request.mtu,
        block_size=request.block_size,
        backend=request.backend.lower(),
        registry=request.registry,
        extras=frozenset(extra.lower() for word in request.extras for extra in word.split(",")),
    )


COMMAND = Changing(
    name="cni install",
    model=InstallPlugin,
    planner=install_plugin,
    summary="install a network plugin, prove that every node and a new pod on it are served, or take it back",
    examples=(
        "cni install flannel --dry-run",
        "cni install calico --pod-cidr 10.244.0.0/16 --encapsulation IPIP --nat-outgoing true --dry-run",
    ),
    scenario="new-cluster",
    details="The manifests are the published ones, pinned by their digests; the plan names every object, image, "
    "privilege and host path that comes in. What is looked at before is shown with its evidence: a conflict stops, "
    "and a doubt waits until somebody accepts it by its code.",
)
