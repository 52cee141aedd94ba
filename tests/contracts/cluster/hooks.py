"""A webhook as somebody would write it: an HTTPS server on loopback, and the configuration that names it."""

import asyncio
import base64
import json
import threading
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.playground.cluster_server.certificates import make_certificates
from tests.contracts.cluster.api import API
from tests.contracts.cluster.conftest import eventually

Object = dict[str, Any]
Says = Callable[[Object], Any]
"""From the request of an AdmissionReview to its response; whatever else it gives is sent as it is."""

CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/{}webhookconfigurations"


class Hooks:
    """Serves on a thread of its own, and remembers what it was asked."""

    def __init__(self) -> None:
        self.says: dict[str, Says] = {}
        self.heard: list[tuple[str, Object]] = []
        """Path and request, in the order in which they came."""
        self.url = ""
        certificates = make_certificates()
        self.authority = base64.b64encode(certificates.ca_pem).decode()
        self._context = certificates.context()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="webhooks", daemon=True)
        self._runner: web.ServerRunner | None = None

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    async def _start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context).start()
        self.url = f"https://127.0.0.1:{self._runner.addresses[0][1]}"

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        if self._runner:
            await end(self._runner)
        for _ in range(10):  # transports are closed only in a later round of the loop
            await asyncio.sleep(0)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        review = json.loads(await request.read())
        asked = review["request"]
        self.heard.append((request.path, asked))
        said = self.says.get(request.path, lambda _: {"allowed": True})(asked)
        if asyncio.iscoroutine(said):
            said = await said
        if isinstance(said, web.StreamResponse):
            return said
        if isinstance(said, bytes):
            return web.Response(body=said, content_type="application/json")
        return web.json_response(
            {"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": {"uid": asked["uid"]} | said}
        )

    def of(self, path: str) -> list[Object]:
        return [asked for at, asked in self.heard if at == path]


def patched(*operations: Object) -> Object:
    """A response that lets pass and changes."""
    told = base64.b64encode(json.dumps(operations).encode()).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": told}


async def end(runner: web.ServerRunner) -> None:
    """Ends a server without waiting for the goodbye by TLS that a client who only keeps a connection never says."""
    transports = [found.transport for found in runner.server.connections] if runner.server else []
    await runner.cleanup()
    for transport in transports:
        if transport is not None:
            transport.abort()


class Stage:
    """Configurations for one namespace: each webhook hears of objects that bear its name as the label `for`."""

    def __init__(self, api: API, hooks: Hooks, namespace: str) -> None:
        self.api = api
        self.hooks = hooks
        self.namespace = namespace
        self._made: list[str] = []

    def configure(self, name: str, says: Says | None = None, *, mutating: bool = False, **said: Any) -> str:
        """Makes a configuration of one webhook, and waits until the server knows of it. Gives the webhook's name."""
        if says:
            self.hooks.says[f"/{name}"] = says
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
        hook = {
            "name": f"{name}.hooks.example", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": self.client(name), "rules": [rule], "objectSelector": {"matchLabels": {"for": name}},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}},
        } | said  # fmt: skip
        here = {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}}
        known = hook | {
            "name": "known.hooks.example", "clientConfig": self.client(f"known-{name}"), "rules": [rule],
            "objectSelector": {"matchLabels": {"known": name}}, "namespaceSelector": here, "sideEffects": "None",
        }  # fmt: skip
        for left_out in ("matchConditions", "failurePolicy"):
            known.pop(left_out, None)
        base = CONFIGURATIONS.format("mutating" if mutating else "validating")
        metadata = {"name": f"{self.namespace}-{name}"}
        answer = self.api.ask("POST", base, {"metadata": metadata, "webhooks": [hook, known]})
        assert answer.status == 201, answer
        self._made.append(f"{base}/{metadata['name']}")
        eventually(lambda: self._is_known(name))
        self.hooks.heard.clear()
        return str(hook["name"])

    def client(self, path: str) -> Object:
        return {"url": f"{self.hooks.url}/{path}", "caBundle": self.hooks.authority}

    def _is_known(self, name: str) -> bool:
        self.api.ask("POST", self.path("configmaps?dryRun=All"), config_map("known", {"known": name}))
        return bool(self.hooks.of(f"/known-{name}"))

    def path(self, rest: str, group: str = "") -> str:
        base = f"/apis/{group}" if group else "/api/v1"
        return f"{base}/namespaces/{self.namespace}/{rest}"

    def create(self, name: str, hears: str, **said: Any) -> Any:
        """Creates a ConfigMap of which a webhook hears."""
        return self.api.ask(
            "POST", self.path("configmaps?fieldManager=tester"), config_map(name, {"for": hears}) | said
        )

    def clear(self) -> None:
        for path in self._made:
            self.api.ask("DELETE", path)
        self._made.clear()
        self.hooks.says.clear()
        self.hooks.heard.clear()


def config_map(name: str, labels: Object | None = None, **data: str) -> Object:
    return {"metadata": {"name": name} | ({"labels": labels} if labels else {}), "data": data or {"a": "b"}}
