"""An upstream that misbehaves: what clients are told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import InternalError, connection

from pulp_gomod.app.api.errors import explain
from tests.functional.test_pull_through_faults import FAULTS, check_fault
from tests.functional.upstream_world import running
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_told_and_pass(content_url: str, fault: str) -> None:
    with running() as upstream:
        mirror = Mirror.create(content_url, upstream, sock_read_timeout=1.0)
        check_fault(upstream, mirror, fault)


@contextmanager
def read_only() -> Iterator[None]:
    """Let PostgreSQL write nothing, as a standby, or one that has lost its place to another."""

    def configure(change: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER SYSTEM {change}")
            cursor.execute("SELECT pg_reload_conf()")

    configure("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        configure("RESET default_transaction_read_only")


def test_a_database_that_cannot_be_written_is_told(content_url: str) -> None:
    with running() as upstream:
        upstream.add("example.com/m", "v1.0.0")
        mirror = Mirror.create(content_url, upstream)

        def status(number: int) -> int:
            # Each of them is news.
            return mirror.get(f"example.com/m/@v/v1.0.{number}.info").status_code

        with read_only():
            numbers = iter(range(100, 400))
            while (said := status(next(numbers))) == 404:
                time.sleep(0.1)
            assert said == 503
            refused = mirror.get("example.com/m/@v/v1.0.0.info")
            assert refused.status_code == 503
            assert refused.text == "unavailable: the server's database is not responding\n"
        while (said := status(next(numbers))) == 503:
            time.sleep(0.1)
        assert said == 404 and status(0) == 200


def test_the_api_tells_it_as_well(content_url: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            with pytest.raises(InternalError) as failed:
                Owner.create(content_url)
        finally:
            cursor.execute("SET default_transaction_read_only = off")
    told = explain(failed.value)
    assert told is not None and told.status == 503 and told.headers["Retry-After"]
