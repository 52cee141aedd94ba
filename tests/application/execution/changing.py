"""What tests about changes share: a shop in the cluster, the real commands, and somebody who types."""

from __future__ import annotations

from typing import Any

import fakes

from bot.application.execution.dispatch import dispatch
from bot.application.ports import Answer, Changing, Look, Ports, Steering
from bot.discovery import declared
from bot.domain.changes.change import ChangeRecord
from bot.domain.chat.invocation import Actor, Invocation, Place, Source
from bot.domain.network.references import DEPLOYMENT, INGRESS, SERVICE, ref_to

WEB = ref_to(SERVICE, "shop", "web")
DEPLOY = ref_to(DEPLOYMENT, "shop", "web")
INGRESS_WEB = ref_to(INGRESS, "shop", "web")
EXPOSE = "expose deploy/web --port 80 --target-port 8080 -n shop"


def deployment(replicas: int = 1, ready: int = 1, **spec: Any) -> Any:
    labels = {"app": "web"}
    container = {"name": "web", "image": "web:1", "ports": [{"containerPort": 8080}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            **spec,
        },
        "status": {"readyReplicas": ready},
    }


def endpoints(service: str = "web", ready: bool = True) -> Any:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{service}-abc",
            "namespace": "shop",
            "labels": {"kubernetes.io/service-name": service},
        },
        "addressType": "IPv4",
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
        "endpoints": [
            {
                "addresses": ["10.244.1.2"],
                "conditions": {"ready": ready},
                "targetRef": {"kind": "Pod", "name": "web-1", "namespace": "shop"},
            }
        ],
    }


def shop(**more: Any) -> fakes.World:
    """A Deployment with one ready pod, and endpoints as a Service of it would have."""
    found = declared("bot.application.commands", "COMMAND", Look, Steering, Changing)
    world = fakes.world({command.name: command for command in found.values()}, **more)
    world.cluster.put(deployment())
    world.cluster.put(endpoints())
    return world


async def say(ports: Ports, line: str, who: str = "alice", place: Place | None = None) -> Answer:
    source = Source.SLASH if place else Source.TERMINAL
    actor = Actor(f"slack:{who}", who)
    return await dispatch(ports, Invocation(text=line, source=source, actor=actor, place=place))


async def planned(world: fakes.World, line: str = EXPOSE, who: str = "alice", place: Place | None = None) -> str:
    """Plans; returns the line that approves."""
    answer = await say(world.ports, line, who, place)
    assert answer.change, answer.report
    return answer.report.actions[0].command


async def stored(world: fakes.World, id: int = 1) -> ChangeRecord:
    async with world.storage.read() as reading:
        return await reading.changes.get(id)
