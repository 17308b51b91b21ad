"""
How often a login may fail: who guesses passwords has to wait, before anything is hashed.

Failures are counted by address and by user name. Once there were too many, further attempts are
refused until the next is due, for users and addresses that exist and for those that do not. Two are
never refused: credentials that were good not long ago, whatever happens at their address or to their
user; and the first attempts of an address that has not failed, whatever others did to the user. So a
stranger who guesses a user's password cannot lock that user out.
"""

import hmac
import ipaddress
import logging
import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from pulp_gomod.app.auth import login_metrics
from pulp_gomod.app.auth.header import Credentials, Password, Secret
from pulp_gomod.app.auth.shared_table import KEY_SIZE, SharedTable
from pulp_gomod.app.db.lru import Lru

log = logging.getLogger(__name__)

# Seconds for which credentials that were good are let through: this says nothing of whether they
# still are, only that whoever has them need not wait to find out.
_KNOWN_FOR = 12 * 3600.0
# Seconds for which credentials without a password, such as a token of another server, are known to be wrong.
_WRONG_FOR = 600.0
# What it counts to send the same wrong credentials again: whoever does is no further in guessing, but a
# flood of them is one all the same.
_REPEATED = 1 / 20
# Failures of an address below which it may try a user whom others attack: room for a typing error.
_FEW = 3
# Seconds between two lines of the log on the same address or user.
_SILENCE = 600.0
_MOST_ANNOUNCED = 1000
_LONGEST_NAME = 64
# All of whom nobody tells the address, since a proxy says nothing of them.
_UNKNOWN = "unknown"
_IPV6_SITE = 64

# At import, so that workers that are forked later have the same.
_KEY = secrets.token_bytes(32)
_ADDRESSES = SharedTable()
_USERS = SharedTable()
_KNOWN = SharedTable()
_WRONG = SharedTable()


class TooManyFailures(Exception):
    """
    Logins have failed too often for another one now.

    Attributes:
        seconds: After how many whole seconds the next may be tried.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"too many failed logins: try again in {seconds} seconds, with the right password"
        )
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    Somebody's attempt to log in.

    Attributes:
        address: The client's address, of IPv6 the network that one site has; None if unknown.
        user_name: As which user, whether the name was in capitals or not; None where the credentials
            name none.
        digest: What stands for the credentials, and tells nothing of them.
    """

    address: str | None
    user_name: str | None
    digest: bytes

    def is_by(self, user: Any) -> bool:
        """
        Say whether somebody is known by these credentials, and not by something else that was sent.

        Args:
            user: Who was found to ask; workloads have no name.
        """
        name = str(getattr(user, "username", ""))
        return self.user_name is None or name.casefold() in ("", self.user_name)


def attempt(address: str | None, sent: Credentials, header: str) -> Attempt:
    """
    Describe an attempt to log in.

    Args:
        address: The client's address, None if it is unknown.
        sent: The credentials.
        header: The Authorization header that they were read from.
    """
    if isinstance(sent, Password):
        # However it was encoded: the same credentials are known by any spelling.
        return password_attempt(address, sent.user_name, sent.password)
    if isinstance(sent, Secret):
        # Any word may stand beside it: with each in turn, one token would be as many clients as there are words.
        return Attempt(address and site(address), None, _digest("token", sent.secret))
    return Attempt(address and site(address), None, _digest("other", header))


def password_attempt(address: str | None, user_name: str, password: str) -> Attempt:
    """
    Describe an attempt to log in by a password.

    Args:
        address: The client's address, None if it is unknown.
    """
    digest = _digest("password", user_name, password)
    return Attempt(address and site(address), user_name.casefold(), digest)


