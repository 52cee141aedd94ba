"""Rights that end: trigger_id and response_url; and modals that stack."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_server import EmbeddedSlack, Person
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.response_urls import use

VIEW = {"type": "modal", "title": {"type": "plain_text", "text": "Form"}, "blocks": [{"type": "divider"}]}


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as raised:
        await call
    return str(raised.value.response["error"])


def refused(slack: EmbeddedSlack, hook: str, given: dict[str, Any]) -> str:
    with pytest.raises(Refusal) as raised:
        use(slack.store, hook, given)
    return raised.value.code


async def test_a_trigger_opens_one_view(slack: EmbeddedSlack, web: AsyncWebClient) -> None:
    trigger = slack.store.new_trigger("U0ANA")
    await web.views_open(trigger_id=trigger, view=VIEW)
    assert await error(web.views_open(trigger_id=trigger, view=VIEW)) == "exchanged_trigger_id"
    assert await error(web.views_open(trigger_id="1.2.3", view=VIEW)) == "invalid_trigger_id"


async def test_a_trigger_ends_after_three_seconds(slack: EmbeddedSlack, web: AsyncWebClient, clock: Any) -> None:
    trigger = slack.store.new_trigger("U0ANA")
    clock.advance(3.1)
    assert await error(web.views_open(trigger_id=trigger, view=VIEW)) == "expired_trigger_id"


async def test_three_views_stack_and_no_more(slack: EmbeddedSlack, web: AsyncWebClient) -> None:
    root = (await web.views_open(trigger_id=slack.store.new_trigger("U0ANA"), view=VIEW))["view"]
    for _ in range(2):
        pushed = await web.views_push(trigger_id=slack.store.new_trigger("U0ANA", root["id"]), view=VIEW)
        assert pushed["view"]["root_view_id"] == root["id"]
    last = web.views_push(trigger_id=slack.store.new_trigger("U0ANA", root["id"]), view=VIEW)
    assert await error(last) == "push_limit_reached"


async def test_a_view_changed_meanwhile_conflicts(slack: EmbeddedSlack, web: AsyncWebClient) -> None:
    view = (await web.views_open(trigger_id=slack.store.new_trigger("U0ANA"), view=VIEW))["view"]
    await web.views_update(view_id=view["id"], hash=view["hash"], view=VIEW)
    assert await error(web.views_update(view_id=view["id"], hash=view["hash"], view=VIEW)) == "hash_conflict"


@pytest.mark.parametrize(
    "change",
    [
        {"title": {"type": "plain_text", "text": "x" * 25}},
        {"submit": {"type": "plain_text", "text": "x" * 25}},
        {"private_metadata": "x" * 3_001},
        {"blocks": [{"type": "divider"}] * 101},
        {"blocks": [{"type": "markdown", "text": "not in a modal"}]},
    ],
)
async def test_views_beyond_the_limits_are_refused(
    slack: EmbeddedSlack, web: AsyncWebClient, change: dict[str, Any]
) -> None:
    call = web.views_open(trigger_id=slack.store.new_trigger("U0ANA"), view={**VIEW, **change})
    assert await error(call) == "invalid_arguments"


async def test_a_response_url_has_five_uses(slack: EmbeddedSlack) -> None:
    hook = slack.store.new_hook("C0GENERAL", "U0ANA")
    for _ in range(5):
        use(slack.store, hook, {"text": "x"})
    assert refused(slack, hook, {"text": "x"}) == "used_url"


async def test_a_response_url_ends_after_thirty_minutes(slack: EmbeddedSlack, clock: Any) -> None:
    hook = slack.store.new_hook("C0GENERAL", "U0ANA")
    clock.advance(30 * 60 + 1)
    assert refused(slack, hook, {"text": "x"}) == "expired_url"


async def test_a_response_is_seen_by_one_person_unless_it_says_in_channel(
    slack: EmbeddedSlack, ana: Person, ben: Person
) -> None:
    hook = slack.store.new_hook("C0NETOPS", "U0ANA")
    use(slack.store, hook, {"text": "for ana"})
    use(slack.store, hook, {"text": "for all", "response_type": "in_channel"})
    assert (await ben.next_message())["text"] == "for all"
    assert (await ana.next_message())["text"] == "for ana"


async def test_an_ephemeral_message_is_replaced_but_never_shown_to_all(slack: EmbeddedSlack, ana: Person) -> None:
    hook = slack.store.new_hook("C0NETOPS", "U0ANA")
    use(slack.store, hook, {"text": "first"})
    use(slack.store, hook, {"text": "second", "replace_original": True, "response_type": "in_channel"})
    assert (await ana.next_change())["text"] == "second"
    assert ana.messages("net-ops") == []
    use(slack.store, hook, {"delete_original": True})
    await ana.next_event("ephemeral_deleted")


async def test_a_thread_is_reached_only_without_replacing(slack: EmbeddedSlack, ana: Person) -> None:
    ts = await ana.say("net-ops", "parent")
    hook = slack.store.new_hook("C0NETOPS", "U0ANA")
    threaded = {"text": "in thread", "response_type": "in_channel", "thread_ts": ts}
    use(slack.store, hook, threaded)
    use(slack.store, hook, {**threaded, "replace_original": False})
    assert [message.get("thread_ts") for message in ana.messages("net-ops")[1:]] == [None, ts]


async def test_a_response_url_answers_over_http(slack: EmbeddedSlack, ana: Person) -> None:
    url = f"{slack.base_url}/hooks/{slack.store.new_hook('C0GENERAL', 'U0ANA')}"
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json={"text": "x"}) as response:
            assert response.status == 200
        async with session.post(url, json={}) as response:
            assert (response.status, (await response.json())["error"]) == (400, "no_text")
        async with session.post(f"{slack.base_url}/hooks/none", json={"text": "x"}) as response:
            assert response.status == 404
