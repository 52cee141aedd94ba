"""Images that stand in for network plugins' own on a cluster that can pull nothing: under the same names, with the same
programs at the same places, made of a shell and the node's standard CNI plugins."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent / "standins"
_BESIDE = Path(__file__).parents[3] / "shared" / "cluster"
TOOLS = _BESIDE if _BESIDE.is_dir() else Path("/work/shared/cluster")
HOME = Path(os.environ.get("CLUSTER_HOME") or Path.home() / ".cache" / "patchbay-cluster")

IMAGES = {
    "ghcr.io/flannel-io/flannel:v0.28.9": ("flannel", []),
    "ghcr.io/flannel-io/flannel:v0.28.8": ("flannel", []),
    "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3": ("flannel-cni-plugin", []),
    "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel2": ("flannel-cni-plugin", []),
    "docker.io/cloudnativelabs/kube-router:v2.11.1": ("kube-router", ["--entrypoint", "/kube-router"]),
}


def cluster(*words: str, seconds: float = 120) -> str:
    """What a command of the cluster's prints. Raises CalledProcessError."""
    done = subprocess.run([TOOLS / "cluster", *words], capture_output=True, text=True, timeout=seconds, check=True)
    return done.stdout


def give_images() -> None:
    """Packs all of them, and imports them on every node."""
    for name, (folder, entrypoint) in IMAGES.items():
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch) / "root"
            shutil.copytree(HOME / "cache" / "toolbox", root, symlinks=True)
            shutil.copytree(HERE / "common", root, dirs_exist_ok=True)
            shutil.copytree(HERE / folder, root, dirs_exist_ok=True)
            cluster("image", name, str(root), *entrypoint)
