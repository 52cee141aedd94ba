"""What is read of a cluster's own definitions of the Gateway API."""

from typing import Any

import pytest
import yaml

from bot.domain.migration.features import Features, features
from bot.domain.migration.gateway_api import Gateway, decoded
from bot.domain.network.references import GATEWAY, HTTP_ROUTE, REFERENCE_GRANT, TLS_ROUTE
from tests.migrations import minimal_definition
from tests.mirrors import HAVE_MIRROR, MIRROR


@pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real definitions in ../shared/manifests")
@pytest.mark.parametrize("version", ["v1.5.1", "v1.6.1"])
def test_the_defaults_are_what_the_standard_channel_takes(version: str) -> None:
    text = (MIRROR / "gateway-api" / version / "standard-install.yaml").read_text()
    found = features([each for each in yaml.load_all(text, yaml.CSafeLoader) if each])
    assert found == Features(version=version)


def test_without_definitions_the_defaults_are_taken_and_no_version_is_known() -> None:
    assert features([]) == Features()
    assert not Features().version


def test_kinds_that_are_not_served_in_the_version_that_is_written_are_not_there() -> None:
    old: Any = minimal_definition(TLS_ROUTE)
    old["spec"]["versions"][0]["name"] = "v1alpha2"
    off: Any = minimal_definition(REFERENCE_GRANT)
    off["spec"]["versions"][0]["served"] = False
    found = features([minimal_definition(HTTP_ROUTE), old, off, minimal_definition(GATEWAY)])
    assert found.kinds == {"HTTPRoute"}
    assert not found.cors
    assert found.version == "v1.6.1"


def test_what_is_broken_is_left_out() -> None:
    good: Any = {"metadata": {"name": "a", "namespace": "b"}, "spec": {"listeners": None}}
    (found,) = decoded([good, {"spec": {}}, {"metadata": {"name": 3}}], Gateway)
    assert found.short == "b/a"
    assert found.listeners == ()
    assert features([{"spec": "nothing"}, {}]) == Features()
