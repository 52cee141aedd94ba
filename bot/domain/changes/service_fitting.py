"""Whether a Service as it is wanted can be, and will do: in words for people, before anything is sent.

What the API server would refuse is refused here with the reason and the next step (Kubernetes v1.36,
pkg/apis/core/validation: ValidateService); what it takes although nobody could use it is refused or warned of.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.selected import Selected
from bot.domain.network.selectors import as_text, probably_meant
from bot.errors import Refused

OUTSIDE = ("NodePort", "LoadBalancer")


def check_options(ref: Ref, spec: JSONObject) -> None:
    """Fields that do not go together. Raises Refused."""
    kind, headless = spec.get("type") or "ClusterIP", spec.get("clusterIP") == "None"
    if headless and kind in OUTSIDE:
        raise Refused(
            f"{ref} cannot be headless and of type {kind}",
            cause="a headless Service has no address of its own that anything outside could lead to",
            next_step="take type ClusterIP, or a Service that has an address",
        )
    if spec.get("externalTrafficPolicy") and kind not in OUTSIDE and not spec.get("externalIPs"):
        raise Refused(
            f"An external traffic policy means nothing for a Service of type {kind}",
            cause="nothing reaches it from outside the cluster",
            next_step="add `--type NodePort` or `--type LoadBalancer`, or leave `--external-traffic-policy` out",
        )
    if kind == "ClusterIP" and (numbers := [str(port["nodePort"]) for port in ports(spec) if port.get("nodePort")]):
        raise Refused(
            f"Node port {', '.join(numbers)} means nothing for a Service of type ClusterIP",
            cause="only NodePort and LoadBalancer Services are opened on nodes",
            next_step="add `--type NodePort`",
        )
    for field, flag in (("loadBalancerClass", "--load-balancer-class"), ("loadBalancerIP", "--load-balancer-ip")):
        if spec.get(field) and kind != "LoadBalancer":
            raise Refused(
                f"`{flag}` means nothing for a Service of type {kind}",
                cause="no load balancer is asked for",
                next_step="add `--type LoadBalancer`",
            )
    if not ports(spec) and not headless:
        raise Refused(
            f"{ref} would have no port", cause="only a headless Service may have none", next_step="add `--port`"
        )


def check_selected(ref: Ref, spec: JSONObject, selected: Selected, labels_there: list[dict[str, str]]) -> None:
    """That somebody is selected, and has the ports that are named. Raises Refused."""
    selector: Any = spec.get("selector") or {}
    if selected.nobody:
        meant = probably_meant(selector, labels_there)
        raise Refused(
            f"Nothing in {ref.namespace} has the labels {as_text(selector)}",
            cause="neither a pod nor anything that makes pods: the Service would lead nowhere",
            next_step=f"did you mean `--selector {as_text({**selector, **meant})}`?"
            if meant and set(meant) <= set(selector)
            else f"see which pods there are: `pods -n {ref.namespace}`",
        )
    for port in ports(spec):
        target, protocol = str(port.get("targetPort") or port["port"]), str(port.get("protocol") or "TCP")
        if target.isdigit() or not selected.known:
            continue
        having, lists = selected.declares(target, protocol)
        if lists and not having:
            raise Refused(
                f"No container has a {protocol} port named {target}",
                cause=_names_there(selected, protocol),
                next_step=_name_meant(target, selected, protocol),
            )


def _names_there(selected: Selected, protocol: str) -> str:
    names = selected.port_names(protocol)
    if not names:
        return f"none of their {protocol} ports has a name"
    return f"their {protocol} ports are named {', '.join(names)}"


def _name_meant(target: str, selected: Selected, protocol: str) -> str:
    close = difflib.get_close_matches(target, selected.port_names(protocol), n=1)
    return f"did you mean `{close[0]}`?" if close else "say the port's number"


def warnings(spec: JSONObject, selected: Selected) -> Iterator[str]:
    """What people should know before they approve."""
    if not selected.known:
        yield "Not all pods and workloads could be read: whether anything is selected is not known."
    elif selected.idle:
        yield "What it selects is scaled to zero: nothing will answer until it is scaled up."
    elif not selected.ready:
        yield "None of the pods that it selects is ready: the Service will answer only when one is."
    for port in ports(spec):
        yield from _port_warnings(port, selected)
    yield from _option_warnings(spec)


def _port_warnings(port: dict[str, Any], selected: Selected) -> Iterator[str]:
    target, protocol = str(port.get("targetPort") or port["port"]), str(port.get("protocol") or "TCP")
    having, lists = selected.declares(target, protocol)
    if target.isdigit() and lists and not having:
        yield f"No container declares port {target}: if nothing listens there, nothing will answer."
    elif having < lists:
        kind = "port" if target.isdigit() else "a port named"
        yield f"Only {having} of {lists} pods and templates have {kind} {target}: the others get no traffic there."
    if protocol != "TCP":
        yield f"Port {port['port']} speaks {protocol}, which cannot be asked from here: that it answers is not proved."


def _option_warnings(spec: JSONObject) -> Iterator[str]:
    kind, headless = spec.get("type") or "ClusterIP", spec.get("clusterIP") == "None"
    protocols = {str(port.get("protocol") or "TCP") for port in ports(spec)}
    if kind == "LoadBalancer":
        yield "The address comes from a load balancer outside of Kubernetes; without one it stays pending."
        if len(protocols) > 1:
            yield f"Not every load balancer takes {' and '.join(sorted(protocols))} in one Service; one each is safe."
        if spec.get("loadBalancerIP"):
            # https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/: since v1.24
            yield "loadBalancerIP is deprecated, and many load balancers ignore it: see the annotations of yours."
    if headless and spec.get("sessionAffinity") == "ClientIP":
        yield "Session affinity is ignored: a headless Service has no address at which it could be kept."
    if spec.get("externalIPs"):
        yield "External addresses are not managed by Kubernetes: something has to lead them to a node."
    if spec.get("externalTrafficPolicy") == "Local":
        yield "With externalTrafficPolicy Local only nodes with a ready pod answer from outside."
    if spec.get("internalTrafficPolicy") == "Local":
        yield "With internalTrafficPolicy Local pods reach it only where a ready pod is on their own node."
    if spec.get("publishNotReadyAddresses"):
        yield "Pods that are not ready get traffic, too."


def ports(spec: JSONObject) -> list[dict[str, Any]]:
    """`spec.ports`; empty when there are none."""
    found: Any = spec.get("ports") or []
    return list(found)
