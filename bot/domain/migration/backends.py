"""Which Service and port an Ingress's backend is: routes take numbers alone, and Services alone."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.migration.outcome import Journal
from bot.domain.network.references import JSONObject
from bot.domain.network.snapshot import IngressBackend, Service


class Backends:
    """The Services of the Ingress's namespace. Tells what cannot be led to."""

    def __init__(self, namespace: str, services: Mapping[str, Service] | None, journal: Journal) -> None:
        """`services` by name; None: they could not be read, and ports that have only a name stay unknown."""
        self._namespace = namespace
        self._services = services
        self._journal = journal

    def ref(self, backend: IngressBackend, where: str) -> JSONObject | None:
        """The backendRef; None when there can be none, which is told. `where` is the field, for people."""
        if backend.service is None:
            self._journal.lose(
                where,
                "its backend is no Service but a resource of another kind, which the Ingress API names and "
                "routes do not",
                "put a Service before it, or a backend kind of the implementation",
            )
            return None
        name, port = backend.service.name, backend.service.port
        if port is None or (port.number is None and not port.name):
            self._journal.lose(where, f"it names no port of Service {name}", "say the port")
            return None
        number = port.number if port.number is not None else self._numbered(name, port.name or "", where)
        if number is None:
            return None
        self._look(name, number, where)
        return {"name": name, "port": number}

    def _numbered(self, name: str, port: str, where: str) -> int | None:
        if self._services is None:
            self._journal.lose(
                where,
                f"it names port {port}; routes take numbers, and the Services could not be read",
                "let Patchbay list services (deploy/kubernetes/look.yaml), and ask again",
            )
            return None
        service = self._services.get(name)
        found = next((each.port for each in (service.spec.ports or () if service else ()) if each.name == port), None)
        if found is None:
            missing = f"Service {self._namespace}/{name} has no port {port}" if service else self._absent(name)
            self._journal.lose(
                where, f"{missing}, so that its number is not known", "mend the Ingress, or leave the path out"
            )
            return None
        self._journal.carry(where, f"port {found}, the number of {port} of Service {name}")
        return found

    def _absent(self, name: str) -> str:
        return f"there is no Service {self._namespace}/{name}"

    def _look(self, name: str, number: int, where: str) -> None:
        """What is led to is as it was; what leads nowhere is told."""
        if self._services is None:
            return
        service = self._services.get(name)
        if service is None:
            self._journal.note(f"{self._absent(name)} ({where}): it leads nowhere now, and as a route answers 500.")
        elif service.spec.type == "ExternalName":
            self._journal.lose(
                where,
                f"Service {name} is of type ExternalName, which implementations should not follow (CVE-2021-25740)",
                "a Backend (Envoy Gateway), ServiceEntry (Istio) or ExternalName where it is allowed (Traefik)",
            )
        elif number not in [each.port for each in service.spec.ports or ()]:
            self._journal.note(
                f"Service {self._namespace}/{name} has no port {number} ({where}): it leads nowhere now."
            )

    def app_protocol(self, name: str, number: int) -> str:
        """What a Service says its port speaks; empty where it says nothing, or is not known."""
        service = (self._services or {}).get(name)
        ports = service.spec.ports or () if service else ()
        return next((each.app_protocol or "" for each in ports if each.port == number), "")
