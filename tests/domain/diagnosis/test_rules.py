"""Each rule on small pictures of a cluster: what is wrong, at which field, and what is proven right."""

from typing import Any

import pytest

from bot.discovery import declared
from bot.domain.diagnosis.diagnose import all_rules
from bot.domain.diagnosis.finding import Finding, Observations, Rule
from bot.domain.network.probing import ByAPIServer, HTTPProbe, Observation, Outcome, Probe, TCPProbe
from bot.domain.network.references import Ref
from bot.domain.network.snapshot import Snapshot
from tests.builders import (
    ago,
    container,
    crashed,
    daemon_set,
    deployment,
    endpoint_slice,
    ingress,
    node,
    pod,
    replica_set,
    running,
    service,
    snapshot,
    terminated,
    waiting,
)

WEB_POD = Ref("Pod", "web-1", "shop")


def find(code: str, taken: Snapshot, *observations: Observation) -> list[Finding]:
    return list(all_rules()[code].find(taken, Observations(observations)))


def wrong(code: str, taken: Snapshot, *observations: Observation) -> list[Finding]:
    return [finding for finding in find(code, taken, *observations) if not finding.right]


def only(code: str, taken: Snapshot, *observations: Observation) -> Finding:
    (finding,) = wrong(code, taken, *observations)
    return finding


def right_fields(code: str, taken: Snapshot, *observations: Observation) -> set[str]:
    assert not wrong(code, taken, *observations)
    return {finding.field for finding in find(code, taken, *observations)}


def saw(probe: Probe, outcome: Outcome, evidence: str = "") -> Observation:
    return Observation(probe, ByAPIServer(), outcome, evidence=evidence)


def test_a_rule_is_called_like_its_file() -> None:
    rules = declared("bot.domain.diagnosis.rules", "RULE", Rule)
    assert [rule.code for rule in rules.values()] == [module.replace("_", "-") for module in rules]
    assert len(rules) == 12


class TestServiceSelectsNoPods:
    CODE = "service-selects-no-pods"

    def test_a_typo_is_told_with_what_was_probably_meant(self) -> None:
        finding = only(
            self.CODE, snapshot(service(selector={"app": "wbe"}), pod(), pod("api-1", labels={"app": "api"}))
        )
        assert finding.field == "spec.selector"
        assert "did you mean app=web?" in finding.evidence

    def test_a_typo_in_the_key_is_found_too(self) -> None:
        finding = only(self.CODE, snapshot(service(selector={"ap": "web"}), pod()))
        assert "did you mean app=web?" in finding.evidence

    def test_what_would_make_the_pods_counts_as_a_candidate(self) -> None:
        finding = only(self.CODE, snapshot(service(selector={"app": "wbe"}), deployment(replicas=0)))
        assert "did you mean app=web?" in finding.evidence

    def test_labels_unlike_any_are_listed_and_not_guessed(self) -> None:
        finding = only(self.CODE, snapshot(service(selector={"app": "payments"}), pod()))
        assert finding.evidence == ("the selector is app=payments", "pods there are labelled app=web")

    def test_a_pod_of_another_namespace_does_not_count(self) -> None:
        assert wrong(self.CODE, snapshot(service(), pod(namespace="other")))

    @pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
    def test_a_pod_that_ended_does_not_count(self, phase: str) -> None:
        assert wrong(self.CODE, snapshot(service(), pod(phase=phase)))

    @pytest.mark.parametrize("objects", [[pod()], [deployment(replicas=0)], [replica_set()]])
    def test_a_selector_is_right_when_it_matches_pods_or_what_makes_them(self, objects: list[Any]) -> None:
        assert right_fields(self.CODE, snapshot(service(), *objects)) == {"spec.selector"}

    def test_the_past_of_a_deployment_is_no_proof(self) -> None:
        old = replica_set(replicas=0, owner="web")
        assert wrong(self.CODE, snapshot(service(), old, deployment(labels={"app": "wbe"})))

    @pytest.mark.parametrize("quiet", [service(selector={}), service(type="ExternalName", externalName="example.com")])
    def test_who_has_no_selector_is_not_judged(self, quiet: Any) -> None:
        assert find(self.CODE, snapshot(quiet)) == []


