"""A port that does not speak HTTP is asked at the pod's port behind it, not at whatever comes first."""

from typing import Any

from changing import deployment, endpoints, planned, say, shop

from bot.domain.network.references import POD, ref_to


def two_ports() -> Any:
    """A Deployment with a web and a database port."""
    found = deployment()
    found["spec"]["template"]["spec"]["containers"][0]["ports"] = [
        {"containerPort": 8080, "name": "http"},
        {"containerPort": 5432, "name": "db"},
    ]
    return found


async def test_each_port_of_a_service_is_asked_where_it_leads():
    world = shop()
    world.cluster.put(two_ports())
    slice_ = endpoints()
    slice_["ports"] = [
        {"name": "port-1", "port": 8080, "protocol": "TCP"},
        {"name": "port-2", "port": 5432, "protocol": "TCP"},
    ]
    world.cluster.put(slice_)
    await say(world.ports, await planned(world, "expose deploy/web --port 80:http --port 5432:db -n shop"))
    pod = ref_to(POD, "shop", "web-1")
    assert [probe.port for probe in world.prober.asked if probe.target == pod] == [5432]
