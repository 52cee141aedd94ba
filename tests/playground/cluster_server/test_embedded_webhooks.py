"""Webhooks of the embedded cluster, where no real one can be looked at: what is behind a Service, how much is read, and
what is left behind."""

import asyncio
import base64
import contextlib
import json

import pytest
from aiohttp import web

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.certificates import make_certificates
from bot.playground.cluster_server.webhooks import calling
from tests.contracts.cluster.hooks import end
from tests.playground.cluster_server.conftest import connected

CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
MAPS = "/api/v1/namespaces/default/configmaps"


@contextlib.asynccontextmanager
async def serving(answer):
    """Somebody who answers every review in this way; gives the clientConfig."""
    certificates = make_certificates()
    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.context()).start()
    authority = base64.b64encode(certificates.ca_pem).decode()
    yield {"url": f"https://127.0.0.1:{runner.addresses[0][1]}/", "caBundle": authority}
    await end(runner)


def configuration(client_config, *resources, **said):
    rules = [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": list(resources)}]
    hook = {"name": "tests.hooks.example", "clientConfig": client_config, "rules": rules, "sideEffects": "None"}
    return {"metadata": {"name": "tests"}, "webhooks": [hook | {"admissionReviewVersions": ["v1"]} | said]}


async def test_a_service_leads_to_what_runs_in_its_pods(client):
    web_pod = {"name": "web", "image": "web", "ports": [{"containerPort": 8443}]}
    pod = {"metadata": {"name": "web", "labels": {"app": "web"}}, "spec": {"containers": [web_pod]}}
    ports = [{"port": 443, "targetPort": 8443}]
    await client.ask("POST", "/api/v1/namespaces/default/pods", pod)
    service = {"metadata": {"name": "web"}, "spec": {"ports": ports, "selector": {"app": "web"}}}
    made = await client.ask("POST", "/api/v1/namespaces/default/services", service)
    await client.cluster.settled()
    reference = {"service": {"namespace": "default", "name": "web"}}
    await client.ask("POST", CONFIGURATIONS, configuration(reference, "configmaps"))
    told = 'failed to call webhook: Post "https://web.default.svc:443/?timeout=10s": '
    spoken = await client.ask("POST", MAPS, {"metadata": {"name": "a"}})
    assert spoken.body["message"].endswith(f"{told}http: server gave HTTP response to HTTPS client")
    await client.ask("DELETE", "/api/v1/namespaces/default/pods/web")
    await client.cluster.settled()
    silent = await client.ask("POST", MAPS, {"metadata": {"name": "a"}})
    refused = f"dial tcp {made.body['spec']['clusterIP']}:443: connect: connection refused"
    assert silent.body["message"].endswith(told + refused)


async def test_an_answer_without_end_is_not_read_to_its_end(client, monkeypatch):
    monkeypatch.setattr(calling, "_MOST_BYTES", 1000)

    async def endless(request):
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b"x" * 100)
        return response

    async with serving(endless) as where:
        await client.ask("POST", CONFIGURATIONS, configuration(where, "configmaps"))
        answer = await client.ask("POST", MAPS, {"metadata": {"name": "a"}})
    assert answer.body["message"].endswith("the answer is longer than 1000 bytes")


async def test_a_cluster_ends_while_somebody_thinks():
    thinking = asyncio.Event()

    async def think(_):
        thinking.set()
        await asyncio.Event().wait()

    async with serving(think) as where:
        before = asyncio.all_tasks()
        async with EmbeddedCluster() as cluster, connected(cluster) as client:
            await cluster.settled()
            await client.ask("POST", CONFIGURATIONS, configuration(where, "pods", timeoutSeconds=30))
            spec = {"selector": {"matchLabels": {"a": "b"}}}
            spec["template"] = {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            }
            path = "/apis/apps/v1/namespaces/default/deployments"
            await client.ask("POST", path, {"metadata": {"name": "d"}, "spec": spec})
            await asyncio.wait_for(thinking.wait(), 5)
        left = {task for task in asyncio.all_tasks() - before if "RequestHandler" not in repr(task)}
        assert not left


@pytest.mark.parametrize("pace", [0.0, 0.01])
async def test_the_cluster_is_not_settled_while_a_webhook_thinks(pace):
    async def think(request):
        review = json.loads(await request.read())
        await asyncio.sleep(0)
        response = {"uid": review["request"]["uid"], "allowed": True}
        return web.json_response({k: review[k] for k in ("apiVersion", "kind")} | {"response": response})

    async with serving(think) as where, EmbeddedCluster(pace=pace) as cluster, connected(cluster) as client:
        await client.ask("POST", CONFIGURATIONS, configuration(where, "*/*"))
        container = {"name": "c", "image": "i", "command": ["sleep", "1"]}
        job = {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
        await client.ask("POST", "/apis/batch/v1/namespaces/default/jobs", {"metadata": {"name": "j"}, "spec": job})
        await cluster.settled()
        found = (await client.get("/apis/batch/v1/namespaces/default/jobs/j")).body
    assert found["status"]["succeeded"] == 1


async def test_objects_that_were_there_before_are_not_put_to_webhooks(client):
    nowhere = {"url": "https://127.0.0.1:1/"}
    await client.ask("POST", CONFIGURATIONS, configuration(nowhere, "configmaps"))
    client.cluster.create([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "laid-out"}}])
    assert (await client.get(f"{MAPS}/laid-out")).status == 200
