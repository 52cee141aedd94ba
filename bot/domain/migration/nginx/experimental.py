"""Annotations that the experimental channel of the Gateway API has fields for, where a cluster's definitions have them.

https://gateway-api.sigs.k8s.io/geps/gep-1619/ (sessionPersistence), …/gep-1731/ (retry), …/gep-1494/ (externalAuth).
Without the field nothing is read here, and the annotations are told as lost, like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.migration.features import Features
from bot.domain.migration.nginx.values import HEADER, Annotations, duration
from bot.domain.migration.outcome import Journal
from bot.domain.network.references import JSON, JSONObject

_UNSURE = "it is of the experimental channel: see that the implementation has it"
_COOKIE = "INGRESSCOOKIE"
_LONGEST_NAME = 128
_TIMES = ("session-cookie-max-age", "session-cookie-expires")
_SERVICE = re.compile(
    r"http://(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)(?:\.svc(?:\.cluster\.local\.?)?)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[-A-Za-z0-9/._~!&'()*+,;=:@]{0,1023})?"
)
_STATUS = re.compile(r"http_([45][0-9]{2})")
_IMPLIED = frozenset({"error", "timeout", "invalid_header"})


@dataclass(frozen=True, slots=True)
class Experimental:
    """What rules get; None: nothing, since it is not said or there is no such field."""

    session: JSONObject | None = None
    retry: JSONObject | None = None
    auth: JSONObject | None = None
    """A filter."""


def experimental(annotations: Annotations, namespace: str, features: Features, journal: Journal) -> Experimental:
    """What the annotations say, told along the way."""
    has = features.experimental
    return Experimental(
        session=_session(annotations, journal) if "sessionPersistence" in has else None,
        retry=_retry(annotations, journal) if "retry" in has else None,
        auth=_auth(annotations, namespace, journal) if "externalAuth" in has else None,
    )


# --- to whom a client comes back


def _session(annotations: Annotations, journal: Journal) -> JSONObject | None:
    if annotations.raw("affinity").strip() != "cookie":
        return None
    annotations.text("affinity")
    journal.carry("affinity", "sessionPersistence of type Cookie", _UNSURE)
    name = annotations.text("session-cookie-name") or _COOKIE
    if not HEADER.fullmatch(name) or len(name) > _LONGEST_NAME:
        annotations.malformed("session-cookie-name", "it is no name of a cookie")
        name = _COOKIE
    elif annotations.has("session-cookie-name"):
        journal.carry("session-cookie-name", f"sessionName {name}")
    session: dict[str, JSON] = {"type": "Cookie", "sessionName": name}
    said = {each: annotations.number(each, 0) for each in _TIMES if annotations.has(each)}
    lasting = next((each for each, seconds in said.items() if seconds > 0), "")
    for each, seconds in said.items():
        if each == lasting:
            journal.carry(each, f"absoluteTimeout {duration(seconds)}")
        else:
            journal.carry(each, f"nothing: {f'{lasting} counts' if lasting else 'the cookie ends with the browser'}")
    if lasting:
        session |= {"absoluteTimeout": duration(said[lasting]), "cookieConfig": {"lifetimeType": "Permanent"}}
    return session


# --- who is asked again


def _retry(annotations: Annotations, journal: Journal) -> JSONObject | None:
    """The controller counts tries, the first one included; a route counts those that come after it."""
    when = annotations.text("proxy-next-upstream").split()
    tries = annotations.number("proxy-next-upstream-tries", 3)
    if not annotations.heeded("proxy-next-upstream-tries") and not when:
        return None
    if when == ["off"] or tries == 1:
        for each in [each for each in _NEXT if annotations.heeded(each)]:
            journal.carry(each, "nothing: no request is sent again")
        return None
    retry: dict[str, JSON] = {"attempts": (tries or 3) - 1}
    if annotations.heeded("proxy-next-upstream-tries"):
        endless = "" if tries else "0 meant without end: 2 are written"
        journal.carry("proxy-next-upstream-tries", f"retry.attempts {(tries or 3) - 1}", endless)
    if codes := sorted({int(match[1]) for each in when if (match := _STATUS.fullmatch(each))}):
        retry["codes"] = [*codes]
    if when:
        journal.carry("proxy-next-upstream", f"retry{f' with codes {codes}' if codes else ''}", _UNSURE)
    if left := [each for each in when if each not in _IMPLIED and not _STATUS.fullmatch(each)]:
        why = f"a route does not tell requests apart by {', '.join(left)[:100]}"
        journal.lose("proxy-next-upstream", why, "see which requests may be repeated")
    return retry


_NEXT = ("proxy-next-upstream", "proxy-next-upstream-tries")


# --- who may come in


def _auth(annotations: Annotations, namespace: str, journal: Journal) -> JSONObject | None:
    """Only to a Service of the cluster, over HTTP; else the annotation is lost as without the field."""
    match = _SERVICE.fullmatch(annotations.raw("auth-url").strip())
    if match is None or not 1 <= int(match["port"] or 80) <= 65535:
        return None
    annotations.text("auth-url")
    service, path, port = match["service"], match["path"] or "/", int(match["port"] or 80)
    where = f"{match['namespace']}/{service}:{port}"
    journal.carry("auth-url", f"an ExternalAuth filter that asks Service {where}", _UNSURE)
    journal.lose(
        "auth-url",
        f"the Service is asked for {path.rstrip('/')}/… with the path of the request behind it, not for {path} alone: "
        "one that does not know such paths keeps everybody out",
        "see that it answers so, and that the implementation has the filter (a route whose filter it does not know is "
        "to be refused)",
    )
    backend: dict[str, JSON] = {"name": service, "port": port}
    if match["namespace"] != namespace:
        backend["namespace"] = match["namespace"]
    http: dict[str, JSON] = {"path": path}
    names = [each.strip() for each in annotations.text("auth-response-headers").split(",")]
    if kept := list(dict.fromkeys(each for each in names if HEADER.fullmatch(each)))[:64]:
        http["allowedResponseHeaders"] = [*kept]
        journal.carry("auth-response-headers", "allowedResponseHeaders of the ExternalAuth filter")
    asking: JSONObject = {"protocol": "HTTP", "backendRef": backend, "http": http}
    return {"type": "ExternalAuth", "externalAuth": asking}
