"""Plans the installation of a controller from its published manifests."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from bot.domain.changes.change import Apply, Change, Premise, Step, Until, Wait
from bot.domain.network.references import GATEWAY_CLASS, SERVICE, Ref
from bot.domain.plugins.briefing import Source, brief, doubts, origins, refuse_conflicts
from bot.domain.plugins.edge.asking import asked
from bot.domain.plugins.edge.fitting import same_thing
from bot.domain.plugins.edge.installation import ALONE
from bot.domain.plugins.edge.kinds import DEFINITIONS, GROUP
from bot.domain.plugins.edge.parameters import Exposure
from bot.domain.plugins.edge.preflight import WantedEdge, checked
from bot.domain.plugins.edge.preflight.overwrites import OVERWRITES, foreign
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.fitting import ref
from bot.domain.plugins.steps import applied

READY_SECONDS = 300.0
ENDPOINTS_SECONDS = 60.0
ADDRESS_SECONDS = 60.0
ACCEPTED_SECONDS = 60.0
_SERVING = ("DaemonSet", "Deployment", "Gateway", "GatewayClass", "IngressClass", "Job", "Service")
BALANCERS = (
    "aws-cloud-controller-manager",
    "azure-cloud-controller-manager",
    "cloud-controller-manager",
    "controller",
    "k3s",
    "kube-controller-manager",
    "kube-vip-cloud-provider",
    "speaker",
)
"""Field managers of those who give addresses to Services: the clouds' controllers, MetalLB (`controller`, `speaker`),
kube-vip, k3s."""


def plan(wanted: WantedEdge, around: Edge, sources: Sequence[Source], *, line: str, accepted: frozenset[str]) -> Change:
    """The plan; its doubts are those that nobody has accepted. Raises Refused for a conflict, with all the evidence."""
    checks = checked(wanted, around)
    refuse_conflicts(f"{wanted.title} cannot be installed here", checks)
    from_files = origins(wanted.objects, sources, same_thing)
    steps = applied(
        wanted.objects,
        around.existing,
        from_files,
        writers=wanted.installation.writers,
        forced=_shared(wanted, around) | (set(foreign(wanted, around)) if OVERWRITES in accepted else set()),
        patience=wanted.patience,
    )
    steps = [_together(_balanced(step), wanted.controller.title) for step in steps]
    return Change(
        cluster=around.snapshot.cluster.uid,
        request=line,
        alone=ALONE,
        summary=_summary(wanted),
        steps=(*steps, *verified(wanted)) if steps else (),
        premises=(
            Premise("the controller's version", wanted.release.version),
            Premise("the digests of its files", [source.sha256 for source in sources]),
        ),
        warnings=wanted.installation.notes,
        doubts=doubts(checks, accepted),
        brief=replace(
            brief(wanted.objects, sources, checks, same=same_thing),
            # A release may have files for each way to run it, and but one way is taken.
            sources=tuple(str(source) for source in sources if source.name in from_files),
            taken_back=_taken_back(wanted),
        ),
    )


def _taken_back(wanted: WantedEdge) -> tuple[str, ...]:
    name = wanted.parameters.class_name
    if not name:
        return ()
    return (
        f"What names the class {name} is served by nobody then: `controller status {wanted.name}` shows what does.",
    )


def _balanced(step: Step) -> Step:
    """Whoever gives an address to a Service writes into it, as a finalizer, say: it stays what this change made."""
    if isinstance(step, Apply) and step.ref.kind == SERVICE.name:
        return replace(step, expects=(*step.expects, *BALANCERS))
    return step


def _together(step: Step, title: str) -> Step:
    """Half of the Gateway API serves nobody, and neither does a controller without its Service or class."""
    if not isinstance(step, Apply):
        return step
    if step.ref.name.endswith(GROUP):
        return replace(step, together=DEFINITIONS)
    return replace(step, together=f"what makes {title} serve") if step.ref.kind in _SERVING else step


def _summary(wanted: WantedEdge) -> str:
    parameters = wanted.parameters
    if not parameters.class_name:
        return f"install {wanted.title}"
    default = ", the default" if parameters.default_class else ""
    also = " and the Gateway API" if parameters.gateway_api else ""
    return f"install {wanted.title} for Ingresses of class {parameters.class_name}{default}{also}"


def _shared(wanted: WantedEdge, around: Edge) -> frozenset[Ref]:
    """Definitions of the Gateway API that others had applied: they are changed only when that is what was asked for."""
    return frozenset(
        own for each in wanted.objects if (own := ref(each)).name.endswith(GROUP) and own in around.existing
    )


def verified(wanted: WantedEdge) -> list[Step]:
    """What proves that it serves: its pods of the newest generation, endpoints behind its Service, its class accepted,
    and a real request. An address, the word of the controller on its GatewayClass and an answer may come later, and
    undo nothing."""
    installation, parameters = wanted.installation, wanted.parameters
    steps: list[Step] = [
        Wait(
            ref=each,
            until=Until.ROLLED_OUT,
            timeout_seconds=wanted.patience or READY_SECONDS,
            part="the controller runs",
        )
        for each in installation.workloads(parameters)
    ]
    for service in installation.services(parameters):
        steps.append(Wait(ref=service, until=Until.ENDPOINTS_READY, timeout_seconds=ENDPOINTS_SECONDS))
        if parameters.service is Exposure.LOAD_BALANCER:
            steps.append(
                Wait(ref=service, until=Until.ADDRESS_ASSIGNED, timeout_seconds=ADDRESS_SECONDS, required=False)
            )
    for each in wanted.objects:
        if (own := ref(each)).kind == GATEWAY_CLASS.name:
            steps.append(Wait(ref=own, until=Until.ACCEPTED, timeout_seconds=ACCEPTED_SECONDS, required=False))
    if installation.asked is not None:
        return [*steps, *installation.asked(parameters)]
    return [*steps, *asked(installation.services(parameters), wanted.objects)]
