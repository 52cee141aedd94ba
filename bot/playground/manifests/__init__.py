"""The playground's own manifests: small excerpts, written for it, in the shape of those that makers of network
plugins and controllers publish, so that what customises the real ones works on these. Nobody installs them outside of
the playground.

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


def _release(folder: str, tag: str, *names: str) -> tuple[Release, ...]:
    paths = [f"{folder}/{VERSION}/{name}" for name in names]
    digests = [hashlib.sha256((FOLDER / path).read_bytes()).hexdigest() for path in paths]
    files = tuple(ManifestFile(path, "", digest) for path, digest in zip(paths, digests, strict=True))
    return (Release(version=VERSION, tag=tag, files=files),)


RELEASES: Mapping[str, tuple[Release, ...]] = MappingProxyType(
    {
        "antrea": _release("antrea", "v2.7.0", "antrea.yml"),
        "calico": _release("calico", "v3.32.1", "operator-crds.yaml", "tigera-operator.yaml", "custom-resources.yaml"),
        "canal": _release("canal", "v3.32.1", "canal.yaml"),
        "flannel": _release("flannel", "v0.28.9", "kube-flannel.yml"),
        "gateway-api": _release("gateway-api", "v1.6.1", "standard-install.yaml"),
        "haproxy": _release("haproxy", "3.2.11", "haproxy-ingress.yaml"),
        "kube-router": _release("kube-router", "v2.11.1", "kubeadm-kuberouter.yaml"),
        "traefik": _release(
            "traefik",
            "v3.7.9",
            "kubernetes-crd-definition-v1.yml",
            "kubernetes-crd-rbac.yml",
            "kubernetes-gateway-rbac.yml",
            "kubernetes-gateway-traefik-lb-svc.yml",
        ),
        "weave": _release("weave", "2.9.0", "weave-daemonset-k8s-1.11.yaml"),
    }
)
"""By the name that is typed. The tags are those of the images in them."""
