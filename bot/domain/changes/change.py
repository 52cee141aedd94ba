"""A change: an ordered list of steps with what stood there before; and the record of what became of it.

`Change` is the plan, and its digest is what people approve. `ChangeRecord` is the plan plus its history: who, when,
which steps were taken, by which process, how it ended. Records are stored as they are (msgspec), so a field is only
ever added, with a default.
"""

import datetime
import hashlib
from enum import Enum
from typing import TypeAlias

import msgspec

from bot.domain.network.probing import Hop, Probe
from bot.domain.network.references import JSON, JSONObject, Kind, Ref


class FieldValue(msgspec.Struct, frozen=True):
    """One field that a step writes: its path, and what stood there before (`present` False: nothing did)."""

    path: tuple[str, ...]
    """Keys from the top: `("spec", "ports")`. Lists are leaves: a list is written, and restored, whole."""
    value: JSON = None
    present: bool = True


class Apply(msgspec.Struct, frozen=True, tag="apply", kw_only=True):
    """Server-side apply of the fields in `manifest`, as field manager `patchbay`."""

    ref: Ref
    manifest: JSONObject
    """Only what we mean to own; with apiVersion, kind and metadata."""
    creates: bool
    """True: nothing of this name existed when it was planned."""
    prior: tuple[FieldValue, ...] = ()
    """For an object that existed: what stood in each field that the manifest writes."""
    force: bool = False
    """True: fields of other managers are taken over, which the plan then says."""
    needs_earlier_step: bool = False
    """True: it cannot be tried (dry run) before an earlier step has been applied."""
    part: str = ""
    """What it is a part of, when a plan has many steps: `the operator`. Told together with its neighbours."""
    source: str = ""
    """The published file that it comes from; empty: we wrote it, and the plan shows it whole."""
    expects: tuple[str, ...] = ()
    """Field managers whose writing into it, or of what it holds, makes it nobody else's: a plugin's own programs."""
    rests_on_earlier: bool = False
    """True: it works, or ends, only as long as what earlier steps made is there. When it has to stay, they do too."""
    together: str = ""
    """What is worth something only as a whole: `the definitions of the Gateway API`. Of the steps that name the same
    one, all are taken back or none is."""


class Restore(msgspec.Struct, frozen=True, tag="restore", kw_only=True):
    """Put recorded fields back to `fields`, if they still hold `expected`; with a resourceVersion precondition."""

    ref: Ref
    fields: tuple[FieldValue, ...]
    expected: tuple[FieldValue, ...]
    part: str = ""


class Edit(msgspec.Struct, frozen=True, tag="edit", kw_only=True):
    """Write `fields` into an object that somebody else may have made, if they still hold `prior`; with a
    resourceVersion precondition. Unlike an Apply it can take parts of a list away, whoever put them there."""

    ref: Ref
    fields: tuple[FieldValue, ...]
    prior: tuple[FieldValue, ...]
    """What stood in each of the same fields when it was planned."""
    part: str = ""


class Delete(msgspec.Struct, frozen=True, tag="delete", kw_only=True):
    """Delete one object, if it still is the one of this uid and nobody else has written to it."""

    ref: Ref
    uid: str
    prior: JSONObject
    """The object as it was, without status, managedFields, uid and resourceVersion: what to create again."""
    writers: tuple[str, ...] = ()
    """The field managers (not of the status) that may be there; any other one means somebody else touched it.
    Empty: not checked."""
    holds: int = 0
    """How many objects go along (of a definition, in a namespace), which going back does not bring again."""
    part: str = ""
    together: str = ""
    """Of an Apply that undoes this: see there."""


class Until(Enum):
    """What can be waited for."""

    ENDPOINTS_READY = "has a ready endpoint"
    ADDRESS_ASSIGNED = "has an address"
    GONE = "is gone"
    ESTABLISHED = "is established"
    """A CustomResourceDefinition whose kind is served under the names it asked for."""
    ROLLED_OUT = "is rolled out"
    """A Deployment or DaemonSet whose pods are all of its newest generation, and available."""
    AVAILABLE = "is available"
    """Condition Available is True, and Degraded is not (TigeraStatus, APIService)."""
    ACCEPTED = "is accepted"
    """Condition Accepted is True: a controller serves it (GatewayClass)."""
    ATTACHED = "is accepted by its Gateways"
    """A route: at each Gateway that it names, Accepted and ResolvedRefs are True for its newest generation."""
    PROGRAMMED = "is programmed"
    """A Gateway: Accepted and Programmed are True for its newest generation, and no listener is in trouble."""


class Wait(msgspec.Struct, frozen=True, tag="wait", kw_only=True):
    """Wait until a condition of an object holds."""

    ref: Ref
    until: Until
    timeout_seconds: float
    required: bool = True
    """False: when it does not come to hold the change stands, and the report says what was waited for in vain."""
    behind: Ref | None = None
    """The workload that does what is waited for: when that does not come, its pod, events and log are told."""
    part: str = ""


