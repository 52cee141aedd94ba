"""Ingresses from plan to undo, on the embedded cluster: what is written, what is proven, and that taking it back leaves
things as they were."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.changes.change import ChangeState, Reach, StepState
from bot.domain.chat.report import Status
from tests.plugging import Site, told
from tests.shops import CERTIFICATES, as_was, ingress, ingress_class, service, shop

NEW = "new.example.com"


async def undo(site: Site) -> str:
    return await site.approved(f"changes undo {site.record().id}")


def states(site: Site) -> list[StepState]:
    return [step.state for step in site.record().steps]


CREATED = [
    f"{NEW} --service web:80",
    f"{NEW}/a www.{NEW} --service web:http --tls shop-cert",
    f"--rule '{NEW}/*=web:80' --rule '{NEW}/api*=api:80' --annotation example.com/team=shop",
    "--default-backend cart:80",
]


@pytest.mark.parametrize("asked", CREATED)
async def test_an_ingress_is_made_proven_and_taken_away_again(asked: str) -> None:
    async with shop(*CERTIFICATES) as site:
        before = set(site.standing())
        said = await site.approved(f"ingress create {asked} --name fresh -n shop")
        record = site.record()
        assert record.state is ChangeState.APPLIED, said
        # From where tests stand no address can be reached, so that the requests by address are passed over.
        proven = [
            state for state, step in zip(states(site), record.change.steps, strict=True) if not isinstance(step, Reach)
        ]
        assert set(proven) == {StepState.DONE}, said
        made = site.get("Ingress", "shop", "fresh")
        assert made["spec"] == record.change.steps[0].manifest["spec"]  # type: ignore[union-attr]
        assert made["status"]["loadBalancer"]["ingress"] == [{"ip": "203.0.113.10"}]
        await undo(site)
        assert set(site.standing()) == before
        assert site.record().state is ChangeState.APPLIED


async def test_asked_for_twice_it_does_that_already() -> None:
    async with shop() as site:
        line = f"ingress create {NEW} --service web:80 --name fresh -n shop"
        await site.approved(line)
        again = await site.answer(line)
        assert not again.change
        assert "does that already" in told(again.report)


async def test_one_that_patchbay_made_may_be_given_a_certificate_and_loses_it_by_undo() -> None:
    async with shop(*CERTIFICATES) as site:
        line = f"ingress create {NEW} --service web:80 --name fresh -n shop"
        await site.approved(line)
        before = as_was(site.get("Ingress", "shop", "fresh"))
        await site.approved(f"{line} --tls shop-cert")
        assert site.get("Ingress", "shop", "fresh")["spec"]["tls"]
        await undo(site)
        assert as_was(site.get("Ingress", "shop", "fresh")) == before


async def test_one_that_somebody_else_made_is_left_alone() -> None:
    async with shop(ingress("fresh", f"{NEW}/=web:80")) as site:
        answer = await site.answer(f"ingress create {NEW} --service cart:80 --name fresh -n shop")
        assert answer.report.status is Status.FAILED
        assert "It was not made by Patchbay" in told(answer.report)
        same = await site.answer(f"ingress create {NEW} --service web:80 --name fresh -n shop")
        assert "does that already" in told(same.report)


async def test_several_classes_without_a_default_are_offered_and_one_is_chosen() -> None:
    async with shop(ingress_class("plain", "example.com/plain")) as site:
        site.edit("IngressClass", "", "traefik", {"metadata": {"annotations": None}})
        asked = await site.answer(f"ingress create {NEW} --service web:80 --name fresh -n shop")
        assert asked.report.menu is not None
        labels = [each.label for each in asked.report.menu.choices]
        assert labels == ["plain (example.com/plain)", "traefik (traefik.io/ingress-controller)"]
        chosen = await site.answer(asked.report.menu.choices[1].command)
        assert chosen.change
        step: Any = site.record().change.steps[0]
        assert step.manifest["spec"]["ingressClassName"] == "traefik"


async def test_two_default_classes_are_a_question_about_these_two() -> None:
    async with shop(ingress_class("plain"), ingress_class("second", default=True)) as site:
        asked = await site.answer(f"ingress create {NEW} --service web:80 -n shop")
        assert asked.report.menu is not None
        assert [each.command.rpartition(" ")[2] for each in asked.report.menu.choices] == ["second", "traefik"]


async def test_the_only_class_is_taken_with_a_remark_and_without_any_it_is_refused() -> None:
    async with shop() as site:
        site.edit("IngressClass", "", "traefik", {"metadata": {"annotations": None}})
        answer = await site.answer(f"ingress create {NEW} --service web:80 -n shop --name fresh")
        assert answer.change
        assert "it is the only one, though not the default" in told(answer.report)
        site.delete("IngressClass", "", "traefik")
        answer = await site.answer(f"ingress create {NEW} --service web:80 -n shop --name fresh")
        assert answer.report.status is Status.FAILED
        assert "controller install traefik" in told(answer.report)


async def test_a_plan_is_made_anew_when_what_it_rests_on_has_changed() -> None:
    async with shop(*CERTIFICATES) as site:
        approve = await site.planned(f"ingress create {NEW} --service web:http --tls shop-cert --name fresh -n shop")
        port = {"name": "http", "port": 81, "targetPort": "http"}
        site.edit("Service", "shop", "web", {"spec": {"ports": [{"$patch": "replace"}, port]}})
        answer = await site.answer(approve)
        assert answer.change == 2
        assert site.find("Ingress", "shop", "fresh") is None


async def test_a_conflict_that_came_after_planning_is_found_before_anything_is_applied() -> None:
    async with shop() as site:
        approve = await site.planned(f"ingress create {NEW} --service web:80 --name fresh -n shop")
        site.create(ingress("quicker", f"{NEW}/=cart:80"))
        answer = await site.answer(approve)
        assert "is led somewhere already" in told(answer.report)
        assert site.find("Ingress", "shop", "fresh") is None


async def test_what_does_not_answer_is_told_and_undoes_nothing() -> None:
    async with shop(service("empty", {"port": 80}, selector={"app": "nobody"})) as site:
        said = await site.approved(f"ingress create {NEW} --service empty:80 --name fresh -n shop")
        assert site.record().state is ChangeState.APPLIED
        assert "no pod behind it is ready" in said
        assert site.find("Ingress", "shop", "fresh") is not None


async def test_undo_keeps_what_somebody_else_wrote_since() -> None:
    async with shop() as site:
        await site.approved(f"ingress create {NEW} --service web:80 --name fresh -n shop")
        site.edit("Ingress", "shop", "fresh", {"metadata": {"annotations": {"note": "mine"}}})
        answer = await site.answer(f"changes undo {site.record().id}")
        assert answer.report.status is Status.FAILED
        assert "kubectl-edit" in told(answer.report)
        assert site.find("Ingress", "shop", "fresh") is not None
