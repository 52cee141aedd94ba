"""Names that are taken, written as kubectl has them, or of another namespace: what is offered instead."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.plugging import Site, told
from tests.shops import ingress, ingress_class, namespace, shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    async with shop(
        namespace("other"),
        ingress("far", "far.example.com/=web:80", namespace="other"),
        ingress_class("old", "k8s.io/ingress-nginx"),
        ingress("shared", "regex.example.com/=web:80", cls="old"),
        ingress(
            "regex",
            "regex.example.com/x=web:80",
            cls="old",
            annotations={"nginx.ingress.kubernetes.io/use-regex": "true"},
        ),
    ) as site:
        yield site


async def test_a_name_that_was_worked_out_and_is_taken_is_asked_about(site: Site) -> None:
    line = "ingress create new.example.com/a www.example.com --service web:80 -n shop"
    report = (await site.answer(line)).report
    assert report.menu is not None
    new, added = report.menu.choices
    assert (new.label, added.label) == ("a new Ingress web-new", "add it to Ingress web")
    for choice in (new, added):
        await site.planned(choice.command)
        [step, *_] = site.record().change.steps
        assert step.ref.name in ("web-new", "web")
    assert "new.example.com/a to web:80" in site.record().change.summary
    assert "www.example.com/ to web:80" in site.record().change.summary


@pytest.mark.parametrize("more", ["--annotation example.com/a=b", "--default-backend api:80", "--class traefik"])
async def test_what_an_edit_cannot_say_in_one_line_is_not_offered_as_one(site: Site, more: str) -> None:
    report = (await site.answer(f"ingress create new.example.com --service web:80 {more} -n shop")).report
    assert report.menu is not None
    assert [choice.label for choice in report.menu.choices] == ["a new Ingress web-new"]


async def test_a_name_that_was_said_and_is_taken_is_refused_with_a_free_one(site: Site) -> None:
    said = told((await site.answer("ingress create new.example.com --service web:80 --name web -n shop")).report)
    assert "There is an Ingress shop/web already" in said
    assert "--name web-new" in said
    assert "ingress edit web -n shop" in said


@pytest.mark.parametrize("name", ["ing/web", "ingress/web", "ingresses/web", "web"])
async def test_names_may_be_written_as_kubectl_has_them(site: Site, name: str) -> None:
    assert "Ingress shop/web" in (await site.answer(f"ingress show {name} -n shop")).report.title
    assert (await site.answer(f"ingress check {name} -n shop")).report.title.startswith("1 of 1 Ingress")
    assert (await site.answer(f"ingress delete {name} -n shop")).change
    assert (await site.answer(f"ingress edit {name} shop.example.com/x --service api:80 -n shop")).change


async def test_another_kind_is_none(site: Site) -> None:
    assert "NAME|ing/NAME cannot be 'svc/web'" in told((await site.answer("ingress show svc/web -n shop")).report)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ingress show far -n shop", "There is one in other: say so by -n other"),
        ("ingress delete far", "There is one in other: say so by -n other"),
        ("service show web", "There is one in shop: say so by -n shop"),
        ("expose deploy/web --port 80", "There is one in shop: say so by -n shop"),
        ("ingress check fra -A", "There is no Ingress fra in any namespace"),
        ("ingress check fra -A", "Did you mean far?"),
    ],
)
async def test_what_stands_elsewhere_is_told_with_where(site: Site, line: str, words: str) -> None:
    assert words in told((await site.answer(line)).report)


async def test_an_edit_that_changes_no_path_says_nothing_of_expressions(site: Site) -> None:
    line = "ingress edit shared -n shop --dry-run"
    assert "expressions" not in told((await site.answer(f"{line} --annotation example.com/team=a")).report)
    assert "regular expressions" in told((await site.answer(f"{line} regex.example.com/y --service api:80")).report)


async def test_a_service_of_somebody_else_for_the_same_pods_may_be_edited(site: Site) -> None:
    said = told((await site.answer("expose deploy/web --port 81:http -n shop")).report)
    assert "or change that one: service edit web -n shop" in said


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("ingress list -n shop -l app=none", "No Ingresses in shop have the labels app=none"),
        ("services -n shop -l app=none", "No services in shop have the labels app=none"),
        ("services -A -l app=none", "No services in any namespace have the labels app=none"),
        ("ingress list", "No Ingresses in default"),
    ],
)
async def test_a_list_of_nothing_says_what_was_asked_for(site: Site, line: str, title: str) -> None:
    assert (await site.answer(line)).report.title == title
