"""`ingress show`: everything about one Ingress in one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from bot.application.execution import ingress_looking as looking
from bot.application.execution.looking_up import existing
from bot.application.execution.telling_events import Events, events_of
from bot.application.ports import Context, Look
from bot.domain.chat.grammar import argument
from bot.domain.chat.report import Action, Block, FindingsBlock, Report, Status, table, text
from bot.domain.chat.values import InNamespace, Name
from bot.domain.chat.wording import counted, skipped_notes, unread_notes
from bot.domain.diagnosis.diagnose import Diagnosis
from bot.domain.diagnosis.finding import Severity
from bot.domain.diagnosis.ingress_check import Known, judge, kinds
from bot.domain.network.ages import age
from bot.domain.network.ingresses import LEGACY_CLASS, backends, class_of, default_classes, port_meant, routes, tls_of
from bot.domain.network.references import ENDPOINT_SLICE, INGRESS, ref_to
from bot.domain.network.services import EndpointIndex
from bot.domain.network.snapshot import Ingress, IngressBackend, Snapshot
from bot.domain.network.tls_secrets import in_words
from bot.errors import Unreachable

_QUIET = "kubectl.kubernetes.io/"
_LONGEST = 120


@dataclass(frozen=True, kw_only=True)
class ShowIngress(InNamespace):
    name: Name = argument("the Ingress")


async def show_ingress(request: ShowIngress, context: Context) -> Report:
    ref = ref_to(INGRESS, request.namespace, request.name)
    (snapshot, notes), served = await asyncio.gather(
        looking.with_neighbours(context, request.namespace, kinds()), looking.serving(context)
    )
    ingress = next((each for each in snapshot.ingresses if each.ref == ref), None)
    if ingress is None:
        await existing(context.cluster, ref)
        raise Unreachable(f"{ref} was made or changed just now", next_step="ask again")
    secrets, events = await asyncio.gather(
        looking.secrets(context, [ingress]), events_of(context.cluster, ref, ingress.metadata.uid)
    )
    known = Known(secrets.by_place, served.running, context.ports.clock.now())
    diagnosis = judge(snapshot, [ingress], known)
    picture = _Picture(ingress, snapshot, served, secrets, diagnosis, events)
    return Report(
        status=Status.FINDINGS if picture.faults else Status.OK,
        title=picture.title(),
        blocks=tuple(picture.blocks(known)),
        actions=_actions(ingress, diagnosis),
        footnotes=(
            *unread_notes(snapshot.unread),
            *notes,
            *secrets.notes,
            *events.notes,
            *skipped_notes(diagnosis.skipped),
            text(f"Change it: `ingress edit {ref.name} -n {ref.namespace} …`, see `help ingress edit`"),
        ),
        examined=diagnosis.findings,
    )


def _actions(ingress: Ingress, diagnosis: Diagnosis) -> tuple[Action, ...]:
    where = f"{ingress.name} -n {ingress.namespace}"
    leave = Action(label="As routes", command=f"ingress to-gateway {where}")
    retired = any(each.rule == "ingress-controller-retired" for each in diagnosis.wrong)
    delete = Action(label="Delete", command=f"ingress delete {where}", style="danger")
    return (*((leave,) if retired else ()), delete)


@dataclass(frozen=True, slots=True)
class _Picture:
    """One Ingress with all around it."""

    ingress: Ingress
    snapshot: Snapshot
    served: looking.Serving
    secrets: looking.Secrets
    diagnosis: Diagnosis
    events: Events

    @property
    def faults(self) -> int:
        return sum(each.severity is not Severity.INFO for each in self.diagnosis.wrong)

    @property
    def class_name(self) -> str:
        """As it says, else the default one."""
        default = default_classes(self.snapshot.ingress_classes)
        return class_of(self.ingress) or (default[0] if len(default) == 1 else "")

    def title(self) -> str:
        where = ", ".join(filter(None, self.ingress.status.addresses))
        found = f", {counted(self.faults, 'finding')}" if self.faults else ""
        return f"{self.ingress.ref} {f'is served at {where}' if where else 'has no address'}{found}"

    def blocks(self, known: Known) -> Iterator[Block]:
        if self.diagnosis.wrong:
            yield FindingsBlock(self.diagnosis.wrong)
        yield table(("ABOUT", "VALUE"), self._facts())
        yield table(("HOST", "PATH", "TYPE", "LEADS TO", "ENDPOINTS"), self._rules(), "Rules")
        if self.ingress.spec.tls:
            yield table(("TLS FOR", "SECRET", "CERTIFICATE"), self._tls(known), "Certificates")
        shown = {key: value for key, value in self.ingress.annotations.items() if not key.startswith(_QUIET)}
        if shown:
            yield table(("ANNOTATION", "VALUE"), ((key, _short(value)) for key, value in shown.items()), "Annotations")
        yield from self.events.blocks(known.now)

    def _facts(self) -> Iterator[tuple[str, str]]:
        name = self.class_name
        how = "" if self.ingress.spec.ingress_class_name else " (the default one)"
        if self.ingress.annotations.get(LEGACY_CLASS) and not self.ingress.spec.ingress_class_name:
            how = f" (by the annotation {LEGACY_CLASS})"
        yield "Class", f"{name}{how}" if name else "<none>"
        controller = next((each.spec.controller for each in self.snapshot.ingress_classes if each.name == name), "")
        title, runs = self.served.title(name), self.served.running.get(name)
        running = {True: "runs", False: "does not run", None: "cannot be seen running"}[runs]
        yield "Controller", f"{title or controller or '<unknown>'}, {running}" if title or controller else "<none>"
        yield "Address", ", ".join(filter(None, map(str, self.ingress.status.points))) or "<none>"
        yield "Made", f"{age(self.ingress.metadata.creation_timestamp, self.snapshot.taken_at)} ago"

    def _rules(self) -> Iterator[tuple[str, str, str, str, str]]:
        for route in routes(self.ingress.spec):
            yield (route.host or "*", route.path, route.path_type, *self._led(route.backend))
        if self.ingress.spec.default_backend is not None:
            yield ("*", "everything else", "-", *self._led(self.ingress.spec.default_backend))
        if not any(backends(self.ingress.spec)):
            yield ("<none>", "-", "-", "-", "-")

    def _led(self, backend: IngressBackend) -> tuple[str, str]:
        wanted = backend.service
        if wanted is None:
            return "a resource, not a Service", "-"
        service = next(
            (e for e in self.snapshot.services if (e.namespace, e.name) == (self.ingress.namespace, wanted.name)), None
        )
        said = (wanted.port.name or str(wanted.port.number)) if wanted.port else "?"
        if service is None:
            return f"{wanted.name}:{said}", "no such Service"
        port = port_meant(service, wanted.port) if wanted.port else None
        leads = f"{wanted.name}:{said}" + (f" → {port.target_port or port.port}" if port else "")
        if service.spec.type == "ExternalName":
            return leads, service.spec.external_name or "outside"
        if not self.snapshot.could_read(ENDPOINT_SLICE):
            return leads, "?"
        count = EndpointIndex(self.snapshot).count(service)
        return leads, f"{count.ready}/{count.total} ready" if port or not wanted.port else "no such port"

    def _tls(self, known: Known) -> Iterator[tuple[str, str, str]]:
        for entry in self.ingress.spec.tls or ():
            secret = known.secrets.get((self.ingress.namespace, entry.secret_name or ""))
            told = in_words(secret, known.now) if secret is not None else "the controller's own"
            yield ", ".join(entry.hosts or ("every host",)), entry.secret_name or "-", told
        plain = [r.host for r in routes(self.ingress.spec) if r.host and tls_of(self.ingress.spec, r.host) is None]
        for host in dict.fromkeys(plain):
            yield host, "-", "none: it is served without TLS"


def _short(value: str) -> str:
    words = " ".join(value.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


COMMAND = Look(
    name="ingress show",
    model=ShowIngress,
    handler=show_ingress,
    summary="show one Ingress: who serves it, where each path leads, its certificates, and what is wrong",
    examples=("ingress show store -n shop",),
    scenario="edge",
    details="Endpoints are those of each Service that a path leads to; certificates are shown where their Secrets may "
    "be read. Its latest events stand at the end.",
)
