"""TLS that is passed through to the Service: TLSRoutes. No path and no other annotation counts then."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.migration import routes
from bot.domain.migration.reading import Reading
from bot.domain.network.references import TLS_ROUTE, JSONObject


def passed_through(reading: Reading) -> Iterator[JSONObject]:
    """One for each host. The controller takes the backend of `/`, or the first one."""
    if why := reading.around.features.no_kind(TLS_ROUTE):
        reading.journal.lose("ssl-passthrough", why, "the standard channel of v1.5 or newer, and who supports it")
        return
    for host, paths in reading.paths.items():
        if not host:
            reading.journal.lose("ssl-passthrough", "TLS that is passed through needs a host name", "name the host")
            continue
        chosen = next((each for each in paths if each.value == "/"), paths[0] if paths else None)
        backend = reading.backends.ref(chosen.said.backend, chosen.where) if chosen else None
        parents = reading.attachment.parents([host], ("TLS",)) if backend else ()
        if backend and parents:
            reading.journal.carry("ssl-passthrough", f"a TLSRoute for {host} at a listener that passes TLS through")
            reading.journal.note(f"{host} is answered over TLS alone: plain HTTP leads nowhere.")
            rules: list[JSONObject] = [{"backendRefs": [backend]}]
            yield routes.route(
                TLS_ROUTE, reading.ingress.namespace, reading.names.next(), parents, [host], rules, reading.kept.route
            )
