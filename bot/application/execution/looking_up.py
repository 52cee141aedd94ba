"""Objects that people name: what is not there is told with the name that was probably meant."""

from bot.application.ports import Cluster
from bot.domain.chat import grammar
from bot.domain.network.references import KINDS, NAMESPACE, SECRET, JSONObject, Kind, Ref, ref_to
from bot.errors import BotError, NotFound

_NAMED_AT_MOST = 5


async def existing(cluster: Cluster, ref: Ref) -> JSONObject:
    """The object. Raises NotFound that says what there is instead."""
    try:
        return await cluster.get(ref)
    except NotFound as error:
        kind = next((kind for kind in KINDS if kind.name == ref.kind), None)
        if kind is None:
            raise
        if ref.namespace:
            await check_namespace(cluster, ref.namespace)
        raise NotFound(f"There is no {ref}", next_step=await _instead(cluster, kind, ref)) from error


async def check_namespace(cluster: Cluster, namespace: str) -> None:
    """Raises NotFound for a namespace that does not exist: nothing is found there, and that is no good news.

    Where namespaces may not be read, it is taken to exist.
    """
    ref = ref_to(NAMESPACE, "", namespace)
    try:
        await cluster.get(ref)
    except NotFound as error:
        instead = await _instead(cluster, NAMESPACE, ref)
        raise NotFound(f"There is no namespace {namespace}", next_step=instead) from error
    except BotError:
        return


async def _instead(cluster: Cluster, kind: Kind, ref: Ref) -> str:
    if kind == SECRET:  # a list of them would bring all their values
        return f"see `kubectl get secrets -n {ref.namespace}`"
    try:
        objects = await cluster.list(kind, ref.namespace)
    except BotError:
        return ""
    if ref.namespace and (elsewhere := await _elsewhere(cluster, kind, ref)):
        return elsewhere
    names = sorted(str(each["metadata"]["name"]) for each in objects)  # type: ignore[call-overload,index]
    where = f" in {ref.namespace}" if ref.namespace else ""
    if not names:
        return f"there are no {kind.plural}{where} at all"
    if close := grammar.suggestion(ref.name, names):
        return close
    more = f" and {len(names) - _NAMED_AT_MOST} more" if len(names) > _NAMED_AT_MOST else ""
    verb = "is" if len(names) == 1 else "are"
    return f"there {verb} {', '.join(f'`{name}`' for name in names[:_NAMED_AT_MOST])}{more}"


async def _elsewhere(cluster: Cluster, kind: Kind, ref: Ref) -> str:
    """The namespaces that have one of this very name; empty where there is none, or they may not be listed."""
    try:
        objects = await cluster.list(kind, fields=f"metadata.name={ref.name}")
    except BotError:
        return ""
    places = sorted(str(each["metadata"]["namespace"]) for each in objects)  # type: ignore[call-overload,index]
    if not places:
        return ""
    more = f" and {len(places) - _NAMED_AT_MOST} more" if len(places) > _NAMED_AT_MOST else ""
    return f"there is one in {', '.join(places[:_NAMED_AT_MOST])}{more}: say so by `-n {places[0]}`"
