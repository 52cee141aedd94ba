"""At which ports a controller of Gateways listens, where these were set up with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listening:
    """The ports that there are."""

    ports: Mapping[int, str]
    """Each with what it is called: `entry point web`."""
    encrypted: frozenset[int]
    """Those at which plain HTTP is not taken."""
    otherwise: str
    """What becomes of a listener with another port: `it would not be programmed`."""
    mend: str
    """What to do to have another one."""
