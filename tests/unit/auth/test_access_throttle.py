"""Who guesses passwords has to wait, and nobody else has to."""

import base64
import logging
import os
import time
from dataclasses import dataclass
from ipaddress import ip_network

import pytest

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.app.auth.addresses import seen_through_proxies
from pulp_gomod.app.auth.header import Other, Password, parse
from pulp_gomod.app.auth.secret import new_secret
from pulp_gomod.app.auth.shared_table import KEY_SIZE, SharedTable
from pulp_gomod.app.auth.throttle import (
    Attempt,
    LoginThrottle,
    TooManyFailures,
    attempt,
    password_attempt,
)

FAILURES = 5


@pytest.fixture
def throttle() -> LoginThrottle:
    """A throttle of its own that lets five failures pass, and one in a minute after that."""
    return LoginThrottle(FAILURES, 1, *(SharedTable(64) for _ in range(4)))


def guess(number: int, address: str | None = "192.0.2.1", user: str = "alice") -> Attempt:
    return password_attempt(address, user, f"guess {number}")


def fail(throttle: LoginThrottle, times: int, address: str | None, user: str) -> int:
    """Guess and fail; return how many guesses were not refused."""
    tried = 0
    for number in range(times):
        attempted = guess(number, address, user)
        try:
            throttle.check(attempted)
        except TooManyFailures:
            continue
        tried += 1
        throttle.failed(attempted)
    return tried


def is_refused(throttle: LoginThrottle, attempted: Attempt) -> bool:
    try:
        throttle.check(attempted)
    except TooManyFailures:
        return True
    return False


def test_an_address_that_guesses_has_to_wait(throttle: LoginThrottle) -> None:
    assert [fail(throttle, 3, "192.0.2.1", f"user {n}") for n in range(4)] == [3, 2, 0, 0]
    with pytest.raises(TooManyFailures) as refused:
        throttle.check(guess(99, user="another"))
    assert 30 < refused.value.seconds <= 61
    assert not is_refused(throttle, guess(99, "192.0.2.2", "another"))


def test_the_same_again_is_hardly_a_guess(throttle: LoginThrottle) -> None:
    old = guess(0)
    throttle.failed(old)
    for _ in range(4 * FAILURES):
        throttle.check(old)
        throttle.failed(old, is_repeated=True)
    throttle.check(guess(1))
    for _ in range(20 * FAILURES):
        throttle.failed(old, is_repeated=True)
    assert is_refused(throttle, old)


def test_a_bad_token_that_is_sent_again_is_hardly_a_guess(throttle: LoginThrottle) -> None:
    bad = Attempt("192.0.2.1", None, b"a token of 1 try")
    for _ in range(4 * FAILURES):
        throttle.check(bad)
        throttle.failed(bad)
    for number in range(FAILURES):
        throttle.failed(Attempt("192.0.2.1", None, b"another token %2d" % number))
    assert is_refused(throttle, bad)


def test_failures_wear_off() -> None:
    quick = LoginThrottle(2, 60_000, *(SharedTable(8) for _ in range(4)))
    for number in range(2):
        quick.failed(guess(number))
    time.sleep(0.01)
    assert quick.failures_of("192.0.2.1") == 0
    assert not is_refused(quick, guess(3))


def test_a_user_whom_many_addresses_attack_still_gets_in_from_another(
    throttle: LoginThrottle,
) -> None:
    tried = sum(fail(throttle, 10, f"192.0.2.{n}", "alice") for n in range(50))
    # Those who come when it is too much already have three attempts each.
    assert tried == FAILURES + 49 * 3
    assert is_refused(throttle, guess(99, "192.0.2.7"))
    assert not is_refused(throttle, guess(99, "198.51.100.1"))


def test_good_credentials_pass_whatever_others_do(throttle: LoginThrottle) -> None:
    good = password_attempt("192.0.2.1", "alice", "right")
    throttle.succeeded(good)
    fail(throttle, 10, "192.0.2.1", "alice")
    assert is_refused(throttle, guess(99))
    assert not is_refused(throttle, good)
    assert not is_refused(throttle, password_attempt("192.0.2.9", "alice", "right"))
    # Until they are not good any more.
    throttle.failed(good)
    assert is_refused(throttle, good)


def test_a_login_clears_its_user_and_not_its_address(throttle: LoginThrottle) -> None:
    fail(throttle, 10, "192.0.2.1", "alice")
    throttle.succeeded(password_attempt("192.0.2.1", "alice", "right"))
    assert is_refused(throttle, guess(99, user="bob"))
    other = password_attempt("192.0.2.2", "alice", "wrong")
    for _ in range(3):
        assert not is_refused(throttle, other)
        throttle.failed(other)
    # Three failures, of five.
    assert not is_refused(throttle, other)