class TestServiceWithoutReadyEndpoints:
    CODE = "service-without-ready-endpoints"

    def test_a_ready_endpoint_is_right(self) -> None:
        assert right_fields(self.CODE, snapshot(service(), pod(), endpoint_slice())) == {""}

    @pytest.mark.parametrize(
        ("status", "told"),
        [
            (waiting("ImagePullBackOff", message="not found"), "container web is waiting: ImagePullBackOff: not found"),
            (waiting("CrashLoopBackOff"), "container web is waiting: CrashLoopBackOff"),
            (terminated(1, "Error"), "container web ended: Error"),
            (
                running(ready=False),
                "container web runs, but its readiness probe (GET /healthz on port 8080) does not succeed",
            ),
        ],
    )
    def test_it_names_why_pods_are_not_ready(self, status: Any, told: str) -> None:
        probed = container(readinessProbe={"httpGet": {"path": "/healthz", "port": 8080}})
        broken = pod(ready=False, containers=[probed], statuses=[status])
        finding = only(self.CODE, snapshot(service(), broken, endpoint_slice(ready=False)))
        assert finding.evidence == (told,)

    def test_many_pods_with_one_reason_are_one_line(self) -> None:
        pods = [pod(f"web-{i}", ready=False, statuses=[waiting("CrashLoopBackOff")]) for i in range(3)]
        finding = only(self.CODE, snapshot(service(), *pods))
        assert finding.evidence == ("3 of 3 pods: container web is waiting: CrashLoopBackOff",)

    def test_a_pod_that_no_node_takes_is_told_with_the_scheduler_s_words(self) -> None:
        unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes"}
        lost = pod(ready=False, node="", statuses=[], phase="Pending", conditions=[unplaced])
        assert only(self.CODE, snapshot(service(), lost)).evidence == ("no node takes it: 0/2 nodes",)

    def test_scaled_to_zero_is_neither_wrong_nor_right(self) -> None:
        assert find(self.CODE, snapshot(service(), deployment(replicas=0))) == []

    def test_a_deployment_that_has_none_of_its_pods_is_named(self) -> None:
        failure = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}
        finding = only(self.CODE, snapshot(service(), deployment(replicas=2, status={"conditions": [failure]})))
        assert finding.evidence == ("Deployment shop/web should have 2 pods and has none: exceeded quota",)

    def test_a_terminating_endpoint_is_not_a_ready_one(self) -> None:
        leaving = endpoint_slice(ready=True, terminating=True)
        assert wrong(self.CODE, snapshot(service(), pod(deletionTimestamp=ago(minutes=1)), leaving))


