"""The playground's own manifests: small excerpts, written for it, in the shape of those that network plugins' makers
publish, so that what customises the real ones works on these. Nobody installs them outside of the playground.

Each is below `<plugin>/playground/`, under the name that its makers use. Images carry the tags of real releases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bot.domain.plugins.releases import ManifestFile, Release

FOLDER = Path(__file__).parent
"""A mirror folder, as the bot's setting has it: paths of files are below it."""
VERSION = "playground"


def _release(folder: str, *names: str) -> tuple[Release, ...]:
    paths = [f"{folder}/{VERSION}/{name}" for name in names]
    digests = [hashlib.sha256((FOLDER / path).read_bytes()).hexdigest() for path in paths]
    files = tuple(ManifestFile(path, "", digest) for path, digest in zip(paths, digests, strict=True))
    return (Release(version=VERSION, files=files),)


RELEASES: Mapping[str, tuple[Release, ...]] = MappingProxyType(
    {
        "antrea": _release("antrea", "antrea.yml"),
        "calico": _release("calico", "operator-crds.yaml", "tigera-operator.yaml", "custom-resources.yaml"),
        "canal": _release("canal", "canal.yaml"),
        "flannel": _release("flannel", "kube-flannel.yml"),
        "kube_router": _release("kube-router", "kubeadm-kuberouter.yaml"),
        "weave": _release("weave", "weave-daemonset-k8s-1.11.yaml"),
    }
)
"""By the name of the plugin's module in `bot.domain.plugins.cni`."""
