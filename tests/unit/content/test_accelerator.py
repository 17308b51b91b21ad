"""Whether requests are answered below aiohttp, and that nobody has to guess it."""

import asyncio
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import aiohttp
import pytest

from pulp_gomod.app.content.accelerator import shortcut
from tests.unit.content.connections import HEAD
from tests.unit.content.test_entrance import opened


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    shortcut.why_off.cache_clear()
    yield
    shortcut.why_off.cache_clear()


def first_answers(**arguments: object) -> list[bytes]:
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


@pytest.mark.parametrize("reason", ["setting", "aiohttp", "access log"])
def test_without_it_aiohttp_answers_everything_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    arguments: dict[str, object] = {}
    if reason == "setting":
        monkeypatch.setattr(shortcut, "settings", SimpleNamespace(GOMOD_ACCELERATOR="off"))
        said = "The accelerator is off: GOMOD_ACCELERATOR says so."
    elif reason == "aiohttp" or shortcut.why_off():
        monkeypatch.setattr(shortcut, "_STATE", ("_of_another_aiohttp",))
        said = f"The accelerator is off: it does not know aiohttp {aiohttp.__version__}, but 3.14."
    else:
        arguments["access_log"] = logging.getLogger("access")
        said = "The accelerator is off: the content app writes an access log."
    shortcut.why_off.cache_clear()
    with caplog.at_level(logging.INFO):
        assert first_answers(**arguments) == [b"/known "] * 5
    assert said in caplog.messages
