"""`ingress edit` and `ingress delete`, case by case: what is written, what is refused, and what undo leaves."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.changes.change import ChangeRecord, ChangeState
from bot.domain.chat.report import Status
from tests.plugging import Site, told
from tests.shops import (
    CERT_MANAGER,
    CERTIFICATES,
    as_was,
    ingress,
    ingress_class,
    issuer,
    namespace,
    shop,
    with_objects,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def two() -> Any:
    """One rule with two paths."""
    made: Any = ingress("two", annotations={"example.com/a": "1"})
    return {**made, "spec": {**made["spec"], "rules": [rule(NEW, *BOTH)]}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    """One world for all cases: each takes back what it did."""
    async with shop(
        *CERTIFICATES,
        *CERT_MANAGER,
        namespace("other"),
        ingress_class("plain", "example.com/plain"),
        two(),
        ingress("tls", "new.example.com/t=web:80", tls=[{"hosts": ["new.example.com"], "secretName": "shop-cert"}]),
        ingress("theirs", "taken.example.com/=web:80", namespace="other"),
        ingress("beside", "beside.example.com/=web:80"),
        ingress("helmed", "helmed.example.com/=web:80", annotations={"meta.helm.sh/release-name": "shop"}),
    ) as site:
        await with_objects(site, issuer("le"))
        yield site


async def whole(site: Site, name: str = "two") -> Any:
    return copy.deepcopy(site.find("Ingress", "shop", name))


async def done(site: Site, line: str) -> ChangeRecord:
    await site.approved(line)
    return site.record()


def path(service: str, at: str = "/", kind: str = "Prefix", port: Any = 80) -> Any:
    number = {"number": port} if isinstance(port, int) else {"name": port}
    return {"path": at, "pathType": kind, "backend": {"service": {"name": service, "port": number}}}


def rule(host: str, *paths: Any) -> Any:
    return {**({"host": host} if host else {}), "http": {"paths": list(paths)}}


NEW = "new.example.com"
BOTH = (path("web"), path("api", "/api"))
WRITTEN: list[tuple[str, Any]] = [
    (f"{NEW}/cart --service cart:80", {"rules": [rule(NEW, *BOTH, path("cart", "/cart"))]}),
    (f"{NEW}/api --service web:80", {"rules": [rule(NEW, path("web"), path("web", "/api"))]}),
    (f"{NEW}/api --service api:http", {"rules": [rule(NEW, path("web"), path("api", "/api", port="http"))]}),
    (
        f"{NEW}/api --service api:80 --path-type Exact",
        {"rules": [rule(NEW, path("web"), path("api", "/api", "Exact"))]},
    ),
    ("b.example.com --service web:80", {"rules": [rule(NEW, *BOTH), rule("b.example.com", path("web"))]}),
    (f"--remove {NEW}/api", {"rules": [rule(NEW, path("web"))]}),
    (f"--remove {NEW} b.example.com --service web:80", {"rules": [rule("b.example.com", path("web"))]}),
    ("--rule 'c.example.com/x*=api:80'", {"rules": [rule(NEW, *BOTH), rule("c.example.com", path("api", "/x"))]}),
    ("--default-backend web:80", {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}),
    ("--class plain", {"ingressClassName": "plain"}),
    ("--tls shop-cert", {"tls": [{"hosts": [NEW], "secretName": "shop-cert"}]}),
    ("--cluster-issuer le", {"tls": [{"hosts": [NEW], "secretName": "new-example-com-tls"}]}),
]


@pytest.mark.parametrize(("line", "fields"), WRITTEN, ids=[line for line, _ in WRITTEN])
async def test_what_is_written_and_taken_back(site: Site, line: str, fields: Any) -> None:
    before = await whole(site)
    record = await done(site, f"ingress edit two {line} -n shop")
    assert record.state is ChangeState.APPLIED, record
    assert (await whole(site))["spec"] == {**before["spec"], **fields}
    undone = await done(site, f"changes undo {record.id}")
    assert undone.state is ChangeState.APPLIED
    assert as_was(await whole(site)) == as_was(before)


async def test_annotations_are_written_one_by_one(site: Site) -> None:
    before = await whole(site)
    line = "ingress edit two --annotation example.com/b=2 --remove-annotation example.com/a -n shop"
    record = await done(site, line)
    assert (await whole(site))["metadata"]["annotations"] == {"example.com/b": "2"}
    await site.approved(f"changes undo {record.id}")
    assert as_was(await whole(site)) == as_was(before)


async def test_tls_can_be_taken_away(site: Site) -> None:
    before = await whole(site, "tls")
    record = await done(site, "ingress edit tls --no-tls -n shop")
    assert "tls" not in (await whole(site, "tls"))["spec"]
    await site.approved(f"changes undo {record.id}")
    assert as_was(await whole(site, "tls")) == as_was(before)


async def test_what_somebody_else_adds_meanwhile_stays(site: Site) -> None:
    before = await whole(site)
    record = await done(site, f"ingress edit two {NEW}/cart --service cart:80 -n shop")
    now = await whole(site)
    theirs = path("web", "/theirs")
    now["spec"]["rules"][0]["http"]["paths"].append(theirs)
    site.edit("Ingress", "shop", "two", {"spec": {"rules": now["spec"]["rules"]}})
    answer = await site.answer(f"changes undo {record.id}")
    assert "path=/theirs,pathType=Prefix] was changed by somebody else since" in told(answer.report)
    await site.answer(answer.report.actions[0].command)
    assert (await whole(site))["spec"]["rules"] == [rule(NEW, *BOTH, theirs)]
    site.edit("Ingress", "shop", "two", {"spec": {"rules": before["spec"]["rules"]}})


REFUSED: list[tuple[str, tuple[str, ...]]] = [
    ("two", ("What is to change on Ingress two?", "help ingress edit")),
    ("nope --class plain", ("There is no Ingress shop/nope",)),
    (f"two {NEW}/cart", ("Where is new.example.com/cart to lead?", "--service web:80")),
    ("two --service web:80", ("Which host or path is to lead to web:80?",)),
    (f"two {NEW}/x --service nope:80", ("There is no Service shop/nope",)),
    (f"two {NEW}/x --service web:81", ("has no port 81",)),
    ("two --remove other.example.com", ("It does not lead other.example.com", "has new.example.com/")),
    (f"two --remove {NEW}", ("would lead nowhere", "ingress delete two")),
    ("two --class nope", ("nope",)),
    ("two --tls no-such", ("There is no Secret shop/no-such",)),
    ("two --tls shop-cert --no-tls", ("do not go together",)),
    ("two --cluster-issuer le --issuer le", ("do not go together",)),
    ("two --cluster-issuer nobody", ("nobody",)),
    ("two beside.example.com --service web:80", ("Ingress shop/beside",)),
    ("two --accept nonsense --class plain", ("nonsense",)),
    ("two b.example.com --tls shop-cert", ("does not serve b.example.com",)),
]


@pytest.mark.parametrize(("line", "words"), REFUSED, ids=[line for line, _ in REFUSED])
async def test_what_is_refused(site: Site, line: str, words: tuple[str, ...]) -> None:
    before = await whole(site)
    answer = await site.answer(f"ingress edit {line} -n shop")
    said = told(answer.report)
    assert answer.report.status is Status.FAILED, said
    assert [word for word in words if word not in said] == [], said
    assert as_was(await whole(site)) == as_was(before)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ingress edit two --class plain -n shop --dry-run", "until plain has given it an address"),
        (f"ingress edit two --remove {NEW}/api -n shop --dry-run", f"{NEW}/api goes to Service web then, by /."),
        (f"ingress edit two --remove {NEW}/ -n shop --dry-run", f"{NEW}/ does not lead anywhere by it any more"),
        (
            f"ingress edit two {NEW}/api --service cart:80 --path-type Exact -n shop --dry-run",
            f"Only {NEW}/api itself is led from then on",
        ),
        ("ingress edit tls --no-tls -n shop --dry-run", f"{NEW} will be served without TLS"),
        ("ingress edit tls d.example.com --service web:80 -n shop --dry-run", "d.example.com has no certificate"),
        ("ingress delete beside -n shop --dry-run", "Nothing will lead beside.example.com/ anywhere then"),
    ],
)
async def test_what_is_warned_of(site: Site, line: str, words: str) -> None:
    assert words in told((await site.answer(line)).report)


async def test_a_host_that_another_namespace_serves_has_to_be_accepted(site: Site) -> None:
    answer = await site.answer("ingress edit two taken.example.com --service web:80 -n shop")
    assert answer.change == 0
    assert "Ingress other/theirs" in told(answer.report)
    assert "--accept" in answer.report.actions[0].command


async def test_a_second_default_backend_of_a_class_has_to_be_accepted(site: Site) -> None:
    await site.approved("ingress create --default-backend web:80 --name first-default -n shop")
    answer = await site.answer("ingress create --default-backend api:80 --name second-default -n shop")
    assert answer.change == 0
    assert "Ingress shop/first-default has a default backend of this class too" in told(answer.report)
    await site.approved("ingress delete first-default -n shop")


async def test_what_stands_so_already(site: Site) -> None:
    answer = await site.answer(f"ingress edit two {NEW}/api --service api:80 -n shop")
    assert answer.report.title == "Nothing to do: Ingress shop/two stands so already"


async def test_a_deleted_one_comes_back_as_it_was(site: Site) -> None:
    before = await whole(site)
    record = await done(site, "ingress delete two -n shop")
    assert await whole(site) is None
    await site.approved(f"changes undo {record.id}")
    assert as_was(await whole(site), reborn=True) == as_was(before, reborn=True)


async def test_deleting_what_is_not_there(site: Site) -> None:
    report = (await site.answer("ingress delete tow -n shop")).report
    assert report.status is Status.FAILED
    assert "There is no Ingress shop/tow" in report.title
