"""Reads what TLS Secrets hold, as far as people have to know it: their private keys go no further than the port that
holds them against the certificate."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from bot.application.ports import Certificates, Context
from bot.domain.changes import fields
from bot.domain.network.references import SECRET, JSONObject, ref_to
from bot.domain.network.tls_secrets import CERTIFICATE, KEY, TLSSecret
from bot.errors import BotError, NotFound, Refused

_ISSUED = "cert-manager.io/certificate-name"
"""What cert-manager writes on each Secret of its own: https://cert-manager.io/docs/reference/annotations/"""
_MOST_BYTES = 1_048_576
"""No Secret is larger: https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size"""


async def tls_secret(context: Context, namespace: str, name: str) -> TLSSecret:
    """What that Secret holds. One that is not there, or may not be read, is told as such. Raises Unreachable."""
    ref = ref_to(SECRET, namespace, name)
    try:
        found = await context.cluster.get(ref)
    except NotFound:
        return TLSSecret(ref=ref, missing=True)
    except Refused:
        return TLSSecret(ref=ref, unread=f"the bot's account may not get secrets in {namespace}")
    return judged(found, context.ports.certificates)


def judged(secret: JSONObject, certificates: Certificates) -> TLSSecret:
    """What is in a Secret that was read."""
    data: Any = secret.get("data") or {}
    annotations = fields.metadata(secret).get("annotations") or {}
    pair, broken = None, ""
    if data.get(CERTIFICATE) and data.get(KEY):
        try:
            pair = certificates.read(_decoded(data[CERTIFICATE]), _decoded(data[KEY]))
        except BotError as error:
            broken = f"{error.summary}{f' ({error.cause})' if error.cause else ''}"
    return TLSSecret(
        ref=fields.ref_of({"apiVersion": SECRET.api_version, "kind": SECRET.name, **secret}),
        type=str(secret.get("type") or ""),
        keys=tuple(sorted(key for key in data if data[key])),
        pair=pair,
        broken=broken,
        issued=_ISSUED in annotations,
    )


def _decoded(value: Any) -> bytes:
    try:
        return base64.b64decode(str(value)[: _MOST_BYTES * 2], validate=True)
    except (binascii.Error, ValueError):
        return b""
