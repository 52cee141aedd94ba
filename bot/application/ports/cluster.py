"""The clusters. Every use names an actor, so that impersonation and a second cluster are a parameter, not a rebuilding.

All calls have a timeout and raise BotError: NotFound, Refused (401, 403), Conflict (409), Unreachable (no answer, 429
or 5xx after retries), or BotError itself with the API server's own words (400, 422).
"""

import datetime
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.domain.chat.invocation import Actor
from bot.domain.network.probing import Observation, Probe, Vantage
from bot.domain.network.references import JSONObject, Kind, Ref
from bot.domain.network.snapshot import ClusterIdentity, Scope, Snapshot


@dataclass(frozen=True, slots=True)
class Applied:
    """What the API server answered to an apply."""

    object: JSONObject
    """The whole object as it is now (or would be, in a dry run)."""
    created: bool
    """Nothing of this name existed before."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """Which lines of a container's log."""

    container: str = ""
    """Empty: the pod's only or default one (`kubectl.kubernetes.io/default-container`, else the first)."""
    tail: int | None = None
    since: datetime.timedelta | None = None
    previous: bool = False
    limit_bytes: int = 1_000_000


@dataclass(frozen=True, slots=True)
class LogLines:
    """A container's log, or the end of it."""

    container: str
    text: str
    """Decoded as UTF-8, what is not UTF-8 replaced."""
    cut: bool
    """True: `limit_bytes` was reached, older lines are missing."""


@dataclass(frozen=True, slots=True)
class Right:
    """One thing to be allowed, as RBAC names it."""

    verb: str
    resource: str
    """Plural, with the subresource: `pods/log`."""
    group: str = ""
    namespace: str = ""
    """Empty: everywhere, or for what is in none."""
    name: str = ""
    """Empty: any."""

    def __str__(self) -> str:
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {what}" + (f" {self.name}" if self.name else "") + where


class Cluster(Protocol):
    """One cluster, used on behalf of one actor."""

    @property
    def identity(self) -> ClusterIdentity: ...

    @property
    def default_namespace(self) -> str:
        """The context's namespace, else `default`."""
        ...

    async def read(self, scope: Scope) -> Snapshot:
        """Reads all kinds of the scope, in pages. What is refused or broken is in `unread`, not raised;
        Unreachable is raised only when nothing at all could be asked."""
        ...

    async def get(self, ref: Ref) -> JSONObject:
        """The whole object. Raises NotFound."""
        ...

    async def list(self, kind: Kind, namespace: str = "", selector: str = "", fields: str = "") -> list[JSONObject]:
        """Whole objects, each with apiVersion and kind; namespace empty: everywhere. `fields` is a field selector."""
        ...

    async def apply(self, manifest: JSONObject, *, force: bool = False, dry_run: bool = False) -> Applied:
        """Server-side apply as field manager `patchbay`. Raises Conflict that names the other managers and fields."""
        ...

    async def replace(self, object: JSONObject, *, dry_run: bool = False) -> JSONObject:
        """Writes the whole object, under the precondition of the resourceVersion in it. Raises Conflict when stale."""
        ...

    async def delete(self, ref: Ref, *, uid: str, resource_version: str = "", dry_run: bool = False) -> None:
        """Deletes the object if it still is this one. Raises NotFound, Conflict."""
        ...

    async def may(self, right: Right) -> bool:
        """Whether the bot is allowed to, as the API server answers (SelfSubjectAccessReview)."""
        ...

    async def logs(self, pod: Ref, request: LogRequest) -> LogLines: ...


class Prober(Protocol):
    """Puts probes to the live network."""

    async def ask(self, probe: Probe, vantage: Vantage) -> Observation:
        """Never raises for what the network does: that is the observation's outcome."""
        ...


@dataclass(frozen=True, slots=True)
class OpenCluster:
    """A cluster opened for one actor."""

    cluster: Cluster
    prober: Prober


class Clusters(Protocol):
    async def identities(self) -> tuple[ClusterIdentity, ...]:
        """The clusters that this process serves, the default one first. Raises Unreachable or Refused."""
        ...

    def open(self, cluster: str, actor: Actor) -> AbstractAsyncContextManager[OpenCluster]:
        """`cluster` is a uid; empty: the default one. Raises NotFound for a cluster that is not served."""
        ...
