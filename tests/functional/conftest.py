"""The servers that functional tests run against.

PULP_GOMOD_TEST_URL names a running server to use instead of starting one;
PULP_GOMOD_TEST_USERNAME and PULP_GOMOD_TEST_PASSWORD are its administrator's.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.access_server import write_settings
from tests.functional.rest_api import Rest
from tests.functional.serving import PASSWORD, USERNAME, Server, shared_server
from tests.functional.uploads import MAX_ZIP_SIZE
from tests.functional.upstream_world import Upstream, running

# Of the server for syncs, which has no other use for them.
LOGIN_FAILURES = 3

_PREFIX = "PULP_GOMOD_TEST_"
# Upstreams are on 127.0.0.1; what remotes must not lead to is on INSIDE (see test_remote_networks).
DENIED = {"PULP_GOMOD_REMOTE_DENIED_NETWORKS": '["link-local", "metadata", "127.0.0.2/32"]'}
# All tests come from one address, and many try what is refused.
PATIENT = {"PULP_GOMOD_LOGIN_FAILURES": "300"}


@pytest.fixture(scope="session")
def server_cache(pytestconfig: pytest.Config) -> Path:
    """Where prepared data directories are kept between test runs."""
    assert pytestconfig.cache
    return Path(pytestconfig.cache.mkdir("gomod-servers"))


@pytest.fixture(scope="session")
def server(run_dir: Path, server_cache: Path) -> Iterator[Server]:
    """A server as `pulp-gomod serve` starts it."""
    if url := os.environ.get(f"{_PREFIX}URL"):
        yield Server(
            url.rstrip("/"),
            os.environ.get(f"{_PREFIX}USERNAME", USERNAME),
            os.environ.get(f"{_PREFIX}PASSWORD", PASSWORD),
        )
        return
    workers = ("--workers", "2")
    with shared_server(run_dir, "server", server_cache, *workers, **DENIED, **PATIENT) as started:
        yield started


@pytest.fixture(scope="module")
def rest(server: Server) -> Rest:
    """The server's REST API, as the administrator."""
    return Rest(server.url, (server.username, server.password))


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An upstream that has nothing yet."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def domain_server(run_dir: Path, server_cache: Path) -> Iterator[Server]:
    """A server with Pulp's domains enabled, workload identities and all kinds of content guards."""
    variables = write_settings(run_dir) | {
        # Proxies on this machine are believed, so that tests can say what certificate a client has.
        "PULP_GOMOD_TRUSTED_PROXIES": '["127.0.0.1/32"]',
        # Exports of Pulp, from one domain into another.
        "PULP_ALLOWED_EXPORT_PATHS": json.dumps([str(run_dir)]),
        "PULP_ALLOWED_IMPORT_PATHS": json.dumps([str(run_dir)]),
        # What a replication reads of another server is kept there, and would stay after the run.
        "XDG_CACHE_HOME": str(run_dir / "domains.cache"),
        # Not set: the library that asks other servers prefers them to the authorities that it is given.
        "REQUESTS_CA_BUNDLE": "",
        "CURL_CA_BUNDLE": "",
    }
    # Two workers: an import of several repositories makes a task for each of them.
    workers = ("--workers", "2")
    with shared_server(run_dir, "domains", server_cache, *workers, **variables) as started:
        yield started


@pytest.fixture(scope="session")
def sync_server(run_dir: Path, server_cache: Path) -> Iterator[Server]:
    """A server with one worker, which runs nothing but what one test asks for; few logins may fail."""
    variables = {
        "PULP_GOMOD_LOGIN_FAILURES": str(LOGIN_FAILURES),
        # Ten minutes for each: no test takes so long.
        "PULP_GOMOD_LOGIN_FAILURES_PER_MINUTE": "0.1",
    }
    with shared_server(run_dir, "sync", server_cache, **variables) as started:
        yield started


@pytest.fixture(scope="session")
def upload_server(run_dir: Path, server_cache: Path) -> Iterator[Server]:
    """A server for uploads: more processes, a short wait, a low limit, and behind a proxy."""
    with shared_server(
        run_dir,
        "uploads",
        server_cache,
        *("--content-workers", "3", "--workers", "2"),
        PULP_GOMOD_UPLOAD_WAIT="6",
        PULP_GOMOD_MAX_ZIP_SIZE=str(MAX_ZIP_SIZE),
        PULP_GOMOD_TRUSTED_PROXIES='["127.0.0.1/32", "10.0.0.0/8"]',
    ) as started:
        yield started
