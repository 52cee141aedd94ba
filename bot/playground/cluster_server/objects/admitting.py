"""What the real server's admission plugins add to a pod, which nobody is said to own, and what they refuse: service
account, priority, what the LimitRanges give, and how long a pod stays on a node that is gone.

See https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.objects.limiting import Limits
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.values import copied, dig

Object = dict[str, Any]

SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
_TOKEN_SECONDS, _TOLERATED_SECONDS = 3607, 300
_ACCESS = "kube-api-access-"
_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class Admission:
    """Looks at the store; keeps nothing."""

    def __init__(self, store: Store, kinds: Kinds, limits: Limits, chance: random.Random) -> None:
        self._store = store
        self._limits = limits
        self._accounts = kinds.named("v1", "ServiceAccount")
        self._priorities = kinds.named("scheduling.k8s.io/v1", "PriorityClass")
        self._random = chance
        self._by_kind: dict[tuple[str, str], Callable[[Object], None]] = {("", "Pod"): self._pod}

    def admit(self, kind: Kind, obj: Object, before: Object | None) -> None:
        """Completes a new object in place. Raises 403."""
        admit = self._by_kind.get((kind.group, kind.name))
        if admit and before is None:
            admit(obj)

    def _pod(self, pod: Object) -> None:
        spec = pod["spec"]
        self._limits.fill(pod)
        self._prioritize(pod, spec)
        spec["tolerations"] = [*(spec.get("tolerations") or ()), *self._tolerations(spec)]
        self._give_account(pod, spec)

    def _prioritize(self, pod: Object, spec: Object) -> None:
        name, priority, policy = spec.get("priorityClassName", ""), 0, "PreemptLowerPriority"
        if name:
            found = self._store.get(self._priorities, "", name)
            if found is None:
                said = f"no PriorityClass with name {name} was found"
                raise statuses.forbidden("pods", "", pod["metadata"]["name"], said)
            priority, policy = found.obj["value"], found.obj.get("preemptionPolicy", policy)
        else:
            for stored in self._store.list(self._priorities):
                if stored.obj.get("globalDefault"):
                    spec["priorityClassName"], priority = stored.obj["metadata"]["name"], stored.obj["value"]
        spec["priority"] = priority
        spec.setdefault("preemptionPolicy", policy)

    def _tolerations(self, spec: Object) -> list[Object]:
        missing = []
        for key in ("not-ready", "unreachable"):
            key = f"node.kubernetes.io/{key}"
            given = spec.get("tolerations") or ()
            if not any(t.get("key") in (key, None, "") and t.get("effect") in ("NoExecute", None, "") for t in given):
                missing.append(
                    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _TOLERATED_SECONDS}
                )
        return missing

    def _give_account(self, pod: Object, spec: Object) -> None:
        name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        namespace = pod["metadata"]["namespace"]
        found = self._store.get(self._accounts, namespace, name)
        if found is None:
            said = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
            raise statuses.forbidden("pods", "", pod["metadata"]["name"], said)
        wanted = dig(found.obj, "automountServiceAccountToken", default=True)
        if not spec.get("automountServiceAccountToken", wanted):
            return
        there = [each["name"] for each in spec.get("volumes") or () if each.get("name", "").startswith(_ACCESS)]
        volume = there[0] if there else _ACCESS + "".join(self._random.choices(SUFFIX, k=5))
        mount = {"name": volume, "mountPath": _MOUNT, "readOnly": True}
        given = False
        for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
            mounts = container.get("volumeMounts") or []
            if not any(found["mountPath"] == _MOUNT for found in mounts if "mountPath" in found):
                container["volumeMounts"] = [*mounts, dict(mount)]
                given = True
        if given and not there:
            spec["volumes"] = [*(spec.get("volumes") or ()), copied(_volume(volume))]


def _volume(name: str) -> Object:
    """The account's token, the authority that signs for this server, and the namespace."""
    sources = [
        {"serviceAccountToken": {"expirationSeconds": _TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [
            {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
        ]}},
    ]  # fmt: skip
    return {"name": name, "projected": {"defaultMode": 420, "sources": sources}}
