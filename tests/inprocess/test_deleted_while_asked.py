"""What is deleted while its upstream answers costs the client that waits nothing."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web

from tests.functional.upstream_world import Upstream
from tests.inprocess.meanwhile import closing
from tests.inprocess.mirrors import Mirror

from pulp_gomod.app.models import GoCacheEntry, GoPendingEntry  # isort: skip

PATH, V = "example.com/m", "v1.0.0"
ZIP = f"{PATH}/@v/{V}.zip"


def act_first(upstream: Upstream, act: Callable[[], object]) -> None:
    """Have something done before the upstream sends the zip."""

    async def send(request: web.Request) -> web.Response:
        await asyncio.to_thread(closing, act)
        return upstream.answer(ZIP)

    upstream.behaviours[ZIP] = send


@pytest.mark.parametrize("kept_before", [False, True])
@pytest.mark.parametrize("what", ["remote", "repository", "distribution"])
def test_the_zip_is_sent(
    content_url: str, upstream: Upstream, what: str, kept_before: bool
) -> None:
    made = upstream.add(PATH, V, **{"b.go": f"package a\n// {what} {kept_before}\n"})
    if kept_before:
        assert Mirror.create(content_url, upstream).get(ZIP).content == made.zip
    mirror = Mirror.create(content_url, upstream)
    chosen = mirror.remote if what == "remote" else getattr(mirror.owner, what)
    remote, repository = mirror.remote.pk, mirror.owner.repository.pk
    act_first(upstream, chosen.delete)
    answer = mirror.get(ZIP)
    assert (answer.status_code, answer.content) == (200, made.zip)
    is_kept = GoCacheEntry.objects.filter(remote=remote, file="zip").exists()
    is_pending = GoPendingEntry.objects.filter(repository=repository).exists()
    assert (is_kept, is_pending) == (what != "remote", what == "distribution")
