"""Ingresses of all sorts, by the hundred: what they become fits the real definitions, and nothing is left unsaid."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import hypothesis
import msgspec
import pytest
import yaml
from hypothesis import strategies as some

from bot.adapters.manifests.fitting import misfits
from bot.domain.migration.outcome import Verdict
from bot.domain.network.references import JSONObject
from bot.domain.network.snapshot import Ingress
from bot.playground.cluster_server.customs import expressions, reading
from tests.domain.migration.test_annotations import CONTROLLERS_LIST
from tests.migrations import manifest, path, translated
from tests.mirrors import HAVE_MIRROR, MIRROR

VALUES = (
    "true", "false", "", "/", "/$1", "/$2", "/x/$2", "/app?x=1", "a.example.com", "www.example.com, ~^x", "cookie",
    "basic", "GRPC", "HTTPS", "GRPCS", "100", "0", "-1", "3600", "308", "*", "https://*.example.com, *", "X-A, X_B,*",
    "GET,POST,FOO", "X-H", "shop/headers", "https://b.example.com$request_uri", "§", "a b", "%2f",
    "http://api.shop.svc.cluster.local:8080$request_uri", "http://tap.watch.svc$request_uri",
)  # fmt: skip
PATHS = (
    "/", "/a", "/a/", "/api(/|$)(.*)", "/x/(.*)", "/[a-z]+", "/a b", "/é", "//", "/a/../b", "/shop.v1.S/M", "/(.*)",
    "/shop.v1.S", "", "/" + "a" * 1030, "/a%2fb", "/a#b", "/$x",
)  # fmt: skip
HOSTS = ("a.example.com", "b.example.com", "*.example.com", "", "www.a.example.com")
CANARY = ("canary-weight", "canary-by-header", "canary-by-header-value", "canary-by-header-pattern", "canary-by-cookie")

annotations = some.dictionaries(some.sampled_from(CONTROLLERS_LIST.split()), some.sampled_from(VALUES), max_size=12)
rewriting = some.fixed_dictionaries({}, optional={"rewrite-target": some.sampled_from(VALUES)})
paths = some.lists(
    some.builds(
        path,
        some.sampled_from(PATHS),
        some.sampled_from(("Exact", "Prefix", "ImplementationSpecific")),
        some.sampled_from(("web", "api", "nope")),
        some.sampled_from((80, "http", 443)),
    ),
    min_size=1,
    max_size=5,
)
certificates = some.one_of(
    some.just([]), some.just([{}]), some.just([{"hosts": ["a.example.com"]}]),
    some.lists(some.sampled_from([each for each in HOSTS if each]), min_size=1, max_size=2, unique=True),
)  # fmt: skip
hosts = some.lists(some.sampled_from(HOSTS), min_size=1, max_size=4, unique=True)


@cache
def definitions(version: str) -> list[JSONObject]:
    text = (MIRROR / "gateway-api" / version / "standard-install.yaml").read_text()
    return [
        each for each in yaml.load_all(text, yaml.CSafeLoader) if each and each["kind"] != "ValidatingAdmissionPolicy"
    ]


def broken_rules(object: JSONObject) -> list[str]:
    """What the CEL rules of its definition say, once what it leaves out is filled in."""
    group, _, version = str(object["apiVersion"]).rpartition("/")
    for definition in definitions("v1.6.1"):
        spec: Any = definition["spec"]
        if spec.get("group") == group and spec["names"]["kind"] == object["kind"]:
            (schema,) = [each["schema"]["openAPIV3Schema"] for each in spec["versions"] if each["name"] == version]
            filled = copy.deepcopy(object)
            reading.fill(filled, schema=schema)
            return [str(each) for each in expressions.causes(filled, expressions.unset(), schema)]
    raise AssertionError(f"{object['kind']} is not defined")


@pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real definitions in ../shared/manifests")
@hypothesis.settings(max_examples=150)
@hypothesis.given(paths, hosts, certificates, annotations, rewriting, annotations)
def test_what_it_becomes_is_valid_and_everything_is_told(
    listed: Any, names: Any, tls: Any, said: Any, rewritten: Any, of_canary: Any
) -> None:
    own = manifest(*listed, hosts=names, tls=tls, annotations={**said, **rewritten})
    told_of_canary = {key: value for key, value in of_canary.items() if key in CANARY}
    canary = manifest(*listed, hosts=names, name="next", annotations={**told_of_canary, "canary": "true"})
    headers = {"shop/headers": {"X-A": "b", "Not a name": "x"}}
    found = translated(msgspec.convert(own, Ingress), msgspec.convert(canary, Ingress), config_maps=headers)
    for each in found.manifests:
        assert not misfits(each, definitions("v1.6.1"))
        assert not misfits(each, definitions("v1.5.1"))
        assert not broken_rules(each)
    if found.verdict is not Verdict.PART and said.get("canary") != "true":
        assert {*said, *rewritten} <= {each.source for each in (*found.carried, *found.lost)}


@pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real definitions in ../shared/manifests")
def test_rules_that_are_broken_are_seen() -> None:
    """That the test above can fail."""
    (_, route) = translated(msgspec.convert(manifest(), Ingress)).manifests
    wrong: Any = copy.deepcopy(route)
    wrong["spec"]["rules"][0]["matches"][0]["path"]["value"] = "/a//b"
    assert broken_rules(wrong)
    wrong["spec"]["rules"][0]["matches"][0]["path"]["type"] = "Other"
    assert misfits(wrong, definitions("v1.6.1"))
