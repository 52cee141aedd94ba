"""Reads what the ingress-nginx controllers of a cluster were told: arguments and ConfigMaps. Never more than is bounded
here, and nothing but what stands beside the controller: its arguments are not trusted to name what the bot shows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.application.ports import Cluster
from bot.domain.chat.report import Plain, Text, text
from bot.domain.chat.wording import unread_notes
from bot.domain.migration.nginx.controller import Controller, arguments_of
from bot.domain.network.references import CONFIG_MAP, DAEMON_SET, DEPLOYMENT, JSONObject, Ref, ref_to
from bot.domain.network.snapshot import DaemonSet, Deployment, Scope
from bot.domain.plugins.cni import repository
from bot.domain.plugins.controllers import image_of
from bot.domain.plugins.controllers.ingress_nginx import CONTROLLER
from bot.errors import BotError, NotFound

_MOST = 10
_MOST_KEYS = 500
_LONGEST = 4096


async def read_controllers(cluster: Cluster) -> tuple[tuple[Controller, ...] | None, tuple[Text, ...]]:
    """Those that were found; None where nobody may look. The second: what could not be read."""
    around = await cluster.read(Scope((DEPLOYMENT, DAEMON_SET)))
    workloads: list[Deployment | DaemonSet] = [*around.deployments, *around.daemon_sets]
    own = sorted((each.ref for each in workloads if image_of(each, CONTROLLER)), key=str)
    unread = unread_notes(around.unread)
    if not own and not (around.could_read(DEPLOYMENT) and around.could_read(DAEMON_SET)):
        return None, unread
    notes = list(unread)
    if len(own) > _MOST:
        notes.append(text(Plain(f"Of {len(own)} ingress-nginx controllers the first {_MOST} were looked at.")))
    read = await asyncio.gather(*(_controller(cluster, each) for each in own[:_MOST]))
    return tuple(each for each in read if each is not None), tuple(notes)


async def _controller(cluster: Cluster, ref: Ref) -> Controller | None:
    """None: it is gone meanwhile."""
    try:
        workload = await cluster.get(ref)
    except NotFound:
        return None
    except BotError as error:
        return Controller(name=str(ref), namespace=ref.namespace, unread=error.cause or error.summary)
    arguments = arguments_of(_words(workload), ref.namespace)
    named = arguments.get("configmap", "")
    config, unread = await _data(cluster, named, ref.namespace) if named else (None, "")
    ports = {}
    for protocol in ("TCP", "UDP"):
        led, _ = await _data(cluster, arguments.get(f"{protocol.lower()}-services-configmap", ""), ref.namespace)
        ports[protocol] = tuple(f"{port} to {to}" for port, to in sorted((led or {}).items()))
    return Controller(
        name=str(ref), namespace=ref.namespace, arguments=arguments, config=config, unread=unread, ports=ports
    )


def _words(workload: JSONObject) -> Sequence[str]:
    """Command and arguments of the controller's container, or of the first one."""
    spec: Any = workload.get("spec")
    containers = spec["template"]["spec"]["containers"]
    own = [each for each in containers if repository(str(each.get("image"))).endswith(CONTROLLER.images)]
    return [str(each) for key in ("command", "args") for each in (own or containers)[0].get(key) or ()]


async def _data(cluster: Cluster, named: str, namespace: str) -> tuple[dict[str, str] | None, str]:
    """Of a ConfigMap beside the controller, cut where it is endless; None and why not."""
    where, _, name = named.rpartition("/")
    if not name or where not in ("", namespace):
        return None, f"ConfigMap {named} stands in another namespace than the controller" if name else ""
    try:
        data: Any = (await cluster.get(ref_to(CONFIG_MAP, namespace, name))).get("data") or {}
    except NotFound:
        return {}, ""  # The controller then takes its defaults.
    except BotError as error:
        return None, f"ConfigMap {namespace}/{name}: {error.cause or error.summary}"
    return {str(key): str(value)[:_LONGEST] for key, value in list(data.items())[:_MOST_KEYS]}, ""
