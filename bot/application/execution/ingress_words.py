"""What the commands about Ingresses have in common of what is typed."""

from collections.abc import Sequence
from enum import Enum

from bot.domain.changes import ingress as planning
from bot.domain.changes.ingress_spec import Backend, Rule
from bot.domain.chat import grammar
from bot.domain.chat.addresses import IngressRuleWord
from bot.domain.chat.values import ServicePortName
from bot.errors import UsageError


class PathType(Enum):
    PREFIX = "Prefix"
    EXACT = "Exact"
    IMPLEMENTATION_SPECIFIC = "ImplementationSpecific"


def check_accepted(codes: Sequence[str]) -> None:
    """Raises UsageError for the code of a doubt that no plan of an Ingress has."""
    for code in codes:
        if code not in planning.CODES:
            raise UsageError(
                f"There is no doubt {grammar.told(code)}",
                cause=f"`--accept` takes {' and '.join(f'`{each}`' for each in planning.CODES)}",
                next_step=grammar.suggestion(code, planning.CODES),
            )


def check_annotations(keys: Sequence[str]) -> None:
    """Raises UsageError for a key that is there twice."""
    if twice := next((key for key in keys if keys.count(key) > 1), ""):
        raise UsageError(f"The annotation {twice} was given twice", next_step="give it once")


def as_kubectl(rule: IngressRuleWord, tls: str) -> Rule:
    """The rule as kubectl makes it; `tls` is the Secret where it says nothing of TLS, empty: none."""
    return Rule(
        host=rule.host,
        path=rule.path,
        path_type=(PathType.EXACT if rule.exact else PathType.PREFIX).value,
        backend=Backend(rule.service, rule.port),
        tls=rule.tls if rule.tls is not None else tls or None,
    )


def backend(named: ServicePortName) -> Backend:
    return Backend(named.service, str(named.port))
