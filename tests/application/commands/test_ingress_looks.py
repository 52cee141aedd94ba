"""`ingress list`, `ingress show` and `ingress check`: what is told of Ingresses, and what is found wrong with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.chat.report import Report, Status, Table, plain
from bot.domain.diagnosis.finding import Finding, Severity
from bot.playground.cluster_server.objects.registry import Writing
from tests.plugging import Site, told
from tests.shops import CERTIFICATES, ingress, ingress_class, namespace, service, shop
from tests.stage import staged

pytestmark = pytest.mark.asyncio(loop_scope="module")


def tls(secret: str, *hosts: str) -> Any:
    return [{"hosts": list(hosts), "secretName": secret}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    """Ingresses with one fault each."""
    async with shop(
        *CERTIFICATES,
        namespace("other"),
        ingress_class("idle", "example.com/idle"),
        service("empty", {"port": 80}, selector={"app": "nobody"}),
        ingress("good", "new.example.com/=web:80", tls=tls("shop-cert", "new.example.com")),
        ingress("typo", "typo.example.com/=wbe:80"),
        ingress("port", "port.example.com/=web:81"),
        ingress("empty", "empty.example.com/=empty:80"),
        ingress("unknown", "unknown.example.com/=web:80", cls="treafik"),
        ingress("soon", "soon.new.example.com/=web:80", tls=tls("soon", "new.example.com")),
        ingress("expired", "old.new.example.com/=web:80", tls=tls("expired", "new.example.com")),
        ingress("other-host", "wrong.example.com/=web:80", tls=tls("shop-cert", "wrong.example.com")),
        ingress("gone", "gone.example.com/=web:80", tls=tls("no-such", "gone.example.com")),
        ingress("clash", "twice.example.com/=web:80"),
        ingress("clash", "twice.example.com/=other:80", namespace="other"),
        ingress("idle", "idle.example.com/=web:80", cls="idle"),
        ingress(
            "many",
            *(f"{name}.new.example.com/=web:80" for name in ("x", "y", "z")),
            tls=[
                *tls("no-such", "x.new.example.com"),
                *tls("no-other", "y.new.example.com"),
                *tls("gone-too", "z.new.example.com"),
            ],
            namespace="other",
        ),
        ingress("half", "a.new.example.com/=web:80", "b.new.example.com/=web:80", tls=tls("own", "a.new.example.com")),
    ) as site:
        yield site


async def say(site: Site, line: str) -> Report:
    return (await site.answer(line)).report


async def found(site: Site, name: str, where: str = "-n shop") -> list[Finding]:
    report = await say(site, f"ingress check {name} {where}")
    return [each for each in report.examined if not each.right]


WRONG: list[tuple[str, str, str, str]] = [
    # Ingress, rule, field, words of the summary
    ("typo", "ingress-backend-missing", "spec.rules[0].http.paths[0].backend.service.name", "does not exist"),
    ("port", "ingress-backend-missing", "spec.rules[0].http.paths[0].backend.service.port", "has no such port"),
    ("empty", "service-selects-no-pods", "spec.selector", "selects no pods"),
    ("unknown", "ingress-class-unserved", "spec.ingressClassName", "class treafik, which does not exist"),
    ("soon", "ingress-certificate-ends-soon", "spec.tls[0].secretName", "ends in 5 days"),
    ("expired", "ingress-certificate-wrong", "spec.tls[0].secretName", "it expired on"),
    ("other-host", "ingress-certificate-wrong", "spec.tls[0].secretName", "not for wrong.example.com"),
    ("gone", "ingress-certificate-wrong", "spec.tls[0].secretName", "it is not there"),
]


@pytest.mark.parametrize(("name", "rule", "field", "words"), WRONG, ids=[name for name, *_ in WRONG])
async def test_each_fault_is_found_with_its_object_and_field(
    site: Site, name: str, rule: str, field: str, words: str
) -> None:
    [finding] = [each for each in await found(site, name) if each.rule == rule]
    assert (finding.field, words in finding.summary) == (field, True), finding
    assert finding.next_step


async def test_each_bad_reference_to_a_secret_is_a_finding_of_its_own(site: Site) -> None:
    wrong = [each for each in await found(site, "many", "-n other") if each.rule == "ingress-certificate-wrong"]
    assert {each.field: each.summary.partition(" cannot")[0] for each in wrong} == {
        "spec.tls[0].secretName": "Secret other/no-such",
        "spec.tls[1].secretName": "Secret other/no-other",
        "spec.tls[2].secretName": "Secret other/gone-too",
    }
    assert "ingress edit many y.new.example.com --tls NAME -n other" in wrong[1].next_step
    assert len({each.key for each in wrong}) == 3


async def test_an_entry_that_was_taken_away_ends_what_was_said_of_it(site: Site) -> None:
    [before] = [each for each in await found(site, "gone") if each.rule == "ingress-certificate-wrong"]
    site.edit("Ingress", "shop", "gone", {"spec": {"tls": []}})
    await site.world.cluster.settled()
    after = (await say(site, "ingress check gone -n shop")).examined
    assert any(each.proves(before.key) for each in after)
    site.edit("Ingress", "shop", "gone", {"spec": {"tls": tls("no-such", "gone.example.com")}})
    await site.world.cluster.settled()


async def test_a_host_without_tls_beside_others_is_noted(site: Site) -> None:
    [note] = [each for each in await found(site, "half") if each.rule == "ingress-host-without-tls"]
    assert "b.new.example.com by HTTP alone" in note.summary
    assert note.severity is Severity.INFO


async def test_the_same_host_in_another_namespace_is_found_when_one_is_asked_about(site: Site) -> None:
    whole = [*await found(site, "clash"), *await found(site, "clash", "-n other")]
    assert [each.rule for each in whole if each.rule == "ingress-route-taken-twice"] == ["ingress-route-taken-twice"]


async def test_one_that_is_well_has_nothing_wrong_and_much_that_is_right(site: Site) -> None:
    report = await say(site, "ingress check good -n shop")
    assert report.status is Status.OK
    assert report.title == "1 of 1 Ingress in shop as they should be"
    right = {each.rule for each in report.examined}
    assert right >= {
        "ingress-backend-missing",
        "ingress-class-unserved",
        "ingress-certificate-wrong",
        "ingress-controller-not-running",
    }


async def test_a_host_and_path_that_two_lead_is_told_of_the_younger_one(site: Site) -> None:
    clashes = [
        each
        for each in (await say(site, "ingress check -A")).examined
        if each.rule == "ingress-route-taken-twice" and not each.right
    ]
    [clash] = clashes
    assert {clash.object.namespace, "shop"} <= {"shop", "other"}
    assert "leads twice.example.com/" in clash.summary
    assert clash.field == "spec.rules[0].http.paths[0].path"


async def test_what_is_wrong_is_told_of_all_the_worst_first(site: Site) -> None:
    report = await say(site, "ingress check -n shop")
    wrong = [each for each in report.examined if not each.right]
    assert [each.severity.rank for each in wrong] == sorted((each.severity.rank for each in wrong), reverse=True)
    assert "at fault" in report.title
    assert report.status is Status.FINDINGS


async def test_a_name_that_is_not_there(site: Site) -> None:
    report = await say(site, "ingress check god -n shop")
    assert report.title == "There is no Ingress shop/god"
    report = await say(site, "ingress show god -n shop")
    assert report.title == "There is no Ingress shop/god"


async def test_the_list_tells_certificates_backends_and_what_to_look_at(site: Site) -> None:
    report = await say(site, "ingress list -n shop")
    [listed] = [block for block in report.blocks if isinstance(block, Table)]
    rows = {plain(row[0]): [plain(cell) for cell in row] for row in listed.rows}
    column = {name: index for index, name in enumerate(listed.columns)}

    def cell(name: str, of: str) -> str:
        return rows[name][column[of]]

    assert cell("good", "TLS").endswith("d left")
    assert cell("expired", "TLS") == cell("gone", "TLS") == cell("other-host", "TLS") == "wrong"
    assert cell("typo", "TLS") == "-"
    assert cell("good", "BACKENDS") == "1/1 ready"
    assert cell("typo", "BACKENDS") == cell("empty", "BACKENDS") == "0/1 ready"
    assert cell("good", "ADDRESS") == "203.0.113.10"
    assert cell("unknown", "ADDRESS") == "<none>"
    said = told(report)
    assert "shop/typo leads to Service wbe, which does not exist" in said
    assert "ingress check -n shop" in said


async def test_the_list_as_kubectl_prints_it(site: Site) -> None:
    assert "kind: Ingress" in told(await say(site, "ingress list -n shop -o yaml"))
    assert "LEADS" in told(await say(site, "ingress list -n shop -o wide"))
    assert (await say(site, "ingress list -n other")).title == "Ingresses in other"
    assert "No Ingresses in" in (await say(site, "ingress list -n default")).title
    assert "There is no namespace nope" in told(await say(site, "ingress list -n nope")).replace(
        "Namespace", "namespace"
    )


async def test_one_is_shown_with_all_around_it(site: Site) -> None:
    said = told(await say(site, "ingress show half -n shop"))
    assert "a.new.example.com" in said
    assert "none: it is served without TLS" in said
    assert "web:80 → http" in said
    assert "traefik" in said


async def test_one_that_nobody_took_is_told(site: Site) -> None:
    """Its class is there, and nobody runs who serves it where it could be seen."""
    [finding] = [each for each in await found(site, "idle") if each.rule == "ingress-without-address"]
    assert finding.severity is Severity.INFO
    assert (finding.field, finding.summary) == ("status.loadBalancer", "was given no address by its controller")


async def test_ingress_nginx_is_told_once_and_is_no_fault() -> None:
    async with staged("edge") as stage:
        report = await stage.say("ingress check -A")
        [retired] = [each for each in report.examined if each.rule == "ingress-controller-retired"]
        assert retired.severity is Severity.INFO
        assert retired.object.kind == "IngressClass"
        assert "shop/admin" in retired.evidence[0]
        assert "ingress to-gateway" in retired.next_step


async def test_a_controller_that_does_not_run_is_found() -> None:
    async with staged("edge") as stage:
        cluster = stage.world.cluster
        row = cluster.kinds.named("apps/v1", "Deployment")
        there = cluster.registry.find(row, "ingress-nginx", "ingress-nginx-controller")
        assert there is not None
        changed = {**there, "spec": {**there["spec"], "replicas": 0}}
        cluster.registry.update(row, "ingress-nginx", "ingress-nginx-controller", changed, Writing("kubectl"))
        await cluster.settled()
        report = await stage.say("ingress check store -n shop")
        wrong = [each for each in report.examined if each.rule == "ingress-controller-not-running"]
        assert [each.right for each in wrong] == [False]
        assert "no controller of class nginx (k8s.io/ingress-nginx) runs" in wrong[0].summary


async def test_faults_of_what_it_leads_to_count_for_an_ingress() -> None:
    async with staged("broken") as stage:
        report = await stage.say("ingress check -A")
        [block] = [each for each in report.blocks if isinstance(each, Table)]
        counts = {plain(row[0]): plain(row[-1]) for row in block.rows}
        wrong = [each for each in report.examined if not each.right]
        assert {each.object.kind for each in wrong} >= {"Service"}
        assert int(counts["shop/web"]) == len(wrong)
        assert "1 at fault" in report.title
