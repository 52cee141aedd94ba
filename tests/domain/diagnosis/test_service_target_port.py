"""The rule about target ports that are named and that no container has."""

from typing import Any

import pytest

from bot.domain.diagnosis.finding import Observations
from bot.domain.diagnosis.rules.service_target_port_missing import find
from tests.builders import container, pod, service, snapshot


def found(target: Any, protocol: str = "TCP", **more: Any) -> list[Any]:
    named = pod(containers=[container(ports=[("http", 8080)])])
    port = {"port": 80, "targetPort": target, "protocol": protocol}
    return list(find(snapshot(named, service(ports=[port], **more)), Observations(())))


@pytest.mark.parametrize(("target", "protocol"), [("htp", "TCP"), ("http", "UDP")])
def test_a_name_that_no_container_has_is_wrong_at_its_field(target: str, protocol: str):
    (finding,) = found(target, protocol)
    assert not finding.right
    assert finding.field == "spec.ports[0].targetPort"
    assert "service edit web -n shop --port 80:" in finding.next_step


@pytest.mark.parametrize("target", ["http", 9999, "9999"])
def test_a_name_that_is_there_and_any_number_are_right_for_the_whole_service(target: Any):
    (finding,) = found(target)
    assert finding.right
    assert finding.field == ""


@pytest.mark.parametrize("more", [{"selector": {}}, {"selector": {"app": "other"}}])
def test_where_nothing_is_selected_other_rules_speak(more: Any):
    assert found("htp", **more) == []
