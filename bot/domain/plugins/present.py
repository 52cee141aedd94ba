"""The plugin that is there: which of those that were recognised is meant, and whether it was installed our way."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.plugins.cni import NetworkPlugin, Recognised, recognise
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.installation import Installation
from bot.domain.plugins.ranges import some
from bot.domain.plugins.surroundings import Surroundings
from bot.errors import Conflict, NotFound, Refused


def the_one_there(
    around: Surroundings, plugins: Mapping[str, NetworkPlugin], named: str, next_step: str
) -> tuple[str, Recognised]:
    """The name and what was found; `named` chooses among several, of which those that no file knows are not meant.
    Raises NotFound, or Conflict when it is not clear, which `next_step` helps."""
    by_title = {plugin.title: name for name, plugin in plugins.items()}
    found = [(by_title.get(each.title, ""), each) for each in recognise(around.snapshot, plugins.values())]
    found = [(name, each) for name, each in found if each.agent is not None]
    told = ", ".join(f"{each.title} by {each.agent.ref}" for _, each in found if each.agent)
    chosen = [pair for pair in found if pair[0] == named] if named else [pair for pair in found if pair[0]] or found
    if not chosen:
        what = plugins[named].title if named else "network plugin"
        raise NotFound(
            f"There is no {what} here" if named else "No network plugin is seen here",
            cause=f"there is {told}" if told else "no DaemonSet looks like the agent of one",
            next_step="`cni status` shows what there is",
        )
    if len(chosen) > 1:
        raise Conflict(
            "It is not clear which network plugin is meant",
            cause=f"there are {told}",
            next_step=next_step,
        )
    return chosen[0]


def without_agent(facts: Facts) -> dict[str, tuple[str, ...]]:
    """Plugins whose agent is gone although something of them stands, by title, with what does; none where another's
    agent is there: then they are leftovers of one that was followed by another. What nodes were told is no proof alone:
    it stays when a plugin was removed as it should be."""
    if any(each.agent for each in facts.found):
        return {}
    told: dict[str, list[str]] = {}
    for node in facts.snapshot.nodes:
        condition = node.condition("NetworkUnavailable")
        if condition and condition.reason:
            told.setdefault(condition.reason, []).append(node.name)
    gone = {}
    for plugin in facts.known:
        left = plugin.leftovers
        settings = facts.settings_left.get(plugin.title)
        reasons = [reason for reason in left.network_reasons if reason in told]
        nodes = [node for reason in reasons for node in told[reason]]
        ends = left.definitions
        definitions = sorted(name for name in facts.around.definitions if ends and name.endswith(ends))
        if not settings and not (nodes and definitions):
            continue
        evidence = [f"{settings} is there"] if settings else []
        if definitions:
            evidence.append(f"{len(definitions)} definitions are there: {some(definitions)}")
        if nodes:
            evidence.append(f"NetworkUnavailable of {some(nodes)} has the reason {' or '.join(reasons)}")
        gone[plugin.title] = tuple(evidence)
    return gone


def check_our_way(found: Recognised, plugin: NetworkPlugin, installation: Installation) -> None:
    """Raises Refused for one that was installed from other files than those that are pinned here."""
    assert found.agent is not None
    if found.agent.ref != installation.agent:
        raise Refused(
            f"This {plugin.title} was not installed from the files that are pinned here",
            cause=f"its agent is {found.agent.ref}, and theirs is {installation.agent}",
            next_step="change it with the files, chart or product that it was installed from",
        )


def numbers(version: str) -> tuple[int, ...]:
    """`v3.32.1` as numbers to compare; empty for what is no version."""
    parts = version.removeprefix("v").split("-")[0].split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
