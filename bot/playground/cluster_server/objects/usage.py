"""Amounts by name: what pods ask for, and sums and differences of that.

See https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/.
"""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.objects.canonical import amount, sum_of

Object = dict[str, Any]
Amounts = dict[str, str]

COMPUTE = ("cpu", "memory", "ephemeral-storage")


def named(requests: Amounts, limits: Amounts) -> Amounts:
    """Requests and limits under the names that quotas have for them."""
    found: Amounts = {}
    for name, value in requests.items():
        if name in COMPUTE or name.startswith("hugepages-"):
            found |= {name: value, f"requests.{name}": value}
        elif "/" in name:
            found[f"requests.{name}"] = value
    return found | {f"limits.{name}": value for name, value in limits.items() if name in COMPUTE}


def asked_of(pod: Object, which: str) -> Amounts:
    """The `requests` or `limits` of a pod: those of its containers, unless those that come first ask for more.

    Containers that start first and stay (sidecars) count with both. See
    https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers.
    """
    spec = pod["spec"]
    total = summed(*(_said(container, which) for container in spec.get("containers") or ()))
    staying: Amounts = {}
    first: Amounts = {}
    for container in spec.get("initContainers") or ():
        said = _said(container, which)
        if container.get("restartPolicy") == "Always":
            total, staying = summed(total, said), summed(staying, said)
            first = _greater(first, staying)
        else:
            first = _greater(first, summed(said, staying))
    total = _greater(total, first)
    own = (spec.get("resources") or {}).get(which) or {}
    total |= {name: value for name, value in own.items() if name in ("cpu", "memory")}
    overhead = spec.get("overhead") or {}
    if which == "limits":
        overhead = {name: value for name, value in overhead.items() if amount(total.get(name, "0"))}
    return summed(total, overhead)


def summed(*amounts: Amounts) -> Amounts:
    total: Amounts = {}
    for found in amounts:
        for name, value in found.items():
            total[name] = sum_of(total[name], value) if name in total else value
    return total


def grown(after: Amounts, before: Amounts) -> Amounts:
    """What `after` has more than `before`: nothing where it has less."""
    less = {name: _negative(value) for name, value in before.items()}
    return {name: value if amount(value) > 0 else "0" for name, value in summed(after, less).items()}


def _negative(value: str) -> str:
    return value.removeprefix("-") if value.startswith("-") else f"-{value}"


def _said(container: Object, which: str) -> Amounts:
    return dict((container.get("resources") or {}).get(which) or {})


def _greater(first: Amounts, second: Amounts) -> Amounts:
    more = {name: value for name, value in second.items() if name not in first or amount(value) > amount(first[name])}
    return first | more
