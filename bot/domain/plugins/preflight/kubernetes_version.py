"""Which Kubernetes a plugin's makers have tested it with."""

from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Said, Wanted, doubt, ok, unknown
from bot.domain.plugins.surroundings import Surroundings


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    oldest, newest = wanted.release.kubernetes
    now = around.kubernetes
    if not now:
        yield unknown("the cluster's is not known")
    elif not oldest:
        yield unknown(f"{now}; which ones {wanted.title} was tested with is not known here")
    else:
        fits = _number(oldest) <= _number(now) and (not newest or _number(now) <= _number(newest))
        said = f"was tested with {oldest} to {newest}" if newest else f"is for {oldest} or later, as its makers say"
        if fits:
            yield ok(f"{now}; {wanted.title} {said}")
        else:
            yield doubt("kubernetes-version", f"{now}, and {wanted.title} {said}")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in version.split("."))


CHECK = Preflight("Kubernetes version", _look, ("kubernetes-version",))
