"""The redirects of ingress-nginx: to HTTPS (by default, with 308), to another address, to the root of an application.

See internal/ingress/annotations/{rewrite,redirect} of https://github.com/kubernetes/ingress-nginx: `temporal-redirect`
comes before `permanent-redirect`; a code that is no redirect becomes 302 or 301.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.migration.features import Features
from bot.domain.migration.gateway_api import LONGEST_PATH
from bot.domain.migration.nginx.controller import Controller, of_the_config_map
from bot.domain.migration.nginx.values import HOST, Annotations
from bot.domain.migration.outcome import Journal
from bot.domain.network.references import JSONObject

_URL = re.compile(
    r"(?P<scheme>https?|\$scheme)://(?P<host>[^/?#:]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^?#]*)?(?P<more>[?#].*)?"
)
_SAME_HOST = frozenset({"$host", "$http_host", "$server_name"})
_AS_IT_IS = "$request_uri"
_BOTH = "listeners for HTTP and HTTPS: HTTP is answered like HTTPS"
_PATH = re.compile(r"/[-A-Za-z0-9/._~!&'()*+,;=:@%]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirects:
    """Where an Ingress sends its clients instead of answering them."""

    to_https: bool
    """From HTTP, for hosts with TLS."""
    to_https_behind_proxy: bool
    """Also where TLS ends before the controller, which X-Forwarded-Proto tells."""
    https_code: int
    usual: Usual
    known: bool
    """Whether the implementation says which codes it takes."""
    elsewhere: JSONObject | None = None
    """A RequestRedirect filter that answers every request, before any other redirect is looked at: nginx's own `return`
    comes before what the controller does in Lua."""
    elsewhere_by: str = ""
    """The annotation that says so."""
    app_root: str = ""
    """Where `/` is sent to, with 302."""
    www: bool = False


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds where an Ingress says nothing: the controller's defaults, or its ConfigMap."""

    to_https: bool = True
    forced: bool = False
    code: int = 308


def usual_of(controller: Controller | None) -> Usual:
    """By `ssl-redirect`, `force-ssl-redirect` and `http-redirect-code`."""
    if controller is None:
        return Usual()
    code = (controller.config or {}).get("http-redirect-code", "")
    return Usual(
        to_https=controller.says("ssl-redirect", True),
        forced=controller.says("force-ssl-redirect", False),
        code=int(code) if code in ("301", "302", "307", "308") else 308,
    )


def redirects(annotations: Annotations, features: Features, usual: Usual, journal: Journal) -> Redirects:
    """What the annotations say; what a RequestRedirect cannot say is told."""
    forced = annotations.flag("force-ssl-redirect", usual.forced)
    by, elsewhere = _elsewhere(annotations, features, journal)
    if annotations.has("preserve-trailing-slash"):
        annotations.flag("preserve-trailing-slash", False)
        journal.carry("preserve-trailing-slash", "nothing: a redirect keeps the path as it is")
    return Redirects(
        to_https=annotations.flag("ssl-redirect", usual.to_https) or forced,
        to_https_behind_proxy=forced,
        https_code=usual.code if usual.code in features.redirect_codes else 301,
        usual=usual,
        known=bool(features.class_name),
        elsewhere=elsewhere,
        elsewhere_by=by,
        app_root=_app_root(annotations, journal),
        www=annotations.flag("from-to-www-redirect", False),
    )


def _app_root(annotations: Annotations, journal: Journal) -> str:
    root = annotations.text("app-root")
    if not root:
        return ""
    if not _PATH.fullmatch(root) or len(root) > LONGEST_PATH:
        journal.lose("app-root", "a redirect of a route takes a plain path", "have the application redirect /")
        return ""
    return root


def _elsewhere(annotations: Annotations, features: Features, journal: Journal) -> tuple[str, JSONObject | None]:
    """The annotation that counts, and the filter that it becomes."""
    by, found = "", None
    for name, usual in (("temporal-redirect", 302), ("permanent-redirect", 301)):
        url, said = annotations.text(name), annotations.number(f"{name}-code", usual)
        if by:
            for each in [each for each in (name, f"{name}-code") if annotations.has(each)]:
                journal.carry(each, f"nothing: {by} comes before it")
        elif url:
            code = said if said in features.redirect_codes else usual
            by, found = name, _redirect(name, url, code, journal)
            if annotations.has(f"{name}-code"):
                _tell_code(name, said, code, found is not None, journal)
        elif annotations.has(f"{name}-code"):
            journal.carry(f"{name}-code", f"nothing: there is no {name}")
    return by if found else "", found


