"""When a response that is kept is still the right one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp import web

from pulp_gomod.app.goproxy import ready
from pulp_gomod.app.goproxy.distributions import Served, Target

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SERVED = Served(uuid4(), 3, NOW)
TARGET = Target("", "base", uuid4(), None, uuid4(), NOW, SERVED)
MIRROR = replace(TARGET, remote=uuid4())


def is_right(target: Target, kept_for: Target) -> bool:
    kept = ready._kept("default", kept_for, ("m", "v1.0.0"), web.Response(body=b"{}"))
    assert kept is not None
    return ready._is_right_for(target, kept)


def test_what_is_held_needs_no_remote() -> None:
    assert is_right(replace(TARGET), TARGET)
    assert is_right(TARGET, MIRROR) and is_right(replace(MIRROR, remote=uuid4()), MIRROR)
    # Nothing was kept of what the remote would have been asked for.
    assert not is_right(MIRROR, TARGET)


@pytest.mark.parametrize("kept_for", (TARGET, MIRROR))
def test_another_version_guard_or_storage_takes_it_away(kept_for: Target) -> None:
    assert not is_right(replace(kept_for, served=replace(SERVED, number=4)), kept_for)
    assert not is_right(replace(kept_for, guard=uuid4()), kept_for)
    assert not is_right(replace(kept_for, distribution=uuid4()), kept_for)
    changed = replace(kept_for, domain_changed=NOW + timedelta(seconds=1))
    assert not is_right(changed, kept_for)
