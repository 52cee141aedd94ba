"""`ingress create`, case by case: what each option makes of the Ingress, as `kubectl create ingress` does, and what is
refused, asked and warned of before anything is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.chat.report import Status
from tests.plugging import Site, told
from tests.shops import (
    CERT_MANAGER,
    CERTIFICATES,
    ingress,
    ingress_class,
    issuer,
    namespace,
    service,
    shop,
    with_objects,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW = "new.example.com"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    """One world for all cases: planning writes nothing to it."""
    async with shop(
        *CERTIFICATES,
        *CERT_MANAGER,
        namespace("other"),
        ingress_class("plain", "example.com/plain"),
        ingress_class("old", "k8s.io/ingress-nginx"),
        ingress("wide", "*.wide.example.com/=web:80"),
        ingress("theirs", "taken.example.com/=web:80", "same.example.com/=web:80", namespace="other"),
        ingress("plain", "plain.example.com/=web:80", cls="plain"),
        service("dns", {"port": 53, "protocol": "UDP"}),
        service("many", {"name": "http", "port": 80}, {"name": "tls", "port": 443, "appProtocol": "https"}),
        service("away", type="ExternalName", externalName="www.example.org"),
    ) as site:
        issuers = (issuer("le"), issuer("dns", solver="dns01"), issuer("sick", ready=False))
        await with_objects(site, *issuers, issuer("own", namespace="shop"))
        yield site


def path(service: str, path: str = "/", kind: str = "Prefix", port: Any = 80) -> Any:
    number = {"number": port} if isinstance(port, int) else {"name": port}
    return {"path": path, "pathType": kind, "backend": {"service": {"name": service, "port": number}}}


def rule(host: str, *paths: Any) -> Any:
    return {**({"host": host} if host else {}), "http": {"paths": list(paths)}}


def spec(*rules: Any, tls: Any = None, cls: str = "traefik", **more: Any) -> Any:
    found = {"ingressClassName": cls, **({"rules": list(rules)} if rules else {}), **more}
    return {**found, "tls": tls} if tls else found


MADE: list[Any] = [
    # A host, a path, several of both.
    (f"{NEW} --service web:80", spec(rule(NEW, path("web")))),
    (f"{NEW} --service web:http", spec(rule(NEW, path("web", port="http")))),
    ("NEW.Example.COM --service web:80", spec(rule(NEW, path("web")))),
    (f"{NEW}/api --service api:80", spec(rule(NEW, path("api", "/api")))),
    (f"{NEW} --path /api --service api:80", spec(rule(NEW, path("api", "/api")))),
    (f"{NEW} {NEW}/api --path /x --service api:80", spec(rule(NEW, path("api", "/x"), path("api", "/api")))),
    (f"{NEW}/a {NEW}/b --service web:80", spec(rule(NEW, path("web", "/a"), path("web", "/b")))),
    (
        f"{NEW}/a b.example.com {NEW}/b --service web:80",
        spec(rule(NEW, path("web", "/a"), path("web", "/b")), rule("b.example.com", path("web"))),
    ),
    ("* --service web:80", spec(rule("", path("web")))),
    ("/api --service web:80", spec(rule("", path("web", "/api")))),
    ("*.apps.example.com --service web:80", spec(rule("*.apps.example.com", path("web")))),
    # Path types.
    (f"{NEW}/a --path-type Exact --service web:80", spec(rule(NEW, path("web", "/a", "Exact")))),
    (
        f"'{NEW}/a(/|$)(.*)' --path-type implementationspecific --service web:80",
        spec(rule(NEW, path("web", "/a(/|$)(.*)", "ImplementationSpecific"))),
    ),
    # Rules as kubectl has them: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_create/kubectl_create_ingress/
    (f"--rule '{NEW}/=web:80'", spec(rule(NEW, path("web", "/", "Exact")))),
    (f"--rule '{NEW}/*=web:80'", spec(rule(NEW, path("web")))),
    (f"--rule '{NEW}/path*=web:http'", spec(rule(NEW, path("web", "/path", port="http")))),
    (f"--rule '{NEW}/sub/path/=web:80'", spec(rule(NEW, path("web", "/sub/path/", "Exact")))),
    ("--rule '/path=web:80'", spec(rule("", path("web", "/path", "Exact")))),
    (
        f"--rule '{NEW}/*=web:80' --rule '{NEW}/api*=api:80'",
        spec(rule(NEW, path("web"), path("api", "/api"))),
    ),
    (f"--rule '{NEW}/=web:80,tls'", spec(rule(NEW, path("web", "/", "Exact")), tls=[{"hosts": [NEW]}])),
    (
        f"--rule '{NEW}/*=web:80,tls=shop-cert' --rule 'a.{NEW}/*=api:80,tls=shop-cert'",
        spec(
            rule(NEW, path("web")),
            rule(f"a.{NEW}", path("api")),
            tls=[{"hosts": [NEW, f"a.{NEW}"], "secretName": "shop-cert"}],
        ),
    ),
    (
        f"--rule '{NEW}/*=web:80,tls=shop-cert' --rule '{NEW}/api*=api:80,tls'",
        spec(rule(NEW, path("web"), path("api", "/api")), tls=[{"hosts": [NEW], "secretName": "shop-cert"}]),
    ),
    (
        f"--rule '{NEW}/*=web:80,tls=shop-cert' --rule 'b.example.com/*=api:80,tls'",
        spec(
            rule(NEW, path("web")),
            rule("b.example.com", path("api")),
            tls=[{"hosts": [NEW], "secretName": "shop-cert"}, {"hosts": ["b.example.com"]}],
        ),
    ),
    ("--rule '/=web:80,tls=shop-cert'", spec(rule("", path("web", "/", "Exact")), tls=[{"secretName": "shop-cert"}])),
    ("--rule '/=web:80,tls'", spec(rule("", path("web", "/", "Exact")))),
    # Both ways at once.
    (
        f"{NEW} --service web:80 --rule 'b.example.com/x=api:80'",
        spec(rule(NEW, path("web")), rule("b.example.com", path("api", "/x", "Exact"))),
    ),
    # The default backend.
    ("--default-backend web:80", spec(defaultBackend=path("web")["backend"])),
    (
        f"{NEW} --service web:80 --default-backend api:http",
        spec(rule(NEW, path("web")), defaultBackend=path("api", port="http")["backend"]),
    ),
    (
        "--default-backend web:80 --tls shop-cert",
        spec(defaultBackend=path("web")["backend"], tls=[{"secretName": "shop-cert"}]),
    ),
    # Certificates.
    (
        f"{NEW} a.{NEW} --service web:80 --tls shop-cert",
        spec(
            rule(NEW, path("web")),
            rule(f"a.{NEW}", path("web")),
            tls=[{"hosts": [NEW, f"a.{NEW}"], "secretName": "shop-cert"}],
        ),
    ),
    (
        f"*.{NEW} --service web:80 --tls shop-cert",
        spec(rule(f"*.{NEW}", path("web")), tls=[{"hosts": [f"*.{NEW}"], "secretName": "shop-cert"}]),
    ),
    ("* --service web:80 --tls shop-cert", spec(rule("", path("web")), tls=[{"secretName": "shop-cert"}])),
    (
        f"{NEW} --service web:80 --cluster-issuer le",
        spec(rule(NEW, path("web")), tls=[{"hosts": [NEW], "secretName": "new-example-com-tls"}]),
    ),
    (
        f"{NEW} --service web:80 --issuer own --tls mine",
        spec(rule(NEW, path("web")), tls=[{"hosts": [NEW], "secretName": "mine"}]),
    ),
    (
        "*.apps.example.com --service web:80 --cluster-issuer dns",
        spec(
            rule("*.apps.example.com", path("web")),
            tls=[{"hosts": ["*.apps.example.com"], "secretName": "wildcard-apps-example-com-tls"}],
        ),
    ),
    # The class.
    (f"{NEW} --service web:80 --class plain", spec(rule(NEW, path("web")), cls="plain")),
    ("taken.example.com --service web:80 --class plain", spec(rule("taken.example.com", path("web")), cls="plain")),
    # What another leads by another kind of path is another path.
    (
        "shop.example.com --path-type Exact --service cart:80 --accept overlap",
        spec(rule("shop.example.com", path("cart", "/", "Exact"))),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "made"), MADE, ids=[each[0] for each in MADE])
async def test_what_is_asked_for_is_planned_and_the_api_server_takes_it(site: Site, asked: str, made: Any) -> None:
    answer = await site.answer(f"ingress create {asked} --name fresh -n shop")
    assert answer.change, told(answer.report)
    assert "the API server accepts it (dry run)" in told(answer.report)
    step: Any = site.record().change.steps[0]
    assert step.manifest["spec"] == made
    assert step.manifest["metadata"] == {
        "name": "fresh",
        "namespace": "shop",
        **({"annotations": step.manifest["metadata"]["annotations"]} if "issuer" in asked else {}),
    }


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (f"{NEW} --service cart:80", "cart"),
        (f"--rule '{NEW}/=api:80' --default-backend cart:80", "api"),
        ("--default-backend cart:80", "cart"),
        (f"{NEW} --service cart:80 --name said", "said"),
    ],
)
async def test_it_is_called_after_its_first_service_unless_said(site: Site, asked: str, name: str) -> None:
    await site.planned(f"ingress create {asked} -n shop")
    step: Any = site.record().change.steps[0]
    assert step.ref.name == name


@pytest.mark.parametrize(
    ("asked", "annotations"),
    [
        ("--annotation example.com/team=shop --annotation note='a b=c'", {"example.com/team": "shop", "note": "a b=c"}),
        ("--annotation example.com/empty=", {"example.com/empty": ""}),
        ("--cluster-issuer le", {"cert-manager.io/cluster-issuer": "le"}),
        ("--issuer own", {"cert-manager.io/issuer": "own"}),
        ("--annotation x.org/location-snippets='a;' --accept snippet", {"x.org/location-snippets": "a;"}),
    ],
)
async def test_annotations_are_written(site: Site, asked: str, annotations: dict[str, str]) -> None:
    await site.planned(f"ingress create {NEW} --service web:80 {asked} --name fresh -n shop")
    step: Any = site.record().change.steps[0]
    assert step.manifest["metadata"]["annotations"] == annotations


REFUSED: list[Any] = [
    # What does not go together, or says too little.
    ("", "lead nowhere"),
    (f"{NEW}", "--service"),
    ("--service web:80", "no host name"),
    (f"{NEW}/a --path /b --service web:80", "for hosts without a path"),
    (f"{NEW} --service web:80 --cluster-issuer le --issuer own", "Two issuers"),
    ("* --service web:80 --cluster-issuer le", "needs a host name"),
    (f"--rule '{NEW}/=web:80,tls' --cluster-issuer le", "do not go together"),
    (f"{NEW} --service web:80 --accept everything", "no doubt 'everything'"),
    (f"{NEW} --service web:80 --annotation a=1 --annotation a=2", "given twice"),
    (f"{NEW} {NEW} --service web:80", "is said twice"),
    (f"{NEW}/a {NEW}/a/ --service web:80", "is said twice"),
    # Words that are none.
    (f"https://{NEW} --service web:80", "without scheme or port"),
    (f"{NEW}:8080 --service web:80", "without scheme or port"),
    ("192.0.2.1 --service web:80", "without scheme or port"),
    ("a.*.example.com --service web:80", "cannot be"),
    (f"{NEW}/a/../b --service web:80", "cannot be"),
    (f"{NEW} --service web", "NAME:PORT"),
    (f"{NEW} --service web:70000", "NAME:PORT"),
    (f"--rule '{NEW}=web:80'", "HOST/PATH=SERVICE:PORT"),
    (f"--rule '{NEW}/=web'", "HOST/PATH=SERVICE:PORT"),
    (f"--rule '{NEW}/=web:80,ssl'", "HOST/PATH=SERVICE:PORT"),
    (f"{NEW} --service web:80 --annotation novalue", "KEY=VALUE"),
    (f"{NEW} --service web:80 --path-type Regex", "Prefix, Exact"),
    # Services and their ports.
    (f"{NEW} --service wep:80", "did you mean web"),
    (f"{NEW} --service web:81", "it has 80 (http)"),
    (f"{NEW} --service web:https", "it has 80 (http)"),
    (f"--rule '{NEW}/=web:80' --rule '{NEW}/x=none:80'", "no Service shop/none"),
    ("--default-backend web:99", "has no port 99"),
    (f"{NEW} --service dns:53", "UDP"),
    # Classes.
    (f"{NEW} --service web:80 --class treafik", "did you mean --class traefik"),
    (f"{NEW} --service web:80 --annotation kubernetes.io/ingress.class=traefik", "say --class traefik instead"),
    # Certificates.
    (f"{NEW} --service web:80 --tls nothing", "no Secret shop/nothing"),
    (f"{NEW} --service web:80 --tls opaque", "its type is Opaque, expected kubernetes.io/tls"),
    (f"{NEW} --service web:80 --tls no-key", "its type is Opaque"),
    (f"{NEW} --service web:80 --tls nonsense", "holds no certificate in PEM"),
    (f"{NEW} --service web:80 --tls other-key", "does not belong to its certificate"),
    (f"{NEW} --service web:80 --tls expired", "it expired on"),
    (f"{NEW} --service web:80 --tls early", "it is valid only from"),
    ("b.example.com --service web:80 --tls shop-cert", "not for b.example.com"),
    (f"{NEW} b.example.com c.example.com --service web:80 --tls shop-cert", "not for b.example.com, c.example.com"),
    (f"a.b.{NEW} --service web:80 --tls shop-cert", f"not for a.b.{NEW}"),
    ("--rule 'b.example.com/*=web:80,tls=shop-cert'", "not for b.example.com"),
    # cert-manager.
    (f"{NEW} --service web:80 --cluster-issuer none", "There is no ClusterIssuer none"),
    (f"{NEW} --service web:80 --issuer le", "There is no Issuer shop/le"),
    (f"{NEW} --service web:80 --cluster-issuer sick", "the account was not registered"),
    ("*.apps.example.com --service web:80 --cluster-issuer le", "only be proven by DNS"),
    (f"{NEW} --service web:80 --cluster-issuer le --tls shop-cert", "would overwrite it"),
    # Who is there already.
    ("shop.example.com --service cart:80", "by Ingress shop/web, to Service web"),
    ("shop.example.com/api/ --service cart:80", "by Ingress shop/web, to Service api"),
    ("SHOP.example.com --service cart:80", "by Ingress shop/web"),
    (f"{NEW} --service cart:80 --name web", "There is an Ingress shop/web already"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "why"), REFUSED, ids=[each[0] or "nothing" for each in REFUSED])
async def test_what_cannot_be_is_refused_with_the_reason(site: Site, asked: str, why: str) -> None:
    name = "" if "--name" in asked else "--name fresh"
    answer = await site.answer(f"ingress create {asked} {name} -n shop")
    assert answer.report.status is Status.FAILED
    assert not answer.change
    assert why.lower() in told(answer.report).lower()


WARNED: list[Any] = [
    (f"{NEW} --service web:80 --tls soon", "expires in 5 days"),
    (f"{NEW} --service web:80 --tls own", "is signed by itself"),
    (f"{NEW} --service away:80", "many controllers refuse to lead there"),
    (f"{NEW} --service web:80 --class old", "retired in March 2026"),
    ("a.wide.example.com --service web:80", "a.wide.example.com is taken out of it"),
    (
        "shop.example.com/api/v2 --service cart:80",
        "v2 is taken out of /api, which Ingress shop/web leads to Service api",
    ),
    ("plain.example.com --service web:80", "Ingress shop/plain, of class plain, leads plain.example.com/ too"),
    (f"{NEW} --service web:80 --cluster-issuer le", "cert-manager is asked for Secret new-example-com-tls"),
]


@pytest.mark.parametrize(("asked", "said"), WARNED, ids=[each[0] for each in WARNED])
async def test_what_people_should_know_is_said_in_the_plan(site: Site, asked: str, said: str) -> None:
    answer = await site.answer(f"ingress create {asked} --name fresh -n shop")
    assert answer.change
    assert said in told(answer.report)


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ("taken.example.com same.example.com --service web:80", "conflict", "Ingress other/theirs"),
        (
            "shop.example.com/api --path-type Exact --service web:80",
            "overlap",
            "shop.example.com/api is led by Ingress shop/web to Service api; as Exact it goes before that",
        ),
        (f"{NEW} --service web:80 --annotation nginx.org/server-snippets=x", "snippet", "can read every Secret"),
        (
            f"{NEW} --service web:80 --annotation haproxy-ingress.github.io/config-backend=x",
            "snippet",
            "config-backend",
        ),
    ],
)
async def test_a_doubt_has_to_be_accepted_by_its_code(site: Site, asked: str, code: str, said: str) -> None:
    line = f"ingress create {asked} --name fresh -n shop"
    doubtful = await site.answer(line)
    assert not doubtful.change
    assert f"{code}: " in told(doubtful.report)
    assert said in told(doubtful.report)
    assert (await site.answer(f"{line} --accept {code}")).change
