"""Rules together: what is skipped, what is told first, and what is told once."""

from bot.domain.diagnosis.diagnose import all_rules, diagnose, kinds_read
from bot.domain.diagnosis.finding import Observations
from bot.domain.network.references import DEPLOYMENT, ENDPOINT_SLICE, INGRESS, NODE, POD, SERVICE
from bot.domain.network.snapshot import Snapshot
from tests.builders import daemon_set, endpoint_slice, ingress, node, pod, service, snapshot, waiting


def judged(taken: Snapshot) -> list[tuple[str, str]]:
    return [(f.rule, f.object.short) for f in diagnose(taken, Observations(), all_rules().values()).wrong]


def test_a_healthy_cluster_has_nothing_wrong_and_much_that_is_right() -> None:
    taken = snapshot(service(), pod(), endpoint_slice(), ingress(), node(), daemon_set("calico-node"))
    diagnosis = diagnose(taken, Observations(), all_rules().values())
    assert diagnosis.wrong == ()
    assert diagnosis.skipped == ()
    assert {f.rule for f in diagnosis.right} == set(all_rules()) - {
        "service-does-not-answer",
        "dns-not-ready",
        "ingress-class-unserved",  # there are no classes to hold it against
    }


def test_a_rule_is_skipped_when_something_it_reads_was_not_read() -> None:
    taken = snapshot(service(selector={"app": "gone"}), unread=[POD])
    diagnosis = diagnose(taken, Observations(), all_rules().values())
    skipped = {each.rule: each.kinds for each in diagnosis.skipped}
    assert skipped["service-selects-no-pods"] == (POD,)
    assert "node-not-ready" not in skipped
    assert diagnosis.findings == ()


def test_what_was_never_asked_for_is_not_judged_either() -> None:
    taken = snapshot(service(), kinds=[SERVICE])
    assert diagnose(taken, Observations(), all_rules().values()).findings == ()


def test_a_cause_comes_before_its_symptom_which_names_it() -> None:
    broken = pod(ready=False, owner=("Deployment", "web"), statuses=[waiting("ErrImagePull")])
    taken = snapshot(service("aaa"), broken, endpoint_slice("aaa", ready=False))
    cause, symptom = diagnose(taken, Observations(), all_rules().values()).wrong
    assert (cause.rule, symptom.rule) == ("pod-cannot-start", "service-without-ready-endpoints")
    assert symptom.cause == cause.key
    assert symptom.evidence[0].startswith("because Deployment shop/web cannot start")


def test_a_node_explains_the_services_that_lived_on_it() -> None:
    stranded = pod(ready=False)
    taken = snapshot(service(), stranded, endpoint_slice(ready=False), node(ready=None))
    assert judged(taken) == [("node-not-ready", "node1"), ("service-without-ready-endpoints", "shop/web")]


def test_pods_without_a_common_reason_explain_nothing() -> None:
    first = pod("web-1", ready=False, statuses=[waiting("ErrImagePull")])
    second = pod("web-2", ready=False)
    found = diagnose(snapshot(service(), first, second), Observations(), all_rules().values()).wrong
    assert all(finding.cause == "" for finding in found)


def test_the_plugin_explains_nodes_and_not_the_other_way_round() -> None:
    agent = pod("cni-1", namespace="kube-system", ready=False, owner=("DaemonSet", "calico-node"))
    taken = snapshot(
        node(ready=False, message="container runtime network not ready: cni plugin not initialized"),
        daemon_set("calico-node", ready=0),
        agent,
    )
    assert judged(taken) == [("network-plugin-not-ready", "kube-system/calico-node"), ("node-not-ready", "node1")]


def test_a_chain_of_causes_is_told_from_its_beginning() -> None:
    agent = pod(
        "cni-1",
        namespace="kube-system",
        ready=False,
        owner=("DaemonSet", "calico-node"),
        statuses=[waiting("ErrImagePull")],
    )
    taken = snapshot(node(ready=False, message="cni plugin not initialized"), daemon_set("calico-node", ready=0), agent)
    assert [rule for rule, _ in judged(taken)] == ["pod-cannot-start", "network-plugin-not-ready", "node-not-ready"]


def test_dns_is_told_once() -> None:
    dns = service("kube-dns", namespace="kube-system", selector={"k8s-app": "kube-dns"}, ports=[53])
    asleep = pod("coredns-1", namespace="kube-system", labels={"k8s-app": "kube-dns"}, ready=False)
    assert judged(snapshot(dns, asleep)) == [("dns-not-ready", "kube-system/kube-dns")]


def test_what_rules_read_is_read_once() -> None:
    kinds = kinds_read([all_rules()["service-selects-no-pods"], all_rules()["ingress-backend-missing"]])
    assert kinds[:3] == (SERVICE, POD, DEPLOYMENT)
    assert len(kinds) == len(set(kinds))
    assert INGRESS in kinds
    assert not {NODE, ENDPOINT_SLICE} & set(kinds)
