"""The page as a person meets it: seen, typed into and clicked in chromium, with and without the whole bot."""

import os
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.playground.page.conftest import staged
from tests.playground.page.gallery import GALLERY, HOSTILE, VIEW

pytestmark = pytest.mark.browser
READY = "document.body.dataset.ready"


def held(selector, text):
    return f"[...document.querySelectorAll('{selector}')].some((e) => e.textContent.includes({text!r}))"


async def pictured(browser, name):
    """Keeps a picture for whoever set PATCHBAY_SCREENSHOTS to a folder."""
    folder = os.environ.get("PATCHBAY_SCREENSHOTS")
    if folder:
        await browser.screenshot(Path(folder) / f"{name}.png")


def speaking(stage):
    return AsyncWebClient(token=stage.slack.bot_token, base_url=stage.slack.api_url)


async def arrive(browser, address):
    await browser.open(address)
    await browser.wait(READY)


async def test_without_the_secret_the_page_says_how_to_open_it(stage, browser):
    await browser.open(stage.url)
    await browser.wait(held("#banner", "whole address"))
    browser.complaints.clear()  # chromium logs each refused request


async def test_the_secret_leaves_the_address_bar_and_outlives_a_reload(stage, browser):
    await arrive(browser, stage.address)
    assert await browser.run("location.search") == ""
    await arrive(browser, stage.url)


async def test_a_visitor_clicks_a_command_and_gets_an_answer(whole, browser):
    await arrive(browser, whole.url)
    await pictured(browser, "first-sight")
    await browser.click(".offer", "/net status")
    await browser.wait(held(".message.ephemeral", "Only visible to you"))
    await browser.wait(held(".message.ephemeral", "Network plugin"))
    await pictured(browser, "status")


async def test_marks_are_drawn_whatever_fonts_there_are(whole, browser):
    await arrive(browser, whole.url)
    await browser.type("/net status", key="Enter")
    await browser.wait("document.querySelector('.message.ephemeral img.mark')?.naturalWidth > 0")
    assert await browser.run("document.querySelector('.message.ephemeral img.mark').alt") == "✅"


async def test_a_change_is_planned_approved_and_verified_in_the_page(whole, browser):
    await arrive(browser, whole.url)
    await browser.type("/net expose deploy/web --port 80 --target-port 8080 --name front -n shop", key="Enter")
    await browser.click(".message .button", "Approve")
    await browser.click("dialog .button", "Approve")
    await browser.wait(held(".message .button", "Undo"))
    await browser.wait(held(".object", "shop/front"))
    await pictured(browser, "applied")


async def test_a_new_cluster_is_given_its_network_in_the_page(new_cluster, browser):
    """The story of the README: nodes that are not Ready, a plan, how far it has come, and the proof."""
    await browser.size(1440, 1000)
    await arrive(browser, new_cluster.url)
    await browser.wait(held(".object", "NotReady"))
    await browser.wait(held(".offer", "/net cni install flannel"))
    await browser.type("/net cni install calico --version playground", key="Enter")
    await browser.wait(held(".message .button", "Approve"))
    await pictured(browser, "cni-plan")
    await browser.click(".message .button", "Approve")
    await browser.click("dialog .button", "Approve")
    await browser.wait(held(".message", "Applying change 1"))
    await browser.wait(held(".message", "nodes served"))
    await pictured(browser, "cni-progress")
    await browser.wait(held(".message .button", "Undo"))
    assert await browser.run(held(".message", "3 of 3 nodes served"))
    assert await browser.run(held(".message", "a new pod on each node was given an address"))
    await browser.wait(f"!{held('.object', 'NotReady')}")
    await pictured(browser, "cni-proved")


async def test_a_host_is_led_to_a_service_and_asked_for_hop_by_hop(whole, browser):
    """The story of the README: a plan, a real request to the address, and the way it took."""
    await browser.size(1440, 1000)
    await arrive(browser, whole.url)
    await browser.type("/net ingress create new.example.com --service web:80 --name web-new -n shop", key="Enter")
    await browser.click(".message .button", "Approve")
    await browser.click("dialog .button", "Approve")
    await browser.wait(held(".message .button", "Undo"))
    assert await browser.run(held(".message", "new.example.com resolves to 203.0.113.10"))
    assert await browser.run(held(".message", "203.0.113.10:80 takes connections"))
    assert await browser.run(held(".message", "HTTP 200"))
    await pictured(browser, "reachable")


