"""Debian's chromium without a window, driven through the Chrome DevTools Protocol; no other program or package needed.

    async with Browser.started(folder) as browser:
        await browser.open("http://127.0.0.1:8080/")
        await browser.wait("document.querySelector('.message')")
        await browser.type("/net status", key="Enter")

Waiting is done by the page: the condition is looked at again after each change of the document.
"""

import asyncio
import base64
import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--no-proxy-server", "--hide-scrollbars", "--remote-debugging-port=0", "about:blank",
)  # fmt: skip
PATIENCE_SECONDS = 20
_KEYS = {
    "Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), "Escape": ("Escape", 27, ""), "Space": ("Space", 32, " "),
    "ArrowUp": ("ArrowUp", 38, ""), "ArrowDown": ("ArrowDown", 40, ""),
}  # fmt: skip


class Browser:
    """One page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.complaints: list[str] = []
        """What the page wrote to its console as an error, uncaught errors and refused loads included."""
        self._reader = asyncio.create_task(self._read())

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, folder: Path) -> AsyncIterator["Browser"]:
        """A new process with a profile of its own in `folder`; it alone is ended afterwards."""
        profile = folder / "profile"
        command = [CHROMIUM, f"--user-data-dir={profile}", *_ARGUMENTS]
        environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, stdin=quiet, stdout=quiet, stderr=asyncio.subprocess.PIPE, env=environment
        )
        try:
            async with aiohttp.ClientSession() as session:
                address = await _address(process)
                async with session.get(f"{address}/json/list") as response:
                    pages = [target for target in await response.json() if target["type"] == "page"]
                async with session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    browser = cls(socket)
                    for domain in ("Page", "Runtime", "Log"):
                        await browser.call(f"{domain}.enable")
                    await browser.size(1440, 900)
                    yield browser
                    browser._reader.cancel()
                    await asyncio.gather(browser._reader, return_exceptions=True)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.communicate()

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A method of the protocol. AssertionError when the browser refuses it or does not answer."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE_SECONDS + 10):
            given = await answer
        assert "error" not in given, f"{method}: {given['error']}"
        result: dict[str, Any] = given["result"]
        return result

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def run(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        result = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def wait(self, condition: str) -> None:
        """Until the JavaScript expression is true; looks again whenever the document changes, or is another one."""
        script = f"""new Promise((resolve) => {{
            const holds = () => {{ try {{ return Boolean({condition}); }} catch {{ return false; }} }};
            if (holds()) return resolve(true);
            const watch = new MutationObserver(() => {{ if (holds()) {{ watch.disconnect(); resolve(true); }} }});
            watch.observe(document, {{subtree: true, childList: true, attributes: true, characterData: true}});
            addEventListener("load", () => holds() && resolve(true));
            setTimeout(() => resolve(holds()), {PATIENCE_SECONDS * 1000});
        }})"""
        for _ in range(3):
            try:
                held = await self.run(script)
                break
            except AssertionError as error:  # the document went away under it
                if "navigated" not in str(error) and "context" not in str(error):
                    raise
        else:
            held = False
        assert held, f"never true: {condition}\n{await self.run('document.body?.innerText.slice(0, 3000)')}"

    async def click(self, selector: str, text: str = "") -> None:
        """With the mouse, in the middle of the first such element (that holds this text)."""
        words = json.dumps(text)
        found = f"[...document.querySelectorAll({json.dumps(selector)})].find((e) => e.textContent.includes({words}))"
        await self.wait(found)
        await self.run(f"{found}.scrollIntoView({{block: 'center'}})")
        box = await self.run(f"{found}.getBoundingClientRect().toJSON()")
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def type(self, text: str, key: str = "") -> None:
        """Into whatever has the focus; then a key, when one is named."""
        await self.call("Input.insertText", text=text)
        if key:
            await self.press(key)

    async def press(self, key: str, modifiers: int = 0) -> None:
        """`modifiers`: 1 Alt, 2 Control, 4 Meta, 8 Shift."""
        code, number, text = _KEYS[key]
        event = {"key": key if key != "Space" else " ", "code": code, "windowsVirtualKeyCode": number}
        event["modifiers"] = modifiers
        await self.call("Input.dispatchKeyEvent", type="keyDown", **event, **({"text": text} if text else {}))
        await self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    async def size(self, width: int, height: int) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def prefer(self, scheme: str) -> None:
        """`light` or `dark`, as the system would say."""
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def screenshot(self, path: Path) -> None:
        picture = (await self.call("Page.captureScreenshot", format="png"))["data"]
        await asyncio.to_thread(path.write_bytes, base64.b64decode(picture))

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            elif said["method"] == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(said["params"]["exceptionDetails"])[:1000])
            elif said["method"] == "Log.entryAdded" and said["params"]["entry"]["level"] == "error":
                self.complaints.append(said["params"]["entry"]["text"])


async def _address(process: asyncio.subprocess.Process) -> str:
    """The address that chromium prints when it listens."""
    assert process.stderr is not None
    said: list[str] = []
    async with asyncio.timeout(60):
        async for line in process.stderr:
            said.append(line.decode(errors="replace"))
            if "DevTools listening on ws://" in said[-1]:
                return "http://" + said[-1].split("ws://")[1].split("/")[0]
    raise AssertionError(f"chromium did not start: {''.join(said[-5:])}")
