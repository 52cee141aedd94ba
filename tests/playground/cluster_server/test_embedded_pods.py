"""Pods that run: controllers, logs, the proxy and port-forward."""

import pytest

from bot.playground.cluster_server.pods.programs import Program, Reply

WEB = "/apis/apps/v1/namespaces/default/deployments/web"
PODS = "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"


def deployment(image="shop/web:1", replicas=2, **container):
    said = {"name": "web", "image": image, "ports": [{"name": "http", "containerPort": 8080}]} | container
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [said]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def service(name="web", port=80, target="http", selector="web"):
    spec = {"selector": {"app": selector}, "ports": [{"port": port, "targetPort": target}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


async def running(client, **said):
    await client.apply(WEB, deployment(**said))
    await client.cluster.settled()
    return (await client.get(PODS)).body["items"]


async def test_a_deployment_becomes_ready_pods_on_different_nodes(client):
    pods = await running(client)
    status = (await client.get(WEB)).body["status"]
    assert (status["readyReplicas"], status["updatedReplicas"], status["observedGeneration"]) == (2, 2, 1)
    assert {pod["spec"]["nodeName"] for pod in pods} == {"node1", "node2"}
    assert all(pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet" for pod in pods)
    assert len({pod["status"]["podIP"] for pod in pods}) == 2


async def test_a_new_template_replaces_all_pods(client):
    old = {pod["metadata"]["name"] for pod in await running(client)}
    new = await running(client, image="shop/web:2")
    assert not old & {pod["metadata"]["name"] for pod in new}
    assert {pod["spec"]["containers"][0]["image"] for pod in new} == {"shop/web:2"}


async def test_pods_go_with_their_deployment(client):
    await running(client)
    await client.ask("DELETE", WEB)
    await client.cluster.settled()
    assert (await client.get(PODS)).body["items"] == []
    assert (await client.get("/apis/apps/v1/namespaces/default/replicasets")).body["items"] == []


async def test_orphans_stay(client):
    await running(client)
    await client.ask("DELETE", WEB, {"propagationPolicy": "Orphan"})
    await client.cluster.settled()
    assert (await client.get(WEB)).status == 404
    assert len((await client.get(PODS)).body["items"]) == 2


async def test_an_image_that_cannot_be_pulled_leaves_the_old_pods_alone(client):
    await running(client)
    client.cluster.programs.set("shop/web:bad", Program(pull_error="not found"))
    pods = await running(client, image="shop/web:bad")
    states = {pod["spec"]["containers"][0]["image"]: pod["status"]["containerStatuses"][0]["state"] for pod in pods}
    assert states["shop/web:bad"]["waiting"]["reason"] == "ImagePullBackOff"
    assert "running" in states["shop/web:1"]
    assert (await client.get(WEB)).body["status"]["availableReplicas"] == 2


async def test_a_program_that_ends_is_restarted_and_backs_off(client):
    client.cluster.programs.set("shop/web", Program(exit_code=3, logs=("dying",)))
    pod = (await running(client, replicas=1))[0]
    container = pod["status"]["containerStatuses"][0]
    assert container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert container["lastState"]["terminated"]["exitCode"] == 3
    name = pod["metadata"]["name"]
    assert (await client.get(f"{PODS}/{name}/log?previous=true")).body == "dying\n"


async def test_readiness_follows_what_the_program_answers(client):
    await client.apply(f"{SERVICES}/web", service())
    probe = {"readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}}}
    await running(client, **probe)
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    slices += "?labelSelector=kubernetes.io/service-name%3Dweb"

    async def ready():
        endpoints = (await client.get(slices)).body["items"][0]["endpoints"]
        return [endpoint["conditions"]["ready"] for endpoint in endpoints]

    assert await ready() == [True, True]
    client.cluster.programs.set("shop/web", Program({8080: {"/healthz": Reply("no", 503)}}))
    await client.cluster.settled()
    assert await ready() == [False, False]
    events = (await client.get("/api/v1/namespaces/default/events")).body["items"]
    assert any(e["message"] == "Readiness probe failed: HTTP probe failed with statuscode: 503" for e in events)


async def test_log_options(client):
    client.cluster.programs.set("shop/web", Program({8080: {"": Reply("hi")}}, logs=("one", "two", "three")))
    path = f"{PODS}/{(await running(client))[0]['metadata']['name']}/log"
    assert (await client.get(path)).body == "one\ntwo\nthree\n"
    assert (await client.get(f"{path}?tailLines=1")).body == "three\n"
    assert (await client.get(f"{path}?limitBytes=5")).body == "one\nt"
    refused = await client.get(f"{path}?tailLines=-1")
    assert refused.body["message"].endswith("tailLines: Invalid value: -1: must be greater than or equal to 0")


async def test_logs_of_what_never_started(client):
    client.cluster.programs.set("shop/web", Program(pull_error="not found"))
    name = (await running(client))[0]["metadata"]["name"]
    answer = await client.get(f"{PODS}/{name}/log")
    said = f'container "web" in pod "{name}" is waiting to start: trying and failing to pull image'
    assert (answer.status, answer.body["message"]) == (400, said)


@pytest.mark.parametrize("place", ["services/web", "services/web:80", "services/http:web:80"])
async def test_the_proxy_reaches_a_program(client, place):
    client.cluster.programs.set("shop/web", Program({8080: {"": Reply("hello\n")}}))
    await client.apply(f"{SERVICES}/web", service())
    await running(client)
    answer = await client.get(f"/api/v1/namespaces/default/{place}/proxy/some/path?q=1")
    assert (answer.status, answer.body) == (200, "hello\n")


@pytest.mark.parametrize(
    ("place", "status", "message"),
    [
        ("web:http", 503, 'no endpoints available for service "web:http"'),
        ("web:99", 503, 'no service port 99 found for service "web"'),
        ("empty:80", 503, 'no endpoints available for service "empty"'),
        ("nosuch", 404, 'services "nosuch" not found'),
        ("by-hand:80", 404, 'services "by-hand" not found'),
        ("https:web:80", 503, "error trying to reach service: tls: first record does not look like a TLS handshake"),
    ],
)
async def test_the_proxy_says_why_it_cannot(client, place, status, message):
    await client.apply(f"{SERVICES}/web", service())
    await client.apply(f"{SERVICES}/empty", service("empty", selector="nobody"))
    by_hand = service("by-hand")
    del by_hand["spec"]["selector"]
    await client.apply(f"{SERVICES}/by-hand", by_hand)
    await running(client)
    answer = await client.get(f"{SERVICES}/{place}/proxy/")
    assert (answer.status, answer.body["message"]) == (status, message)


async def test_a_closed_port_refuses_by_address(client):
    pod = (await running(client))[0]
    answer = await client.get(f"{PODS}/{pod['metadata']['name']}:9999/proxy/")
    said = f"error trying to reach service: dial tcp {pod['status']['podIP']}:9999: connect: connection refused"
    assert (answer.status, answer.body["message"]) == (503, said)


async def test_without_a_slash_the_proxy_redirects(client):
    await client.apply(f"{SERVICES}/web", service())
    assert (await client.get(f"{SERVICES}/web/proxy")).status == 301


async def forwarded(client, port, send=b""):
    """Frames of a port-forward, up to the first that says something."""
    name = (await client.get(PODS)).body["items"][0]["metadata"]["name"]
    headers = {"Authorization": f"Bearer {client.cluster.token}"}
    url = f"{client.cluster.url}{PODS}/{name}/portforward?ports={port}"
    async with client.http.ws_connect(url, protocols=("v4.channel.k8s.io",), headers=headers) as socket:
        greetings = [await socket.receive_bytes(), await socket.receive_bytes()]
        if send:
            await socket.send_bytes(b"\0" + send)
        return greetings, await socket.receive_bytes()


async def test_port_forward_carries_bytes_both_ways(client):
    client.cluster.programs.set("shop/web", Program(tcp=(5432,)))
    await running(client)
    greetings, frame = await forwarded(client, 5432, b"ping")
    assert greetings == [b"\0\x38\x15", b"\1\x38\x15"]
    assert frame == b"\0ping"


async def test_port_forward_says_that_a_port_is_closed(client):
    await running(client)
    _, frame = await forwarded(client, 9)
    assert frame[0] == 1
    assert b"connection refused" in frame


async def test_a_load_balancer_gives_addresses_where_there_is_one(client):
    client.cluster.surroundings.load_balancer_addresses = ("203.0.113.1",)
    balanced = service()
    balanced["spec"]["type"] = "LoadBalancer"
    await client.apply(f"{SERVICES}/web", balanced)
    await client.cluster.settled()
    status = (await client.get(f"{SERVICES}/web")).body["status"]
    assert status["loadBalancer"]["ingress"] == [{"ip": "203.0.113.1", "ipMode": "VIP"}]
