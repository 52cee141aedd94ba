"""What `ingress create` plans where the world is seldom so: what may not be read, clouds, other makers' rules."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import msgspec
import pytest

from bot.domain.changes.change import Reach, Until, Wait
from bot.domain.changes.ingress import plan
from bot.domain.changes.ingress_proof import askable
from bot.domain.changes.ingress_spec import Backend, Rule
from bot.domain.changes.ingress_tls import Issuing, Vetting
from bot.domain.changes.ingress_wanted import Surroundings, Wanted
from bot.domain.network.cert_manager import CLUSTER_ISSUER, secret_name
from bot.domain.network.certificates import Certificate, KeyPair
from bot.domain.network.references import DEPLOYMENT, ENDPOINT_SLICE, SECRET, ref_to
from bot.domain.network.snapshot import IngressClass
from bot.domain.network.tls_secrets import TLSSecret
from bot.errors import Refused
from tests.builders import NOW, deployment, endpoint_slice, ingress, service, snapshot

WEB = Backend("web", "80")


def rule(host: str = "web.example.com", path: str = "/", **more: Any) -> Rule:
    return Rule(host=host, path=path, path_type="Prefix", backend=WEB, **more)


def wanted(*rules: Rule, **more: Any) -> Wanted:
    given = {"line": "ingress create …", "cluster": "c1", "namespace": "shop", "name": "fresh", "annotations": {}}
    return Wanted(**{**given, "rules": rules or (rule(),), **more})


def classes(*named: tuple[str, str]) -> tuple[IngressClass, ...]:
    return tuple(
        msgspec.convert({"metadata": {"name": name}, "spec": {"controller": controller}}, IngressClass)
        for name, controller in named
    )


def around(*ingresses: Any, controller: str = "traefik.io/ingress-controller", **more: Any) -> Surroundings:
    given = {
        "services": {"web": service()},
        "there": None,
        "ingresses": snapshot(*ingresses).ingresses,
        "classes": classes(("main", controller)),
        "vetting": Vetting({}, NOW),
        "behind": snapshot(endpoint_slice()),
    }
    return Surroundings(**{**given, **more})


def test_a_load_balancer_of_a_cloud_is_given_minutes() -> None:
    def seconds(controller: str) -> float:
        steps = plan(wanted(), around(controller=controller)).steps
        (wait,) = [s for s in steps if isinstance(s, Wait) and s.until is Until.ADDRESS_ASSIGNED]
        return wait.timeout_seconds

    assert seconds("ingress.k8s.aws/alb") == 300
    assert seconds("traefik.io/ingress-controller") == 60


def test_without_the_classes_one_has_to_be_said_and_is_taken_on_trust() -> None:
    with pytest.raises(Refused, match="may not list ingressclasses"):
        plan(wanted(), around(classes=None))
    change = plan(wanted(ingress_class="main"), around(classes=None))
    assert "could not be read" in change.warnings[0]


def test_a_secret_that_may_not_be_read_is_said_and_taken_on_trust() -> None:
    unread = TLSSecret(ref=ref_to(SECRET, "shop", "cert"), unread="may not get secrets")
    change = plan(wanted(rule(tls="cert")), around(vetting=Vetting({"cert": unread}, NOW)))
    assert "whether its certificate fits is not known" in change.warnings[0] + change.warnings[1]
    assert [step.scheme for step in change.steps if isinstance(step, Reach)] == ["https"]


def test_an_issuer_that_may_not_be_read_is_said() -> None:
    missing = TLSSecret(ref=ref_to(SECRET, "shop", "cert"), missing=True)
    issuing = Issuing(ref_to(CLUSTER_ISSUER, "", "le"))
    change = plan(wanted(rule(tls="cert"), issuing=issuing), around(vetting=Vetting({"cert": missing}, NOW)))
    assert any("whether it can issue certificates is not known" in each for each in change.warnings)


def test_ingresses_that_may_not_be_read_are_said() -> None:
    change = plan(wanted(), around(unread=("Ingresses of other namespaces could not be read (forbidden)",)))
    assert "what leads to the same hosts there is not known" in change.warnings[-1]


def test_a_certificate_that_was_renewed_is_no_other_plan() -> None:
    def digest(days: int) -> str:
        own = Certificate(
            subject="CN=web.example.com",
            issuer="CN=ca",
            names=("web.example.com",),
            not_before=NOW - datetime.timedelta(days=1),
            not_after=NOW + datetime.timedelta(days=days),
        )
        secret = TLSSecret(
            ref=ref_to(SECRET, "shop", "cert"),
            type="kubernetes.io/tls",
            keys=("tls.crt", "tls.key"),
            pair=KeyPair(certificate=own, key_fits=True),
        )
        return plan(wanted(rule(tls="cert")), around(vetting=Vetting({"cert": secret}, NOW))).digest

    assert digest(5) == digest(90)


def test_another_certificate_of_the_same_host_is_told() -> None:
    tls = [{"hosts": ["web.example.com"], "secretName": "old"}]
    other = ingress("theirs", namespace="other", path="/x", ingressClassName="main", tls=tls)
    unread = TLSSecret(ref=ref_to(SECRET, "shop", "cert"), unread="forbidden")
    change = plan(wanted(rule(tls="cert")), around(other, vetting=Vetting({"cert": unread}, NOW)))
    assert any("only one of the two certificates" in each for each in change.warnings)


def test_nginx_gives_a_host_to_one_ingress_alone() -> None:
    other = ingress("theirs", path="/x", ingressClassName="main")
    told = plan(wanted(), around(other, controller="nginx.org/ingress-controller")).warnings
    assert any("mergeable-ingress-type" in each for each in told)
    assert plan(wanted(), around(other)).warnings == (
        "Ingress class main is taken: it is the only one, though not the default.",
    )


def test_a_wildcard_leaves_out_what_others_lead_by_name() -> None:
    other = ingress("theirs", namespace="other", host="a.example.com", ingressClassName="main")
    told = plan(wanted(rule("*.example.com")), around(other)).warnings
    assert any("which stays out of *.example.com" in each for each in told)


def test_many_hosts_are_not_all_asked_for() -> None:
    hosts = [rule(f"h{number}.example.com") for number in range(9)]
    change = plan(wanted(*hosts), around())
    assert len([step for step in change.steps if isinstance(step, Reach)]) == 5
    assert any("Of its 9 paths 5 are asked by address" in each for each in change.warnings)


def test_each_service_of_a_host_is_asked_by_a_path_that_leads_to_it() -> None:
    paths = [("/", "web"), ("/more", "web"), ("/api", "api"), ("/api/v2", "api"), ("/cart", "cart")]
    rules = [dataclasses.replace(rule(path=path), backend=Backend(name, "80")) for path, name in paths]
    services = {name: service(name) for name in ("web", "api", "cart")}
    change = plan(wanted(*rules), around(services=services))
    assert [step.path for step in change.steps if isinstance(step, Reach)] == ["/", "/api", "/cart"]
    assert any("the first of each host and of each Service" in each for each in change.warnings)


@pytest.mark.parametrize(
    ("path", "asked"),
    [("/", "/"), ("/api/v1", "/api/v1"), ("/a(/|$)(.*)", "/"), ("/a/b/[0-9]+", "/a/b"), ("/a/b.*", "/a"), ("", "")],
)
def test_of_a_regular_expression_only_its_plain_beginning_is_asked_for(path: str, asked: str) -> None:
    assert askable(path) == asked


def test_the_secret_of_a_long_host_still_has_a_name_that_is_one() -> None:
    assert secret_name("*.shop.example.com") == "wildcard-shop-example-com-tls"
    assert len(secret_name("a" * 253)) <= 253


def test_what_cannot_be_read_of_who_stands_behind_is_said_and_guessed_nothing_of() -> None:
    (said,) = plan(wanted(), around(behind=snapshot(unread=(ENDPOINT_SLICE,)))).warnings[1:]
    assert "Whether somebody is ready behind its Services is not known" in said
    (said,) = plan(wanted(), around(behind=snapshot(unread=(DEPLOYMENT,)))).warnings[1:]
    assert said.endswith("why could not be seen, for want of reading pods and what makes them.")


def test_a_deployment_without_pods_is_named_with_what_hinders_it() -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}
    there = deployment(replicas=2, status={"conditions": [failure]})
    (said,) = plan(wanted(), around(behind=snapshot(there))).warnings[1:]
    assert said.endswith("Deployment shop/web should have 2 pods and has none: exceeded quota: small.")