class Ask(msgspec.Struct, frozen=True, tag="ask", kw_only=True):
    """A probe that proves the change on the live network. What does not answer is reported; it undoes nothing."""

    probe: Probe
    sure: bool = False
    """Of an HTTP probe: it is known that this port has to speak HTTP, so nothing else proves it. Otherwise a port that
    takes connections answers as well."""
    attempts: int = 5
    """One a second."""
    part: str = ""


class Settle(msgspec.Struct, frozen=True, tag="settle", kw_only=True):
    """Wait until a network plugin serves every node: its agent of the newest generation runs and is ready there, the
    node is Ready, and where the plugin says so itself, the node's condition NetworkUnavailable is False."""

    ref: Ref
    """The agent's DaemonSet; it may not be there yet."""
    timeout_seconds: float
    tells_network: bool = False
    """True: this plugin sets NetworkUnavailable on each node. Some never do."""
    version: str = ""
    """The tag that one of the agent's images has to have; empty: any will do."""
    without: tuple[str, ...] = ()
    """Nodes that are not waited for: somebody has accepted that they stay without a network."""
    part: str = ""


class TryAddresses(msgspec.Struct, frozen=True, tag="try-addresses", kw_only=True):
    """Make a pod on each node, see which address it is given, and remove it again."""

    namespace: str
    ranges: tuple[str, ...]
    """CIDRs: each address must be in one of them."""
    of_node: bool = False
    """Each address must be in its node's own `spec.podCIDRs`, too: that is where this plugin takes them from."""
    blocks: Kind | None = None
    """The kind in which a plugin keeps what it has given out (`spec.cidr`): each address must be in one of them."""
    timeout_seconds: float
    part: str = ""


class Reach(msgspec.Struct, frozen=True, tag="reach", kw_only=True):
    """A real request by address, as somebody outside would send it, from where the bot stands: to each address of a
    Service, an Ingress or a route, until one answers. What does not answer is reported; it undoes nothing. Where the
    bot cannot reach addresses (`PATCHBAY_REACHES_ADDRESSES`), it says so and goes on."""

    ref: Ref
    """What was made reachable. Which address it has is looked up then: nobody knows it before it is there."""
    scheme: str = "http"
    """`http`, `https`, `tcp` or `tls`."""
    host: str = ""
    """Host header and server name of TLS; empty: the address itself. `*.example.com` is asked for as
    `patchbay.example.com`."""
    path: str = "/"
    port: int = 0
    """For a Service its port; else the port outside, 0: the usual one of the scheme, or what its listener has."""
    status: int = 0
    """The status that alone proves it; 0: any that does not say that nobody stands behind it."""
    leads_to: str = ""
    """For a redirect: the URL that has to be its Location; one without a host, such as `https:///cart`, keeps the host
    that was asked for. Empty: wherever it leads."""
    attempts: int = 10
    """One a second: what was just configured takes a moment to be served."""
    timeout_seconds: float = 30.0
    """After which no attempt is begun any more."""
    part: str = ""


Writing: TypeAlias = Apply | Edit | Restore | Delete
"""The steps that write to the cluster."""
Step: TypeAlias = Writing | Wait | Ask | Reach | Settle | TryAddresses


class Doubt(msgspec.Struct, frozen=True):
    """Something that may well go wrong, and that a person has to accept by its code."""

    code: str
    """`--accept CODE`: lower-case letters, digits and dashes."""
    text: str


class Checked(msgspec.Struct, frozen=True):
    """Something that was looked at before planning."""

    about: str
    verdict: str
    """`ok`, `doubt`, `conflict`, or `unknown` when it could not be read."""
    evidence: str
    code: str = ""
    """Of a doubt."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What people read of a large plan in place of its YAML; not part of the digest."""

    checks: tuple[Checked, ...] = ()
    sources: tuple[str, ...] = ()
    """Each file with its origin and digest."""
    adjusted: tuple[str, ...] = ()
    """What stands otherwise than in these files, a line a field."""
    images: tuple[str, ...] = ()
    privileges: tuple[str, ...] = ()
    host_paths: tuple[str, ...] = ()
    afterwards: tuple[str, ...] = ()
    """What to know, or to do, once it has been applied."""
    taken_back: tuple[str, ...] = ()
    """The same for when it was taken back after something of it had run."""


