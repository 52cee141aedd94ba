"""Kinds with a default or two."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from bot.playground.cluster_server.rules.contract import Object, Rules, immutable
from bot.playground.cluster_server.statuses import Cause, required


def _fill_secret(secret: Object) -> None:
    secret.setdefault("type", "Opaque")
    if plain := secret.pop("stringData", None):
        data = secret.setdefault("data", {})
        data |= {name: base64.b64encode(value.encode()).decode() for name, value in plain.items()}


def _judge_secret(secret: Object, before: Object | None) -> Iterator[Cause]:
    if before is not None and secret["type"] != before.get("type"):
        yield immutable("type", secret["type"])


def _fill_policy(policy: Object) -> None:
    spec = policy.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in [*(spec.get("ingress") or ()), *(spec.get("egress") or ())]:
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _judge_class(ingress_class: Object, before: Object | None) -> Iterator[Cause]:
    controller = ingress_class.get("spec", {}).get("controller", "")
    if not controller:
        yield required("spec.controller")
    elif before is not None and before.get("spec", {}).get("controller") != controller:
        yield immutable("spec.controller", controller)


SECRET = Rules(fill=_fill_secret, judge=_judge_secret)
NETWORK_POLICY = Rules(fill=_fill_policy)
INGRESS_CLASS = Rules(judge=_judge_class)
