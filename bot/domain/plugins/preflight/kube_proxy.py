"""Services need somebody who carries them: kube-proxy, unless the plugin does it itself."""

from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if wanted.name == "cilium":
        return
    if around.kube_proxy is None:
        yield unknown("whether it runs could not be read")
    elif around.kube_proxy:
        yield ok("it runs as a DaemonSet, and carries the Services")
    else:
        yield doubt("no-kube-proxy", f"none is seen, and {wanted.plugin.title} needs somebody else to carry Services")


CHECK = Preflight("kube-proxy", _look, ("no-kube-proxy",))
