"""What is said wrongly when a controller is installed is refused before anything is read."""

from __future__ import annotations

from typing import Any

import pytest

from bot.application.commands import controller_install
from bot.application.execution.dispatch import understand
from bot.application.ports import Context
from bot.domain.chat import grammar
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.network.snapshot import ClusterIdentity
from bot.errors import UsageError
from tests import fakes

CATALOGUE = {controller_install.COMMAND.name: controller_install.COMMAND}


class Untouchable:
    """A cluster, a prober and a source of manifests in one, none of which may be asked anything."""

    identity = ClusterIdentity(uid="c1", name="test", version="v1.36.2")
    default_namespace = "default"

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked although the line is wrong")


async def asked(line: str) -> None:
    """As dispatch hands the line to the planner, with what went wrong raised instead of told."""
    untouchable: Any = Untouchable()
    command, request = understand(CATALOGUE, line)
    world = fakes.world(CATALOGUE)
    world.ports.manifests.read = untouchable  # type: ignore[method-assign]
    context = Context(
        ports=world.ports,
        invocation=Invocation(text=line, source=Source.TERMINAL, actor=Actor("terminal:ann", "ann")),
        cluster=untouchable,
        prober=untouchable,
        show=untouchable,
        line=grammar.written(command.name, request),
    )
    await controller_install.install_controller(request, context)


REFUSED = [
    ("traefik --version v2.11", "There is no Traefik v2.11 here", "--version v3.7.9"),
    ("traefik --kind DaemonSet", "Traefik takes no `--kind`", "its options here are `--class`"),
    ("haproxy --gateway-api", "HAProxy takes no `--gateway-api`", "leave it out"),
    ("nginx-inc --gateway-api", "takes no `--gateway-api`", "`--kind`"),
    ("contour --kind Deployment", "Contour takes no `--kind`", "leave it out"),
    ("nginx-inc --kind DaemonSet --replicas 2", "`--replicas` does not go with `--kind DaemonSet`", "on every node"),
    ("nginx-inc --kind StatefulSet", "StatefulSet", "DaemonSet"),
    ("traefik --service ClusterIP", "ClusterIP", "NodePort"),
    ("traefik --class Edge", "Edge", "lower-case"),
    ("traefik --class ''", "--class", "lower-case"),
    ("traefik --default-class maybe", "maybe", "yes or no"),
    ("traefik --replicas 0", "0", "from 1 to 100"),
    ("traefik --replicas 101", "101", "from 1 to 100"),
    ("traefik --replicas two", "two", "from 1 to 100"),
    ("traefik --namespace kube-system", "`--namespace` cannot be kube-system", "the controller's alone"),
    ("haproxy -n default", "`--namespace` cannot be default", "leave it out"),
    ("traefik --namespace Edge_1", "Edge_1", "lower-case"),
    ("traefik --registry mirror", "`--registry` cannot be 'mirror'", "registry.example.com"),
    ("traefik --registry https://r.example.com", "`--registry` cannot be", "without a scheme"),
    ("traefik --accept nonsense", "There is no doubt 'nonsense' to accept", "takes-over"),
    ("gateway-api --class edge", "Gateway API takes no `--class`", "its options here are none"),
    ("gateway-api --version v1.4.0", "There is no Gateway API v1.4.0 here", "v1.6.1, v1.5.1"),
    ("gateway-api --replicas 2", "Gateway API takes no `--replicas`", "leave it out"),
    ("ingress-nginx", "ingress-nginx is not installed from here", "ingress to-gateway NAME"),
    ("ingress-nginx", "retired it in March 2026", "controller install traefik"),
    ("envoy-gateway", "Envoy Gateway is not installed from here", "controller install gateway-api"),
    ("istio", "Istio is not installed from here", "istioctl install"),
    ("cilium", "Cilium is not installed from here", "Helm chart"),
    ("aws-load-balancer", "is not installed from here", "account"),
    ("gke", "is not installed from here", "outside of the cluster"),
    ("kong", "Kong is not installed from here", "helm install"),
    ("nginx", "nginx", "nginx-inc"),
    ("trafik", "trafik", "traefik"),
]


@pytest.mark.parametrize(("said", "reason", "way_on"), REFUSED)
async def test_what_is_wrong_is_refused_before_anything_is_read(said: str, reason: str, way_on: str) -> None:
    with pytest.raises(UsageError) as refused:
        await asked(f"controller install {said}")
    assert reason in str(refused.value)
    assert way_on in str(refused.value)
