"""The looking commands, each through dispatch, on a cluster in memory."""

from typing import Any

import msgspec
import pytest

from bot.application.execution.dispatch import dispatch
from bot.application.ports import Changing, Command, Look, Steering
from bot.discovery import declared
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.chat.report import FindingsBlock, Paragraph, Preformatted, Report, Status, Table, plain
from bot.domain.network.probing import Outcome
from bot.domain.network.references import Ref
from bot.errors import BotError, Refused
from tests.builders import (
    container,
    daemon_set,
    deployment,
    endpoint_slice,
    node,
    pod,
    running,
    service,
    waiting,
    whole,
)
from tests.fakes import World, world

CATALOGUE: dict[str, Command] = {
    command.name: command
    for command in declared("bot.application.commands", "COMMAND", Look, Steering, Changing).values()
}
HEALTHY = (service(), pod(owner=("Deployment", "web")), endpoint_slice(), deployment(), node("node1"), node("node2"))


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def where(*objects: Any) -> World:
    there = world(CATALOGUE)
    for each in objects:
        there.cluster.put(whole(each))
    return there


async def say(there: World, line: str) -> Report:
    invocation = Invocation(text=line, source=Source.TERMINAL, actor=Actor("terminal:ann", "ann"))
    return (await dispatch(there.ports, invocation)).report


def rows(report: Report) -> list[list[str]]:
    (table,) = [block for block in report.blocks if isinstance(block, Table)]
    return [[plain(cell) for cell in row] for row in table.rows]


def words(report: Report) -> str:
    """Everything that a report says, without any markup."""
    return report.title + "\n" + msgspec.json.encode((report.blocks, report.footnotes)).decode()


def advice(report: Report) -> str:
    """What is said below the title, as it is read."""
    return " ".join(plain(block.text) for block in report.blocks if isinstance(block, Paragraph))


def told(report: Report) -> list[tuple[str, str]]:
    return [(f.rule, f.field) for block in report.blocks if isinstance(block, FindingsBlock) for f in block.findings]


class TestHelp:
    async def test_every_command_is_listed_with_an_example(self) -> None:
        report = await say(where(), "help")
        for name, command in CATALOGUE.items():
            assert name in words(report)
            assert command.examples[0].split()[0] in words(report)

    @pytest.mark.parametrize("name", sorted(CATALOGUE))
    async def test_every_command_has_a_page(self, name: str) -> None:
        report = await say(where(), f"help {name}")
        assert report.status is Status.OK
        assert report.title == f"{name}: {CATALOGUE[name].summary}"
        assert CATALOGUE[name].examples[0] in "".join(
            block.content for block in report.blocks if isinstance(block, Preformatted)
        )

    async def test_options_are_told_with_all_their_flags(self) -> None:
        assert "-n, --namespace NAMESPACE" in words(await say(where(), "help services"))

    async def test_a_group_lists_its_commands(self) -> None:
        assert "check services" in words(await say(where(), "help check"))

    async def test_an_unknown_command_gets_a_suggestion(self) -> None:
        report = await say(where(), "help servces")
        assert report.status is Status.FAILED
        assert "services" in words(report)


class TestServices:
    async def test_a_row_has_what_kubectl_has_and_the_endpoints(self) -> None:
        report = await say(where(*HEALTHY), "services -n shop")
        assert rows(report) == [["web", "ClusterIP", "10.96.0.20", "<none>", "80/TCP", "1/1", "60m"]]
        assert report.status is Status.OK

    async def test_wide_shows_the_selector_and_all_namespaces_the_namespace(self) -> None:
        (row,) = rows(await say(where(*HEALTHY), "services -A -o wide"))
        assert (row[0], *row[-2:]) == ("shop", "app=web", "Deployment/web")

    async def test_who_has_nobody_to_answer_is_warned_of(self) -> None:
        report = await say(where(service("api"), endpoint_slice("api", ready=False)), "services -n shop")
        assert "shop/api has no ready endpoints (0/1)" in words(report)

    async def test_a_label_selector_does_not_hide_endpoints(self) -> None:
        labelled = service(labels={"tier": "front"})
        (row,) = rows(await say(where(labelled, service("other"), endpoint_slice()), "services -n shop -l tier=front"))
        assert (row[0], row[5]) == ("web", "1/1")

    @pytest.mark.parametrize(
        ("output", "beginning"), [("yaml", "apiVersion: v1\nitems:\n- apiVersion: v1"), ("json", "{\n")]
    )
    async def test_the_objects_are_printed_without_managed_fields(self, output: str, beginning: str) -> None:
        (block,) = (await say(where(*HEALTHY), f"services -n shop -o {output}")).blocks
        assert isinstance(block, Preformatted)
        assert block.language == output
        assert block.content.startswith(beginning)
        assert "managedFields" not in block.content

    async def test_endpoints_that_could_not_be_read_are_not_counted_as_none(self) -> None:
        there = where(*HEALTHY)
        there.cluster.refuses["EndpointSlice"] = Refused("may not list them")
        report = await say(there, "services -n shop")
        assert rows(report)[0][5] == "?"
        assert "Could not read" in words(report)
        assert "no ready endpoints" not in words(report)

    async def test_services_that_could_not_be_read_are_a_failure(self) -> None:
        there = where(*HEALTHY)
        there.cluster.refuses["Service"] = Refused("may not list them")
        assert (await say(there, "services -n shop")).status is Status.FAILED

    async def test_an_empty_namespace_says_so(self) -> None:
        there = where()
        there.cluster.put(namespace("shop"))
        assert (await say(there, "services -n shop")).title == "No services in shop"


