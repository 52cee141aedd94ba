"""`ingress create`: leads host names and paths to Services."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.application.execution import ingress_surroundings as reading
from bot.application.execution.encrypting import with_warning
from bot.application.execution.ingress_words import PathType, as_kubectl, backend, check_accepted, check_annotations
from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.changes.ingress import plan
from bot.domain.changes.ingress_spec import Rule
from bot.domain.changes.ingress_wanted import Surroundings, Wanted
from bot.domain.chat.addresses import AnnotationText, HostAndPath, HostPath, IngressRuleText
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import ChangeRequest, Name, ServiceBackendName, URLPath, Word
from bot.domain.network.cert_manager import secret_name
from bot.domain.network.references import INGRESS_CLASS
from bot.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class CreateIngress(ChangeRequest):
    addresses: tuple[HostAndPath, ...] = argument("the host names to serve, each with a path if you like", default=())
    service: ServiceBackendName | None = option(
        "--service", summary="the Service and its port, by number or name", default=None
    )
    rules: tuple[IngressRuleText, ...] = option(
        "--rule", summary="one rule as `kubectl create ingress` takes it; repeatable", default=()
    )
    default_backend: ServiceBackendName | None = option(
        "--default-backend", summary="who answers what no rule leads anywhere", default=None
    )
    path: URLPath = option("--path", summary="the path of hosts that name none", default="/")
    path_type: PathType = option(
        "--path-type", summary="how paths match: all below them, or exactly", default=PathType.PREFIX
    )
    ingress_class: Name = option("--class", summary="the Ingress class; default: the cluster's default", default="")
    tls: Name = option("--tls", summary="the Secret with the certificate of all hosts", default="")
    cluster_issuer: Name = option(
        "--cluster-issuer", summary="the ClusterIssuer that cert-manager gets certificates from", default=""
    )
    issuer: Name = option("--issuer", summary="the same, an Issuer of this namespace", default="")
    annotations: tuple[AnnotationText, ...] = option("--annotation", summary="an annotation; repeatable", default=())
    name: Name = option("--name", summary="the Ingress's name; default: the first Service's", default="")
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def create_ingress(request: CreateIngress, context: Context) -> Change:
    """Reads the Services, what leads to the same hosts, the classes, and of Secrets their certificates."""
    _check(request)
    namespace, cluster = request.namespace, context.cluster
    rules = tuple(_rules(request))
    default = backend(request.default_backend) if request.default_backend else None
    led = [*(rule.backend for rule in rules), *([default] if default else [])]
    services = await reading.services(cluster, namespace, (each.service for each in led))
    wanted = Wanted(
        line=context.line,
        cluster=cluster.identity.uid,
        namespace=namespace,
        name=request.name or led[0].service,
        rules=rules,
        default=default,
        default_tls=request.tls,
        ingress_class=request.ingress_class,
        annotations={each.key: each.value for each in request.annotations},
        issuing=reading.issuing(namespace, request.cluster_issuer, request.issuer),
        accepted=frozenset(request.accept),
        name_said=bool(request.name),
    )
    near = await reading.neighbours(cluster, namespace)
    around = Surroundings(
        services=services,
        there=await reading.found(cluster, namespace, wanted.name),
        ingresses=near.snapshot.ingresses,
        classes=near.snapshot.ingress_classes if near.snapshot.could_read(INGRESS_CLASS) else None,
        vetting=await reading.vetting(context, namespace, wanted.secrets, wanted.issuing),
        behind=await reading.behind(cluster, namespace),
        unread=near.unread,
    )
    return await with_warning(cluster, plan(wanted, around))


def _check(request: CreateIngress) -> None:
    """Raises UsageError for options that do not go together: before anything is read."""
    if request.addresses and request.service is None:
        raise UsageError(
            f"Which Service is to answer {request.addresses[0]}?",
            cause="`--service` is missing",
            next_step="add it, as in `--service web:80`",
        )
    if request.service is not None and not request.addresses:
        raise UsageError(
            f"Which host is to lead to {request.service}?",
            cause="no host name was said",
            next_step=f"say one, as in `ingress create shop.example.com --service {request.service}`, or `*` for all",
        )
    if not request.addresses and not request.rules and request.default_backend is None:
        raise UsageError(
            "That Ingress would lead nowhere",
            cause="a host name, a `--rule` or a `--default-backend` was expected",
            next_step="for example `ingress create shop.example.com --service web:80`",
        )
    if request.path != "/" and not any(not each.path for each in request.addresses):
        raise UsageError(
            f"`--path {request.path}` is for hosts without a path, and there is none",
            next_step="say the path once, behind its host or by `--path`",
        )
    _check_certificates(request)
    check_accepted(request.accept)
    check_annotations([each.key for each in request.annotations])


def _check_certificates(request: CreateIngress) -> None:
    if not request.cluster_issuer and not request.issuer:
        return
    named = "--cluster-issuer" if request.cluster_issuer else "--issuer"
    if request.cluster_issuer and request.issuer:
        raise UsageError(
            "Two issuers are named", cause="a certificate comes from one", next_step="leave one of them away"
        )
    if not _first_host(request):
        raise UsageError(
            f"`{named}` needs a host name", cause="a certificate is for names", next_step="say for which one"
        )
    if any(each.tls == "" for each in request.rules):
        raise UsageError(
            f"`{named}` and `,tls` without a Secret do not go together",
            cause="cert-manager has to know which Secret to write",
            next_step="name it, as in `,tls=shop-cert`, or leave `,tls` away",
        )


def _rules(request: CreateIngress) -> Iterator[Rule]:
    """Those of positional words first, then those in kubectl's way."""
    issued = secret_name(_first_host(request)) if request.cluster_issuer or request.issuer else ""
    everywhere = request.tls or issued
    for address in request.addresses:
        yield _positional(request, address, everywhere)
    for rule in request.rules:
        yield as_kubectl(rule, everywhere)


def _first_host(request: CreateIngress) -> str:
    """Empty: it is for every host."""
    named = [*(each.host for each in request.addresses), *(each.host for each in request.rules)]
    return next(filter(None, named), "")


def _positional(request: CreateIngress, address: HostPath, tls: str) -> Rule:
    assert request.service is not None
    return Rule(
        host=address.host,
        path=address.path or request.path,
        path_type=request.path_type.value,
        backend=backend(request.service),
        tls=tls or None,
    )


COMMAND = Changing(
    name="ingress create",
    model=CreateIngress,
    planner=create_ingress,
    summary="lead host names and paths to Services",
    examples=(
        "ingress create new.example.com --service web:80 --name web-new -n shop",
        "ingress create new.example.com/api www.example.com --service web:http --name web-api -n shop --dry-run",
        "ingress create --rule 'new.example.com/*=web:80' --rule 'new.example.com/api*=api:80' --name both -n shop "
        "--dry-run",
    ),
    details="The Services, their ports and the TLS Secret must exist; the certificate must be for every host and not "
    "expired, or cert-manager makes one (`--cluster-issuer`, `--issuer`). Who leads the same host and path already is "
    "found before anything is written. Afterwards each Service is asked, and each host by its address. "
    "`changes undo` takes it back.",
)
