"""Taking back what we did, and keeping what somebody else did since."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.changes.change import FieldValue
from bot.domain.changes.fields import reborn, with_fields
from bot.domain.changes.taking_back import taken_back

HTTP = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}
HTTPS = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 8443}
DNS = {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53}
PORTS = ("spec", "ports")


def back(before: Any, ours: Any, now: Any, path: tuple[str, ...] = PORTS) -> tuple[Any, list[str]]:
    """What stands in the field after it was taken back; None: nothing. And what was kept of somebody else's."""

    def at(value: Any) -> FieldValue:
        return FieldValue(path, value, present=value is not None)

    object = with_fields({"kind": "Service"}, (at(now),))
    result = taken_back(object, (at(ours),), (at(before),))
    whole: Any = with_fields(object, result.fields)
    for key in path:
        whole = whole.get(key) if isinstance(whole, dict) else None
    return whole, result.kept


def test_what_nobody_touched_is_as_it_was_in_its_order():
    assert back([HTTPS, HTTP], [HTTP], [HTTP]) == ([HTTPS, HTTP], [])
    assert back([HTTP, HTTPS, DNS], [HTTP, DNS], [HTTP, DNS]) == ([HTTP, HTTPS, DNS], [])
    assert back(None, [HTTP], [HTTP]) == (None, [])


def test_a_port_that_somebody_added_meanwhile_stays():
    assert back([HTTP], [HTTP, HTTPS], [HTTP, HTTPS, DNS]) == ([HTTP, DNS], ["spec.ports[port=53,protocol=UDP]"])


def test_a_port_that_somebody_took_away_meanwhile_stays_away():
    assert back([HTTP, DNS], [HTTP, DNS, HTTPS], [HTTP, HTTPS]) == ([HTTP], ["spec.ports[port=53,protocol=UDP]"])


def test_what_we_took_away_stands_where_it_stood_beside_what_was_added():
    value, kept = back([HTTP, HTTPS], [HTTP], [HTTP, DNS])
    assert sorted(each["port"] for each in value) == [53, 80, 443]
    assert value.index(HTTP) < value.index(HTTPS)
    assert kept == ["spec.ports[port=53,protocol=UDP]"]


def test_fields_of_one_port_are_told_apart():
    ours = {**HTTP, "targetPort": 9090}
    theirs = {**ours, "name": "web"}
    assert back([HTTP], [ours], [theirs]) == ([{**HTTP, "name": "web"}], ["spec.ports[port=80,protocol=TCP].name"])


def test_the_same_field_changed_by_both_is_theirs():
    ours, theirs = {**HTTP, "targetPort": 9090}, {**HTTP, "targetPort": 7070}
    value, kept = back([HTTP], [ours], [theirs])
    assert value == [theirs]
    assert kept == ["spec.ports[port=80,protocol=TCP].targetPort"]


def test_a_port_of_ours_that_somebody_removed_leaves_nothing_to_do():
    value, kept = back([HTTP], [HTTP, HTTPS], [HTTP])
    assert value == [HTTP]
    assert kept == []


def test_hosts_and_paths_of_an_ingress():
    def rule(host: str, *paths: str) -> Any:
        return {"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix"} for path in paths]}}

    rules = ("spec", "rules")
    before, ours = [rule("a", "/")], [rule("a", "/", "/api"), rule("b", "/")]
    now = [rule("a", "/", "/api", "/theirs"), rule("b", "/"), rule("c", "/")]
    value, kept = back(before, ours, now, rules)
    assert value == [rule("a", "/", "/theirs"), rule("c", "/")]
    assert kept == ["spec.rules[host=a].http.paths[path=/theirs,pathType=Prefix]", "spec.rules[host=c]"]


def test_names_in_a_list_are_taken_out_one_by_one():
    hosts = ("spec", "hostnames")
    assert back(["a"], ["a", "b"], ["a", "b", "c"], hosts) == (["a", "c"], ['spec.hostnames["c"]'])


@pytest.mark.parametrize("theirs", [{**HTTPS, "targetPort": 9090}, {**HTTPS, "name": "tls"}])
def test_a_port_of_ours_that_somebody_changed_stays_whole(theirs: Any):
    assert back([HTTP], [HTTP, HTTPS], [HTTP, theirs]) == ([HTTP, theirs], ["spec.ports[port=443,protocol=TCP]"])


