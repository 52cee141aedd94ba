"""The cluster edge's front door: `KubernetesClusters` implements the port `Clusters` for one context.

Opening a cluster costs nothing and asks nobody, so that `help` is answered while the cluster is gone. Who the cluster
is gets known with the first call that needs it.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from bot.adapters.cluster import identifying
from bot.adapters.cluster.applying import Objects, ref_of
from bot.adapters.cluster.attaching import logs
from bot.adapters.cluster.discovery import Kinds
from bot.adapters.cluster.kubeconfig import Access, access
from bot.adapters.cluster.probing import APIServerProber
from bot.adapters.cluster.reading import list_objects, read
from bot.adapters.cluster.reviewing import may
from bot.adapters.cluster.session import Call, Session, Timeouts
from bot.application.ports.cluster import Applied, Clusters, LogLines, LogRequest, OpenCluster, Right
from bot.domain.chat.invocation import Actor
from bot.domain.network.probing import Observation, Outcome, Probe, Vantage
from bot.domain.network.references import JSONObject, Kind, Ref
from bot.domain.network.snapshot import ClusterIdentity, NamespaceObject, Scope, Snapshot
from bot.errors import BotError, NotFound, Unreachable

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


class Connection:
    """One cluster, whoever uses it: access, pool, identity and discovered kinds. Files are read by the first use."""

    def __init__(
        self, kubeconfig: Path | str | None, context: str, in_cluster: bool | None, timeouts: Timeouts
    ) -> None:
        self._where = (kubeconfig, context, in_cluster)
        self._timeouts = timeouts
        self._access: Access | None = None
        self._session: Session | None = None
        self._kinds: Kinds | None = None
        self._identity: ClusterIdentity | None = None
        self._resolving = asyncio.Lock()

    @property
    def access(self) -> Access:
        if self._access is None:
            self._access = access(*self._where)
        return self._access

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = Session(self.access, self._timeouts)
        return self._session

    @property
    def kinds(self) -> Kinds:
        if self._kinds is None:
            self._kinds = Kinds(self.session)
        return self._kinds

    @property
    def identity(self) -> ClusterIdentity | None:
        """None until the cluster has answered once."""
        return self._identity

    async def resolve(self) -> ClusterIdentity:
        """Asks the cluster who it is, once. Raises Unreachable or Refused."""
        async with self._resolving:
            if self._identity is None:
                self._identity = ClusterIdentity(await self._uid(), self.access.name, await self._version())
        return self._identity

    async def close(self) -> None:
        session, self._session, self._kinds = self._session, None, None
        if session is not None:
            await session.close()

    async def _uid(self) -> str:
        if (body := await identifying.asked(self.session)) is not None:
            return _decoded(body, NamespaceObject, identifying.DOING).metadata.uid
        return identifying.by_address(await self.access.configuration())

    async def _version(self) -> str:
        doing = "ask the cluster for its version"
        reply = await self.session.send(Call(doing=doing, path="/version"))
        # Some clusters do not tell it to everybody, and nothing depends on it.
        return _decoded(reply.body, _Version, doing).git_version if reply.status == 200 else ""


class KubernetesCluster:
    """The port `Cluster`, used on behalf of one actor."""

    def __init__(self, connection: Connection, expected_uid: str, actor: Actor) -> None:
        self._connection = connection
        self._expected_uid = expected_uid
        self._actor = actor

    @property
    def identity(self) -> ClusterIdentity:
        """Known once the cluster has answered anything. Raises Unreachable before."""
        identity = self._connection.identity
        if identity is None:
            raise Unreachable(
                "The cluster has not answered yet",
                cause="so it is not known which one it is",
                next_step="try again later",
            )
        return identity

    @property
    def default_namespace(self) -> str:
        return self._connection.access.namespace

    async def read(self, scope: Scope) -> Snapshot:
        identity = await self._resolved()
        return await read(self._connection.session, identity, scope, _now)

    async def get(self, ref: Ref) -> JSONObject:
        return await (await self._objects()).get(ref)

    async def list(self, kind: Kind, namespace: str = "", selector: str = "", fields: str = "") -> list[JSONObject]:
        await self._resolved()
        return await list_objects(self._connection.session, kind, namespace, selector, fields)

    async def apply(self, manifest: JSONObject, *, force: bool = False, dry_run: bool = False) -> Applied:
        objects = await self._objects()
        self._note("applies", ref_of(manifest), dry_run)
        return await objects.apply(manifest, force=force, dry_run=dry_run)

    async def replace(self, object: JSONObject, *, dry_run: bool = False) -> JSONObject:
        objects = await self._objects()
        self._note("replaces", ref_of(object), dry_run)
        return await objects.replace(object, dry_run=dry_run)

    async def delete(self, ref: Ref, *, uid: str, resource_version: str = "", dry_run: bool = False) -> None:
        objects = await self._objects()
        self._note("deletes", ref, dry_run)
        await objects.delete(ref, uid=uid, resource_version=resource_version, dry_run=dry_run)

    async def may(self, right: Right) -> bool:
        await self._resolved()
        return await may(self._connection.session, right)

    async def logs(self, pod: Ref, request: LogRequest) -> LogLines:
        objects = await self._objects()
        pod_object = None if request.container else await objects.get(pod)
        return await logs(self._connection.session, pod, pod_object, request)

    async def _objects(self) -> Objects:
        await self._resolved()
        return Objects(self._connection.session, self._connection.kinds)

    async def _resolved(self) -> ClusterIdentity:
        identity = await self._connection.resolve()
        _check(self._expected_uid, identity)
        return identity

    def _note(self, does: str, ref: Ref, dry_run: bool) -> None:
        _log.info("%s %s %s%s", self._actor.id, does, ref, " (dry run)" if dry_run else "")


class KubernetesClusters(Clusters):
    """The cluster of one kubeconfig context, or the one that this process runs in."""

    def __init__(
        self,
        kubeconfig: Path | str | None = None,
        context: str = "",
        *,
        in_cluster: bool | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008  frozen
    ) -> None:
        """`kubeconfig`: a path, or several as in KUBECONFIG; None: the pod's service account when there is one
        (`in_cluster` forces or forbids it), else `~/.kube/config`. `context` empty: the current one."""
        self._connection = Connection(kubeconfig, context, in_cluster, timeouts)

    async def identities(self) -> tuple[ClusterIdentity, ...]:
        return (await self._connection.resolve(),)

    def open(self, cluster: str, actor: Actor) -> AbstractAsyncContextManager[OpenCluster]:
        """Asks nobody. A uid of another cluster is NotFound here when ours is known already, else at the first use."""
        return self._opened(cluster, actor)

    async def close(self) -> None:
        """Closes all connections; using it again opens new ones."""
        await self._connection.close()

    @asynccontextmanager
    async def _opened(self, cluster: str, actor: Actor) -> AsyncIterator[OpenCluster]:
        if identity := self._connection.identity:
            _check(cluster, identity)
        yield OpenCluster(
            cluster=KubernetesCluster(self._connection, cluster, actor),
            prober=_LazyProber(self._connection, cluster),
        )


class _LazyProber:
    """The port `Prober`, for which nothing is read before the first probe."""

    def __init__(self, connection: Connection, expected_uid: str) -> None:
        self._connection = connection
        self._expected_uid = expected_uid

    async def ask(self, probe: Probe, vantage: Vantage) -> Observation:
        try:
            _check(self._expected_uid, await self._connection.resolve())
            return await APIServerProber(self._connection.session).ask(probe, vantage)
        except BotError as error:
            return Observation(probe, vantage, Outcome.NOT_ASKED, evidence=str(error))


def _check(expected_uid: str, identity: ClusterIdentity) -> None:
    if expected_uid and expected_uid != identity.uid:
        raise NotFound(
            f"This Patchbay does not serve the cluster {expected_uid[:60]}",
            cause=f"it serves `{identity.name}`, {identity.uid}",
            next_step="ask where that cluster is served, or start Patchbay with its context",
        )


def _decoded(body: bytes, kind: type[_T], doing: str) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BotError(
            f"Cannot {doing}",
            cause="what answers there is no Kubernetes API server",
            next_step="check `clusters.cluster.server` in the kubeconfig",
        ) from error


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
