"""Single requests: every answer as a real server gave it, field by field."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contracts.cluster.api import API
from tests.contracts.cluster.asking import answers_of, cases_of, differences, prepared, put, topics

CASES = [pytest.param(topic, case, id=f"{topic}: {case['says']}") for topic in topics() for case in cases_of(topic)]


@pytest.fixture(scope="module")
def stage(_api: API, namespace: str) -> Iterator[Callable[[str], None]]:
    """Sets the stage for a topic, and clears that of the one before."""
    with contextlib.ExitStack() as stack:
        current: list[str] = []

        def set_for(topic: str) -> None:
            if current != [topic]:
                stack.close()
                current[:] = [topic]
                stack.enter_context(prepared(_api, topic, namespace))

        yield set_for


@pytest.mark.parametrize(("topic", "case"), CASES)
def test_the_answer_is_that_of_a_real_server(
    api: API, namespace: str, stage: Callable[[str], None], topic: str, case: dict[str, Any]
) -> None:
    stage(topic)
    known = answers_of(topic)
    assert case["says"] in known, "no answer is recorded: run tests/contracts/cluster/record.py against a real cluster"
    answer = put(api, case, namespace)
    if answer["status"] == case.get("unless"):
        pytest.skip("this server is too young: it has forgotten nothing yet")
    found = list(differences(known[case["says"]], answer))
    assert not found, "\n".join(found)


def test_each_case_has_a_name_of_its_own() -> None:
    for topic in topics():
        names = [case["says"] for case in cases_of(topic)]
        assert len(names) == len(set(names)), topic


def test_no_answer_is_left_of_a_case_that_is_gone() -> None:
    for topic in topics():
        assert set(answers_of(topic)) <= {case["says"] for case in cases_of(topic)}, topic
