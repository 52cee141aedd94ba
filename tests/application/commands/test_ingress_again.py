"""`ingress create` over an Ingress that it made: what that would lose is a doubt, and undo brings all of it back."""

from __future__ import annotations

from tests.plugging import told
from tests.shops import CERTIFICATES, as_was, ingress_class, shop

FULL = (
    "ingress create new.example.com --service web:80 --tls shop-cert --default-backend api:80 "
    "--annotation example.com/a=b --name new -n shop"
)
LINE = "ingress create new.example.com --service cart:80 --name new -n shop"


async def test_what_it_would_lose_has_to_be_accepted_and_comes_back() -> None:
    async with shop(*CERTIFICATES) as site:
        await site.approved(FULL)
        before = site.get("Ingress", "shop", "new")
        answer = await site.answer(LINE)
        assert not answer.change
        said = told(answer.report)
        assert (
            "loss: Ingress shop/new would lose what this request does not say: TLS for new.example.com; its default "
            "backend api; annotation example.com/a."
        ) in said, said
        outcome = await site.approved(answer.report.actions[0].command)
        assert outcome.startswith("Applied"), outcome
        assert "tls" not in site.get("Ingress", "shop", "new")["spec"]
        await site.approved(f"changes undo {site.record().id}")
        assert as_was(site.get("Ingress", "shop", "new")) == as_was(before)


async def test_what_says_all_of_it_again_is_no_doubt() -> None:
    async with shop(*CERTIFICATES) as site:
        await site.approved(FULL)
        outcome = await site.approved(FULL.replace("web:80", "cart:80"))
        assert outcome.startswith("Applied"), outcome


async def test_another_class_is_named_when_nobody_said_it() -> None:
    async with shop(ingress_class("plain", "example.com/plain")) as site:
        await site.approved("ingress create new.example.com --service web:80 --class plain --name new -n shop")
        said = told((await site.answer(LINE)).report)
        assert "class plain, which becomes traefik" in said
        assert (await site.answer(f"{LINE} --class traefik")).change