@pytest.mark.parametrize(
    "line", ["services -n shpo", "pods -n shpo", "check services -n shpo", "logs deploy/a -n shpo"]
)
async def test_a_namespace_that_does_not_exist_is_no_good_news(line: str) -> None:
    there = where(*HEALTHY)
    there.cluster.put(namespace("shop"))
    report = await say(there, line)
    assert (report.status, report.title) == (Status.FAILED, "There is no namespace shpo")
    assert advice(report) == "Did you mean shop?"


async def test_where_namespaces_may_not_be_read_nothing_is_said_of_them() -> None:
    there = where()
    there.cluster.refuses["Namespace"] = Refused("may not read them")
    assert (await say(there, "services -n shpo")).title == "No services in shpo"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("logs deploy/wbe -n shop", ("There is no Deployment shop/wbe", "Did you mean web?")),
        ("expose deploy/wbe --port 80 -n shop", ("There is no Deployment shop/wbe", "Did you mean web?")),
        (
            "ingress create a.example.com --service front:80 -n shop",
            ("There is no Service shop/front", "There is web."),
        ),
        ("logs sts/web -n shop", ("There is no StatefulSet shop/web", "There are no statefulsets in shop at all.")),
    ],
)
async def test_a_name_that_does_not_exist_is_told_with_what_there_is(line: str, said: tuple[str, str]) -> None:
    there = where(*HEALTHY)
    there.cluster.put(namespace("shop"))
    report = await say(there, line)
    assert (report.status, report.title) == (Status.FAILED, said[0])
    assert advice(report) == said[1]


class TestPods:
    async def test_a_row_is_kubectl_s(self) -> None:
        crashing = pod("b", statuses=[waiting("CrashLoopBackOff", restarts=3)], ready=False)
        report = await say(where(pod("a"), crashing), "pods -n shop -o wide")
        assert rows(report) == [
            ["a", "1/1", "Running", "0", "60m", "10.244.1.2", "node1"],
            ["b", "0/1", "CrashLoopBackOff", "3", "60m", "10.244.1.2", "node1"],
        ]

    async def test_a_restart_is_told_with_its_age(self) -> None:
        last = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-24T02:50:00Z"}}
        there = where(pod("a", statuses=[running(restarts=2, lastState=last)]))
        assert rows(await say(there, "pods -n shop"))[0][3] == "2 (10m ago)"

    async def test_pods_that_could_not_be_read_are_a_failure(self) -> None:
        there = where()
        there.cluster.refuses["Pod"] = Refused("may not list them")
        assert (await say(there, "pods -n shop")).status is Status.FAILED