class LoginThrottle:
    """
    Counts failed logins, in memory shared by the processes of one app.

    Args:
        failures: How many there may be in a row; 0 for no limit.
        per_minute: How many there may be for as long as this goes on.
        addresses: Counts by address.
        users: Counts by user name.
        known: Credentials that were good.
        wrong: Credentials without a password that were not.
    """

    def __init__(
        self,
        failures: int,
        per_minute: float,
        addresses: SharedTable = _ADDRESSES,
        users: SharedTable = _USERS,
        known: SharedTable = _KNOWN,
        wrong: SharedTable = _WRONG,
    ) -> None:
        self._failures = failures
        self._pause = 60.0 / per_minute
        self._addresses = addresses
        self._users = users
        self._known = known
        self._wrong = wrong
        self._announced: Lru[str, float] = Lru(_MOST_ANNOUNCED)

    def check(self, attempt: Attempt) -> None:
        """
        Let an attempt pass, or not.

        Raises:
            TooManyFailures: It has to wait.
        """
        if not self._failures or self.is_known(attempt):
            return
        by_address, by_user = self._waits(attempt)
        # They wear off from the first moment, so that three of them are a little less.
        if self.failures_of(attempt.address) <= _FEW - 1:
            by_user = 0.0
        if by_address <= 0 and by_user <= 0:
            return
        self._announce(attempt, by_address > 0)
        login_metrics.refused("address" if by_address > 0 else "user")
        raise TooManyFailures(int(max(by_address, by_user)) + 1)

    def failures_of(self, address: str | None) -> float:
        """Return how many failures count against an address now: they wear off."""
        if address is None:
            return 0.0
        return max(0.0, self._addresses.get(_key(address)) - time.monotonic()) / self._pause

    def is_known(self, attempt: Attempt) -> bool:
        """Say whether credentials were good lately."""
        return self._known.get(attempt.digest) > time.monotonic()

    def failed(self, attempt: Attempt, is_repeated: bool = False) -> None:
        """
        Count a failure.

        Args:
            is_repeated: Whether the same was known to be wrong, and cost nothing.
        """
        login_metrics.failed()
        self.forget(attempt)
        if attempt.user_name is None:
            is_repeated = self._was_wrong(attempt)
        weight = _REPEATED if is_repeated else 1.0
        if attempt.address is not None:
            self._count(self._addresses, attempt.address, weight)
        if attempt.user_name is not None:
            self._count(self._users, attempt.user_name, weight)

    def _was_wrong(self, attempt: Attempt) -> bool:
        now = time.monotonic()
        known = self._wrong.get(attempt.digest) > now
        self._wrong.put(attempt.digest, now + _WRONG_FOR)
        return known

    def succeeded(self, attempt: Attempt) -> None:
        """Note good credentials: their user is attacked no longer, their address may still attack others."""
        if attempt.user_name is not None and not self.is_known(attempt):
            self._users.put(_key(attempt.user_name), 0.0)
        self._known.put(attempt.digest, time.monotonic() + _KNOWN_FOR)

    def forget(self, attempt: Attempt) -> None:
        """Know credentials no longer, which does not count as a failure."""
        if self.is_known(attempt):
            self._known.put(attempt.digest, 0.0)

    def _waits(self, attempt: Attempt) -> tuple[float, float]:
        """Seconds until the address, and the user, may fail once more."""
        latest = time.monotonic() + (self._failures - 1) * self._pause
        address, user = attempt.address, attempt.user_name
        return (
            0.0 if address is None else self._addresses.get(_key(address)) - latest,
            0.0 if user is None else self._users.get(_key(user)) - latest,
        )

    def _count(self, table: SharedTable, name: str, weight: float) -> None:
        # The time at which all failures are worn off: one number tells how many there are now.
        table.put(_key(name), max(table.get(_key(name)), time.monotonic()) + weight * self._pause)

    def _announce(self, attempt: Attempt, is_address: bool) -> None:
        if is_address:
            whose = f"from {attempt.address}"
        else:
            whose = f"as {ascii(str(attempt.user_name)[:_LONGEST_NAME])}"
        now = time.monotonic()
        last = self._announced.peek(whose)
        if last is not None and now - last < _SILENCE:
            return
        self._announced.put(whose, now)
        log.warning(
            "Too many failed logins %s: more than GOMOD_LOGIN_FAILURES (%d) in a row. "
            "Further attempts are slowed down.",
            whose,
            self._failures,
        )


@lru_cache(maxsize=1)
def configured() -> LoginThrottle:
    """Return the throttle of this process, as the settings have it."""
    return LoginThrottle(
        max(0, int(settings.GOMOD_LOGIN_FAILURES)),
        max(0.01, float(settings.GOMOD_LOGIN_FAILURES_PER_MINUTE)),
    )


def client_at(address: str | None) -> str:
    """
    Name a client by where it is.

    Args:
        address: Its address. Those of whom nobody tells it are one client, with the bounds of one.
    """
    return site(address) if address else _UNKNOWN


def site(address: str) -> str:
    """Return what one client has: of IPv6 addresses, everybody has more than can be counted."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    number = int(parsed) >> (128 - _IPV6_SITE) << (128 - _IPV6_SITE)
    return str(ipaddress.IPv6Network((number, _IPV6_SITE)))


def _key(name: str) -> bytes:
    return _digest("name", name)


def _digest(*parts: str) -> bytes:
    # repr() keeps the parts apart, and encodes whatever Python takes for a text.
    return hmac.digest(_KEY, ascii(parts).encode(), "sha256")[:KEY_SIZE]
