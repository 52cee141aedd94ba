"""The controller that is there: which of those that were recognised is meant, and how it was installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.changes import fields
from bot.domain.network.references import DAEMON_SET, JSONObject, Ref
from bot.domain.plugins.controllers import Found, IngressController
from bot.domain.plugins.edge.installation import EdgeInstallation
from bot.domain.plugins.edge.parameters import EdgeOption, EdgeParameters, Exposure, WorkloadKind
from bot.errors import NotFound, Refused


def instance(found: Iterable[Found], name: str, controller: IngressController) -> Found:
    """The one of that name which runs. Raises NotFound, or Refused when it is there twice: its classes, roles and
    definitions are of the whole cluster, so that taking one away would take from the other."""
    running = [each for each in found if each.workloads]
    chosen = [each for each in running if each.name == name]
    told = ", ".join(f"{each.called} in {each.namespace}" for each in running)
    if not chosen:
        raise NotFound(
            f"There is no {controller.title} here",
            cause=f"there is {told}" if told else "no workload looks like an ingress controller",
            next_step="`controller list` shows what there is",
        )
    if len(chosen) > 1:
        places = " and ".join(each.namespace for each in chosen)
        raise Refused(
            f"{controller.title} is there twice, and the two share classes, roles and definitions",
            cause=f"they are in {places}",
            next_step="take one of them away with the files or the chart that it was installed from",
        )
    return chosen[0]


def as_installed(found: Found, installation: EdgeInstallation) -> EdgeParameters:
    """What it must have been told, as far as it shows: fitted so, its objects have the names that they have."""
    kinds = {each.ref.kind for each in found.workloads}
    names = [each.name for each in found.classes] or [*found.gateway_class_names]
    balanced = any(each.spec.type == "LoadBalancer" for each in found.services)
    said = EdgeParameters(
        class_name=names[0] if names else "",
        namespace=found.namespace,
        service=Exposure.LOAD_BALANCER if balanced else Exposure.NODE_PORT,
        gateway_api=bool(names) and names[0] in found.gateway_class_names,
        kind=WorkloadKind.DAEMON_SET
        if EdgeOption.KIND in installation.options and kinds == {DAEMON_SET.name}
        else None,
    )
    return installation.completed(said)


def check_our_way(found: Found, workloads: Sequence[Ref], existing: Mapping[Ref, JSONObject], unreadable: bool) -> None:
    """Raises Refused for one that was installed from other files than those that are pinned here, or by Helm."""
    there = [existing[each] for each in workloads if each in existing]
    if not there and not unreadable:
        raise Refused(
            f"This {found.title} was not installed from the files that are pinned here",
            cause=f"it is {found.workloads[0].ref}, and theirs is {workloads[0]}",
            next_step="take it away with the files, chart or product that it was installed from",
        )
    for object in there:
        if release := (fields.metadata(object).get("annotations") or {}).get("meta.helm.sh/release-name"):
            raise Refused(
                f"This {found.title} belongs to Helm",
                cause=f"{fields.ref_of(object)} is of the release {release}",
                next_step=f"take it away by `helm uninstall {release} -n {found.namespace}`",
            )
