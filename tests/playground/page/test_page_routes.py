"""Who may ask for what on the page's own routes, and what the panel of the world is told."""

import json
import typing

import aiohttp
import pytest

SECRET = {"X-Playground-Secret": "the-secret-of-this-test"}
DATA = ("/page/information", "/world/state", "/world/events", "/world/object?kind=Pod&namespace=shop&name=x")
POSTS = {"/world/scenario": {"name": "broken"}, "/world/fault": {"id": "db-port", "broken": True}}


@pytest.fixture
async def http() -> typing.AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_the_page_loads_nothing_from_elsewhere_and_is_never_kept(stage, http):
    async with http.get(f"{stage.url}/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("name", "kind"),
    [("main.js", "text/javascript"), ("base.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
async def test_files_are_served_with_their_types(stage, http, name, kind):
    async with http.get(f"{stage.url}/static/{name}") as answer:
        assert (answer.status, answer.content_type) == (200, kind)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["..%2froutes.py", "%2e%2e/routes.py", "missing.js", "index.html", "../__init__.py"])
async def test_nothing_else_is_served(stage, http, name):
    async with http.get(f"{stage.url}/static/{name}") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("path", DATA)
@pytest.mark.parametrize("given", [{}, {"X-Playground-Secret": "wrong"}, {"X-Playground-Secret": ""}])
async def test_data_needs_the_secret(stage, http, path, given):
    async with http.get(stage.url + path, headers=given) as answer:
        assert answer.status == 403
        assert (await answer.json())["error"] == "wrong_secret"


@pytest.mark.parametrize("path", POSTS)
async def test_acting_needs_the_secret(stage, world, http, path):
    async with http.post(stage.url + path, json=POSTS[path]) as answer:
        assert answer.status == 403
    assert world.scenario == "shop"
    assert not any(fault.broken for fault in world.faults())


@pytest.mark.parametrize("path", ["/", "/static/main.js", *DATA])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "localhost", "127.0.0.1.evil.example"])
async def test_a_name_that_means_this_machine_for_a_moment_gets_nothing(stage, http, path, host):
    async with http.get(stage.url + path, headers={**SECRET, "Host": host}) as answer:
        assert answer.status == 403
        assert (await answer.json())["error"] == "wrong_host"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
@pytest.mark.parametrize("path", POSTS)
async def test_another_web_site_cannot_act(stage, http, world, path, origin):
    async with http.post(stage.url + path, json=POSTS[path], headers={**SECRET, "Origin": origin}) as answer:
        assert answer.status == 403
        assert (await answer.json())["error"] == "wrong_origin"
    assert world.scenario == "shop"


async def test_the_own_page_may_act(stage, http, world):
    for origin in (stage.url, stage.url.replace("127.0.0.1", "localhost")):
        async with http.post(
            f"{stage.url}/world/fault", json={"id": "db-port", "broken": True}, headers={**SECRET, "Origin": origin}
        ) as answer:
            assert answer.status == 200
    assert [fault.id for fault in world.faults() if fault.broken] == ["db-port"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/world/scenario", b"name=broken", 415),
        ("/world/scenario", b"{", 400),
        ("/world/scenario", b"[]", 400),
        ("/world/scenario", b"{}", 400),
        ("/world/scenario", b'{"name": "../shop"}', 404),
        ("/world/fault", b'{"id": "db-port"}', 400),
        ("/world/fault", b'{"id": "nothing", "broken": true}', 404),
        ("/world/fault", b'{"id": "' + b"x" * 70_000 + b'", "broken": true}', 400),
    ],
)
async def test_what_is_not_understood_is_refused_in_words(stage, http, path, body, status):
    kind = "application/json" if status != 415 else "application/x-www-form-urlencoded"
    async with http.post(stage.url + path, data=body, headers={**SECRET, "Content-Type": kind}) as answer:
        assert answer.status == status
        assert (await answer.json())["text"]


async def test_the_state_names_scenarios_faults_and_objects(stage, http):
    async with http.get(f"{stage.url}/world/state", headers=SECRET) as answer:
        seen = await answer.json()
    assert seen["scenario"] == "shop"
    assert {"name", "title", "story"} <= set(seen["scenarios"][0])
    assert {key: seen["faults"][2][key] for key in ("id", "broken")} == {"id": "db-port", "broken": False}
    assert {"kind", "namespace", "name", "state", "healthy"} == set(seen["objects"][0])


async def test_an_object_is_shown_as_yaml(stage, http):
    query = {"kind": "Service", "namespace": "shop", "name": "web"}
    async with http.get(f"{stage.url}/world/object", params=query, headers=SECRET) as answer:
        assert "kind: Service\n" in (await answer.json())["yaml"]
    async with http.get(f"{stage.url}/world/object", params=query | {"name": "gone"}, headers=SECRET) as answer:
        assert answer.status == 404


async def test_whoever_looks_on_hears_of_changes(stage, http, world):
    async with http.get(f"{stage.url}/world/events", params={"secret": SECRET["X-Playground-Secret"]}) as answer:
        assert answer.content_type == "text/event-stream"
        assert (await _next(answer))["scenario"] == "shop"
        world.break_("api-selector")
        seen = await _next(answer)
    assert [fault["id"] for fault in seen["faults"] if fault["broken"]] == ["api-selector"]


async def test_a_real_cluster_has_no_world_to_break(real, http):
    async with http.get(f"{real.url}/page/information", headers=SECRET) as answer:
        told = await answer.json()
    assert (told["world"], told["cluster"], told["may_change"]) == (False, "berlin", False)
    for path in POSTS:
        async with http.post(real.url + path, json=POSTS[path], headers=SECRET) as answer:
            assert answer.status == 404


async def _next(answer: aiohttp.ClientResponse) -> dict[str, typing.Any]:
    async for line in answer.content:
        if line.startswith(b"data: "):
            told: dict[str, typing.Any] = json.loads(line[6:])
            return told
    raise AssertionError("the stream ended")
