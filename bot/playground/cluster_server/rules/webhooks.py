"""Configurations of admission webhooks, judged. The room `webhooks/` puts requests to them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.playground.cluster_server.naming import LABEL_1035, SUBDOMAIN, label_selector, name_causes
from bot.playground.cluster_server.rules.admission import service_port
from bot.playground.cluster_server.rules.contract import Object, Rules
from bot.playground.cluster_server.statuses import Cause, duplicate, invalid, required, unsupported

_VERSIONS = ("v1", "v1beta1")
_WITHOUT_EFFECTS = ("None", "NoneOnDryRun")
_CHOICES = (("failurePolicy", ("Fail", "Ignore")), ("matchPolicy", ("Equivalent", "Exact")))
_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_ALL = (("apiGroups", "API groups"), ("apiVersions", "API versions"))
_FORM = "; desired format: https://host[/path]"


def _fill(configuration: Object) -> None:
    for webhook in configuration.get("webhooks") or ():
        service_port(webhook.get("clientConfig"))
        for name, value in (("failurePolicy", "Fail"), ("matchPolicy", "Equivalent"), ("timeoutSeconds", 10)):
            webhook.setdefault(name, value)
        for name in ("namespaceSelector", "objectSelector"):
            webhook.setdefault(name, {})
        if configuration["kind"].startswith("Mutating"):
            webhook.setdefault("reinvocationPolicy", "Never")
        for rule in webhook.get("rules") or ():
            rule.setdefault("scope", "*")


def _judge(configuration: Object, before: Object | None) -> Iterator[Cause]:
    seen: set[str] = set()
    for number, webhook in enumerate(configuration.get("webhooks") or ()):
        at, name = f"webhooks[{number}]", webhook.get("name", "")
        yield from _judge_name(name, f"{at}.name")
        yield from _judge_webhook(webhook, at)
        yield from _judge_versions(webhook.get("admissionReviewVersions") or [], f"{at}.admissionReviewVersions")
        if name in seen:
            yield duplicate(f"{at}.name", name)
        seen |= {name} - {""}


def _judge_name(name: str, at: str) -> Iterator[Cause]:
    wrong = list(name_causes(at, name, SUBDOMAIN)) if name else [required(at)]
    yield from wrong
    if not wrong and name.count(".") < 2:
        yield invalid(at, name, "should be a domain with at least three segments separated by dots")


def _judge_webhook(webhook: Object, at: str) -> Iterator[Cause]:
    for number, rule in enumerate(webhook.get("rules") or ()):
        yield from _judge_rule(rule, f"{at}.rules[{number}]")
    for name, choices in _CHOICES:
        if webhook[name] not in choices:
            yield unsupported(f"{at}.{name}", webhook[name], choices)
    effects = webhook.get("sideEffects")
    if not effects:
        yield required(f"{at}.sideEffects", f"must specify one of {', '.join(_WITHOUT_EFFECTS)}")
    elif effects not in _WITHOUT_EFFECTS:
        yield unsupported(f"{at}.sideEffects", effects, _WITHOUT_EFFECTS)
    seconds = webhook["timeoutSeconds"]
    if not 1 <= seconds <= 30:
        yield invalid(f"{at}.timeoutSeconds", seconds, "the timeout value must be between 1 and 30 seconds")
    turns = webhook.get("reinvocationPolicy", "Never")
    if turns not in ("IfNeeded", "Never"):
        yield unsupported(f"{at}.reinvocationPolicy", turns, ("IfNeeded", "Never"))
    for name in ("namespaceSelector", "objectSelector"):
        yield from label_selector(f"{at}.{name}", webhook.get(name))
    yield from _judge_client(webhook.get("clientConfig") or {}, f"{at}.clientConfig")


def _judge_rule(rule: Object, at: str) -> Iterator[Cause]:
    operations = rule.get("operations") or []
    if not operations:
        yield required(f"{at}.operations")
    if len(operations) > 1 and "*" in operations:
        yield invalid(f"{at}.operations", operations, "if '*' is present, must not specify other operations")
    for number, operation in enumerate(operations):
        if operation not in _OPERATIONS:
            yield unsupported(f"{at}.operations[{number}]", operation, _OPERATIONS)
    for name, called in _ALL:
        found = rule.get(name) or []
        if not found:
            yield required(f"{at}.{name}")
        if len(found) > 1 and "*" in found:
            yield invalid(f"{at}.{name}", found, f"if '*' is present, must not specify other {called}")
    for number, version in enumerate(rule.get("apiVersions") or ()):
        if not version:
            yield required(f"{at}.apiVersions[{number}]")
    yield from _judge_resources(rule.get("resources") or [], f"{at}.resources")
    if rule.get("scope", "*") not in _SCOPES:
        yield unsupported(f"{at}.scope", rule["scope"], _SCOPES)


def _judge_resources(resources: list[str], at: str) -> Iterator[Cause]:
    if not resources:
        yield required(at)
    for number, said in enumerate(resources):
        if not said:
            yield required(f"{at}[{number}]")
            continue
        resource, _, subresource = said.partition("/")
        for wide in (f"{resource}/*", f"*/{subresource}"):
            if subresource and wide in resources[:number]:
                yield invalid(f"{at}[{number}]", said, f"if '{wide}' is present, must not specify {said}")
    if len(resources) > 1 and "*/*" in resources:
        yield invalid(at, resources, "if '*/*' is present, must not specify other resources")
    whole = [said for said in resources if said and "/" not in said]
    if "*" in whole and whole[-1] != "*":  # the real server looks at the last one alone
        said = "if '*' is present, must not specify other resources without subresources"
        yield invalid(at, resources, said)


def _judge_client(client: Object, at: str) -> Iterator[Cause]:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield required(at, "exactly one of url or service is required")
    elif service is None:
        yield from _judge_url(str(url), f"{at}.url")
    else:
        yield from _judge_service(service, f"{at}.service")


def _judge_url(url: str, at: str) -> Iterator[Cause]:
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if parts.scheme != "https":
        yield invalid(at, parts.scheme, f"'https' is the only allowed URL scheme{_FORM}")
    if not host:
        yield invalid(at, host, f"host must be specified{_FORM}")
    if user:
        yield invalid(at, user, "user information is not permitted in the URL")
    if parts.fragment:
        yield invalid(at, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        yield invalid(at, parts.query, "query parameters are not permitted in the URL")


def _judge_service(service: Object, at: str) -> Iterator[Cause]:
    for name in ("name", "namespace"):
        if not service.get(name):
            yield required(f"{at}.{name}")
    if not 1 <= service["port"] <= 65535:
        yield invalid(f"{at}.port", service["port"], "port is not valid: must be between 1 and 65535, inclusive")
    path = service.get("path") or "/"
    if path == "/":
        return
    if path == "//":
        yield invalid(f"{at}.path", path, "segment[0] may not be empty")
        return
    if not path.startswith("/"):
        yield invalid(f"{at}.path", path, "must start with a '/'")
    for number, step in enumerate(path[1:].removesuffix("/").split("/")):
        if not step:
            yield invalid(f"{at}.path", path, f"segment[{number}] may not be empty")
        elif any(name_causes("", step, SUBDOMAIN)):
            yield invalid(f"{at}.path", path, f"segment[{number}]: {SUBDOMAIN[2]}")


def _judge_versions(versions: list[str], at: str) -> Iterator[Cause]:
    if not versions:
        yield required(at, f"must specify one of {', '.join(_VERSIONS)}")
        return
    for number, version in enumerate(versions):
        if version in versions[:number]:
            yield invalid(f"{at}[{number}]", version, "duplicate version")
        else:
            yield from name_causes(f"{at}[{number}]", version, LABEL_1035)
    if not set(_VERSIONS) & set(versions):
        yield invalid(at, versions, f"must include at least one of {', '.join(_VERSIONS)}")


RULES = Rules(fill=_fill, judge=_judge)