class Premise(msgspec.Struct, frozen=True):
    """Something the plan rests on: when it no longer holds, the plan must be made anew."""

    about: str
    value: JSON


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A plan. Planners return it; nothing has been written."""

    cluster: str
    """uid of the cluster."""
    request: str
    """The command line it was planned from, in canonical form, namespace included: planning again starts here."""
    summary: str
    """One line: `expose Deployment shop/web as Service shop/web, port 80`."""
    steps: tuple[Step, ...]
    premises: tuple[Premise, ...] = ()
    warnings: tuple[str, ...] = ()
    """What people should know before they approve; not part of the digest."""
    alone: str = ""
    """What only one change at a time may do in a cluster: `the network plugin`. Empty: others may run beside it."""
    doubts: tuple[Doubt, ...] = ()
    """What nobody has accepted yet: such a plan is shown, and cannot be approved."""
    brief: Brief | None = None
    undoes: int = 0
    """Id of the change that this one undoes; 0: none."""

    @property
    def digest(self) -> str:
        """SHA-256, 64 hexadecimal digits, of request, cluster, steps (prior values of written fields included) and
        premises; never of resourceVersion, status or time, which planners keep out of these."""
        covered = (self.request, self.cluster, self.steps, self.premises)
        return hashlib.sha256(msgspec.json.encode(covered, order="sorted")).hexdigest()


class ChangeState(Enum):
    """Where a change is in its life."""

    PLANNED = "planned"
    """Shown, and waiting for approval."""
    APPLYING = "applying"
    """Approved; a process that holds the lease is working on it."""
    ROLLING_BACK = "rolling back"
    APPLIED = "applied"
    ROLLED_BACK = "rolled back"
    PARKED = "parked"
    """It stopped where neither going on nor going back is safe; a person decides."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    """Planned again with another result; see `superseded_by`."""

    @property
    def running(self) -> bool:
        return self in (ChangeState.APPLYING, ChangeState.ROLLING_BACK)

    @property
    def over(self) -> bool:
        return self is not ChangeState.PLANNED and not self.running


class StepState(Enum):
    WAITING = "waiting"
    STARTED = "started"
    """Recorded before it is sent: after a kill nobody knows whether it arrived."""
    DONE = "done"
    FAILED = "failed"
    """For a Wait that is not required, an Ask and a Reach: it did not come to hold, and the change goes on."""
    PASSED_OVER = "passed over"
    """It could not be asked from here, which proves nothing, neither way; the note says why."""
    UNDONE = "undone"
    LEFT = "left"
    """Done, and not undone although the change was: the report says why."""


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """A node while a network plugin comes to it."""

    name: str
    pod: str = ""
    """The plugin's pod there; empty: none yet."""
    pod_state: str = ""
    """As kubectl prints it: `Running`, `ImagePullBackOff`."""
    pod_ready: bool = False
    ready: bool = False
    network: str = ""
    """`available`, `unavailable`, or empty when nobody has said."""
    served: bool = False
    """All is there that is waited for."""


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the step with the same index."""

    state: StepState = StepState.WAITING
    started_at: datetime.datetime | None = None
    ended_at: datetime.datetime | None = None
    uid: str = ""
    """uid of the object after the step."""
    written: tuple[FieldValue, ...] = ()
    """The written fields as they stood after the step, defaults of the server included: what must still be there
    for going back to be safe. For an Apply only those that stand otherwise than in its manifest: see `written_by`."""
    besides: tuple[FieldValue, ...] = ()
    """For an Edit: other fields that the server changed along with the written ones, as they stood before."""
    writers: tuple[str, ...] = ()
    """The field managers after the step, without those that only write status."""
    repeated: bool = False
    """The step was sent again because it was not known what became of it: a process died, or no answer came."""
    undoing: bool = False
    """Going back has been started for this step (recorded before it is sent)."""
    note: str = ""
    """In plain words: what failed, what was seen, why it was left."""
    nodes: tuple[NodeState, ...] = ()
    """For a step that waits for nodes: as they were seen last, by name."""
    evidence: tuple[str, ...] = ()
    """Why it failed, in lines: the pod at fault, its events, the end of its log, secrets masked."""
    hops: tuple[Hop, ...] = ()
    """For a request by address: how it went, hop by hop."""


class Approval(msgspec.Struct, frozen=True):
    by: str
    """Actor id."""
    name: str
    at: datetime.datetime


class ChangeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A change and its history."""

    id: int = 0
    """0 until it is stored."""
    revision: int = 0
    """Counted up by the store at each save; a save with an old revision is refused (Conflict)."""
    change: Change
    author: str
    """Actor id."""
    author_name: str = ""
    channel: str = ""
    """Where it is shown and reported; empty: in a terminal only."""
    thread: str = ""
    origin: str
    """`serve` or `run`: the kind of process that began it, and that may resume it."""
    state: ChangeState = ChangeState.PLANNED
    steps: tuple[StepRecord, ...] = ()
    """As many as the change has steps."""
    approvals: tuple[Approval, ...] = ()
    created_at: datetime.datetime
    expires_at: datetime.datetime
    """Until when it can be approved."""
    ended_at: datetime.datetime | None = None
    owner: str = ""
    """The process that is applying it: a random id of that process."""
    lease_until: datetime.datetime | None = None
    outcome: str = ""
    """In plain words, once it is over."""
    undoes: int = 0
    """Id of the change that this one undoes; 0: none."""
    undone_by: int = 0
    superseded_by: int = 0