class TestServiceDoesNotAnswer:
    CODE = "service-does-not-answer"
    BY_SERVICE = HTTPProbe(target=Ref("Service", "web", "shop"), port=80)
    BY_POD = TCPProbe(target=WEB_POD, port=8080)

    def taken(self, *ports: Any, containers: Any = None, slice_ports: Any = (8080,)) -> Snapshot:
        return snapshot(service(ports=ports or (80,)), pod(containers=containers), endpoint_slice(ports=slice_ports))

    def test_what_it_has_to_ask_is_declared(self) -> None:
        probes = all_rules()[self.CODE].probes
        assert probes is not None
        assert list(probes(self.taken())) == [self.BY_SERVICE, self.BY_POD]

    @pytest.mark.parametrize("probe", [BY_SERVICE, BY_POD])
    def test_one_answer_proves_the_port_right(self, probe: Probe) -> None:
        fields = right_fields(self.CODE, self.taken(), saw(probe, Outcome.ANSWERED))
        assert fields == {"", "spec.ports[0]", "spec.ports[0].targetPort"}

    def test_a_port_that_was_not_asked_keeps_the_service_from_being_wholly_right(self) -> None:
        taken = self.taken(80, {"port": 81, "targetPort": 8080, "name": "x"})
        assert "" not in right_fields(self.CODE, taken, saw(self.BY_SERVICE, Outcome.ANSWERED))

    def test_refused_where_no_container_listens_is_a_wrong_target_port(self) -> None:
        taken = self.taken(containers=[container(ports=[9090])])
        refused = [saw(self.BY_SERVICE, Outcome.REFUSED, "connection refused"), saw(self.BY_POD, Outcome.REFUSED)]
        finding = only(self.CODE, taken, *refused)
        assert finding.field == "spec.ports[0].targetPort"
        assert "its containers list 9090, and not 8080" in finding.evidence
        assert "GET http://shop/web:80/: connection refused" in finding.evidence
        assert "did you mean 9090?" in finding.next_step

    def test_refused_where_a_container_should_listen_is_the_port_itself(self) -> None:
        finding = only(
            self.CODE, self.taken(), saw(self.BY_SERVICE, Outcome.REFUSED), saw(self.BY_POD, Outcome.REFUSED)
        )
        assert finding.field == "spec.ports[0]"
        assert "nobody listens there" in finding.summary

    @pytest.mark.parametrize(
        ("port", "how", "step"),
        [
            ({"name": "https"}, "does not speak TLS, while its name https says so", "--port http=443`"),
            (
                {"name": "web", "appProtocol": "https"},
                "does not speak TLS, while appProtocol https says so",
                "--port 443 --app-protocol http`",
            ),
            ({"name": "http"}, "does not speak HTTP, while its name http says so", "--port tcp=443`"),
        ],
    )
    def test_who_speaks_something_else_is_not_told_that_nobody_listens(self, port: Any, how: str, step: str) -> None:
        taken = self.taken({"port": 443, "targetPort": 8080, **port}, slice_ports=[(port["name"], 8080)])
        tls = "https" in port.values()
        probe = HTTPProbe(target=Ref("Service", "web", "shop"), port=443, tls=tls)
        finding = only(self.CODE, taken, saw(probe, Outcome.MISMATCHED, "tls: first record"))
        assert finding.summary.endswith(how)
        assert step in finding.next_step
        assert finding.field == "spec.ports[0]"

    def test_the_name_that_is_proposed_is_free(self) -> None:
        ports = {"port": 80, "name": "http"}, {"port": 443, "targetPort": 8080, "name": "https"}
        taken = self.taken(*ports, slice_ports=[("https", 8080)])
        probe = HTTPProbe(target=Ref("Service", "web", "shop"), port=443, tls=True)
        assert "--port http-443=443`" in only(self.CODE, taken, saw(probe, Outcome.MISMATCHED)).next_step

    def test_a_connection_that_is_ended_is_told_as_one(self) -> None:
        seen = [saw(self.BY_SERVICE, Outcome.BROKEN_OFF), saw(self.BY_POD, Outcome.BROKEN_OFF)]
        assert "ends them without an answer" in only(self.CODE, self.taken(), *seen).summary

    def test_a_time_out_is_told_as_one(self) -> None:
        seen = [saw(self.BY_SERVICE, Outcome.TIMED_OUT), saw(self.BY_POD, Outcome.TIMED_OUT)]
        assert "no answer came" in only(self.CODE, self.taken(), *seen).summary

    def test_nobody_asked_means_nothing(self) -> None:
        seen = [saw(self.BY_SERVICE, Outcome.NOT_ASKED), saw(self.BY_POD, Outcome.NOT_ASKED)]
        assert find(self.CODE, self.taken(), *seen) == []
        assert find(self.CODE, self.taken()) == []

    def test_an_endpoint_that_was_not_asked_might_have_answered(self) -> None:
        taken = snapshot(service(), pod(), pod("web-2"), endpoint_slice(pods=["web-1", "web-2"]))
        seen = [saw(self.BY_SERVICE, Outcome.REFUSED), saw(self.BY_POD, Outcome.NOT_ASKED)]
        assert find(self.CODE, taken, *seen) == []

    def test_the_only_endpoint_s_refusal_is_enough(self) -> None:
        assert wrong(
            self.CODE, self.taken(), saw(self.BY_SERVICE, Outcome.REFUSED), saw(self.BY_POD, Outcome.NOT_ASKED)
        )

    def test_a_named_port_that_no_container_has_needs_no_asking(self) -> None:
        taken = self.taken(
            {"port": 80, "targetPort": "htpp"}, containers=[container(ports=[("http", 8080)])], slice_ports=()
        )
        finding = only(self.CODE, taken)
        assert finding.field == "spec.ports[0].targetPort"
        assert finding.evidence == ("its containers list 8080, called http",)