class TestLogs:
    def there(self, **logs: str) -> World:
        pods = [pod(name, owner=("Deployment", "web")) for name in logs]
        there = where(service(), deployment(), *pods)
        for name, content in logs.items():
            there.cluster.log_text[Ref("Pod", name, "shop")] = content
        return there

    def lines(self, report: Report) -> list[str]:
        (block,) = [block for block in report.blocks if isinstance(block, Preformatted)]
        assert (block.language, report.private) == ("log", True)
        return block.content.splitlines()

    @pytest.mark.parametrize("target", ["web-1", "pod/web-1", "deploy/web", "svc/web"])
    async def test_a_log_is_shown_to_who_asked_alone(self, target: str) -> None:
        assert self.lines(await say(self.there(**{"web-1": "one\ntwo\n"}), f"logs {target} -n shop")) == ["one", "two"]

    async def test_lines_of_several_pods_say_whose_they_are(self) -> None:
        report = await say(self.there(**{"web-1": "one\n", "web-2": "two\n"}), "logs deploy/web -n shop")
        assert self.lines(report) == ["[web-1/web] one", "[web-2/web] two"]

    async def test_secrets_are_masked_and_counted(self) -> None:
        report = await say(self.there(**{"web-1": "\x1b[1mpassword\x1b[0m=hunter2\n"}), "logs web-1 -n shop")
        assert self.lines(report) == ["password=***"]
        assert "1 secret masked" in words(report)

    async def test_a_search_cannot_find_what_is_masked(self) -> None:
        there = self.there(**{"web-1": "password=hunter2\nhello\n"})
        assert (await say(there, "logs web-1 -n shop --grep hunter")).blocks == ()
        assert self.lines(await say(there, "logs web-1 -n shop --grep PASSWORD")) == ["password=***"]

    async def test_a_search_is_for_words_and_no_pattern(self) -> None:
        there = self.there(**{"web-1": "a.b\naxb\n"})
        assert self.lines(await say(there, "logs web-1 -n shop --grep a.b")) == ["a.b"]

    async def test_tail_counts_what_was_found(self) -> None:
        there = self.there(**{"web-1": "x1\ny\nx2\nx3\ny\n"})
        assert self.lines(await say(there, "logs web-1 -n shop --grep x --tail 2")) == ["x2", "x3"]

    async def test_without_a_measure_the_last_lines_are_shown_and_it_says_so(self) -> None:
        report = await say(self.there(**{"web-1": "line\n" * 500}), "logs web-1 -n shop")
        assert len(self.lines(report)) == 200
        assert "The last 200 lines" in words(report)

    async def test_more_pods_than_can_be_shown_are_counted(self) -> None:
        report = await say(self.there(**{f"web-{i:02}": "x\n" for i in range(13)}), "logs deploy/web -n shop")
        assert len(self.lines(report)) == 10
        assert "3 pods more left out" in words(report)

    async def test_one_pod_that_cannot_be_read_does_not_hide_the_others(self) -> None:
        there = self.there(**{"web-1": "one\n", "web-2": "two\n"})
        logs = there.cluster.logs

        async def broken(ref: Ref, request: Any) -> Any:
            if ref.name == "web-2":
                raise BotError("Cannot read it", cause="the container is starting")
            return await logs(ref, request)

        there.cluster.logs = broken  # type: ignore[method-assign]
        report = await say(there, "logs deploy/web -n shop")
        assert self.lines(report) == ["[web-1/web] one"]
        assert "web-2: Cannot read it" in words(report)

    async def test_a_deployment_s_name_without_its_kind_is_explained(self) -> None:
        report = await say(self.there(**{"web-1": ""}), "logs web -n shop")
        assert report.status is Status.FAILED
        assert "logs deploy/web -n shop" in words(report)

    async def test_a_service_without_a_selector_has_no_pods(self) -> None:
        assert (await say(where(service(selector={})), "logs svc/web -n shop")).status is Status.FAILED