def _tell_code(name: str, said: int, code: int, written: bool, journal: Journal) -> None:
    if not 300 <= said <= 308:
        journal.carry(f"{name}-code", f"nothing: {said} is no redirect, and the controller took {code}")
    elif not written:
        journal.lose(f"{name}-code", f"its {name} does not carry over", "see there")
    elif said != code:
        journal.lose(f"{name}-code", f"a route does not redirect with {said}", f"{code} is written; see if it will do")
    else:
        journal.carry(f"{name}-code", f"statusCode {code}")


def _redirect(name: str, url: str, code: int, journal: Journal) -> JSONObject | None:
    keeps = url.endswith(_AS_IT_IS)
    match = _URL.fullmatch(url.removesuffix(_AS_IT_IS))
    if match is None or not _sayable(match, keeps):
        journal.lose(
            name,
            "a route redirects to a plain address, with the path as it was or one fixed path",
            "have the application redirect, or a middleware of the implementation",
        )
        return None
    to: JSONObject = {"statusCode": code}
    if match["scheme"] != "$scheme":
        to["scheme"] = match["scheme"]
    if match["host"] not in _SAME_HOST:
        to["hostname"] = match["host"].lower()
    if match["port"]:
        to["port"] = int(match["port"])
    if not keeps:
        to["path"] = {"type": "ReplaceFullPath", "replaceFullPath": match["path"] or "/"}
    if match["more"]:
        journal.lose(name, "a route's redirect sets no query and no fragment", "have the application redirect")
    where = f"{match['host']}{'' if keeps else match['path'] or '/'}"
    journal.carry(name, f"a RequestRedirect to {where} with {code}")
    return {"type": "RequestRedirect", "requestRedirect": to}


def _sayable(match: re.Match[str], keeps: bool) -> bool:
    host, path = match["host"], match["path"] or ""
    if host not in _SAME_HOST and not HOST.fullmatch(host.lower()):
        return False
    if match["port"] and not 1 <= int(match["port"]) <= 65535:
        return False
    return path in ("", "/") if keeps and not match["more"] else bool(not path or _PATH.fullmatch(path)) and not keeps


def tell_https(redirects: Redirects, annotations: Annotations, secure: bool, insecure: bool, journal: Journal) -> None:
    """What becomes of the redirect to HTTPS, which is there unless it is switched off. `secure`: some hosts have TLS,
    `insecure`: some rules lead to a Service for hosts that have none."""
    said = [each for each in ("force-ssl-redirect", "ssl-redirect") if annotations.heeded(each)]
    source = "ssl-redirect" if "ssl-redirect" in said else ""
    if redirects.to_https_behind_proxy:
        name = "force-ssl-redirect"
        source = name if name in said else of_the_config_map(name)
    if redirects.elsewhere:
        for each in said:
            journal.carry(each, f"nothing: {redirects.elsewhere_by} answers every request before")
        return
    if redirects.to_https and secure:
        becomes = f"a route that redirects HTTP to HTTPS with {redirects.https_code}"
        differs = f"it was {redirects.usual.code}: with 301 clients may repeat a POST as GET"
        by_default = "spec.tls (redirect to HTTPS)"
        journal.carry(source or by_default, becomes, differs if redirects.https_code != redirects.usual.code else "")
    if redirects.to_https_behind_proxy and insecure:
        journal.carry(
            source,
            "a rule for X-Forwarded-Proto: http that redirects to HTTPS",
            "it works when the implementation hands on the header of the proxy before it",
        )
    if secure and not redirects.to_https and not said:
        journal.carry(of_the_config_map("ssl-redirect"), _BOTH)
    _tell_unheard(redirects, said, source, secure, journal)
    if redirects.to_https and secure and redirects.https_code == 308 and not redirects.known:
        journal.note(
            "Redirects with 308 are Extended support of the Gateway API: see that the implementation has it, "
            "else take 301."
        )


def _tell_unheard(redirects: Redirects, said: Sequence[str], source: str, secure: bool, journal: Journal) -> None:
    told = {each.source for each in journal.carried if each.written}
    for each in [each for each in said if each not in told]:
        if source and each != source and redirects.to_https_behind_proxy:
            journal.carry(each, f"nothing more than {source}")
        elif not secure:
            journal.carry(each, "nothing: there is no TLS here")
        elif each == "ssl-redirect":
            journal.carry(each, _BOTH)
        else:
            journal.carry(each, "nothing: false is what it is without")
