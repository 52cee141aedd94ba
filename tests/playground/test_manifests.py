"""The playground's own manifests have the shape of those that they stand for."""

import hashlib

import pytest
import yaml

from bot.discovery import declared
from bot.domain.plugins.cni import NetworkPlugin
from bot.domain.plugins.controllers import IngressController
from bot.playground.manifests import FOLDER, RELEASES
from tests.playground.cluster_server.installing import REAL, objects_of

MEANT = {
    "antrea/playground/antrea.yml": "antrea/v2.7.0/tag-source/antrea.yml",
    "calico/playground/operator-crds.yaml": "calico/v3.32.1/operator-crds.yaml",
    "calico/playground/tigera-operator.yaml": "calico/v3.32.1/tigera-operator.yaml",
    "calico/playground/custom-resources.yaml": "calico/v3.32.1/custom-resources.yaml",
    "canal/playground/canal.yaml": "canal/v3.32.1/canal.yaml",
    "flannel/playground/kube-flannel.yml": "flannel/v0.28.9/kube-flannel.yml",
    "gateway-api/playground/standard-install.yaml": "gateway-api/v1.6.1/standard-install.yaml",
    "haproxy/playground/haproxy-ingress.yaml": "haproxy/v3.2.11/haproxy-ingress.yaml",
    "traefik/playground/kubernetes-crd-definition-v1.yml": "traefik/v3.7.9/kubernetes-crd-definition-v1.yml",
    "traefik/playground/kubernetes-crd-rbac.yml": "traefik/v3.7.9/kubernetes-crd-rbac.yml",
    "traefik/playground/kubernetes-gateway-rbac.yml": "traefik/v3.7.9/kubernetes-gateway-rbac.yml",
    "traefik/playground/kubernetes-gateway-traefik-lb-svc.yml": "traefik/v3.7.9/kubernetes-gateway-traefik-lb-svc.yml",
    "kube-router/playground/kubeadm-kuberouter.yaml": "kube-router/v2.11.1/kubeadm-kuberouter.yaml",
    "weave/playground/weave-daemonset-k8s-1.11.yaml": "weave/v2.9.0/weave-daemonset-k8s-1.11.yaml",
}
FILES = [file for releases in RELEASES.values() for release in releases for file in release.files]


def test_every_file_is_declared_with_its_digest():
    assert {file.path for file in FILES} == {str(p.relative_to(FOLDER)) for p in FOLDER.glob("*/*/*") if p.is_file()}
    for file in FILES:
        assert hashlib.sha256((FOLDER / file.path).read_bytes()).hexdigest() == file.sha256
        assert file.url == ""


def test_releases_are_those_of_plugins():
    known = set(declared("bot.domain.plugins.cni", "CNI", NetworkPlugin))
    known |= set(declared("bot.domain.plugins.controllers", "CONTROLLER", IngressController))
    plugins = set(RELEASES) - {"gateway-api"}  # which others build on
    assert {name.replace("-", "_") for name in plugins} <= known


def identities(objects):
    return {(o["apiVersion"], o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in objects}


def containers(objects):
    for obj in objects:
        spec = obj.get("spec", {}).get("template", {}).get("spec", {})
        for group in ("initContainers", "containers"):
            for container in spec.get(group) or ():
                yield obj["metadata"]["name"], group, container["name"], container["image"]


@pytest.mark.parametrize("path", MEANT)
def test_an_excerpt_says_nothing_that_its_original_does_not(path):
    original = REAL / MEANT[path]
    if not original.exists():
        pytest.skip(f"{original} is not here: the makers' manifests are no part of this repository")
    ours, theirs = list(objects_of(FOLDER / path)), list(objects_of(original))
    plain = {(version, kind, name) for version, kind, _, name in identities(theirs)}
    assert {(version, kind, name) for version, kind, _, name in identities(ours)} <= plain
    assert set(containers(ours)) <= set(containers(theirs))
    for obj in (obj for obj in ours if obj["kind"] in ("ConfigMap", "DaemonSet", "Deployment")):
        same = next(o for o in theirs if (o["kind"], o["metadata"]["name"]) == (obj["kind"], obj["metadata"]["name"]))
        assert set(obj.get("data", {})) == set(same.get("data", {}))
        assert obj.get("spec", {}).get("selector") == same.get("spec", {}).get("selector")
        assert obj["metadata"].get("labels") == same["metadata"].get("labels")


@pytest.mark.parametrize("path", MEANT)
def test_manifests_use_no_anchors(path):
    """Who reads what others wrote may refuse them."""
    for event in yaml.parse((FOLDER / path).read_bytes(), Loader=yaml.CSafeLoader):
        assert not isinstance(event, yaml.AliasEvent)
        assert not getattr(event, "anchor", None)
