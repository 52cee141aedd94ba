"""Reads all that is told and judged of network plugins. A kind that is not there has no objects; what could not be read
is said, with its reason."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import msgspec

from bot.application.execution.plugins import all_plugins
from bot.application.execution.surroundings import read_surroundings
from bot.application.ports import Cluster
from bot.domain.chat.report import Plain, Text, text
from bot.domain.chat.wording import unread_notes
from bot.domain.network.references import CONFIG_MAP, DAEMON_SET, POD, JSONObject, Kind, Ref
from bot.domain.network.snapshot import Scope, Snapshot, Unread
from bot.domain.plugins.cni import recognise
from bot.domain.plugins.configured import at, reference
from bot.domain.plugins.facts import (
    CUSTOM_KINDS,
    FELIX_CONFIGURATION,
    INSTALLATION,
    IP_POOL,
    IPAM_BLOCK,
    TIGERA_STATUS,
    Allotted,
    Facts,
    settings_ref,
    settings_without_agent,
)
from bot.domain.plugins.surroundings import Surroundings
from bot.errors import BotError, NotFound

NOT_SEEN = (
    "Not seen, because the API does not show it: the files in /etc/cni/net.d and the routes and firewalls of the nodes."
)


async def read_facts(cluster: Cluster) -> Facts:
    """Pages of each kind once, and a few objects by name. Raises Unreachable when nothing answers."""
    around, pods = await asyncio.gather(read_surroundings(cluster), cluster.read(Scope((POD,))))
    around = dataclasses.replace(around, snapshot=_joined(around.snapshot, pods))
    known = tuple(all_plugins().values())
    # Without DaemonSets, ready nodes would be taken for ones whose hosts have a network of their own.
    found = recognise(around.snapshot, known) if around.snapshot.could_read(DAEMON_SET) else ()
    unread: list[Unread] = list(around.snapshot.unread)
    listed = await asyncio.gather(*(_all(cluster, kind, around, unread) for kind in CUSTOM_KINDS))
    custom = dict(zip(CUSTOM_KINDS, listed, strict=True))
    agents = [each.agent.ref for each in found if each.agent]
    settings = {each.title: ref for each in found if (ref := settings_ref(each))}
    # Where an agent was taken away, its settings may stand yet.
    left = {} if agents else {each.title: ref for each in known if (ref := settings_without_agent(each))}
    objects = await _named(cluster, [*agents, *settings.values(), *left.values()], unread)
    return Facts(
        around=around,
        known=known,
        found=found,
        agents={ref: objects[ref] for ref in agents if ref in objects},
        config_maps={title: objects[ref] for title, ref in settings.items() if ref in objects},
        settings_left={title: ref for title, ref in left.items() if ref in objects},
        ip_pools=custom[IP_POOL],
        blocks=tuple(map(_allotted, custom[IPAM_BLOCK])),
        felix=custom[FELIX_CONFIGURATION],
        installations=custom[INSTALLATION],
        tigera_statuses=custom[TIGERA_STATUS],
        unread=tuple(unread),
    )


def _joined(one: Snapshot, pods: Snapshot) -> Snapshot:
    scope = Scope((*one.scope.kinds, *pods.scope.kinds))
    return msgspec.structs.replace(one, scope=scope, unread=one.unread + pods.unread, pods=pods.pods)


async def _all(cluster: Cluster, kind: Kind, around: Surroundings, unread: list[Unread]) -> tuple[JSONObject, ...]:
    """All of a kind, by name; without asking where it is known that there is no such kind."""
    group = kind.api_version.partition("/")[0]
    if around.definitions_read and f"{kind.plural}.{group}" not in around.definitions:
        return ()
    try:
        listed = await cluster.list(kind)
    except NotFound:
        return ()
    except BotError as error:
        unread.append(Unread(kind, "", error.cause or error.summary))
        return ()
    return tuple(sorted(listed, key=lambda each: reference(each).name))


async def _named(cluster: Cluster, refs: list[Ref], unread: list[Unread]) -> dict[Ref, JSONObject]:
    kinds = {kind.name: kind for kind in (DAEMON_SET, CONFIG_MAP)}

    async def look(ref: Ref) -> JSONObject | None:
        try:
            return await cluster.get(ref)
        except NotFound:
            return None
        except BotError as error:
            unread.append(Unread(kinds[ref.kind], ref.namespace, error.cause or error.summary))
            return None

    found = await asyncio.gather(*map(look, refs))
    return {ref: object for ref, object in zip(refs, found, strict=True) if object is not None}


def _allotted(block: JSONObject) -> Allotted:
    """https://github.com/projectcalico/calico/blob/master/libcalico-go/lib/backend/model/block.go"""
    allocations: Any = at(block, "spec", "allocations") or ()
    affinity = str(at(block, "spec", "affinity") or "")
    node = affinity.removeprefix("host:") if affinity.startswith("host:") else ""
    return Allotted(str(at(block, "spec", "cidr")), node, sum(each is not None for each in allocations))


def facts_notes(facts: Facts) -> tuple[Text, ...]:
    """What could not be read, and what cannot be seen at all."""
    may_not = {each.kind.plural: each.reason for each in facts.unread if _is_forbidden(each.reason)}
    others = dict(each.partition(": ")[::2] for each in facts.around.unread)
    may_not |= {what: why for what, why in others.items() if _is_forbidden(why)}
    known = {*may_not, *(each.kind.plural for each in facts.unread)}
    refused = f"Patchbay's account may not read {', '.join(sorted(may_not))}: deploy/kubernetes/look.yaml grants it"
    return (
        *([text(Plain(refused))] if may_not else ()),
        *unread_notes(each for each in facts.unread if each.kind.plural not in may_not),
        *(text("Could not read ", Plain(f"{what}: {_line(why)}")) for what, why in others.items() if what not in known),
        text(NOT_SEEN),
    )


def _is_forbidden(reason: str) -> bool:
    """As an API server words it, or the reading of a snapshot."""
    return "forbidden" in reason or "the bot's account may not list" in reason


def _line(text: str) -> str:
    return " ".join(text.split())
