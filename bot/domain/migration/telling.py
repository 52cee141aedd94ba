"""What is told of an Ingress besides what its parts have told: annotations that nobody reads, and habits of nginx."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.migration.nginx.losses import LOSSES
from bot.domain.migration.nginx.values import OLD_NAMES
from bot.domain.migration.outcome import Concern
from bot.domain.migration.reading import Reading
from bot.domain.network.references import JSONObject


def tell_rewriting(reading: Reading) -> None:
    """`rewrite-target` and `use-regex`, whose effect was told with each path, where they have none."""
    annotations, journal = reading.annotations, reading.journal
    told = {each.source for each in journal.carried} | {each.source for each in journal.lost}
    if annotations.has("use-regex") and "use-regex" not in told:
        why = "no path is a regular expression" if reading.regex else "false is what it is without"
        if reading.regex and reading.grpc:
            why = "paths are names of methods"
        journal.carry("use-regex", f"nothing: {why}")
    if annotations.has("rewrite-target") and "rewrite-target" not in told:
        journal.carry("rewrite-target", "nothing: the paths stay as they are")


_OF_REQUESTS = frozenset({
    "upstream-vhost", "x-forwarded-prefix", "custom-headers", "enable-cors", "cors-allow-origin", "cors-allow-methods",
    "cors-allow-headers", "cors-expose-headers", "cors-allow-credentials", "cors-max-age", "mirror-target",
    "proxy-read-timeout", "proxy-send-timeout", "backend-protocol",
})  # fmt: skip
"""What is done with a request on its way to a Service, or with what the Service answers."""


def tell_unused(reading: Reading, routed: bool) -> None:
    """What was to be in rules, where no rule has come of it. `routed`: whether there is a route at all."""
    journal, by = reading.journal, reading.redirects.elsewhere_by
    for source in dict.fromkeys(each.source for each in journal.written):
        if routed and (reading.spoken_to or source not in _OF_REQUESTS):
            continue
        journal.withdraw(source)
        if routed and by:
            journal.carry(source, f"nothing: {by} answers every request, and no Service is asked")
        else:
            journal.lose(source, "no rule leads to a Service", "see what is said of the rules")


def tell_gateway(reading: Reading, written: Sequence[JSONObject]) -> None:
    """To which Gateway the routes attach."""
    choice = reading.around.choice
    if choice.gateway:
        reading.journal.note(f"The routes attach to Gateway {choice.gateway.short}, which is there.")
        if choice.gateway.selects:
            reading.journal.note("It selects namespaces by their labels; whether this one has them was not looked at.")
    elif written:
        reading.journal.note(
            "A Gateway is written, and usually costs an address of its own: further Ingresses can share it by "
            "--gateway."
        )


def _guards(name: str) -> bool:
    loss = LOSSES.get(OLD_NAMES.get(name, name))
    return loss is not None and loss.concern is Concern.SECURITY


def _tell_guard(reading: Reading, name: str) -> None:
    """With ssl-passthrough the controller reads no other annotation, but only where it was told to pass TLS through
    (https://kubernetes.github.io/ingress-nginx/user-guide/tls/#ssl-passthrough)."""
    loss = LOSSES[OLD_NAMES.get(name, name)]
    why = (
        "it guards this Ingress unless the controller runs with --enable-ssl-passthrough, which it does not by default"
    )
    reading.journal.lose(name, f"{why}: {loss.why}", loss.instead, Concern.SECURITY)


def tell_rest(reading: Reading) -> None:
    """The annotations of which nothing was told yet: those in the table, those that no one knows, and those that have
    nothing here to apply to."""
    annotations, journal = reading.annotations, reading.journal
    for name in annotations.unread if not reading.passthrough else ():
        _tell_loss(reading, name, annotations.text(name))
    told = {each.source for each in journal.carried} | {each.source for each in journal.lost}
    for name in [each for each in annotations.names if each not in told]:
        if reading.passthrough and not reading.controller and _guards(name) and annotations.raw(name).strip():
            _tell_guard(reading, name)
        elif reading.passthrough and name != "ssl-passthrough":
            journal.carry(name, "nothing: with ssl-passthrough the controller reads no other annotation")
        elif not annotations.raw(name).strip():
            journal.carry(name, "nothing: it is empty")
        else:
            journal.carry(name, "nothing: there is nothing here that it applies to")


def _tell_loss(reading: Reading, name: str, value: str) -> None:
    journal, loss = reading.journal, LOSSES.get(OLD_NAMES.get(name, name))
    controller = reading.controller
    if name.endswith("-snippet") and controller and not controller.says("allow-snippet-annotations", True):
        why = f"{controller.name} heeds no snippets (allow-snippet-annotations is false)"
        journal.ignore(name, why, "take it away")
    elif loss is None:
        journal.lose(name, "the controller has no such annotation", "see whether it is misspelt", Concern.TUNING)
    elif value in loss.off:
        journal.carry(name, "nothing: with this value it does nothing")
    elif loss.with_ and not reading.annotations.has(loss.with_):
        journal.carry(name, f"nothing: it means something only with {loss.with_}")
    else:
        journal.lose(name, loss.why, loss.instead, loss.concern)


def tell_habits(reading: Reading) -> None:
    """What ingress-nginx does without being told: defaults of its ConfigMap
    (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/)."""
    note, has = reading.journal.note, reading.annotations.has
    if reading.served.guessed:
        note("Its class is not there: by its annotations and its class's name it is taken for one of ingress-nginx.")
    if reading.passthrough:
        return
    config = (reading.controller.config if reading.controller else None) or {}
    if any(map(reading.around.neighbours.regex, reading.paths)):
        note(
            "Where use-regex or rewrite-target is on a host, ingress-nginx ignores the case of its paths; "
            "routes do not."
        )
    if any(map(reading.secure, reading.paths)) and config.get("hsts") != "false":
        note("ingress-nginx sends Strict-Transport-Security over HTTPS unless told otherwise; these routes do not.")
    if not has("proxy-read-timeout") and "proxy-read-timeout" not in config:
        note("ingress-nginx gives up on a Service that is silent for 60 s; now the implementation's times count.")
    if not has("proxy-body-size") and "proxy-body-size" not in config:
        note("ingress-nginx refuses requests over 1 MB unless told otherwise; now the implementation's limit counts.")
    if any(each.value[1:].endswith("/") for paths in reading.paths.values() for each in paths):
        note("ingress-nginx redirects (301) /path to /path/ where only the latter is a path; a Gateway does not.")
