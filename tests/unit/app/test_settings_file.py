"""The settings that the plugin brings, as a file."""

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pulp_gomod.app import settings
from tests.inprocess.settings import configured

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from django.core.exceptions import ImproperlyConfigured

from pulp_gomod.app import checked_settings


def test_no_setting_is_assigned_twice() -> None:
    # The second assignment would silently take away what the first has put in, such as a middleware.
    tree = ast.parse(Path(settings.__file__).read_text())
    names = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_every_setting_is_checked_and_its_default_is_right() -> None:
    names = {name for name in vars(settings) if name.startswith("GOMOD_")}
    assert names - set(checked_settings.RULES) == {"GOMOD_REMOTE_DENIED_NETWORKS"}
    for name, rule in checked_settings.RULES.items():
        assert rule.allows(getattr(settings, name)), name


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GOMOD_VERIFY_SECONDS", "abc", "'abc'; it has to be a whole number, 1 or more"),
        ("GOMOD_TOKEN_DAYS", -5, "-5; it has to be a whole number, 1 or more"),
        ("GOMOD_TOKEN_DAYS", 0, "0"),
        ("GOMOD_TOKEN_MAX_DAYS", True, "True"),
        ("GOMOD_STORAGE_TIMEOUT", float("nan"), "nan; it has to be a number above 0"),
        ("GOMOD_UPLOAD_WAIT", -1, "a number, 0 or more"),
        ("GOMOD_DOCUMENTATION", "never", "auto or off"),
        ("GOMOD_DOCUMENTATION", ["auto"], "auto or off"),
        ("GOMOD_FETCH_AHEAD", "no", "true or false"),
        ("GOMOD_TRUSTED_PROXIES", "127.0.0.1", "a list of networks"),
        ("GOMOD_TRUSTED_PROXIES", ["10.0.0.1/8"], "a list of networks"),
        ("GOMOD_ALLOWED_HOSTS", "*", "a list of host names"),
        ("GOMOD_API_UPSTREAM", "127.0.0.1:80", "http://host:port"),
        (
            "GOMOD_EVENTS_URL",
            "//u:secret@e.org",
            'wrong; it has to be "", or a URL with http or https',
        ),
        ("GOMOD_EVENTS_SECRET", 12345, "wrong; it has to be a text"),
    ],
)
def test_a_setting_that_cannot_be_right_is_named(name: str, value: Any, said: str) -> None:
    with configured(**{name: value}), pytest.raises(ImproperlyConfigured) as refused:
        checked_settings.check_all()
    assert str(refused.value).startswith(f"{name} is ") and said in str(refused.value)