def test_a_rule_of_ours_in_which_somebody_put_a_path_keeps_its_host():
    def rule(*paths: str) -> Any:
        return {"host": "new", "http": {"paths": [{"path": path, "pathType": "Prefix"} for path in paths]}}

    value, kept = back([], [rule("/")], [rule("/", "/more")], ("spec", "rules"))
    assert value == [rule("/more")]
    assert kept == ["spec.rules[host=new].http.paths[path=/more,pathType=Prefix]"]
    assert back(None, [rule("/", "/b")], [rule("/b")], ("spec", "rules")) == (None, [])


def test_a_path_of_ours_that_somebody_leads_elsewhere_stays_whole():
    def rule(service: str) -> Any:
        backend = {"service": {"name": service, "port": {"number": 80}}}
        return {"host": "a", "http": {"paths": [{"path": "/x", "pathType": "Prefix", "backend": backend}]}}

    value, kept = back([], [rule("cart")], [rule("api")], ("spec", "rules"))
    assert value == [rule("api")]
    assert kept == ["spec.rules[host=a].http.paths[path=/x,pathType=Prefix]"]


def test_a_host_that_somebody_put_under_our_certificate_keeps_it():
    ours, theirs = {"hosts": ["a"], "secretName": "s"}, {"hosts": ["a", "x"], "secretName": "s"}
    value, kept = back(None, [ours], [theirs], ("spec", "tls"))
    assert value == [{"hosts": ["x"], "secretName": "s"}]
    assert kept == ["spec.tls[host=x]"]


def test_a_backend_is_of_one_time_or_of_another():
    def default(name: str, port: int) -> Any:
        return {"service": {"name": name, "port": {"number": port}}}

    path = ("spec", "defaultBackend")
    both = back(default("web", 80), default("api", 8080), default("api", 9090), path)
    assert both == (default("api", 9090), ["spec.defaultBackend"])


def test_fields_that_mean_something_only_together_are_left_together():
    def port(value: Any) -> FieldValue:
        return FieldValue(("spec", "defaultBackend", "service", "port", "number"), value, present=value is not None)

    def name(value: Any) -> FieldValue:
        return FieldValue(("spec", "defaultBackend", "service", "name"), value, present=value is not None)

    object = with_fields({"kind": "Ingress"}, (name("web"), port(8080)))
    result = taken_back(object, (name("web"), port(80)), (name(None), port(None)))
    assert (result.fields, result.kept) == ([], ["spec.defaultBackend"])


def test_a_port_that_needs_a_name_beside_others_keeps_it():
    plain = {"port": 80, "protocol": "TCP", "targetPort": 8080}
    assert back([plain], [HTTP, HTTPS], [HTTP, HTTPS, DNS])[0] == [HTTP, DNS]


def test_items_that_cannot_be_told_apart_are_left_whole():
    rules = ("spec", "rules")
    same = {"http": {"paths": []}}
    value, kept = back([], [same, same], [same, same, {"host": "c"}], rules)
    assert value == [same, same, {"host": "c"}]
    assert kept == ["spec.rules"]


@pytest.mark.parametrize(
    ("before", "ours", "now", "expected", "kept"),
    [
        ("ClusterIP", "NodePort", "NodePort", "ClusterIP", []),
        ("ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer", ["spec.type"]),
        ("ClusterIP", "NodePort", "ClusterIP", "ClusterIP", []),
        (None, "Local", "Local", None, []),
        (None, "Local", None, None, []),
    ],
)
def test_single_values(before: Any, ours: Any, now: Any, expected: Any, kept: list[str]):
    assert back(before, ours, now, ("spec", "type")) == (expected, kept)


def test_a_job_is_made_again_without_what_the_server_chose_by_its_uid():
    labels = {"app": "x", "batch.kubernetes.io/controller-uid": "u", "controller-uid": "u", "job-name": "j"}
    spec = {
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
        "template": {"metadata": {"labels": labels}, "spec": {}},
    }
    job: Any = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "uid": "u"}, "spec": spec}
    again: Any = reborn(job)
    assert "selector" not in again["spec"]
    assert again["spec"]["template"]["metadata"]["labels"] == {"app": "x"}
    assert job["spec"]["selector"]
    chosen = reborn({**job, "spec": {**spec, "manualSelector": True}})
    assert chosen["spec"] == {**spec, "manualSelector": True}
