"""What strangers can have kept has a bound: the small files, too, of which a limit in small shows the same."""

import time
from collections.abc import Iterator

import pytest
import requests
from aiohttp import web
from django.db.models import Count, Sum
from django.db.models.functions import Length

from pulp_gomod.app.remote.cache import quota
from tests.functional.upstream_world import Upstream, running
from tests.inprocess.mirrors import Mirror

from pulp_gomod.app.models import GoCacheEntry  # isort: skip

# Bytes that small files may take in any case.
LEAST = 64 * 1024
MISSING = 200
# What an upstream says of each: it is passed on, and so it is kept.
WORDS = f"not found: {'x' * 900}\n"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as started:
        yield started


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "LEAST", LEAST)
    monkeypatch.setattr(quota, "COUNT_SOON", 0.2)


def _kept(mirror: Mirror) -> int:
    """Bytes that the remote's answers take, with 1 KiB for each row."""
    entries = GoCacheEntry.objects.filter(remote=mirror.remote)
    found = entries.aggregate(rows=Count("pk"), bytes=Sum(Length("body")))
    return int(found["rows"]) * 1024 + int(found["bytes"] or 0)


def _ask_all(mirror: Mirror, paths: list[str], status: int = 200) -> None:
    with requests.Session() as session:
        for path in paths:
            answer = session.get(f"{mirror.owner.content_url}/{path}", timeout=60)
            assert answer.status_code == status


def test_names_that_are_none_do_not_push_out_what_was_found(
    content_url: str, upstream: Upstream
) -> None:
    upstream.add("example.com/found", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, cache_size=0, not_found_ttl=3600)
    _ask_all(mirror, ["example.com/found/@v/v1.0.0.info"])
    missing = [f"example.com/none{number}/@v/list" for number in range(MISSING)]

    async def none(_: web.Request) -> web.Response:
        return web.Response(status=404, text=WORDS)

    upstream.behaviours |= dict.fromkeys(missing, none)
    _ask_all(mirror, missing, 404)
    # What is being written while the size is counted may be there beside.
    assert len(missing) * (1024 + len(WORDS)) > 4 * LEAST
    assert _kept(mirror) <= 2 * LEAST
    end = time.monotonic() + 180
    while _kept(mirror) > LEAST:
        assert time.monotonic() < end, _kept(mirror)
        mirror.get(missing[0])
        time.sleep(0.1)
    _ask_all(mirror, ["example.com/found/@v/v1.0.0.info"])
    assert upstream.count("example.com/found/@v/v1.0.0.info") == 1
