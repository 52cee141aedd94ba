"""Two network plugins on one node fight over the same files: none other may be there, nor what one has left behind."""

from collections.abc import Iterator

from bot.discovery import declared
from bot.domain.plugins.cni import NetworkPlugin, clearing, has_network, last_told, recognise
from bot.domain.plugins.fitting import ref
from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.ranges import some
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, conflict, doubt, ok, unknown

ABOUT = "other network plugins"


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    plugins = declared("bot.domain.plugins.cni", "CNI", NetworkPlugin)
    agents = [each for each in recognise(around.snapshot, plugins.values()) if each.agent is not None]
    for each in agents:
        assert each.agent is not None
        known = each.title in {plugin.title for plugin in plugins.values()}
        name = f"{each.title} {each.version}".strip() if known else "a network plugin that Patchbay does not know"
        hint = "`cni status` shows it, `cni upgrade` changes its version"
        if each.title != wanted.plugin.title:
            hint = f"`cni migrate {wanted.name}` tells how to change from one to the other"
        if not known:
            hint = "take it away first, as its makers tell"
        yield conflict(f"{name} is there already, by {each.agent.ref}; {hint}")
    left = list(_leftovers(wanted, around, plugins))
    yield from left
    missing, told = _unread(around), last_told(around.nodes, plugins.values())
    if missing:
        yield unknown(f"{' and '.join(missing)} could not be read: there may be others, or what they left behind")
    elif not agents and around.nodes and all(node.ready for node in around.nodes) and not told:
        yield doubt(
            "hosts-have-network",
            "every node is Ready without an agent that the API shows: the hosts were given a network of their own. "
            "Its file in /etc/cni/net.d may be in front",
        )
    elif not agents and not left:
        yield ok("no agent of any, and nothing that one has left behind is seen in the API")


def _unread(around: Surroundings) -> list[str]:
    read = {"DaemonSets": around.agents_read, "definitions": around.definitions_read, "nodes": around.nodes_read}
    return [name for name, could in read.items() if not could]


def _leftovers(wanted: Wanted, around: Surroundings, plugins: dict[str, NetworkPlugin]) -> Iterator[Said]:
    own = {ref(each).name for each in wanted.objects if each.get("kind") == "CustomResourceDefinition"}
    for plugin in plugins.values():
        ends = plugin.leftovers.definitions
        found = sorted(name for name in around.definitions if ends and name.endswith(ends))
        strange = [name for name in found if name not in own]
        if strange and plugin.title != wanted.plugin.title:
            more = f" and {len(strange) - 2} more" if len(strange) > 2 else ""
            yield doubt("leftovers", f"{plugin.title} has left definitions behind: {', '.join(strange[:2])}{more}")
        elif found and plugin.title == wanted.plugin.title:
            yield doubt(
                "leftovers",
                f"{len(found)} of {plugin.title}'s definitions are there already ({found[0]}, …): they are taken over, "
                "with the objects they hold",
            )
    for title, nodes in last_told(around.nodes, plugins.values()).items():
        shut = [node.name for node in nodes if not has_network(node)]
        if title == wanted.plugin.title:
            continue
        if shut and not wanted.installation.tells_network:
            yield conflict(
                f"{title} has left {some(shut)} with NetworkUnavailable, which {wanted.plugin.title} never takes back: "
                f"no pod would be put there. Clear it on each: `{clearing(shut[0])}`"
            )
        yield doubt(
            "leftovers",
            f"{title} was on {some(node.name for node in nodes)} (condition NetworkUnavailable): its files may still "
            "be in /etc/cni/net.d",
        )


CHECK = Preflight(ABOUT, _look, ("hosts-have-network", "leftovers"))
