"""How long ago something was, as kubectl writes it."""

from __future__ import annotations

import datetime

UNKNOWN = "<unknown>"


def age_text(began: str | None, now: datetime.datetime) -> str:
    """As kubectl writes a duration since: `45s`, `3m20s`, `5h`, `12d`."""
    if not began:
        return UNKNOWN
    since = datetime.datetime.fromisoformat(began.replace("Z", "+00:00"))
    seconds = max(0, int((now - since).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d" if days < 365 * 2 else f"{days // 365}y"
