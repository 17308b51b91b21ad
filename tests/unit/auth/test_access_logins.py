"""Who waits for whom to be identified."""

import asyncio
import contextlib
import threading

import pytest
from django.db import Error as DatabaseError
from django.http import HttpRequest

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.app.auth.callers import Caller, nobody
from pulp_gomod.app.auth.throttle import password_attempt
from pulp_gomod.app.content.http.logins import Logins
from pulp_gomod.app.db.executors import Busy


def asked(**headers: str) -> HttpRequest:
    request = HttpRequest()
    request.META |= headers
    return request


def test_a_flood_of_cookies_keeps_nobody_from_logging_in() -> None:
    refused = 0

    async def ask(logins: Logins) -> None:
        nonlocal refused
        while True:
            try:
                await logins.identify_otherwise(
                    asked(HTTP_COOKIE="sessionid=nobody"), "192.0.2.100"
                )
            except Busy:
                refused += 1
                await asyncio.sleep(0)

    async def main() -> None:
        logins = Logins()
        flood = [asyncio.create_task(ask(logins)) for _ in range(400)]
        while not refused:
            await asyncio.sleep(0)
        # "reader:secret"; where there is a database, it would tell.
        login = asked(HTTP_AUTHORIZATION="Basic cmVhZGVyOnNlY3JldA==")
        for number in range(12):
            attempt = password_attempt(f"192.0.2.{number}", "reader", "secret")
            # None of them is told to come back later.
            with contextlib.suppress(DatabaseError):
                await logins.identify(login, attempt)
        for each in flood:
            each.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
        logins.close()

    asyncio.run(main())


def test_a_flood_of_cookies_keeps_no_other_cookie_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    begin = threading.Event()

    def identified(request: HttpRequest) -> Caller:
        assert begin.wait(60)
        order.append(request.META["HTTP_COOKIE"])
        return nobody()

    monkeypatch.setattr("pulp_gomod.app.content.http.logins.identify", identified)

    async def main() -> None:
        logins = Logins()

        def ask(cookie: str, address: str) -> "asyncio.Task[Caller]":
            return asyncio.create_task(
                logins.identify_otherwise(asked(HTTP_COOKIE=cookie), address)
            )

        asking = [ask("made up", "192.0.2.1") for _ in range(50)]
        asking.append(ask("good", "192.0.2.2"))
        while len(logins._turns_of_others._lines) < 2:
            await asyncio.sleep(0)
        begin.set()
        await asyncio.gather(*asking)
        logins.close()

    asyncio.run(main())
    assert len(order) == 51 and order.index("good") < 5


def test_a_flood_of_good_credentials_keeps_nobody_else_waiting_who_has_good_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    begin = threading.Event()

    def identified(request: HttpRequest) -> Caller:
        assert begin.wait(60)
        order.append(request.META["HTTP_AUTHORIZATION"])
        return nobody()

    monkeypatch.setattr("pulp_gomod.app.content.http.logins.identify", identified)

    async def main() -> None:
        logins = Logins()
        # Of the same address, too.
        attempts = {name: password_attempt("192.0.2.1", name, "x") for name in ("many", "one")}
        for attempt in attempts.values():
            logins.throttle.succeeded(attempt)

        def ask(name: str) -> "asyncio.Task[Caller]":
            request = asked(HTTP_AUTHORIZATION=name)
            return asyncio.create_task(logins.identify(request, attempts[name]))

        asking = [ask("many") for _ in range(50)]
        asking.append(ask("one"))
        for _ in range(5):
            await asyncio.sleep(0)
        begin.set()
        await asyncio.gather(*asking)
        logins.close()
        for attempt in attempts.values():
            logins.throttle.forget(attempt)

    asyncio.run(main())
    assert len(order) == 51 and order.index("one") < 5
