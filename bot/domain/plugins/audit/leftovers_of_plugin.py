"""What another plugin has left behind, as far as the API shows it: its files on the nodes may still be in front.

Definitions do no harm by themselves; a condition NetworkUnavailable that nobody keeps any more can hold a node back.
"""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import CUSTOM_RESOURCE_DEFINITION, DAEMON_SET, NODE, ref_to
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.cni import NetworkPlugin, has_network
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.ranges import some

_SHARED = {"Canal": (".crd.projectcalico.org",)}
"""Definitions that are another's, and that a plugin lives on."""
_FIELD = "status.conditions[NetworkUnavailable]"


def find(facts: Facts) -> Iterator[Said]:
    there = {each.title for each in facts.found}
    present = [each for each in facts.known if each.title in there]
    yield from _definitions(facts, present)
    yield from _conditions(facts, present)


def _definitions(facts: Facts, present: list[NetworkPlugin]) -> Iterator[Said]:
    own = tuple(end for plugin in present for end in (*plugin.leftovers.definitions, *_SHARED.get(plugin.title, ())))
    told = set()
    for plugin in sorted(facts.known, key=lambda plugin: len(plugin.leftovers.definitions), reverse=True):
        ends = plugin.leftovers.definitions
        names = sorted(name for name in facts.around.definitions if ends and name.endswith(ends))
        names = [name for name in names if name not in told]
        if not names:
            continue
        told |= set(names)
        ref = ref_to(CUSTOM_RESOURCE_DEFINITION, "", names[0])
        if any(name.endswith(own) for name in names):
            yield right(ref, "", "belongs to a plugin that is there")
            continue
        yield wrong(
            ref,
            "",
            f"is left of {plugin.title}, which is not there",
            f"{len(names)} definitions: {some(names)}",
            f"/etc/cni/net.d on nodes may still have {_files(plugin)}: that is not seen from here",
            next_step=f"when {plugin.title} is not to come back, delete them, with all objects that they hold",
            severity=Severity.LOW,
        )


def _conditions(facts: Facts, present: list[NetworkPlugin]) -> Iterator[Said]:
    """Where no plugin is there at all that is told as such, and an unavailable network by its own audit."""
    own = {reason for plugin in present for reason in plugin.leftovers.network_reasons}
    by = {reason: plugin for plugin in facts.known for reason in plugin.leftovers.network_reasons}
    for node in facts.snapshot.nodes:
        condition = node.condition("NetworkUnavailable")
        reason = (condition.reason or "") if condition else ""
        plugin = by.get(reason)
        if plugin is not None and reason not in own and facts.found and has_network(node):
            yield wrong(
                node.ref,
                _FIELD,
                f"was last told by {plugin.title}, which is not there",
                f"reason {reason}",
                f"/etc/cni/net.d may still have {_files(plugin)}: that is not seen from here",
                next_step="look on the node, and clear it there: "
                + (plugin.leftovers.on_hosts[0] if plugin.leftovers.on_hosts else "remove that file"),
            )
        elif plugin is not None and reason in own:
            yield right(node.ref, _FIELD, f"is told by {plugin.title}")


def _files(plugin: NetworkPlugin) -> str:
    return ", ".join(plugin.leftovers.configuration) or "a file of its own"


AUDIT = Audit(
    code="leftovers-of-plugin",
    severity=Severity.MEDIUM,
    about="what other plugins have left behind",
    find=find,
    reads=(DAEMON_SET, NODE),
)
