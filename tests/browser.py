"""A headless Chromium, told what to do by its own protocol (DevTools), without a driver between."""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PATIENCE = 60.0
_OPTIONS = (
    "--headless=new",
    # As root, which tests may be, it has no sandbox; it sees pages of our own only.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--remote-debugging-port=0",
)


class Browser:
    """
    One tab.

    Attributes:
        requested: The URLs that it has asked for.
        complaints: What it has logged: what its policies refused, errors of scripts.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse):
        self._loop = loop
        self._socket = socket
        self._count = 0
        self.requested: list[str] = []
        self.complaints: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Have it do something, and return what comes of it."""
        return self._loop.run_until_complete(
            asyncio.wait_for(self._call(method, parameters), _PATIENCE)
        )

    async def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        number = self._count
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            said = await self._socket.receive_json()
            if said.get("id") == number:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result
            self._hear(said)
            await self._go_on(said)

    async def _go_on(self, said: dict[str, Any]) -> None:
        """Let a request pass, and give no credentials, where the browser asks; see `give_no_credentials`."""
        match said.get("method"):
            case "Fetch.requestPaused":
                method, more = "continueRequest", {}
            case "Fetch.authRequired":
                method = "continueWithAuth"
                more = {"authChallengeResponse": {"response": "CancelAuth"}}
            case _:
                return
        self._count += 1
        parameters = {"requestId": said["params"]["requestId"], **more}
        await self._socket.send_json(
            {"id": self._count, "method": f"Fetch.{method}", "params": parameters}
        )

    def _hear(self, said: dict[str, Any]) -> None:
        match said.get("method"):
            case "Network.requestWillBeSent":
                self.requested.append(said["params"]["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(str(said["params"]["entry"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(str(said["params"]))

    def run(self, script: str) -> Any:
        """Run a script in the page, and return its value, awaited."""
        done = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def open(self, url: str) -> None:
        """Open a page, and wait until it is complete."""
        self.run("window.name = 'before'")
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def wait_for(self, condition: str) -> None:
        """Wait until a condition holds in the page."""
        end = time.monotonic() + _PATIENCE
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, condition
            time.sleep(0.05)

    def press(self, key: str, code: int = 0) -> None:
        """Press a key."""
        text = "\r" if key == "Enter" else ""
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **more,
            )

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        for char in text:
            self.call("Input.dispatchKeyEvent", type="char", text=char)

    def give_no_credentials(self) -> None:
        """Close each window that asks for a user name and a password, as somebody does who has none."""
        self.call("Fetch.enable", handleAuthRequests=True)

    def look_as(self, width: int, scheme: str) -> None:
        """Have a width in pixels, and a preference for light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)


@contextmanager
def running() -> Iterator[Callable[[], Browser]]:
    """Start a browser; yield what opens a tab. Skip where there is no browser."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    loop = asyncio.new_event_loop()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        process = subprocess.Popen(
            [program, *_OPTIONS, f"--user-data-dir={home}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # It leaves its sockets there.
            env=os.environ | {"TMPDIR": home},
        )
        session = None
        try:
            port = _port_in(Path(home), process)
            session = loop.run_until_complete(_session())

            def tab() -> Browser:
                return loop.run_until_complete(_tab(loop, session, port))

            yield tab
        finally:
            if session is not None:
                loop.run_until_complete(session.close())
            process.terminate()
            process.wait(_PATIENCE)
            loop.close()


def _port_in(home: Path, process: "subprocess.Popen[bytes]") -> int:
    end = time.monotonic() + _PATIENCE
    file = home / "DevToolsActivePort"
    while not (file.exists() and file.read_text().count("\n")):
        assert process.poll() is None and time.monotonic() < end, "Chromium does not start"
        time.sleep(0.05)
    return int(file.read_text().split()[0])


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


async def _tab(
    loop: asyncio.AbstractEventLoop, session: aiohttp.ClientSession, port: int
) -> Browser:
    async with session.put(f"http://127.0.0.1:{port}/json/new?about:blank") as answer:
        url = json.loads(await answer.text())["webSocketDebuggerUrl"]
    browser = Browser(loop, await session.ws_connect(url, max_msg_size=0))
    for domain in ("Page", "Network", "Log", "Runtime"):
        await browser._call(f"{domain}.enable", {})
    return browser
