"""What a peer says of others without being a trusted proxy is dropped, and that is not logged each time."""

import asyncio
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from pulp_gomod.app.content.http import identity
from pulp_gomod.app.db.lru import Lru

CLAIMS = {"X-Forwarded-For": "10.0.0.1", "X-Real-IP": "10.0.0.1", "Accept": "*/*"}


class Plain(asyncio.Transport):
    """A connection without TLS."""


def request_of(peer: str) -> web.Request:
    """A request that says for whom it comes."""
    asked = make_mocked_request("GET", "/", headers=CLAIMS, transport=Plain())
    return asked.clone(remote=peer)


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_told", Lru(identity._PEERS))


def test_claims_are_dropped_each_time_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            assert list(identity.as_itself(request_of("192.0.2.1")).headers) == ["Accept"]
    [record] = caplog.records
    assert "X-Forwarded-For, X-Real-IP dropped from requests of 192.0.2.1" in record.getMessage()


def test_each_peer_is_told_of_and_no_more_are_remembered_than_there_is_room_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Lru[str, float] = Lru(3)
    monkeypatch.setattr(identity, "_told", told)
    with caplog.at_level(logging.WARNING):
        for number in range(10):
            identity.as_itself(request_of(f"192.0.2.{number}"))
    assert len(caplog.records) == 10
    assert len(told) == 3
