"""Tokens that somebody makes up: each costs a statement, for which others do not wait."""

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import requests

from pulpcore.plugin.util import assign_role

from pulp_gomod.app.auth import tokens
from pulp_gomod.app.auth.secret import digest, hint, new_secret
from pulp_gomod.app.content.repository.guard import GuardCache
from pulp_gomod.app.models import GoToken
from tests.goproxy_requests import zip_of
from tests.inprocess.owners import Owner
from tests.inprocess.test_guards import READER, Reader, _rbac, eventually

MANY = 60
# Fewer: they are verified afterwards.
PASSWORDS = 20
# Those that have begun, or whose turn came before.
FEW = 10
BUSY = 60.0

STRANGER = "203.0.113.1"
ELSEWHERE = "203.0.113.2"


class Client:
    """Sends requests from an address, all at once."""

    def __init__(self, pool: ThreadPoolExecutor, address: str) -> None:
        self._pool = pool
        self._address = address

    def get(self, owner: Owner, **headers: str) -> "Future[int]":
        sent = {"X-Forwarded-For": self._address} | headers
        url = f"{owner.packages_url}/example.com/m/@v/list"
        return self._pool.submit(lambda: requests.get(url, headers=sent, timeout=BUSY).status_code)


class Statements:
    """What is looked up, in its order, while nothing is answered before it is let go."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.arrived = 0
        self._open = threading.Event()
        self._lock = threading.Lock()

    def hold(self, call: Callable[..., Any], what: Callable[..., Any]) -> Callable[..., Any]:
        """Make a call as it was, when it is let go; note what it is about."""

        def held(*args: Any) -> Any:
            with self._lock:
                self.asked.append(what(*args))
            assert self._open.wait(BUSY)
            return call(*args)

        return held

    def wait_for(self, arrived: int) -> None:
        """Wait until so many requests have come to the gate."""
        eventually(lambda: self.arrived >= arrived, BUSY)

    def let_go(self) -> None:
        self._open.set()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    held = Statements()
    ask = GuardCache.ask

    async def counted(*args: Any) -> Any:
        held.arrived += 1
        return await ask(*args)

    monkeypatch.setattr(GuardCache, "ask", counted)
    monkeypatch.setattr(tokens, "find", held.hold(tokens.find, lambda sent, _: sent.secret))
    yield held
    held.let_go()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * MANY) as made:
        yield made


def published(url: str, reader: Reader) -> Owner:
    """A distribution that a reader may read, and nobody else."""
    owner, guard = Owner.create(url), _rbac()
    owner.publish(zip_of("example.com/m", "v1.0.0", f"module example.com/m\n// {uuid4()}\n"))
    owner.distribution.content_guard = guard
    owner.distribution.save()
    assign_role(READER, reader.user, guard)
    return owner


def token_of(reader: Reader) -> str:
    secret = new_secret()
    GoToken.objects.create(
        name=uuid4().hex, owner=reader.user, digest=digest(secret), hint=hint(secret), scope="read"
    )
    return secret


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_good_token_waits_for_few_that_another_address_makes_up(
    content_url: str, pool: ThreadPoolExecutor, statements: Statements
) -> None:
    reader = Reader()
    owner, good = published(content_url, reader), token_of(reader)
    flood = [Client(pool, STRANGER).get(owner, **bearer(new_secret())) for _ in range(MANY)]
    statements.wait_for(MANY)
    answer = Client(pool, ELSEWHERE).get(owner, **bearer(good))
    statements.wait_for(MANY + 1)
    statements.let_go()
    assert answer.result() == 200
    assert {each.result() for each in flood} == {401}
    assert statements.asked.index(good) < FEW


def test_a_token_that_was_good_waits_for_few_that_its_own_address_makes_up(
    content_url: str, pool: ThreadPoolExecutor, statements: Statements
) -> None:
    reader = Reader()
    first, other = published(content_url, reader), published(content_url, reader)
    good, office = token_of(reader), Client(pool, STRANGER)
    statements._open.set()
    assert office.get(first, **bearer(good)).result() == 200
    statements._open.clear()
    statements.asked.clear()
    arrived = statements.arrived
    flood = [office.get(first, **bearer(new_secret())) for _ in range(MANY)]
    statements.wait_for(arrived + MANY)
    answer = office.get(other, **bearer(good))
    statements.wait_for(arrived + MANY + 1)
    statements.let_go()
    assert answer.result() == 200
    assert {each.result() for each in flood} == {401}
    assert statements.asked.index(good) < FEW


def test_a_revoked_token_is_looked_up_once_at_a_time(
    content_url: str, pool: ThreadPoolExecutor, statements: Statements
) -> None:
    owner, revoked = published(content_url, Reader()), new_secret()
    flood = [Client(pool, STRANGER).get(owner, **bearer(revoked)) for _ in range(MANY)]
    statements.wait_for(MANY)
    eventually(lambda: bool(statements.asked), BUSY)
    assert statements.asked == [revoked]
    statements.let_go()
    assert {each.result() for each in flood} == {401}


def test_a_good_token_waits_for_few_passwords_that_another_address_makes_up(
    content_url: str,
    pool: ThreadPoolExecutor,
    statements: Statements,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pulp_gomod.app.auth import authenticators

    recall = statements.hold(authenticators.remembered_user, lambda name, _: name)
    monkeypatch.setattr(authenticators, "remembered_user", recall)
    reader = Reader()
    owner, good = published(content_url, reader), token_of(reader)
    for number in range(PASSWORDS):
        sent = b64encode(f"made-up-{number}:a password".encode()).decode()
        Client(pool, STRANGER).get(owner, Authorization=f"Basic {sent}")
    statements.wait_for(PASSWORDS)
    answer = Client(pool, ELSEWHERE).get(owner, **bearer(good))
    statements.wait_for(PASSWORDS + 1)
    statements.let_go()
    assert answer.result() == 200
    assert statements.asked.index(good) < FEW
