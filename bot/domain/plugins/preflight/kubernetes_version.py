"""Which Kubernetes a plugin's makers have tested it with."""

from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Said, Wanted, doubt, ok, unknown
from bot.domain.plugins.surroundings import Surroundings


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    oldest, newest = wanted.release.kubernetes
    now = around.kubernetes
    if not now or not oldest:
        what = f"its makers name none for {wanted.title}" if now else "the cluster's is not known"
        yield unknown(f"{what}; the cluster has {now or 'an unknown one'}")
    elif _number(oldest) <= _number(now) <= _number(newest):
        yield ok(f"{now}; {wanted.title} was tested with {oldest} to {newest}")
    else:
        yield doubt("kubernetes-version", f"{now}, and {wanted.title} was tested with {oldest} to {newest}")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in version.split("."))


CHECK = Preflight("Kubernetes version", _look)
