"""
What the plugin's settings may be, checked once when a process starts.

A wrong one would be noticed by whoever needs it first: a client whose upload fails, or nobody at all.
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# Characters of a wrong value that are quoted.
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """
    What a setting may be.

    Attributes:
        words: That, for people, after "has to be".
        allows: Says whether a value is that.
    """

    words: str
    allows: Callable[[Any], bool]


def check_all() -> None:
    """
    Check all settings that have a rule.

    Raises:
        ImproperlyConfigured: It names the first one that is wrong, and says what it may be.
    """
    for name, rule in RULES.items():
        value = getattr(settings, name)
        if not rule.allows(value):
            # The key of signatures is nothing for a log, nor a URL that may have a password or be a secret itself.
            shown = "wrong" if name in _SECRETS else repr(value)[:_LONGEST]
            raise ImproperlyConfigured(f"{name} is {shown}; it has to be {rule.words}.")


def _whole(least: int) -> Rule:
    def allows(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= least

    return Rule(f"a whole number, {least} or more", allows)


def _number(words: str, allows: Callable[[float], bool]) -> Rule:
    def is_allowed(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and allows(value)

    return Rule(words, is_allowed)


def _one_of(*values: str) -> Rule:
    return Rule(" or ".join(values), lambda value: isinstance(value, str) and value in values)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def _is_networks(value: Any) -> bool:
    try:
        return _is_texts(value) and all(ipaddress.ip_network(each) for each in value)
    except ValueError:
        return False


def _is_url(value: Any) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, TypeError, AttributeError):
        return False


def _is_api(value: Any) -> bool:
    return isinstance(value, str) and (
        not value or value.startswith("unix:/") or (value.startswith("http://") and _is_url(value))
    )


_POSITIVE = _number("a number above 0", lambda value: 0 < value < float("inf"))
_NOT_NEGATIVE = _number("a number, 0 or more", lambda value: 0 <= value < float("inf"))
_TEXT = Rule("a text", lambda value: isinstance(value, str))
_SWITCH = Rule("true or false", lambda value: isinstance(value, bool))
_SECRETS = frozenset({"GOMOD_EVENTS_SECRET", "GOMOD_EVENTS_URL"})

RULES: Mapping[str, Rule] = {
    "GOMOD_MAX_ZIP_SIZE": _whole(1),
    "GOMOD_MAX_GO_MOD_SIZE": _whole(1),
    "GOMOD_UPLOAD_WAIT": _NOT_NEGATIVE,
    "GOMOD_VERIFIERS": _whole(1),
    "GOMOD_VERIFY_SECONDS": _whole(1),
    "GOMOD_REQUIRE_MATCHING_MODULE_LINE": _SWITCH,
    "GOMOD_API_UPSTREAM": Rule('"", unix:/path or http://host:port', _is_api),
    "GOMOD_API_WORKERS": _whole(1),
    "GOMOD_FRONT_PAGE": _TEXT,
    "GOMOD_PUBLIC_MAX_AGE": _whole(0),
    "GOMOD_BODIES_SIZE": _whole(1),
    "GOMOD_BODY_TIMEOUT": _POSITIVE,
    "GOMOD_TRUSTED_PROXIES": Rule("a list of networks such as 10.0.0.0/8", _is_networks),
    "GOMOD_FETCH_AHEAD": _SWITCH,
    "GOMOD_PROXY_HEADERS": Rule("a list of names of headers", _is_texts),
    "GOMOD_ALLOWED_HOSTS": Rule("a list of host names", _is_texts),
    "GOMOD_LOOP_WATCH": _NOT_NEGATIVE,
    "GOMOD_ACCELERATOR": _one_of("auto", "off"),
    "GOMOD_STORAGE_TIMEOUT": _POSITIVE,
    "GOMOD_BUNDLES": _whole(1),
    "GOMOD_SUMDB_RECORDS_PER_HOUR": _whole(0),
    "GOMOD_DOCUMENTATION": _one_of("auto", "off"),
    "GOMOD_DOCUMENTATION_SECONDS": _whole(1),
    "GOMOD_TOKEN_DAYS": _whole(1),
    "GOMOD_TOKEN_MAX_DAYS": _whole(0),
    "GOMOD_LOGIN_FAILURES": _whole(0),
    "GOMOD_LOGIN_FAILURES_PER_MINUTE": _NOT_NEGATIVE,
    "GOMOD_CONSUMER_DAYS": _whole(0),
    "GOMOD_CONSUMER_ROWS": _whole(1),
    "GOMOD_EVENT_DAYS": _whole(0),
    "GOMOD_EVENTS_URL": Rule(
        '"", or a URL with http or https', lambda value: value == "" or _is_url(value)
    ),
    "GOMOD_EVENTS_SECRET": _TEXT,
}
"""Of all settings of the plugin but GOMOD_REMOTE_DENIED_NETWORKS, which is read where it is used."""
