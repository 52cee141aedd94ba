"""What is told of a change that does not work: each fault behind it, who should serve it, and nothing twice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from bot.domain.network.probing import AddressProbe, ByBot, Observation, Outcome
from tests.keypairs import tls_secret
from tests.plugging import site, told
from tests.shops import ingress_class


class Unavailable:
    """A network in which whoever is asked says 503."""

    async def ask(self, probe: AddressProbe) -> Observation:
        return Observation(probe, ByBot(), Outcome.ANSWERED, 0.1, "HTTP 503", 503)

    async def resolve(self, host: str) -> tuple[str, ...]:
        return ()


async def test_each_service_at_fault_is_diagnosed_once(tmp_path: Path):
    rules = "--rule two.example.com/*=web:80 --rule two.example.com/api*=api:80"
    async with site(tmp_path, scenario="broken") as there:
        said = await there.approved(f"ingress create {rules} --name two -n shop")
        assert "its readiness probe (GET /healthz on port http) does not succeed" in said
        assert "the selector is app=ap1" in said
        assert said.count("has no ready endpoints") == 1
        assert said.count("selects no pods") == 1
        assert "nothing wrong was found" not in said


async def test_a_traefik_without_tls_at_its_entry_point_is_told_with_the_command_that_mends_it(tmp_path: Path):
    async with site(tmp_path, scenario="shop") as there:
        there.create(tls_secret("good-tls", "secure.example.com"))
        make = "ingress create secure.example.com --service web:80 --name safe --tls good-tls -n shop"
        plan = told((await there.answer(make)).report)
        assert "With --annotation traefik.ingress.kubernetes.io/router.tls=true it is served by TLS" in plan
        said = await there.approved(make)
        assert "Applied, but not proven to work" in said
        assert "its entry point has no TLS (--entrypoints.websecure.http.tls=true)" in said
        mend = "ingress edit safe -n shop --annotation traefik.ingress.kubernetes.io/router.tls=true"
        assert f"next: {mend}" in said
        assert "not proven" not in await there.approved(mend)


async def test_a_host_without_tls_does_not_keep_the_reason_from_one_that_has_it(tmp_path: Path):
    async with site(tmp_path, scenario="shop") as there:
        there.create(tls_secret("good-tls", "safe.example.com"))
        there.ports = dataclasses.replace(there.ports, network=Unavailable())
        rules = "--rule plain.example.com/*=web:80 --rule safe.example.com/*=web:80,tls=good-tls"
        said = await there.approved(f"ingress create {rules} --name two -n shop")
        assert said.count("nothing wrong was found") == 1
        assert said.count("its entry point has no TLS") == 1


async def test_a_class_of_which_nothing_runs_is_told(tmp_path: Path):
    async with site(tmp_path, scenario="shop") as there:
        there.create(ingress_class("second", "example.com/controller"))
        said = await there.approved("ingress create x.example.com --service web:80 --name x --class second -n shop")
        assert "class second is of example.com/controller, of which nothing is seen running" in said
        assert "nothing wrong was found" not in said


async def test_a_service_whose_objects_are_right_is_left_to_its_log(tmp_path: Path):
    async with site(tmp_path, scenario="shop") as there:
        said = await there.approved("ingress create db.example.com --service db:5432 --name db -n shop")
        assert "but does not answer in HTTP" in said
        assert "what its pods say is next (logs svc/db -n shop)" in said


async def test_a_tls_route_to_plain_http_is_told_to_be_at_fault_behind(tmp_path: Path):
    async with site(tmp_path, scenario="gateway") as there:
        said = await there.approved("route create tls.example.com --kind tls --service web:80 --name tl -n shop")
        assert "passes the TLS handshake through to Service shop/web, whose port 80 does not speak TLS" in said
        assert "nothing wrong was found" not in said


async def test_where_all_is_right_the_controller_is_named_that_should_have_served(tmp_path: Path):
    async with site(tmp_path, scenario="shop") as there:
        there.ports = dataclasses.replace(there.ports, network=Unavailable())
        said = await there.approved("ingress create x.example.com --service web:80 --name x -n shop")
        assert "nothing wrong was found with shop/web, nor with Traefik v3.6.2 in traefik before it" in said


async def test_a_route_of_a_controller_that_is_scaled_to_none_is_told(tmp_path: Path):
    async with site(tmp_path, scenario="gateway") as there:
        there.edit("Deployment", "infra", "traefik", {"spec": {"replicas": 0}})
        await there.world.cluster.settled()
        said = await there.approved("route create new.example.com --service web:80 --name new -n shop")
        assert "Gateway infra/public spec.gatewayClassName: no controller of class" in said
