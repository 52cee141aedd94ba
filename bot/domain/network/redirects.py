"""Where a route's redirect leads, and whether an answer is that redirect.

See https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter: a scheme brings its usual port along,
without one the port is the listener's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from bot.domain.network.answering import rule_for
from bot.domain.network.claims import Claim
from bot.domain.network.references import JSONObject

_USUAL_STATUS = 302
_USUAL = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Redirect:
    """What has to be answered."""

    status: int
    location: str
    """A URL; without a host it is the one that was asked for: `https:///cart`."""


def redirect(route: JSONObject, path: str, scheme: str, port: int) -> Redirect | None:
    """With what a route answers a GET of that path at a listener; None: it leads on."""
    if (found := rule_for(route, path)) is None:
        return None
    claim, rule = found
    to = next(_redirects(rule), None)
    if to is None:
        return None
    said = str(to.get("scheme") or "")
    number = int(to.get("port") or _USUAL.get(said, port))
    to_scheme = said or scheme
    where = str(to.get("hostname") or "") + ("" if number == _USUAL.get(to_scheme) else f":{number}")
    return Redirect(int(to.get("statusCode") or _USUAL_STATUS), f"{to_scheme}://{where}{_path(to, claim, path)}")


def to_tls(route: JSONObject) -> bool:
    """Whether a rule of it redirects to TLS."""
    spec: Any = route.get("spec") or {}
    return any(to.get("scheme") == "https" for rule in spec.get("rules") or () for to in _redirects(rule))


def leads_there(location: str, wanted: str, asked: str) -> bool:
    """Whether what stands in an answer to `asked` (a URL) is where it should lead: scheme, host, port and path; a usual
    port may be said or not (https://www.rfc-editor.org/rfc/rfc9110#name-location). To another host by the same scheme
    the port that was asked will do as well as the listener's: Traefik keeps to it."""
    if not location:
        return False
    try:
        found, should, own = urlsplit(urljoin(asked, location)), urlsplit(wanted), urlsplit(asked)
        port, right, asked_port = (each.port or _USUAL.get(each.scheme) for each in (found, should, own))
    except ValueError:
        return False
    same_host = (found.hostname or "").lower() == (should.hostname or own.hostname or "").lower()
    same_port = port == right or (port == asked_port and bool(should.hostname) and should.scheme == own.scheme)
    same_path = (found.path or "/") == (should.path or "/")
    return found.scheme == should.scheme and same_host and same_port and same_path


def with_host(location: str, host: str) -> str:
    """Where it should lead, with the host that is asked for."""
    scheme, _, rest = location.partition("://")
    return f"{scheme}://{host if rest[:1] in ('/', ':') else ''}{rest}"


def _redirects(rule: Any) -> Any:
    return (each["requestRedirect"] for each in rule.get("filters") or () if each.get("requestRedirect"))


def _path(to: dict[str, Any], claim: Claim, path: str) -> str:
    new = to.get("path") or {}
    if new.get("type") == "ReplaceFullPath":
        return str(new.get("replaceFullPath") or "/")
    if new.get("type") == "ReplacePrefixMatch":
        return str(new.get("replacePrefixMatch") or "/").rstrip("/") + path[len(claim.path.rstrip("/")) :] or "/"
    return path
