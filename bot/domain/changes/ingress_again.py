"""What an Ingress that Patchbay made loses when it is created again: certificates, its class, annotations, who answers
what no rule leads anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.domain.changes.change import Doubt
from bot.domain.changes.releasing import LOSS, released
from bot.domain.network.ingresses import routes, tls_of
from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.snapshot import IngressSpec

_TOLD = 5


def doubt(ref: Ref, manifest: JSONObject, there: JSONObject, *, class_said: bool) -> Doubt | None:
    """None: it has all that it had, or somebody says what else."""
    if not (lost := list(_lost(manifest, there, class_said))):
        return None
    return Doubt(
        LOSS,
        f"{ref} would lose what this request does not say: {'; '.join(lost)}. To keep it, say it too, or take "
        "ingress edit, which changes only what is said",
    )


def _lost(manifest: JSONObject, there: JSONObject, class_said: bool) -> Iterator[str]:
    was, now = (msgspec.convert(each.get("spec") or {}, IngressSpec) for each in (there, manifest))
    bare = [
        host or "*"
        for host in dict.fromkeys(route.host for route in routes(was))
        if tls_of(was, host) is not None and tls_of(now, host) is None
    ]
    gone = released(there, manifest)
    paths = {field.path for field in gone}
    if bare and (("spec", "tls") in paths or now.tls):
        more = f" and {len(bare) - _TOLD} more" if len(bare) > _TOLD else ""
        yield f"TLS for {', '.join(bare[:_TOLD])}{more}"
    if any(path[:2] == ("spec", "defaultBackend") for path in paths):
        service = was.default_backend.service if was.default_backend else None
        yield f"its default backend {service.name if service else ''}".rstrip()
    if not class_said and was.ingress_class_name and was.ingress_class_name != now.ingress_class_name:
        yield f"class {was.ingress_class_name}, which becomes {now.ingress_class_name or 'none'}"
    yield from (f"annotation {path[-1]}" for path in sorted(paths) if path[:2] == ("metadata", "annotations"))