class TestStatus:
    async def test_all_is_well(self) -> None:
        dns = service("kube-dns", namespace="kube-system", selector={"k8s-app": "kube-dns"}, ports=[53])
        coredns = pod("coredns-1", namespace="kube-system", labels={"k8s-app": "kube-dns"})
        slices = endpoint_slice("kube-dns", namespace="kube-system")
        calico = daemon_set("calico-node", images=["quay.io/calico/node:v3.32.1"])
        report = await say(where(*HEALTHY, dns, coredns, slices, calico), "status")
        assert (report.status, report.title) == (Status.OK, "test: all is well")
        for part in ("v1.36.2", "2 of 2 ready", "Calico v3.32.1, ready on 2 of 2 nodes", "1 of 1 endpoints ready"):
            assert part in words(report)

    async def test_what_is_wrong_is_found_and_counted(self) -> None:
        report = await say(where(service(selector={"app": "wbe"}), pod(), node(ready=False)), "status")
        assert report.status is Status.FINDINGS
        assert told(report) == [
            ("node-not-ready", "status.conditions[Ready]"),
            ("service-selects-no-pods", "spec.selector"),
        ]
        assert {finding.right for finding in report.examined} == {True, False}

    async def test_what_could_not_be_read_is_told_and_nothing_is_called_well(self) -> None:
        there = where(*HEALTHY)
        there.cluster.refuses["Node"] = Refused("may not list nodes")
        report = await say(there, "status")
        assert "all is well" not in report.title
        assert "node-not-ready (needs nodes)" in words(report)

    async def test_nothing_readable_is_a_failure(self) -> None:
        there = where()
        kinds = ("Node", "Pod", "Service", "EndpointSlice", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
        there.cluster.refuses.update({kind: Refused("no") for kind in (*kinds, "Ingress", "IngressClass")})
        assert (await say(there, "status")).status is Status.FAILED


class TestCheckServices:
    async def test_a_service_that_answers_is_well_and_proven(self) -> None:
        report = await say(where(*HEALTHY), "check services -n shop")
        assert report.status is Status.OK
        assert rows(report) == [["shop/web", "1/1", "yes, HTTP 200 from shop/web in 3 ms"]]
        assert {f.rule for f in report.examined if f.right} == {
            "service-target-port-missing",
            "service-selects-no-pods",
            "service-without-ready-endpoints",
            "service-does-not-answer",
            "pod-cannot-start",
        }
        assert "passes by kube-proxy and network policies" in words(report)

    async def test_a_service_that_refuses_is_at_fault(self) -> None:
        there = where(*HEALTHY)
        there.prober.outcomes.update(
            {Ref("Service", "web", "shop"): Outcome.REFUSED, Ref("Pod", "web-1", "shop"): Outcome.REFUSED}
        )
        report = await say(there, "check services -n shop")
        assert report.status is Status.FINDINGS
        assert told(report) == [("service-does-not-answer", "spec.ports[0]")]
        assert rows(report)[0][2] == "no"

    async def test_a_second_pod_may_answer_for_the_first(self) -> None:
        there = where(*HEALTHY)
        there.prober.outcomes[Ref("Service", "web", "shop")] = Outcome.REFUSED
        assert (await say(there, "check services -n shop")).status is Status.OK

    async def test_who_could_not_be_asked_is_neither_wrong_nor_right(self) -> None:
        there = where(*HEALTHY)
        there.prober.outcomes.update(
            {Ref("Service", "web", "shop"): Outcome.NOT_ASKED, Ref("Pod", "web-1", "shop"): Outcome.NOT_ASKED}
        )
        report = await say(there, "check services -n shop")
        assert report.status is Status.FAILED
        assert "could not be asked" in report.title
        assert "service-does-not-answer" not in {finding.rule for finding in report.examined}

    async def test_those_passed_over_are_named_with_the_reason(self) -> None:
        there = where(
            *HEALTHY,
            service("outside", type="ExternalName", externalName="example.com", selector={}),
            service("own", selector={}),
            service("asleep", selector={"app": "zero"}),
            deployment("zero", labels={"app": "zero"}, replicas=0),
            service("names", ports=[{"port": 53, "protocol": "UDP"}]),
            endpoint_slice("names"),
        )
        report = await say(there, "check services -n shop")
        assert report.status is Status.OK
        for part in ("outside the cluster: shop/outside", "shop/own", "scaled to zero: shop/asleep", "shop/names"):
            assert part in words(report)
        assert [row[0] for row in rows(report)] == ["shop/web"]

    async def test_one_that_speaks_udp_alone_is_at_fault_when_nobody_is_behind_it(self) -> None:
        there = where(service(selector={"app": "gone"}, ports=[{"port": 53, "protocol": "UDP"}]))
        report = await say(there, "check services -n shop")
        assert told(report) == [("service-selects-no-pods", "spec.selector")]
        assert report.title == "0 of 1 Service in shop answer, 1 at fault"

    async def test_a_cause_is_told_before_its_symptom(self) -> None:
        broken = pod(ready=False, owner=("Deployment", "web"), statuses=[waiting("ImagePullBackOff")])
        report = await say(
            where(service(), broken, endpoint_slice(ready=False), deployment()), "check services -n shop"
        )
        assert told(report) == [
            ("pod-cannot-start", "spec.containers[0].image"),
            ("service-without-ready-endpoints", ""),
        ]

    async def test_trouble_behind_no_service_does_not_belong_here(self) -> None:
        stray = pod("job", labels={"app": "job"}, ready=False, statuses=[waiting("ImagePullBackOff")])
        assert (await say(where(*HEALTHY, stray), "check services -n shop")).status is Status.OK

    async def test_rules_that_could_not_be_run_are_named(self) -> None:
        there = where(*HEALTHY)
        there.cluster.refuses["Pod"] = Refused("may not list pods")
        report = await say(there, "check services -n shop")
        assert "service-selects-no-pods (needs pods)" in words(report)

    async def test_a_database_is_asked_by_tcp(self) -> None:
        there = where(
            service(ports=[{"port": 5432, "targetPort": 5432}]),
            pod(containers=[container(ports=[5432])]),
            endpoint_slice(ports=[5432]),
        )
        await say(there, "check services -n shop")
        assert [str(probe) for probe in there.prober.asked] == ["connect shop/web-1:5432"]


@pytest.mark.parametrize("name", ["help", "status", "services", "pods", "logs", "check services"])
def test_looking_needs_no_right_to_change(name: str) -> None:
    assert not CATALOGUE[name].needs_change_right
    assert isinstance(CATALOGUE[name], Look)
