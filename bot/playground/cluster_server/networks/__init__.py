"""Network plugins as they behave on a node, one a file: what its agent puts there, what keeps the agent from working,
what becomes of new pods, and what the node's conditions say of it.

To add one, write `<name>.py` with a `Plugin` and list it in `ALL`. Which state a node is in is kept by `hosts`, which
gives the addresses out too; `calico_blocks` is Calico's own way. `installation` and `calico_system` are what the tigera
operator reads and makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.networks.antrea import ANTREA
from bot.playground.cluster_server.networks.calico import CALICO
from bot.playground.cluster_server.networks.canal import CANAL
from bot.playground.cluster_server.networks.cilium import CILIUM
from bot.playground.cluster_server.networks.contract import CONFIGURATION_FOLDER, Plugin, repository
from bot.playground.cluster_server.networks.flannel import FLANNEL
from bot.playground.cluster_server.networks.kube_router import KUBE_ROUTER
from bot.playground.cluster_server.networks.weave import WEAVE
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

ALL = (CANAL, CALICO, FLANNEL, WEAVE, KUBE_ROUTER, ANTREA, CILIUM)
"""Canal before those that it is made of."""
UNKNOWN = Plugin("", "", (), "90-unknown.conflist", container="", written_when_up=True)
"""Whatever else writes to the folder of configurations, and hands out what its node was given."""
_BY_FILE = {plugin.file: plugin for plugin in (*ALL, UNKNOWN)}


def plugin_of(pod: Object) -> Plugin | None:
    """The plugin whose agent this pod is."""
    if not pod["spec"].get("hostNetwork"):
        return None
    owner = next((o["name"] for o in pod["metadata"].get("ownerReferences") or () if o["kind"] == "DaemonSet"), None)
    if named := next((plugin for plugin in ALL if plugin.daemon_set == owner), None):
        return named
    repositories = [repository(container.get("image", "")) for container in pod["spec"].get("containers") or ()]
    for plugin in ALL:
        if all(any(_ends(each, image) for each in repositories) for image in plugin.images):
            return plugin
    return UNKNOWN if _writes_configuration(pod) else None


def plugin_of_file(files: Iterable[str]) -> Plugin | None:
    """The one whose configuration comes first by name, which is the one that the container runtime takes."""
    return _BY_FILE[min(files)] if files else None


def _ends(repository: str, image: str) -> bool:
    return repository == image or repository.endswith(f"/{image}")


def _writes_configuration(pod: Object) -> bool:
    paths = [dig(volume, "hostPath", "path", default="").rstrip("/") for volume in pod["spec"].get("volumes") or ()]
    folder = CONFIGURATION_FOLDER + "/"
    return any(path and folder.startswith(path + "/") and path.startswith("/etc/cni") for path in paths)
