"""The names of the world outside follow what serves them."""

from __future__ import annotations

from tests.stage import staged


async def test_hosts_of_ingresses_have_the_addresses_that_they_are_served_at():
    async with staged("shop") as stage:
        found = stage.world.cluster.registry.list(stage.world.cluster.kinds.named("networking.k8s.io/v1", "Ingress"))
        [ingress] = list(found)
        host = ingress["spec"]["rules"][0]["host"]
        address = ingress["status"]["loadBalancer"]["ingress"][0]["ip"]
        assert await stage.world.cluster.resolve(host.upper() + ".") == (address,)
        assert await stage.world.cluster.resolve("nobody.example.net") == ()
        assert await stage.world.cluster.resolve("") == ()
