"""`ingress list`: what `kubectl get ingresses` shows, whether somebody stands behind each, and its certificates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from bot.application.execution import ingress_looking as looking
from bot.application.execution.looking_up import check_namespace
from bot.application.execution.objects import printed
from bot.application.ports import Context, Look
from bot.domain.chat.report import Block, Bullets, Plain, Report, Status, Text, table, text
from bot.domain.chat.values import Listing, OutputFormat
from bot.domain.chat.wording import unread_notes
from bot.domain.network.ages import age
from bot.domain.network.ingresses import backends, class_of, hosts, routes, tls_of
from bot.domain.network.references import ENDPOINT_SLICE, INGRESS, SERVICE
from bot.domain.network.services import EndpointIndex
from bot.domain.network.snapshot import Ingress, IngressTLS, Snapshot
from bot.domain.network.tls_secrets import TLSSecret, wrong_with

_SHOWN_WARNINGS = 10
_SHOWN_HOSTS = 3


async def list_ingresses(request: Listing, context: Context) -> Report:
    title = f"Ingresses in {request.where or 'all namespaces'}"
    if request.output in (OutputFormat.YAML, OutputFormat.JSON):
        objects = await context.cluster.list(INGRESS, request.where, request.selector)
        return Report(status=Status.OK, title=title, blocks=(printed(objects, request.output),))
    snapshot = await looking.read(context, request.where, request.selector)
    if not snapshot.could_read(INGRESS):
        return Report(
            status=Status.FAILED, title="The Ingresses could not be read", footnotes=unread_notes(snapshot.unread)
        )
    if not snapshot.ingresses:
        if request.where:
            await check_namespace(context.cluster, request.where)
        return _nothing(request)
    secrets = await looking.secrets(context, snapshot.ingresses)
    rows = sorted(snapshot.ingresses, key=lambda each: (each.namespace, each.name))
    picture = _Picture(snapshot, secrets, request)
    blocks: list[Block] = [picture.table(rows)]
    if warnings := picture.warnings(rows):
        blocks.append(Bullets(tuple(warnings)))
    return Report(
        status=Status.OK,
        title=title,
        blocks=tuple(blocks),
        footnotes=(*unread_notes(snapshot.unread), *secrets.notes),
    )


def _nothing(request: Listing) -> Report:
    having = f" have the labels {request.selector}" if request.selector else ""
    everywhere = ", or look everywhere by `ingress list -A`" if request.where else ""
    return Report(
        status=Status.OK,
        title=f"No Ingresses in {request.where or 'any namespace'}{having}",
        footnotes=() if having else (text(f"Make one by `ingress create`{everywhere}"),),
    )


class _Picture:
    """What was read, by what it is looked for."""

    def __init__(self, snapshot: Snapshot, secrets: looking.Secrets, request: Listing) -> None:
        self._snapshot, self._secrets, self._request = snapshot, secrets, request
        self._services = {(each.namespace, each.name): each for each in snapshot.services}
        self._endpoints = EndpointIndex(snapshot) if snapshot.could_read(ENDPOINT_SLICE, SERVICE) else None

    def table(self, rows: list[Ingress]) -> Block:
        columns = ["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "TLS", "BACKENDS", "AGE"]
        if self._request.all_namespaces:
            columns.insert(0, "NAMESPACE")
        if self._request.output is OutputFormat.WIDE:
            columns.append("LEADS")
        return table(columns, map(self._row, rows))

    def _row(self, ingress: Ingress) -> list[str]:
        led = [f"{address} → {each.name}:{_port(each.port)}" for _, each, address in backends(ingress.spec)]
        return [
            *([ingress.namespace] if self._request.all_namespaces else []),
            ingress.name,
            class_of(ingress) or "<none>",
            _few([host or "*" for host in hosts(ingress.spec)]) or "*",
            ",".join(filter(None, ingress.status.addresses)) or "<none>",
            "80, 443" if ingress.spec.tls else "80",
            self._tls(ingress),
            self._backends(ingress),
            age(ingress.metadata.creation_timestamp, self._snapshot.taken_at),
            *([", ".join(led)] if self._request.output is OutputFormat.WIDE else []),
        ]

    def _tls(self, ingress: Ingress) -> str:
        """The certificate that ends first."""
        if not ingress.spec.tls:
            return "-"
        named = [self._secret(ingress, entry.secret_name or "") for entry in ingress.spec.tls]
        known = [each for each in named if each is not None and not each.unread]
        if any(self._wrong(ingress, entry) for entry in ingress.spec.tls):
            return "wrong"
        ends = [each.pair.certificate.days_left(self._snapshot.taken_at) for each in known if each.pair]
        if not ends:
            return "?" if any(named) else "of the controller"
        return f"{min(ends)}d left" if min(ends) >= 0 else "expired"

    def _wrong(self, ingress: Ingress, entry: IngressTLS) -> str:
        secret = self._secret(ingress, entry.secret_name or "")
        return wrong_with(secret, entry.hosts or (), self._snapshot.taken_at) if secret is not None else ""

    def _secret(self, ingress: Ingress, name: str) -> TLSSecret | None:
        return self._secrets.by_place.get((ingress.namespace, name))

    def _backends(self, ingress: Ingress) -> str:
        """Services with a ready endpoint, of all that it leads to."""
        named = list(dict.fromkeys(each.name for _, each, _ in backends(ingress.spec)))
        if self._endpoints is None:
            return "?"
        return f"{sum(self._answers(ingress, name) for name in named)}/{len(named)} ready"

    def _answers(self, ingress: Ingress, name: str) -> bool:
        service = self._services.get((ingress.namespace, name))
        if service is None or self._endpoints is None:
            return False
        return service.spec.type == "ExternalName" or bool(self._endpoints.count(service).ready)

    def warnings(self, rows: list[Ingress]) -> list[Text]:
        found = [text(Plain(f"{each.ref.short} {why}")) for each in rows for why in self._warned(each)]
        shown = list(itertools.islice(found, _SHOWN_WARNINGS))
        if len(found) > _SHOWN_WARNINGS:
            shown.append(text(f"and {len(found) - _SHOWN_WARNINGS} more"))
        if shown:
            where = "-A" if self._request.all_namespaces else f"-n {self._request.namespace}"
            shown.append(text(f"More, with the field at fault: `ingress check {where}`"))
        return shown

    def _warned(self, ingress: Ingress) -> Iterator[str]:
        if not ingress.status.addresses:
            yield "has no address: its controller has not taken it, or does not run"
        if self._endpoints is not None:
            for name in dict.fromkeys(each.name for _, each, _ in backends(ingress.spec)):
                if (ingress.namespace, name) not in self._services:
                    yield f"leads to Service {name}, which does not exist"
                elif not self._answers(ingress, name):
                    yield f"leads to Service {name}, which has no ready endpoints"
        for entry in ingress.spec.tls or ():
            if why := self._wrong(ingress, entry):
                yield f"has TLS by Secret {entry.secret_name}: {why}"
        plain = [host for host in hosts(ingress.spec) if ingress.spec.tls and tls_of(ingress.spec, host) is None]
        if plain:
            yield f"serves {_few(plain)} without TLS, unlike its other hosts"
        if not any(routes(ingress.spec)) and ingress.spec.default_backend is None:
            yield "leads nowhere"


def _port(port: object) -> str:
    return str(getattr(port, "name", None) or getattr(port, "number", None) or "?")


def _few(words: list[str]) -> str:
    more = f" +{len(words) - _SHOWN_HOSTS}" if len(words) > _SHOWN_HOSTS else ""
    return ", ".join(words[:_SHOWN_HOSTS]) + more


COMMAND = Look(
    name="ingress list",
    model=Listing,
    handler=list_ingresses,
    summary="list Ingresses with their hosts, addresses, certificates and ready backends",
    examples=("ingress list -n shop", "ingress list -A -o wide"),
    scenario="edge",
    details="BACKENDS counts the Services with a ready endpoint; TLS is the certificate that ends first, where the "
    "Secrets may be read. `-o wide` adds what leads where.",
)