class TestPodCannotStart:
    CODE = "pod-cannot-start"
    OWNER = Ref("Deployment", "api", "shop", "apps/v1")

    def taken(self, *statuses: Any, **more: Any) -> Snapshot:
        return snapshot(pod("api-1", owner=("Deployment", "api"), ready=False, statuses=statuses, **more))

    @pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"])
    def test_an_image_that_cannot_be_had_is_the_image_s_field(self, reason: str) -> None:
        finding = only(self.CODE, self.taken(waiting(reason, message="no such tag")))
        assert (finding.field, finding.owner) == ("spec.containers[0].image", self.OWNER)
        assert "registry.local/web:1" in finding.summary
        assert finding.evidence[0] == "no such tag"

    @pytest.mark.parametrize(
        "status",
        [
            waiting("CrashLoopBackOff", restarts=4),
            waiting("CreateContainerConfigError"),
            waiting("RunContainerError"),
            terminated(1, "Error", restarts=2),
            running(ready=False, restarts=5, lastState=crashed()),
        ],
    )
    def test_a_container_that_does_not_run_is_the_container_s_field(self, status: Any) -> None:
        assert only(self.CODE, self.taken(status)).field == "spec.containers[0]"

    def test_replicas_share_one_finding(self) -> None:
        pods = [pod(f"api-{i}", owner=("Deployment", "api"), statuses=[waiting("ErrImagePull")]) for i in range(3)]
        assert len(wrong(self.CODE, snapshot(*pods))) == 1

    def test_the_second_container_is_named(self) -> None:
        both = [container("web"), container("log")]
        finding = only(self.CODE, self.taken(running("web"), waiting("CrashLoopBackOff", "log"), containers=both))
        assert finding.field == "spec.containers[1]"

    def test_an_init_container_is_named_first(self) -> None:
        finding = only(
            self.CODE,
            self.taken(
                waiting("PodInitializing"), init=[container("i")], init_statuses=[waiting("CrashLoopBackOff", "i")]
            ),
        )
        assert finding.field == "spec.initContainers[0]"

    @pytest.mark.parametrize(
        "status", [waiting("ContainerCreating"), waiting("PodInitializing"), terminated(0, "Completed")]
    )
    def test_what_is_only_starting_or_done_is_not_wrong(self, status: Any) -> None:
        assert wrong(self.CODE, self.taken(status)) == []

    def test_what_runs_is_right_at_every_field(self) -> None:
        fields = right_fields(self.CODE, snapshot(pod(owner=("Deployment", "api"))))
        assert {"spec.containers[0]", "spec.containers[0].image", "spec.nodeName"} <= fields

    def test_between_two_crashes_nothing_is_said(self) -> None:
        calm = pod(owner=("Deployment", "api"), statuses=[running(restarts=2, lastState=crashed())])
        assert find(self.CODE, snapshot(calm)) == []

    def test_long_after_a_crash_it_is_right_again(self) -> None:
        well = pod(owner=("Deployment", "api"), statuses=[running(restarts=2, lastState=crashed(hours=2))])
        assert right_fields(self.CODE, snapshot(well))

    def test_a_deployment_that_makes_none_has_none_that_cannot_start(self) -> None:
        assert "spec.containers[0].image" in right_fields(self.CODE, snapshot(deployment("api", replicas=0)))

    def test_one_bad_replica_keeps_the_good_ones_from_proving_anything(self) -> None:
        good = pod("api-1", owner=("Deployment", "api"))
        bad = pod("api-2", owner=("Deployment", "api"), statuses=[waiting("ErrImagePull")])
        assert all(not finding.right for finding in find(self.CODE, snapshot(good, bad)))

    @pytest.mark.parametrize(("seconds", "count"), [(30, 0), (90, 1)])
    def test_a_pod_that_no_node_takes_is_told_after_a_minute(self, seconds: int, count: int) -> None:
        unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes"}
        since = {"lastTransitionTime": ago(seconds=seconds)}
        found = wrong(self.CODE, self.taken(node="", phase="Pending", conditions=[{**unplaced, **since}]))
        assert [finding.field for finding in found] == ["spec.nodeName"] * count

    def test_a_pod_that_is_going_is_not_judged(self) -> None:
        assert find(self.CODE, self.taken(waiting("CrashLoopBackOff"), deletionTimestamp=ago(seconds=5))) == []


