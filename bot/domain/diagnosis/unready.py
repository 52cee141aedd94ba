"""Why nobody can answer for a Service just now, in a few words: for plans that lead somebody there."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.diagnosis.rules.service_without_ready_endpoints import missing, reasons
from bot.domain.network.references import ENDPOINT_SLICE
from bot.domain.network.selected import KINDS
from bot.domain.network.selectors import as_text, probably_meant
from bot.domain.network.services import EndpointIndex, PodIndex, selects, wanted_pods
from bot.domain.network.snapshot import Service, Snapshot

READ = (ENDPOINT_SLICE, *KINDS)
"""What has to be read for it."""
_TOLD = 3


class Unready:
    """Of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.known = snapshot.could_read(ENDPOINT_SLICE)
        """False: nothing is said of any Service."""
        self._all = snapshot.could_read(*KINDS)
        self._endpoints = EndpointIndex(snapshot)
        self._pods = PodIndex(snapshot)

    def why(self, service: Service) -> str:
        """Empty: somebody is ready, or it is not known, or the Service is but another name."""
        if not self.known or service.spec.type == "ExternalName" or self._endpoints.count(service).ready:
            return ""
        if not selects(service):
            return "it has no selector, and nobody wrote endpoints that are ready"
        if not self._all:
            return "why could not be seen, for want of reading pods and what makes them"
        told = list(self._reasons(service))
        return "; ".join(told[:_TOLD]) + (f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else "")

    def _reasons(self, service: Service) -> Iterator[str]:
        pods, makers = self._pods.selected(service), self._pods.makers(service)
        if pods:
            yield from reasons(pods)
        elif makers:
            for maker in makers:
                idle = f"{type(maker).__name__} {maker.name} is scaled to zero"
                yield missing(maker) if wanted_pods(maker) else idle
        else:
            selector = service.spec.selector or {}
            meant = probably_meant(selector, self._pods.labels_in(service.namespace))
            hint = f" (did you mean {as_text({**selector, **meant})}?)" if meant else ""
            yield f"its selector {as_text(selector)} matches no pod, and nothing that makes pods{hint}"
