"""`ingress edit`: changes an Ingress, whoever made it."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.application.execution import ingress_surroundings as reading
from bot.application.execution.encrypting import with_warning
from bot.application.execution.ingress_words import PathType, as_kubectl, backend, check_accepted, check_annotations
from bot.application.execution.looking_up import existing
from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.changes.ingress_edit import plan
from bot.domain.changes.ingress_edited import Certificates, Editing
from bot.domain.changes.ingress_spec import Rule
from bot.domain.changes.ingress_wanted import Surroundings
from bot.domain.chat.addresses import AnnotationKey, AnnotationText, HostAndPath, IngressName, IngressRuleText
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import ChangeRequest, Name, ServiceBackendName, Word
from bot.domain.network.references import INGRESS, INGRESS_CLASS, ref_to
from bot.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class EditIngress(ChangeRequest):
    name: IngressName = argument("the Ingress")
    addresses: tuple[HostAndPath, ...] = argument("hosts and paths to add, or to lead elsewhere", default=())
    service: ServiceBackendName | None = option("--service", summary="the Service and port for these", default=None)
    rules: tuple[IngressRuleText, ...] = option("--rule", summary="the same as kubectl has it; repeatable", default=())
    path_type: PathType | None = option(
        "--path-type", summary="how these paths match; default: as they do, new ones as prefixes", default=None
    )
    removed: tuple[HostAndPath, ...] = option(
        "--remove", summary="a host, or one path of it, that is to go; repeatable", default=()
    )
    default_backend: ServiceBackendName | None = option(
        "--default-backend", summary="who answers what no rule leads anywhere", default=None
    )
    no_default_backend: bool = option("--no-default-backend", summary="nobody does", default=False)
    ingress_class: Name = option("--class", summary="another Ingress class", default="")
    tls: Name = option("--tls", summary="the Secret for all hosts, or for those named", default="")
    no_tls: bool = option("--no-tls", summary="no TLS for all hosts, or for those named", default=False)
    cluster_issuer: Name = option("--cluster-issuer", summary="the ClusterIssuer of cert-manager", default="")
    issuer: Name = option("--issuer", summary="the same, an Issuer of this namespace", default="")
    annotations: tuple[AnnotationText, ...] = option("--annotation", summary="an annotation; repeatable", default=())
    removed_annotations: tuple[AnnotationKey, ...] = option(
        "--remove-annotation", summary="the key of one that is to go; repeatable", default=()
    )
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def edit_ingress(request: EditIngress, context: Context) -> Change:
    """Reads the Ingress and what it is to lead to, as `ingress create` does."""
    _check(request)
    cluster, namespace = context.cluster, request.namespace
    there = await existing(cluster, ref_to(INGRESS, namespace, request.name))
    wanted = Editing(
        line=context.line,
        cluster=cluster.identity.uid,
        there=there,
        rules=tuple(_rules(request)),
        removed=tuple((each.host, each.path) for each in request.removed),
        default=backend(request.default_backend) if request.default_backend else None,
        without_default=request.no_default_backend,
        ingress_class=request.ingress_class,
        certificates=_certificates(request),
        annotations={each.key: each.value for each in request.annotations},
        removed_annotations=request.removed_annotations,
        accepted=frozenset(request.accept),
    )
    secrets = wanted.changed_secrets
    near = await reading.neighbours(cluster, namespace)
    led = await reading.services(cluster, namespace, (each.service for each in wanted.changed_backends))
    around = Surroundings(
        services={**await reading.services_there(cluster, namespace), **led},
        there=there,
        ingresses=near.snapshot.ingresses,
        classes=near.snapshot.ingress_classes if near.snapshot.could_read(INGRESS_CLASS) else None,
        vetting=await reading.vetting(context, namespace, secrets, wanted.certificates.issuing),
        behind=await reading.behind(cluster, namespace),
        unread=near.unread,
    )
    return await with_warning(cluster, plan(wanted, around))


def _check(request: EditIngress) -> None:
    """Raises UsageError for options that say nothing, or two things: before anything is read."""
    about_tls = bool(request.tls or request.no_tls or request.cluster_issuer or request.issuer)
    if request.addresses and request.service is None and not about_tls:
        raise UsageError(
            f"Where is {request.addresses[0]} to lead?",
            cause="`--service` is missing",
            next_step=f"add it, as in `--service web:80`; to take it away say `--remove {request.addresses[0]}`",
        )
    if request.service is not None and not request.addresses:
        raise UsageError(
            f"Which host or path is to lead to {request.service}?",
            cause="none was said",
            next_step=f"say it, as in `ingress edit {request.name} shop.example.com/ --service {request.service}`",
        )
    issuer = request.cluster_issuer or request.issuer
    for one, other, clash in (
        ("--tls", "--no-tls", bool(request.tls) and request.no_tls),
        (
            "--default-backend",
            "--no-default-backend",
            request.default_backend is not None and request.no_default_backend,
        ),
        ("--cluster-issuer", "--issuer", bool(request.cluster_issuer) and bool(request.issuer)),
        ("--cluster-issuer", "--no-tls", bool(issuer) and request.no_tls),
    ):
        if clash:
            raise UsageError(f"`{one}` and `{other}` do not go together", next_step="leave one of them away")
    check_accepted(request.accept)
    check_annotations([*(each.key for each in request.annotations), *request.removed_annotations])
    if request == EditIngress(namespace=request.namespace, name=request.name, dry_run=request.dry_run):
        raise UsageError(
            f"What is to change on Ingress {request.name}?",
            cause="nothing was said",
            next_step="see `help ingress edit`",
        )


def _rules(request: EditIngress) -> Iterator[tuple[Rule, bool]]:
    if request.service is not None:
        for each in request.addresses:
            kind = request.path_type or PathType.PREFIX
            led = backend(request.service)
            rule = Rule(host=each.host, path=each.path or "/", path_type=kind.value, backend=led)
            yield rule, request.path_type is None
    for word in request.rules:
        yield as_kubectl(word, ""), False


def _certificates(request: EditIngress) -> Certificates:
    named = [*(each.host for each in request.addresses), *(each.host for each in request.rules)]
    return Certificates(
        secret=request.tls,
        removed=request.no_tls,
        hosts=tuple(dict.fromkeys(named)),
        issuing=reading.issuing(request.namespace, request.cluster_issuer, request.issuer),
    )


COMMAND = Changing(
    name="ingress edit",
    model=EditIngress,
    planner=edit_ingress,
    summary="change hosts, paths, Services, class, certificates or annotations of an Ingress",
    examples=(
        "ingress edit web shop.example.com/cart --service cart:80 -n shop --dry-run",
        "ingress edit web --remove shop.example.com/api --annotation example.com/team=shop -n shop --dry-run",
    ),
    details="Only the fields that change are written, whoever made the Ingress; what it leads to is looked at as "
    "`ingress create` does. `changes undo` puts these fields back, and keeps what somebody else changed since.",
)
