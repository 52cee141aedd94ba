"""How a controller goes that Patchbay has no files of: by the way in which it came, and what has to be moved before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.changes import fields
from bot.domain.network.references import JSONObject
from bot.domain.plugins.components import installer
from bot.domain.plugins.controllers import Found, IngressController
from bot.domain.plugins.edge.serving import Served
from bot.errors import Refused

_SHOWN = 4


def not_from_here(
    controller: IngressController, found: Found | None, its: Served, workloads: Sequence[JSONObject]
) -> Refused:
    """`found` None: it is not there. `workloads` are its own, whole."""
    summary = f"{controller.title} is not taken away from here"
    if found is None:
        return Refused(summary, cause="it is not there", next_step="`controller list` shows what there is")
    objects = [*(each.ref for each in its.ingresses), *map(fields.ref_of, its.gateways)]
    if not objects:
        return Refused(summary, cause="nothing names its classes any more", next_step=_last(found, workloads))
    more = f" and {len(objects) - _SHOWN} more" if len(objects) > _SHOWN else ""
    moving = " (`ingress to-gateway --all` shows what Ingresses become)" if its.ingresses else ""
    return Refused(
        summary,
        cause=f"it serves {', '.join(map(str, objects[:_SHOWN]))}{more}",
        next_step=f"first move these to another controller{moving}; then {_last(found, workloads)}",
    )


def _last(found: Found, workloads: Sequence[JSONObject]) -> str:
    """What takes it away."""
    ways = list(dict.fromkeys(map(_way, workloads)))
    classes = [f"`kubectl delete ingressclass {each.name}`" for each in found.classes]
    classes += [f"`kubectl delete gatewayclass {name}`" for name in found.gateway_class_names]
    return ", ".join([*ways, *([f"and, where they are left, {' and '.join(classes)}"] if classes else [])])


def _way(workload: JSONObject) -> str:
    ref = fields.ref_of(workload)
    annotations = fields.metadata(workload).get("annotations") or {}
    if release := annotations.get("meta.helm.sh/release-name"):
        return f"`helm uninstall {release} -n {annotations.get('meta.helm.sh/release-namespace') or ref.namespace}`"
    return f"take away {ref} as it came: {installer(workload).partition(' (')[0]}{''.join(_with_file(workload))}"


def _with_file(workload: JSONObject) -> Iterator[str]:
    if "kubectl.kubernetes.io/last-applied-configuration" in (fields.metadata(workload).get("annotations") or {}):
        yield ", so `kubectl delete -f` with that file"
