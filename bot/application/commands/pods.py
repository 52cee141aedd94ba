"""`pods`: what `kubectl get pods` shows, in its words."""

from bot.application.execution.looking_up import check_namespace
from bot.application.execution.objects import printed
from bot.application.ports import Context, Look
from bot.domain.chat.report import Block, Report, Status, table
from bot.domain.chat.values import Listing, OutputFormat
from bot.domain.chat.wording import unread_notes
from bot.domain.network.ages import age
from bot.domain.network.pods import PodState, state_of
from bot.domain.network.references import POD
from bot.domain.network.snapshot import Pod, Scope, Snapshot


async def show_pods(request: Listing, context: Context) -> Report:
    title = f"Pods in {request.where or 'all namespaces'}"
    if request.output in (OutputFormat.YAML, OutputFormat.JSON):
        objects = await context.cluster.list(POD, request.where, request.selector)
        return Report(status=Status.OK, title=title, blocks=(printed(objects, request.output),))
    snapshot = await context.cluster.read(Scope((POD,), request.where, request.selector))
    notes = unread_notes(snapshot.unread)
    if not snapshot.could_read(POD):
        return Report(status=Status.FAILED, title="The pods could not be read", footnotes=notes)
    if not snapshot.pods:
        if request.where:
            await check_namespace(context.cluster, request.where)
        return Report(status=Status.OK, title=f"No pods in {request.where or 'any namespace'}")
    return Report(status=Status.OK, title=title, blocks=(_table(request, snapshot),), footnotes=notes)


def _table(request: Listing, snapshot: Snapshot) -> Block:
    wide = request.output is OutputFormat.WIDE
    columns = ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    if request.all_namespaces:
        columns.insert(0, "NAMESPACE")
    if wide:
        columns += ["IP", "NODE"]

    def row(pod: Pod) -> list[str]:
        state = state_of(pod)
        return [
            *([pod.namespace] if request.all_namespaces else []),
            pod.name,
            f"{state.ready}/{state.total}",
            state.status,
            _restarts(state, snapshot),
            age(pod.metadata.creation_timestamp, snapshot.taken_at),
            *([pod.status.pod_ip or "<none>", pod.spec.node_name or "<none>"] if wide else []),
        ]

    return table(columns, map(row, sorted(snapshot.pods, key=lambda pod: (pod.namespace, pod.name))))


def _restarts(state: PodState, snapshot: Snapshot) -> str:
    if not state.restarts or state.last_restart_at is None:
        return str(state.restarts)
    return f"{state.restarts} ({age(state.last_restart_at, snapshot.taken_at)} ago)"


COMMAND = Look(
    name="pods",
    model=Listing,
    handler=show_pods,
    summary="list pods with their state, restarts and age",
    examples=("pods -n shop", "pods -A -o wide", "pods -n shop -l app=web -o json"),
)
