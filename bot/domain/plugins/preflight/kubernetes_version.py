"""Which Kubernetes a plugin's makers have tested it with."""

from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.releases import Release
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    yield from said_of(wanted.title, wanted.release, around.kubernetes)


def said_of(title: str, release: Release, now: str) -> Iterator[Said]:
    """What is to be said of a release on a Kubernetes minor (`1.36`; empty: not known)."""
    oldest, newest = release.kubernetes
    if not now:
        yield unknown("the cluster's is not known")
    elif not oldest:
        yield unknown(f"{now}; which ones {title} was tested with is not known here")
    else:
        fits = _number(oldest) <= _number(now) and (not newest or _number(now) <= _number(newest))
        said = f"was tested with {oldest} to {newest}" if newest else f"is for {oldest} or later, as its makers say"
        if fits:
            yield ok(f"{now}; {title} {said}")
        else:
            yield doubt("kubernetes-version", f"{now}, and {title} {said}")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in version.split("."))


CHECK = Preflight("Kubernetes version", _look, ("kubernetes-version",))