def test_users_who_do_not_exist_are_treated_like_those_who_do(throttle: LoginThrottle) -> None:
    # The throttle sees no users at all: it counts names.
    assert fail(throttle, 10, "192.0.2.1", "nobody") == FAILURES


def test_no_limit() -> None:
    off = LoginThrottle(0, 1, *(SharedTable(8) for _ in range(4)))
    assert fail(off, 100, "192.0.2.1", "alice") == 100


def test_clients_without_a_known_address_are_not_taken_for_one(throttle: LoginThrottle) -> None:
    assert fail(throttle, 10, None, "alice") == 10
    assert fail(throttle, 3, "192.0.2.1", "bob") == 3


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ],
)
def test_an_address_is_what_one_client_has(address: str, counted: str) -> None:
    assert guess(1, address).address == counted


def test_credentials_are_known_by_what_they_say() -> None:
    sent = Password("alice", "secret")
    assert attempt(None, sent, "Basic a").digest == attempt("192.0.2.1", sent, "basic b").digest
    assert attempt(None, Other(), "Bearer a").digest != attempt(None, Other(), "Bearer b").digest
    assert password_attempt(None, "a", "b, c").digest != password_attempt(None, "a, b", "c").digest
    assert b"secret" not in attempt(None, sent, "Basic a").digest


def test_each_address_and_user_is_said_once(
    throttle: LoginThrottle, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        fail(throttle, 30, "192.0.2.1", "alice\nforged line \x1b[31m" + 500 * "x")
        for number in range(30):
            fail(throttle, 3, f"198.51.100.{number}", "bob\nforged")
            fail(throttle, 3, f"198.51.100.{number}", "bob\nforged")
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if "from 192.0.2.1:" in line]) == 1
    assert len([line for line in lines if "as 'bob\\nforged'" in line]) == 1
    assert not any("\n" in line or "\x1b" in line or "guess" in line for line in lines)
    assert max(map(len, lines)) < 300


def key(number: int) -> bytes:
    return number.to_bytes(KEY_SIZE)


def test_a_table_is_bounded_and_forgets_what_is_over_first() -> None:
    table = SharedTable(sets=1)
    for number in range(1, 9):
        table.put(key(number), float(number))
    table.put(key(5), 50.0)
    table.put(key(100), 100.0)
    assert [table.get(key(number)) for number in range(1, 9)] == [0, 2, 3, 4, 50, 6, 7, 8]
    assert table.get(key(100)) == 100.0


def test_a_table_is_shared_with_processes_that_are_forked_later() -> None:
    table = SharedTable()
    child = os.fork()
    if not child:
        table.put(key(7), 7.0)
        os._exit(0)
    os.waitpid(child, 0)
    assert table.get(key(7)) == 7.0


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.1", "", "198.51.100.1"),
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("192.0.2.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("192.0.2.1", "203.0.113.9, 192.0.2.7", "203.0.113.9"),
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9:4711", "203.0.113.9"),
        ("::ffff:192.0.2.1", "[2001:db8::7]:4711, 192.0.2.7:80", "2001:db8::7"),
        ("192.0.2.1", "[2001:db8::7]", "2001:db8::7"),
        ("192.0.2.1", "203.0.113.9:http", "192.0.2.1"),
        ("192.0.2.1", "unknown", "192.0.2.1"),
        ("", "203.0.113.9", "203.0.113.9"),
        ("", "", None),
    ],
)
def test_who_asks_is_said_by_proxies_that_are_trusted(
    peer: str, forwarded: str, client: str | None
) -> None:
    assert seen_through_proxies(peer, forwarded, [ip_network("192.0.2.0/24")]) == client


@dataclass
class User:
    username: str


def test_a_name_in_capitals_is_the_same() -> None:
    one = password_attempt(None, "Alice", "right")
    assert one.user_name == password_attempt(None, "alice", "wrong").user_name
    assert one.is_by(User("alice"))
    assert not one.is_by(User("bob"))
    # Workloads have no name, and tokens say none.
    assert one.is_by(User(""))
    assert attempt(None, Other(), "Bearer a").is_by(User("bob"))


def test_a_token_is_one_client_whatever_stands_beside_it() -> None:
    def seen(header: str) -> bytes:
        sent = parse(header)
        assert sent is not None
        return attempt("192.0.2.1", sent, header).digest

    def basic(text: str) -> str:
        return f"Basic {base64.b64encode(text.encode()).decode()}"

    token, other = new_secret(), new_secret()
    spelled = [f"Bearer {token}", f"token  {token}", basic(f"{token}:"), basic(f":{token}")]
    spelled += [basic(f"word{number}:{token}") for number in range(3)]
    assert len({seen(header) for header in spelled}) == 1
    assert seen(f"Bearer {other}") != seen(f"Bearer {token}")
