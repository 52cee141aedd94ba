"""The other Ingresses: hosts and their manners are shared, and a canary is half of another one."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.migration.foreign import Served, served_by
from bot.domain.migration.nginx.values import Annotations
from bot.domain.migration.outcome import Journal
from bot.domain.network.snapshot import HTTPPath, Ingress, IngressClass


class Neighbours:
    """All Ingresses that could be read, by host, so that thousands are looked at in one pass."""

    def __init__(self, ingresses: Iterable[Ingress], classes: Iterable[IngressClass]) -> None:
        self._classes = {each.name: each for each in classes}
        self._served: dict[str, Served] = {}
        self._by_host: dict[str, list[Ingress]] = {}
        self._canaries: dict[tuple[str, str, str], list[tuple[Ingress, HTTPPath]]] = {}
        self._mains: dict[tuple[str, str, str], list[Ingress]] = {}
        self._regex: set[str] = set()
        self._http: dict[str, set[str]] = {}
        for ingress in ingresses:
            self._enter(ingress)

    def of(self, ingresses: Iterable[Ingress]) -> Neighbours:
        """The same Ingresses with other annotations, of the same classes."""
        return Neighbours(ingresses, self._classes.values())

    def _enter(self, ingress: Ingress) -> None:
        nginx = self.served(ingress).nginx
        annotations = Annotations(ingress.annotations if nginx else {}, Journal())
        canary = annotations.flag("canary", False)
        target = annotations.text("rewrite-target")
        for rule in ingress.spec.rules or ():
            host = rule.host or ""
            self._by_host.setdefault(host, []).append(ingress)
            paths = (rule.http.paths if rule.http else None) or ()
            if not canary and annotations.text("backend-protocol").upper() not in ("GRPC", "GRPCS"):
                self._http.setdefault(host, set()).add(ingress.ref.short)
            if annotations.flag("use-regex", False) or any(target and target != (each.path or "/") for each in paths):
                self._regex.add(host)
            for path in paths:
                key = (ingress.namespace, host, path.path or "/")
                if canary:
                    self._canaries.setdefault(key, []).append((ingress, path))
                elif nginx:
                    self._mains.setdefault(key, []).append(ingress)

    def served(self, ingress: Ingress) -> Served:
        """By whom it is served."""
        key = ingress.ref.short
        if key not in self._served:
            self._served[key] = served_by(ingress, self._classes)
        return self._served[key]

    def regex(self, host: str) -> bool:
        """Whether ingress-nginx takes the paths of a host for regular expressions."""
        return host in self._regex

    def shared_with_http(self, ingress: Ingress, host: str) -> bool:
        """Whether another Ingress has the host, and speaks HTTP to its Services."""
        return bool(self._http.get(host, set()) - {ingress.ref.short})

    def has_host(self, host: str) -> bool:
        return host in self._by_host

    def canary(self, main: Ingress, host: str, path: str) -> tuple[Ingress, HTTPPath] | None:
        """The canary of a path of a main Ingress, with its own path; where there are several, the oldest."""
        found = self._canaries.get((main.namespace, host, path), ())
        ordered = sorted(found, key=lambda each: (str(each[0].metadata.creation_timestamp), each[0].name))
        return ordered[0] if ordered else None

    def mains(self, canary: Ingress) -> tuple[Ingress, ...]:
        """The Ingresses that a canary is a part of, by name."""
        found = {}
        for rule in canary.spec.rules or ():
            for path in (rule.http.paths if rule.http else None) or ():
                for each in self._mains.get((canary.namespace, rule.host or "", path.path or "/"), ()):
                    found[each.name] = each
        return tuple(found[name] for name in sorted(found))