async def test_what_is_not_clear_is_asked_in_a_menu(whole, browser):
    await arrive(browser, whole.url)
    await browser.type("/net expose deploy/coredns -n kube-system --name dns-too", key="Enter")
    await browser.wait(held(".message select option", "9153"))
    await pictured(browser, "menu")
    choose = (
        "(() => { const menu = document.querySelector('.message select');"
        " menu.value = [...menu.options].find((each) => each.textContent.includes('9153')).value;"
        " menu.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )
    await browser.run(choose)
    await browser.wait(held(".message .button", "Approve"))
    assert await browser.run(held(".message", "port: 9153"))


async def test_a_mention_in_a_thread_is_answered_there(whole, browser):
    await arrive(browser, whole.url)
    await browser.type("@patchbay services -n shop", key="Enter")
    await browser.click(".reply-count")
    await browser.wait("document.querySelectorAll('#thread .message').length > 1")
    await browser.type("/net status", key="Enter")
    await browser.wait(held("#thread .composer-error", "not supported in threads"))
    browser.complaints.clear()
    await browser.run("document.querySelector('#reply-text').value = ''")
    await browser.type("@patchbay status", key="Enter")
    await browser.wait("document.querySelectorAll('#thread .message').length > 3")
    await pictured(browser, "thread")


async def test_what_one_breaks_is_seen_at_once(whole, browser):
    await arrive(browser, whole.url)
    await browser.click(".fault", "typo in its selector")
    await browser.wait(held(".fault.broken", "typo in its selector"))
    await browser.wait(held(".object:has(.bad)", "shop/api"))
    await browser.click(".object:has(.bad)", "shop/api")
    await browser.wait(held("dialog pre", "kind: Service"))
    await browser.press("Escape")
    await browser.wait("!document.querySelector('dialog')")
    await browser.run(
        "{ const s = document.querySelector('#scenario'); s.value = 'broken'; s.dispatchEvent(new Event('change')); }"
    )
    await browser.wait("document.querySelectorAll('.fault.broken').length >= 4")


async def test_commands_are_completed_by_keyboard_alone(stage, browser):
    await arrive(browser, stage.address)
    await browser.type("/net ch")
    await browser.wait("document.querySelectorAll('.completion [role=option]').length === 2")
    assert await browser.run("document.querySelector('#composer-text').getAttribute('aria-expanded')") == "true"
    await browser.press("ArrowDown")
    await browser.press("Enter")
    assert await browser.run("document.querySelector('#composer-text').value") == "/net changes show "
    await browser.press("Escape")
    await browser.type("7")
    await browser.press("Enter", modifiers=8)
    assert await browser.run("document.querySelector('#composer-text').value") == "/net changes show 7\n"


async def test_the_arrow_up_brings_back_what_was_said(stage, browser):
    await arrive(browser, stage.address)
    for line in ("first", "second"):
        await browser.type(line, key="Enter")
        await browser.wait(held(".message", line))
    await browser.press("ArrowUp")
    await browser.press("ArrowUp")
    assert await browser.run("document.querySelector('#composer-text').value") == "first"
    await browser.press("ArrowDown")
    assert await browser.run("document.querySelector('#composer-text').value") == "second"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_block_is_shown(stage, browser, scheme):
    for blocks in GALLERY:
        await speaking(stage).chat_postMessage(channel="C0NETOPS", text="gallery", blocks=blocks)
    await browser.prefer(scheme)
    await browser.size(1440, 2600)
    await arrive(browser, stage.address)
    await browser.wait(held(".message", "the last of all blocks"))
    assert await browser.run("document.documentElement.dataset.theme") == scheme
    assert not await browser.run(held(".message", "cannot show"))
    counts = {"table": 2, "pre": 3, "blockquote": 3, "select": 4, ".button.primary": 1, ".button.danger": 1, "time": 2}
    for selector, least in counts.items():
        assert await browser.run(f"document.querySelectorAll('.messages {selector}').length") >= least, selector
    for text in ("@ana", "#general", "🚀", "R&D <b>", "Tuesday, 24 November 2026"):
        assert await browser.run(held(".message", text)), text
    await pictured(browser, f"gallery-{scheme}")


async def test_nothing_that_is_said_becomes_markup(stage, browser):
    store = stage.slack.store
    for text in HOSTILE:
        blocks = [{"type": "markdown", "text": text}]
        for fields in ({"text": text}, {"text": "x", "blocks": blocks}):
            store.add_message(store.channels["C0NETOPS"], store.bot_user_id, fields)
    await stage.ana.say("net-ops", "the end of it")
    await arrive(browser, stage.address)
    await browser.wait(held(".message", "the end of it"))
    assert (
        await browser.run("document.querySelectorAll('.messages script, .messages img[src*=evil], iframe').length") == 0
    )
    assert await browser.run(
        "[...document.querySelectorAll('.messages a')].every((a) => /^(http|mailto)/.test(a.href))"
    )
    assert await browser.run("window.hit === undefined")


async def test_a_modal_is_filled_in_and_its_errors_are_told_at_the_field(stage, browser):
    store = stage.slack.store
    trigger = store.new_trigger(store.person("ana").id)
    await speaking(stage).views_open(trigger_id=trigger, view=VIEW)
    await arrive(browser, stage.address)
    await browser.wait("document.querySelector('dialog[open]')")
    await pictured(browser, "modal")
    await browser.click("dialog [type=submit]")
    await browser.wait(held(".input.wrong", "Please complete this required field"))
    browser.complaints.clear()
    await browser.click("dialog input[type=text]")
    await browser.type("web.example.com")
    view = next(iter(store.views.values()))
    await speaking(stage).views_update(
        view_id=view["id"], view=VIEW | {"title": {"type": "plain_text", "text": "Now new"}}
    )
    await browser.wait(held("dialog h2", "Now new"))
    assert await browser.run("document.querySelector('dialog input[type=text]').value") == "web.example.com"
    await browser.press("Escape")
    await browser.wait("!document.querySelector('dialog')")
    assert not store.stacks.get(store.person("ana").id)


async def test_another_person_is_another_view(stage, browser):
    await speaking(stage).chat_postEphemeral(channel="C0NETOPS", user="U0ANA", text="for ana alone")
    await arrive(browser, stage.address)
    await browser.wait(held(".message.ephemeral", "for ana alone"))
    await browser.click(".person", "ben")
    await browser.wait(held(".person[aria-pressed=true]", "ben"))
    assert not await browser.run(held(".message", "for ana alone"))


async def test_unread_channels_are_marked_until_they_are_read(stage, browser):
    await arrive(browser, stage.address)
    await speaking(stage).chat_postMessage(channel="C0NETHEALTH", text="an incident")
    await browser.wait(held(".channel.unread", "net-health"))
    await browser.click(".channel", "net-health")
    await browser.wait(held(".message", "an incident"))
    assert not await browser.run("document.querySelector('.channel.unread')")


async def test_files_are_opened_in_the_page(stage, browser):
    text = "\n".join(f"line {number} <b>" for number in range(40))
    await speaking(stage).files_upload_v2(channel="C0NETOPS", filename="web.log", content=text)
    await arrive(browser, stage.address)
    await browser.wait(held(".snippet", "line 3 <b>"))
    assert not await browser.run(held(".snippet", "line 39"))
    await browser.click(".more", "Show all 40 lines")
    await browser.wait(held(".snippet", "line 39"))


async def test_a_real_cluster_is_named_and_what_is_allowed_is_said(real, browser):
    await arrive(browser, real.address)
    await browser.wait(held("#world", "berlin"))
    assert await browser.run(held("#world", "Only looks are allowed"))
    assert not await browser.run("document.querySelector('.fault')")
    await pictured(browser, "real-cluster")


async def test_a_stopped_playground_is_said_and_found_again_when_it_is_back(world, browser):
    async with staged(world) as first:
        await arrive(browser, first.address)
    await browser.wait(held("#banner", "The playground has stopped"))
    async with staged(world, first.port) as second:
        await browser.wait("document.querySelector('#banner').hidden")
        await second.ana.say("net-ops", "back again")
        await browser.wait(held(".message", "back again"))
        browser.complaints.clear()
