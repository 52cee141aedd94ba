"""A Secret as far as TLS is concerned: what certificate it holds, and whether that can serve a host."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

import msgspec

from bot.domain.network.certificates import KeyPair
from bot.domain.network.references import Ref

TYPE = "kubernetes.io/tls"
"""https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets"""
CERTIFICATE, KEY = "tls.crt", "tls.key"
SOON_DAYS = 21
"""From when on an expiry is told: cert-manager renews those of 90 days 30 days before, so something failed."""


class TLSSecret(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of it; its private key is never in here."""

    ref: Ref
    unread: str = ""
    """Why it could not be read, in plain words; then nothing else is known."""
    missing: bool = False
    """There is no such Secret."""
    type: str = ""
    keys: tuple[str, ...] = ()
    pair: KeyPair | None = None
    broken: str = ""
    """Why what it holds cannot be read as a certificate with its key."""
    issued: bool = False
    """cert-manager wrote it, and will renew it."""


def unfit(secret: TLSSecret) -> str:
    """Why it cannot be used for TLS at all, in plain words; empty: it can, or could not be read."""
    if secret.unread:
        return ""
    if secret.missing:
        return "it is not there"
    if secret.type != TYPE:
        return f"its type is {secret.type or 'unknown'}, expected {TYPE}"
    if lacking := [key for key in (CERTIFICATE, KEY) if key not in secret.keys]:
        return f"it holds no {' and no '.join(lacking)}"
    if secret.broken:
        return secret.broken
    if secret.pair is not None and not secret.pair.key_fits:
        return "its private key does not belong to its certificate"
    return ""


def wrong_with(secret: TLSSecret, hosts: Iterable[str], now: datetime.datetime) -> str:
    """What keeps it from serving these hosts at that time; empty: nothing is known to. An empty host asks nothing of
    its names."""
    if why := unfit(secret):
        return why
    if secret.pair is None:
        return ""
    own = secret.pair.certificate
    if why := own.wrong_with("", now):
        return why
    uncovered = [host for host in hosts if host and not own.covers(host)]
    return own.wrong_with(uncovered[0], now) if len(uncovered) == 1 else _not_for(uncovered, own.names)


def _not_for(uncovered: list[str], names: tuple[str, ...]) -> str:
    return f"it is for {', '.join(names[:5]) or 'no name at all'}, not for {', '.join(uncovered)}" if uncovered else ""


def remarks(secret: TLSSecret, now: datetime.datetime) -> Iterator[str]:
    """What people should know of one that can be used."""
    if secret.unread:
        yield f"{secret.ref} could not be read ({secret.unread}): whether its certificate fits is not known."
    if secret.pair is None:
        return
    own = secret.pair.certificate
    if 0 <= (days := own.days_left(now)) <= SOON_DAYS:
        renewed = "; cert-manager should have renewed it" if secret.issued else ""
        yield f"The certificate in {secret.ref} expires in {days} days, on {own.not_after:%Y-%m-%d}{renewed}."
    if own.self_signed:
        yield f"The certificate in {secret.ref} is signed by itself: browsers warn of it."


def in_words(secret: TLSSecret, now: datetime.datetime) -> str:
    """Its certificate in one line: names, issuer, expiry."""
    if secret.unread:
        return f"could not be read: {secret.unread}"
    if why := unfit(secret):
        return why
    assert secret.pair is not None
    own = secret.pair.certificate
    days = own.days_left(now)
    when = f"{days} days left" if days >= 0 else "expired"
    names = ", ".join(own.names[:5]) or "no name"
    return f"for {names}, by {own.issuer or 'nobody'}, until {own.not_after:%Y-%m-%d} ({when})"
