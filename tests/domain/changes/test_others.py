from __future__ import annotations

from typing import Any

import pytest

from bot.domain.changes.others import written_by_others


def managed(*entries: Any) -> Any:
    written = [{"manager": name, "fieldsV1": tree, **more} for name, tree, more in entries]
    return {"metadata": {"managedFields": written}}


LABEL = {"f:metadata": {"f:labels": {".": {}, "f:team": {}}}}
PORT = {"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:targetPort": {}}}}}
FINALIZER = {"f:metadata": {"f:finalizers": {".": {}, 'v:"example.com/x"': {}}}}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (LABEL, "metadata.labels.team"),
        (PORT, "spec.ports[port=80,protocol=TCP].targetPort"),
        (FINALIZER, "metadata.finalizers[example.com/x]"),
        ({"f:spec": {"f:type": {}}}, "spec.type"),
    ],
)
def test_fields_are_named_as_people_write_them(tree: Any, expected: str):
    assert written_by_others(managed(("kubectl-edit", tree, {})), ("kubectl-create",)) == [f"{expected} (kubectl-edit)"]


@pytest.mark.parametrize(
    "entry",
    [
        ("patchbay", LABEL, {}),
        ("kubectl-create", LABEL, {}),
        ("cloud", {"f:status": {"f:loadBalancer": {}}}, {"subresource": "status"}),
        ("old-controller", {"f:status": {"f:loadBalancer": {}}}, {}),
    ],
)
def test_we_ourselves_those_from_before_and_a_status_do_not_count(entry: Any):
    assert written_by_others(managed(entry), ("kubectl-create",)) == []


def test_of_many_fields_a_few_are_named():
    tree = {"f:metadata": {"f:annotations": {f"f:a{number}": {} for number in range(9)}}}
    found = written_by_others(managed(("kubectl-annotate", tree, {})), ())
    assert (len(found), found[-1]) == (7, "and 3 more")