class TestIngressBackendMissing:
    CODE = "ingress-backend-missing"
    PATH = "spec.rules[0].http.paths[0].backend.service"

    def test_a_service_that_does_not_exist_is_the_name_s_field(self) -> None:
        finding = only(self.CODE, snapshot(ingress(service="wbe"), service()))
        assert finding.field == f"{self.PATH}.name"
        assert finding.evidence == ("did you mean web?",)

    @pytest.mark.parametrize("port", [81, "http"])
    def test_a_port_that_does_not_exist_is_the_port_s_field(self, port: int | str) -> None:
        finding = only(self.CODE, snapshot(ingress(port=port), service()))
        assert finding.field == f"{self.PATH}.port"
        assert finding.evidence == ("it has 80/TCP",)

    def test_what_exists_is_right(self) -> None:
        taken = snapshot(ingress(port="http"), service(ports=[{"port": 80, "name": "http"}]))
        assert right_fields(self.CODE, taken) == {"", f"{self.PATH}.name", f"{self.PATH}.port"}

    def test_a_service_of_another_namespace_does_not_count(self) -> None:
        assert wrong(self.CODE, snapshot(ingress(), service(namespace="other")))

    def test_the_default_backend_is_looked_at(self) -> None:
        backend = {"service": {"name": "gone", "port": {"number": 80}}}
        assert (
            only(self.CODE, snapshot(ingress(rules=[], defaultBackend=backend))).field
            == "spec.defaultBackend.service.name"
        )

    def test_a_backend_that_is_no_service_is_left_alone(self) -> None:
        assert right_fields(self.CODE, snapshot(ingress(rules=[], defaultBackend={"resource": {"kind": "B"}}))) == {""}

    def test_an_external_name_needs_no_port(self) -> None:
        outside = service(type="ExternalName", externalName="example.com", ports=[], selector={})
        assert right_fields(self.CODE, snapshot(ingress(), outside)) == {"", f"{self.PATH}.name"}


def test_a_path_that_is_gone_is_proven_right_with_its_ingress() -> None:
    before = only("ingress-backend-missing", snapshot(ingress(service="gone"), service()))
    after = find("ingress-backend-missing", snapshot(ingress(rules=[]), service()))
    assert any(finding.proves(before.key) for finding in after)


@pytest.mark.parametrize(
    ("ready", "message", "told"),
    [
        (False, "cni plugin not initialized", "cni plugin not initialized"),
        (
            None,
            "Kubelet stopped posting node status.",
            "its kubelet has fallen silent: Kubelet stopped posting node status.",
        ),
    ],
)
def test_a_node_that_is_not_ready_is_told_with_the_kubelet_s_words(ready: bool | None, message: str, told: str) -> None:
    finding = only("node-not-ready", snapshot(node(ready=ready, message=message)))
    assert (finding.field, finding.evidence) == ("status.conditions[Ready]", (told,))


def test_a_ready_node_is_right_even_when_it_is_closed_to_new_pods() -> None:
    assert right_fields("node-not-ready", snapshot(node(unschedulable=True))) == {"status.conditions[Ready]"}


@pytest.mark.parametrize(("name", "labels"), [("kube-dns", {}), ("coredns", {}), ("whatever", {"k8s-app": "kube-dns"})])
def test_dns_is_recognised_and_judged_by_its_endpoints(name: str, labels: Any) -> None:
    dns = service(name, namespace="kube-system", labels=labels, ports=[53])
    assert only("dns-not-ready", snapshot(dns)).object.short == f"kube-system/{name}"
    assert right_fields("dns-not-ready", snapshot(dns, endpoint_slice(name, namespace="kube-system"))) == {""}


def test_a_service_called_like_dns_elsewhere_is_not_the_cluster_s() -> None:
    assert find("dns-not-ready", snapshot(service("kube-dns", ports=[53]))) == []


@pytest.mark.parametrize("agent", [{"name": "calico-node"}, {"name": "own", "host_paths": ["/etc/cni/net.d"]}])
def test_a_network_plugin_is_known_by_name_or_by_the_folders_it_fills(agent: Any) -> None:
    finding = only("network-plugin-not-ready", snapshot(daemon_set(**agent, wanted=3, ready=1)))
    assert (finding.field, finding.summary) == ("status.numberReady", "is ready on 1 of 3 nodes")
    assert right_fields("network-plugin-not-ready", snapshot(daemon_set(**agent))) == {"status.numberReady"}


def test_another_daemon_set_is_no_network_plugin() -> None:
    assert find("network-plugin-not-ready", snapshot(daemon_set("logs", host_paths=["/var/log"], ready=0))) == []
