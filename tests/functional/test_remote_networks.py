"""A remote does not read what only the server can reach."""

import os
from uuid import uuid4

import pytest
from aiohttp import web

from tests.functional.rest_api import REMOTES, Rest, TaskFailed
from tests.functional.upstream_world import SUMDB_KEY, Mirror, Upstream

# The servers of our own deny it (see conftest).
INSIDE = "127.0.0.2"

pytestmark = pytest.mark.skipif(
    "PULP_GOMOD_TEST_URL" in os.environ, reason="what another server denies is not known"
)


def test_clients_and_syncs_are_told_and_nothing_is_read(rest: Rest, upstream: Upstream) -> None:
    async def inside(_: web.Request) -> web.StreamResponse:
        port = upstream.url.rsplit(":", 1)[1].split("/")[0]
        return web.Response(status=302, headers={"Location": f"http://{INSIDE}:{port}/secret"})

    upstream.everything = inside
    mirror = Mirror.create(rest, upstream, redirect_hosts="*")
    answer = mirror.get("example.com/m/@v/v1.0.0.mod")
    assert answer.status_code == 502 and answer.headers["Content-Type"].startswith("text/plain")
    assert "GOMOD_REMOTE_DENIED_NETWORKS" in answer.text and INSIDE not in answer.text
    with pytest.raises(TaskFailed, match="GOMOD_REMOTE_DENIED_NETWORKS"):
        body = {"remote": mirror.remote, "modules": ["example.com/m"]}
        rest.wait(rest.call("POST", f"{mirror.owner.repository}sync/", json=body))


@pytest.mark.parametrize(
    "field",
    [
        {"url": f"http://{INSIDE}:8000/x"},
        {"url": "http://2852039166/latest/meta-data"},
        {"url": "http://[::ffff:169.254.169.254]/"},
        {"proxy_url": f"http://{INSIDE}:3128"},
        {"sumdb": f"{SUMDB_KEY} http://{INSIDE}/db"},
        {"redirect_hosts": f"files.example.com,{INSIDE}:8080"},
    ],
    ids=lambda field: next(iter(field)),
)
def test_addresses_are_refused_when_a_remote_is_made_or_changed(
    rest: Rest, field: dict[str, str]
) -> None:
    wanted = {"name": f"r-{uuid4().hex[:8]}", "url": "http://example.com", **field}
    answer = rest.call("POST", REMOTES, json=wanted)
    assert answer.status_code == 400 and list(answer.json()) == list(field), answer.text
    assert "GOMOD_REMOTE_DENIED_NETWORKS" in answer.text
