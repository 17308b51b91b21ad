"""Whether requests are answered below aiohttp, and that nobody has to guess it."""

import asyncio
import logging
import re
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from pulp_gomod.app.content.accelerator import server
from tests.unit.content.connections import AGAIN, HEAD, access_log, opened


def first_answers(**arguments: Any) -> list[bytes]:
    """What a client gets that asks for the same thing five times."""

    async def ask() -> list[bytes]:
        async with opened(**arguments) as house:
            client = await house.connect()
            return [await client.ask(HEAD) for _ in range(5)]

    return asyncio.run(ask())


def test_it_is_on_with_the_newest_aiohttp(caplog: pytest.LogCaptureFixture) -> None:
    if not aiohttp.__version__.startswith("3.14."):
        pytest.skip(f"this is aiohttp {aiohttp.__version__}")
    with caplog.at_level(logging.INFO):
        assert first_answers()[-1] == b"again"
    assert "The accelerator is on." in caplog.messages


@pytest.mark.parametrize("reason", ["setting", "aiohttp"])
def test_without_it_aiohttp_answers_everything_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    if reason == "setting":
        monkeypatch.setattr(server, "settings", SimpleNamespace(GOMOD_ACCELERATOR="off"))
        said = "The accelerator is off: GOMOD_ACCELERATOR says so."
    else:
        monkeypatch.setattr(server, "STATE", ("_of_another_aiohttp",))
        version = aiohttp.__version__
        said = f"The accelerator is off: it does not know aiohttp {version}, but 3.14."
    with caplog.at_level(logging.INFO):
        assert first_answers() == [b"/known "] * 5
    assert said in caplog.messages


FORMAT = '%a "%r" %s %b "%{X-Forwarded-For}i" "%{Content-Length}o"'


def test_an_access_log_has_the_same_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever answers."""
    if server.why_off():
        pytest.skip(server.why_off())
    head = HEAD.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")

    async def ask() -> None:
        async with opened(access_log=access_log, access_log_format=FORMAT) as house:
            client = await house.connect()
            assert await client.ask(head) == b"/known "
            assert await client.ask(head.replace(b"2.1", b"2.2")) == b"again"

    with caplog.at_level(logging.INFO):
        asyncio.run(ask())
    aiohttps, ours = (each for each in caplog.messages if "GET /known" in each)
    line = r'127\.0\.0\.1 "GET /known HTTP/1\.1" 200 %s "192\.0\.2\.%d" "%d"'
    assert re.fullmatch(line % (r"\d+", 1, 7), aiohttps)
    assert re.fullmatch(line % (sum(map(len, AGAIN.pieces)), 2, 5), ours)
