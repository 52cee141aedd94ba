"""Every controller's published files as they are fitted: nothing is otherwise than was asked, and all of that is."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

import pytest

from bot.adapters.manifests.parsing import objects_in
from bot.application.execution.controllers import all_controllers
from bot.domain.plugins.briefing import Source, brief
from bot.domain.plugins.edge.fitting import same_thing
from bot.domain.plugins.edge.parameters import EdgeOption, EdgeParameters, Exposure, WorkloadKind
from bot.domain.plugins.fitting import CLUSTER_SCOPED, Misshapen, Objects, containers, pod_specs, ref
from bot.domain.plugins.releases import ManifestFile, Release
from bot.playground.manifests import FOLDER, RELEASES
from tests.mirrors import HAVE_MIRROR, MIRROR

real = pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real manifests in ../shared/manifests")
INSTALLATIONS = {name: each.install for name, each in all_controllers().items() if each.install}
WITH_CLASS = [name for name, each in INSTALLATIONS.items() if each.class_name]
PINNED = [(name, release.version) for name, each in INSTALLATIONS.items() for release in each.releases]


@functools.cache
def read(file: ManifestFile) -> Objects:
    folder = MIRROR if file.url else FOLDER
    return tuple(objects_in((folder / file.path).read_bytes(), file.path))


def sources(release: Release) -> list[Source]:
    return [Source(file.path, "the mirror", file.sha256, read(file)) for file in release.files]


def fitted(name: str, release: Release | None = None, **said: Any) -> Objects:
    install = INSTALLATIONS[name]
    release = release or install.releases[0]
    published = tuple(each for source in sources(release) for each in source.objects)
    return install.fit(published, install.completed(EdgeParameters(**said)), release)


def adjusted(name: str, **said: Any) -> set[str]:
    release = INSTALLATIONS[name].releases[0]
    return set(brief(fitted(name, **said), sources(release), (), same=same_thing).adjusted)


@real
@pytest.mark.parametrize(("name", "version"), PINNED)
def test_the_pinned_digest_is_the_files(name: str, version: str) -> None:
    release = next(each for each in INSTALLATIONS[name].releases if each.version == version)
    for file in release.files:
        assert hashlib.sha256((MIRROR / file.path).read_bytes()).hexdigest() == file.sha256, file.path
        assert file.url.startswith("https://")
        assert version in file.url


CONTAINER = "spec.template.spec.containers[0]"
NOTHING_SAID = {
    "traefik": {
        "Namespace traefik: added",
        "IngressClass traefik: added",
        "ClusterRole gateway-role: left out",
        "ClusterRoleBinding gateway-controller: left out",
        "ClusterRoleBinding traefik-ingress-controller: subjects[0].name: traefik-ingress-controller → "
        "traefik-controller",
        "ClusterRoleBinding traefik-ingress-controller: subjects[0].namespace: default → traefik",
        "ServiceAccount traefik/traefik-controller: metadata.namespace: nothing → traefik",
        "Deployment traefik/traefik: metadata.namespace: nothing → traefik",
        "Service traefik/traefik: metadata.namespace: nothing → traefik",
        f"Deployment traefik/traefik: {CONTAINER}.image: traefik:v3.7 → traefik:v3.7.9",
        f"Deployment traefik/traefik: {CONTAINER}.args[2]: --experimental.kubernetesgateway → --ping=true",
        f"Deployment traefik/traefik: {CONTAINER}.args[3]: --providers.kubernetesgateway → "
        "--providers.kubernetesingress=true",
        f"Deployment traefik/traefik: {CONTAINER}.args[4]: nothing → "
        "--providers.kubernetesingress.ingressclass=traefik",
        f"Deployment traefik/traefik: {CONTAINER}.args[5]: nothing → "
        "--providers.kubernetesingress.ingressendpoint.publishedservice=traefik/traefik",
        f"Deployment traefik/traefik: {CONTAINER}.args[6]: nothing → --providers.kubernetescrd=true",
        f"Deployment traefik/traefik: {CONTAINER}.args[7]: nothing → --entrypoints.websecure.http.tls=true",
        f'Deployment traefik/traefik: {CONTAINER}.ports[2]: nothing → {{"name": "traefik", "containerPort": 8080}}',
        f"Deployment traefik/traefik: {CONTAINER}.readinessProbe: nothing → "
        '{"httpGet": {"path": "/ping", "port": "traefik"}, "periodSeconds": 5}',
    },
    "contour": {
        f"Deployment projectcontour/contour: {CONTAINER}.args[8]: nothing → --ingress-class-name=contour",
        "IngressClass contour: added",
    },
    "haproxy": {
        "ClusterRoleBinding haproxy-kubernetes-ingress: metadata.namespace: haproxy-controller → removed",
        f"Deployment haproxy-controller/haproxy-kubernetes-ingress: {CONTAINER}.image: "
        "haproxytech/kubernetes-ingress → haproxytech/kubernetes-ingress:3.2.11",
        f"Deployment haproxy-controller/haproxy-kubernetes-ingress: {CONTAINER}.args[1]: nothing → "
        "--ingress.class=haproxy",
        f"Deployment haproxy-controller/haproxy-kubernetes-ingress: {CONTAINER}.args[2]: nothing → "
        "--publish-service=haproxy-controller/haproxy-kubernetes-ingress",
        "IngressClass haproxy: added",
    },
    "nginx-inc": {
        f"Deployment nginx-ingress/nginx-ingress: {CONTAINER}.args[3]: nothing → -ingress-class=nginx",
        "DaemonSet nginx-ingress/nginx-ingress: left out",
    },
    "gateway-api": set(),
}


@real
@pytest.mark.parametrize("name", INSTALLATIONS)
def test_nothing_else_is_adjusted_when_nothing_is_said(name: str) -> None:
    assert adjusted(name) == NOTHING_SAID[name]


@real
@pytest.mark.parametrize("name", WITH_CLASS)
def test_everything_that_can_be_said_is_in_the_objects(name: str) -> None:
    install = INSTALLATIONS[name]
    said: dict[str, Any] = {
        "class_name": "edge-1",
        "default_class": True,
        "service": Exposure.NODE_PORT if install.service is Exposure.LOAD_BALANCER else Exposure.LOAD_BALANCER,
        "replicas": 3,
        "namespace": "edge",
        "registry": "r.example.com/m",
        "gateway_api": EdgeOption.GATEWAY_API in install.options,
    }
    objects = fitted(name, **said)
    by_kind: dict[str, list[Any]] = {}
    for each in objects:
        by_kind.setdefault(str(each["kind"]), []).append(each)
    (ingress_class,) = by_kind["IngressClass"]
    assert ingress_class["metadata"]["name"] == "edge-1"
    assert ingress_class["metadata"]["annotations"] == {"ingressclass.kubernetes.io/is-default-class": "true"}
    assert [each["metadata"]["name"] for each in by_kind["Namespace"]] == ["edge"]
    assert by_kind["Deployment"][0]["spec"]["replicas"] == 3
    served = {ref(each) for each in by_kind["Service"]} & set(install.services(EdgeParameters(**said)))
    assert len(served) == 1
    types = {each["spec"]["type"] for each in by_kind["Service"] if ref(each) in served}
    assert types == {said["service"].value}
    assert all(image.startswith("r.example.com/m/") for image in images(objects))
    assert any(
        "edge-1" in word for _, spec in pod_specs(objects) for c in containers(spec) for word in c.get("args", ())
    )
    for each in objects:
        if each["kind"] not in CLUSTER_SCOPED:
            assert each["metadata"]["namespace"] == "edge", ref(each)  # type: ignore[index,call-overload]
        for subject in each.get("subjects") or ():  # type: ignore[union-attr]
            assert subject["namespace"] == "edge"  # type: ignore[index,call-overload]
    if said["gateway_api"]:
        assert [each["metadata"]["name"] for each in by_kind["GatewayClass"]] == ["edge-1"]


@real
def test_contour_is_told_of_its_gateway_in_its_settings() -> None:
    (settings,) = [o for o in fitted("contour", gateway_api=True, namespace="edge") if o["kind"] == "ConfigMap"]
    text = str(settings["data"]["contour.yaml"])  # type: ignore[index,call-overload]
    assert "\ngateway:\n  gatewayRef:\n    namespace: edge\n    name: contour\n" in text


@real
@pytest.mark.parametrize(("kind", "exposure"), [(k, e) for k in WorkloadKind for e in Exposure])
def test_of_nginx_one_workload_and_one_service_is_applied(kind: WorkloadKind, exposure: Exposure) -> None:
    objects = fitted("nginx-inc", kind=kind, service=exposure)
    assert [o["kind"] for o in objects if o["kind"] in ("Deployment", "DaemonSet")] == [kind.value]
    (service,) = [o for o in objects if o["kind"] == "Service"]
    assert service["spec"]["type"] == exposure.value  # type: ignore[index,call-overload]


@real
@pytest.mark.parametrize("name", WITH_CLASS)
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    for image in images(fitted(name)):
        tag = image.rpartition("/")[2].partition(":")[2]
        assert tag not in ("", "latest")
        assert tag.count(".") >= 2, image


@real
@pytest.mark.parametrize("name", WITH_CLASS)
def test_what_is_to_be_proved_is_among_the_objects(name: str) -> None:
    install = INSTALLATIONS[name]
    parameters = install.completed(EdgeParameters(namespace="edge"))
    refs = set(map(ref, fitted(name, namespace="edge")))
    assert set(install.workloads(parameters)) <= refs
    assert set(install.services(parameters)) <= refs


@pytest.mark.parametrize("name", WITH_CLASS)
def test_another_file_is_not_taken_for_its(name: str) -> None:
    install = INSTALLATIONS[name]
    with pytest.raises(Misshapen):
        install.fit((), install.completed(EdgeParameters()), install.releases[0])


@pytest.mark.parametrize("name", sorted(set(RELEASES) & set(INSTALLATIONS)))
def test_the_playgrounds_excerpts_are_fitted_as_the_real_ones(name: str) -> None:
    (release,) = RELEASES[name]
    install = INSTALLATIONS[name]
    gateways = EdgeOption.GATEWAY_API in install.options
    assert release.image_tag == install.releases[0].image_tag
    objects = fitted(name, release, gateway_api=gateways)
    assert set(install.workloads(install.completed(EdgeParameters()))) <= set(map(ref, objects))
    if HAVE_MIRROR:
        assert {ref(each) for each in objects} <= {ref(each) for each in fitted(name, gateway_api=gateways)}


def images(objects: Objects) -> list[str]:
    return [str(each["image"]) for _, spec in pod_specs(objects) for each in containers(spec)]
