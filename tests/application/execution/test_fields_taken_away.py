"""A part of a list's item that has to go is written, although everything else of the item stands so already."""

from typing import Any

from changing import WEB, planned, say, shop, stored

from bot.domain.changes.change import ChangeState


async def named_port(world: Any) -> Any:
    return (await world.cluster.get(WEB))["spec"]["ports"][0]


async def test_undo_takes_a_ports_name_away_again():
    world = shop()
    world.cluster.put(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}]},
        }
    )
    await say(world.ports, await planned(world, "service edit web --port http=80 -n shop"))
    assert (await named_port(world))["name"] == "http"
    await say(world.ports, await planned(world, "changes undo 1"))
    assert (await stored(world, 2)).state is ChangeState.APPLIED
    assert (await named_port(world)) == {"port": 80, "protocol": "TCP", "targetPort": 8080}
