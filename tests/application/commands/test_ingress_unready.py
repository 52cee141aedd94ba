"""What a plan of an Ingress says of Services behind which nobody is ready."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.changes.change import Ask, Reach
from tests.plugging import Site, told
from tests.shops import service, shop
from tests.stage import staged

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    async with shop(
        service("slip", {"port": 80}, selector={"app": "wbe"}),
        service("bare", {"port": 80}),
        service("away", type="ExternalName", externalName="www.example.org"),
    ) as site:
        site.edit("Deployment", "shop", "api", {"spec": {"replicas": 0}})
        await site.world.cluster.settled()
        yield site


CASES = [
    ("api:80", "shop/api has no ready endpoint, and requests end in an error: Deployment api is scaled to zero."),
    ("slip:80", "its selector app=wbe matches no pod, and nothing that makes pods (did you mean app=web?)"),
    ("bare:80", "it has no selector, and nobody wrote endpoints that are ready"),
]


@pytest.mark.parametrize(("backend", "why"), CASES)
@pytest.mark.parametrize("line", ["ingress create new.example.com --name new", "ingress edit web shop.example.com/new"])
async def test_why_nobody_would_answer_is_said(site: Site, line: str, backend: str, why: str) -> None:
    answer = await site.answer(f"{line} --service {backend} -n shop")
    assert answer.change
    assert why in told(answer.report)


@pytest.mark.parametrize("backend", ["web:80", "away:80"])
async def test_nothing_is_said_where_somebody_is_ready_or_nobody_knows(site: Site, backend: str) -> None:
    said = told((await site.answer(f"ingress create new.example.com --service {backend} --name new -n shop")).report)
    assert "has no ready endpoint" not in said


async def test_what_is_scaled_to_zero_is_not_asked(site: Site) -> None:
    await site.planned("ingress create new.example.com/x www.example.com/y --service api:80 --name new -n shop")
    assert not [step for step in site.record().change.steps if isinstance(step, Ask | Reach)]
    await site.planned("ingress create new.example.com --service web:80 --name new -n shop")
    assert [type(step) for step in site.record().change.steps if isinstance(step, Ask | Reach)] == [Ask, Reach]


async def test_why_pods_are_not_ready_is_said() -> None:
    async with staged("broken") as stage:
        said = told(await stage.say("ingress create new.example.com --service web:80 --name new -n shop --dry-run"))
    assert "Service shop/web has no ready endpoint, and requests end in an error: " in said, said
    assert "its readiness probe" in said
