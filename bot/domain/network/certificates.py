"""Certificates of TLS, as far as people have to know them: for whom, until when, and who says so."""

import datetime

import msgspec


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """The first certificate of a chain, which is the server's own."""

    subject: str
    """`CN=shop.example.com`; empty when it has none."""
    issuer: str
    names: tuple[str, ...]
    """The DNS names and IP addresses that it is for."""
    not_before: datetime.datetime
    not_after: datetime.datetime
    self_signed: bool = False

    def covers(self, host: str) -> bool:
        """Whether it is for that host name; `*.` in it stands for exactly one label
        (https://www.rfc-editor.org/rfc/rfc9525#section-6.3). A wanted `*.example.com` needs just that name."""
        wanted = host.lower().rstrip(".")
        return any(_matches(name.lower().rstrip("."), wanted) for name in self.names)

    def wrong_with(self, host: str, now: datetime.datetime) -> str:
        """What is wrong with it for that host at that time, in plain words; empty: nothing."""
        if now >= self.not_after:
            return f"it expired on {self.not_after:%Y-%m-%d}"
        if now < self.not_before:
            return f"it is valid only from {self.not_before:%Y-%m-%d %H:%M} UTC"
        if host and not self.covers(host):
            return f"it is for {', '.join(self.names[:5]) or 'no name at all'}, not for {host}"
        return ""

    def days_left(self, now: datetime.datetime) -> int:
        """Whole days until it expires; below 0: it has."""
        return (self.not_after - now).days


def _matches(name: str, wanted: str) -> bool:
    if name == wanted:
        return True
    first, dot, rest = wanted.partition(".")
    return name.startswith("*.") and bool(dot) and first != "*" and name[2:] == rest


class KeyPair(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate, and whether the private key beside it is its own; the key itself is nobody's business."""

    certificate: Certificate
    key_fits: bool
