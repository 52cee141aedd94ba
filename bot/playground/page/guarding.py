"""Who may ask: only our own page, or one who holds the secret.

Without this, any web site open in the same browser could talk to the playground, by a form or by a name of its own that
suddenly means 127.0.0.1 (DNS rebinding).
"""

import hmac
import json

from aiohttp import web

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On everything that is served: nothing is loaded from elsewhere, framed, cached or guessed."""


def check_address(request: web.Request) -> None:
    """Raises 403 unless Host, and Origin when there is one, are the address that this server listens on."""
    address = request.transport.get_extra_info("sockname") if request.transport else None
    port = address[1] if address else 0
    own = {f"127.0.0.1:{port}", f"localhost:{port}"} | ({"127.0.0.1", "localhost"} if port == 80 else set())
    if request.headers.get("Host") not in own:
        raise forbidden("wrong_host", "This page is served to its own address alone.")
    origin = request.headers.get("Origin")
    if origin is not None and origin not in {f"http://{host}" for host in own}:
        raise forbidden("wrong_origin", "Another web site may not use this page.")


def check_secret(request: web.Request, secret: str) -> None:
    """Raises 403 unless the request carries the secret, in the header or in the query."""
    given = request.headers.get("X-Playground-Secret") or request.query.get("secret") or ""
    if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        raise forbidden("wrong_secret", "Open the page by the whole address that was printed at start.")


def forbidden(code: str, text: str) -> web.HTTPForbidden:
    body = json.dumps({"ok": False, "error": code, "text": text})
    return web.HTTPForbidden(text=body, content_type="application/json", headers=HEADERS)
