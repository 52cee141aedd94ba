"""What is done to published manifests, piece by piece, and how differences are told."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.plugins import fitting
from bot.domain.plugins.fitting import Misshapen


def workload(*images: str, kind: str = "DaemonSet", policy: str = "Always", **metadata: Any) -> dict[str, Any]:
    containers = [{"name": f"c{at}", "image": image, "imagePullPolicy": policy} for at, image in enumerate(images)]
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "agent", "namespace": "net", **metadata},
        "spec": {"template": {"spec": {"containers": containers[1:], "initContainers": containers[:1]}}},
    }


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("acme/net", "acme/net:v2"),
        ("acme/net:latest", "acme/net:v2"),
        ("acme/net:v1", "acme/net:v1"),
        ("registry.example.com:5000/net", "registry.example.com:5000/net:v2"),
        ("acme/net@sha256:abc", "acme/net@sha256:abc"),
    ],
)
def test_an_image_that_floats_is_pinned(image: str, expected: str) -> None:
    assert fitting.pinned(image, "v2") == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("quay.io/acme/net:v1", "r.example.com/m/acme/net:v1"),
        ("localhost/net:v1", "r.example.com/m/net:v1"),
        ("registry:5000/net:v1", "r.example.com/m/net:v1"),
        ("acme/net:v1", "r.example.com/m/acme/net:v1"),
        ("net", "r.example.com/m/net"),
        ("quay.io/net@sha256:abc", "r.example.com/m/net@sha256:abc"),
    ],
)
def test_a_registry_takes_the_place_of_the_images_own(image: str, expected: str) -> None:
    assert fitting.from_registry(image, "r.example.com/m") == expected


def test_images_of_all_containers_are_changed_and_those_alone_are_pulled_once() -> None:
    objects = [workload("a", "b:v1", kind=kind) for kind in ("DaemonSet", "Deployment", "StatefulSet", "Job")]
    fitting.change_images(objects, lambda image: fitting.pinned(image, "v2"))
    for object in objects:
        spec = object["spec"]["template"]["spec"]
        assert [(c["image"], c["imagePullPolicy"]) for c in fitting.containers(spec)] == [
            ("a:v2", "IfNotPresent"),
            ("b:v1", "Always"),
        ]


def test_copies_are_changed_and_not_what_was_read() -> None:
    read = (workload("a"),)
    fitting.change_images(fitting.copied(read), lambda image: "changed")
    assert read == (workload("a"),)


@pytest.mark.parametrize("kind", sorted(fitting.CLUSTER_SCOPED))
def test_what_is_in_no_namespace_has_none_whatever_its_file_says(kind: str) -> None:
    assert fitting.ref({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "b"}}).namespace == ""


def test_what_is_in_a_namespace_keeps_it() -> None:
    assert fitting.ref(workload("a")).short == "net/agent"


def test_what_a_file_does_not_hold_is_told() -> None:
    objects = [workload("a", "b"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}]
    for look, missing in (
        (lambda: fitting.named(objects, "ConfigMap", "other"), "ConfigMap other"),
        (lambda: fitting.container(objects, ("DaemonSet", "agent"), "c7"), "container c7 in DaemonSet agent"),
        (lambda: fitting.change_json(objects[1], "a.json", lambda value: None), r"JSON under data\.a\.json"),
    ):
        with pytest.raises(Misshapen, match=missing):
            look()


@pytest.mark.parametrize("text", ["no JSON", "[]", "null"])
def test_json_of_another_shape_is_not_changed(text: str) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a.json": text}}
    with pytest.raises(Misshapen, match=r"data\.a\.json in ConfigMap c"):
        fitting.change_json(config, "a.json", lambda value: value["b"].update(c=1))
    assert config["data"] == {"a.json": text}


def test_a_variable_is_set_in_place_of_whatever_it_came_from() -> None:
    container: dict[str, Any] = {"env": [{"name": "A", "valueFrom": {"fieldRef": {}}}, {"name": "B", "value": "1"}]}
    fitting.set_variable(container, "A", "2")
    fitting.set_variable(container, "C", "3")
    assert container["env"] == [
        {"name": "A", "value": "2"},
        {"name": "B", "value": "1"},
        {"name": "C", "value": "3"},
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b: 1 → 2"]),
        ({"a": 1}, {}, ["a: 1 → removed"]),
        ({}, {"a": [1]}, ["a: nothing → [1]"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a[1]: 2 → removed"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}, 3]}, ["a[0].b: 1 → 2", "a[1]: nothing → 3"]),
        ({"a": "x\ny\n"}, {"a": "x\nz\n"}, ["a: y → z"]),
        ({"a": ""}, {"a": "b"}, ["a: nothing → b"]),
        ({"a": True}, {"a": "true"}, ["a: true → true"]),
        ({"a": '{"b": 1,\n"c":[2]}'}, {"a": '{\n"b": 1, "c": [3]\n}'}, ["a.c[0]: 2 → 3"]),
        ({"a": '{\n"b": 1}'}, {"a": '{"b":\n1}'}, []),
        ({"a": "[\n1]"}, {"a": "[\n2]"}, ["a: 1] → 2]"]),
        ({"a": "b" * 200}, {"a": "c"}, [f"a: {'b' * 119}… → c"]),
    ],
)
def test_each_place_that_differs_is_a_line(old: Any, new: Any, expected: list[str]) -> None:
    assert list(fitting.differences(old, new)) == expected
