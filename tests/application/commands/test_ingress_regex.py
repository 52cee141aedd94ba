"""Regular expressions of ingress-nginx in plans and checks: what is sure is said, and what is not is said to be so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.plugging import Site, told
from tests.shops import ingress, ingress_class, shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGEX = {"nginx.ingress.kubernetes.io/use-regex": "true"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    async with shop(
        ingress_class("old", "k8s.io/ingress-nginx"),
        ingress("regex", "re.example.com/=web:80", cls="old", annotations=REGEX),
        ingress("wide", "wide.example.com/(.*)=web:80", cls="old", annotations=REGEX),
        ingress("below", "wide.example.com/x=api:80", cls="old"),
        ingress("numbers", "n.example.com/v[0-9]+/x=web:80", cls="old", annotations=REGEX),
        ingress("plain", "plain.example.com/=web:80", "plain.example.com/a=web:80", cls="old"),
    ) as site:
        yield site


ASK = "--annotation nginx.ingress.kubernetes.io/use-regex=true"
DOUBTED: list[tuple[str, str]] = [
    (
        "wide.example.com/y --service api:80",
        "nobody would get to wide.example.com/y of Ingress shop/fresh: wide.example.com/(.*) of Ingress shop/wide is "
        "tried first, and takes all its requests",
    ),
    (
        f"plain.example.com/(.*) --service api:80 --path-type ImplementationSpecific {ASK}",
        "nobody would get to plain.example.com/a of Ingress shop/plain",
    ),
    (
        f"plain.example.com/b --service api:80 {ASK}",
        "all paths of plain.example.com in Ingress shop/plain become regular expressions too",
    ),
]


@pytest.mark.parametrize(("asked", "words"), DOUBTED)
async def test_what_is_sure_to_go_wrong_has_to_be_accepted(site: Site, asked: str, words: str) -> None:
    line = f"ingress create '{asked.partition(' ')[0]}' {asked.partition(' ')[2]} --class old --name fresh -n shop"
    answer = await site.answer(line)
    assert not answer.change
    assert "regex: " in told(answer.report)
    assert words in told(answer.report)
    assert (await site.answer(f"{line} --accept regex")).change


WARNED: list[tuple[str, str]] = [
    ("re.example.com/a --service api:80", "shop/regex makes regular expressions of all paths of re.example.com"),
    ("re.example.com/b --service api:80 --path-type Exact", "/b is of type Exact, and matches all that begins so"),
    (
        "n.example.com/v1 --service api:80",
        "cannot be told from the expressions: /v[0-9]+/x (tried first, of Ingress shop/numbers) and /v1",
    ),
]


@pytest.mark.parametrize(("asked", "words"), WARNED)
async def test_what_becomes_of_its_paths_is_said(site: Site, asked: str, words: str) -> None:
    answer = await site.answer(f"ingress create {asked} --class old --name fresh -n shop")
    assert answer.change
    assert words in told(answer.report)


@pytest.mark.parametrize(
    "asked",
    [
        f"new.example.com/(.*) --service api:80 --path-type ImplementationSpecific {ASK} --class old",
        f"plain.example.com/b --service api:80 {ASK} --class traefik",
        "plain.example.com/b --service api:80 --class old",
    ],
)
async def test_nothing_is_said_where_nothing_is_the_matter(site: Site, asked: str) -> None:
    words: Any = asked.partition(" ")
    answer = await site.answer(f"ingress create '{words[0]}' {words[2]} --name fresh -n shop")
    assert answer.change
    assert "expression" not in told(answer.report)


async def test_an_edit_that_turns_a_host_into_expressions_is_doubted(site: Site) -> None:
    line = "ingress edit plain plain.example.com/(.*) --path-type ImplementationSpecific --service cart:80 -n shop"
    assert (await site.answer(line)).change  # plain paths, for now
    answer = await site.answer(f"{line} {ASK}")
    assert not answer.change
    assert "nobody would get to plain.example.com/a of Ingress shop/plain" in told(answer.report)


async def test_a_check_finds_what_is_never_reached_and_notes_what_it_cannot_tell(site: Site) -> None:
    report = (await site.answer("ingress check -n shop")).report
    never = [each for each in report.examined if each.rule == "ingress-path-never-reached" and not each.right]
    assert [each.object.name for each in never] == ["below"]
    assert "could not be compared" not in told(report)
    site.create(ingress("one", "n.example.com/v1=api:80", cls="old"))
    await site.world.cluster.settled()
    said = told((await site.answer("ingress check one -n shop")).report)
    assert "could not be compared" in said
    assert "n.example.com/v[0-9]+/x before n.example.com/v1" in said
