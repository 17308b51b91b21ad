"""A storage may fail in every way; what is told of it is one error, in time, and without secrets."""

import asyncio
import errno
import io
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, OperationalError
from storages.backends.s3 import S3Storage

from pulp_gomod.app.db.round_robin import Clients
from pulp_gomod.app.exceptions import QuotaExceededError, StorageUnavailableError
from pulp_gomod.app.storage import backends, calls
from pulp_gomod.app.storage.faults import DamagedFileError, storage_calls
from pulp_gomod.app.storage.objects import ObjectReader

_SIGNED = "http://user:pass-word@storage.example.com/bucket/artifact/ab?X-Amz-Signature=s3cret&x=y"


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url=_SIGNED),
        ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"),
        NoCredentialsError(),
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.EIO, "Input/output error"),
        TimeoutError("nothing arrived"),
        ValueError("Invalid endpoint"),
        Exception("any library's own"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_backend_raises_is_the_storage_failing(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(StorageUnavailableError) as raised, storage_calls("reading"):
        raise error
    for text in (str(raised.value), caplog.text):
        assert type(error).__name__ in text
        assert "s3cret" not in text and "pass-word" not in text
    assert [(record.levelno, record.exc_info) for record in caplog.records] == [
        (logging.ERROR, None)
    ]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        IntegrityError("duplicate key"),
        OperationalError("gone"),
        QuotaExceededError("modules", 2, 1),
        TypeError("a mistake"),
    ],
    ids=str,
)
def test_what_is_no_fault_of_the_storage_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, storage_calls("reading"):
        raise error
    assert raised.value is error


def test_a_file_that_is_not_there_is_damage() -> None:
    with pytest.raises(DamagedFileError), storage_calls("reading"):
        open("/nowhere/at/all").close()


class _Stuck:
    """Calls that come back when they are told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.closed = threading.Event()

    def __call__(self, *_: Any) -> "_Stuck":
        assert self.go_on.wait(60)
        return self

    exists = __call__

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Stuck]:
    monkeypatch.setattr(calls, "_by_process", {})
    found = _Stuck()
    yield found
    found.go_on.set()


def test_who_waits_for_a_storage_that_hangs_is_told_so(stuck: _Stuck) -> None:
    async def wait() -> list[Any]:
        many = [calls.within(0.1, "reading", stuck) for _ in range(3 * calls.THREADS)]
        return await asyncio.gather(*many, return_exceptions=True)

    found = asyncio.run(wait())
    assert {type(each) for each in found} == {StorageUnavailableError}
    # What came too late is given back.
    stuck.go_on.set()
    assert stuck.closed.wait(60)


def test_more_than_can_ever_be_done_is_refused_at_once(
    stuck: _Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "MOST_CALLS", 2)

    async def wait() -> None:
        waiting = [asyncio.create_task(calls.within(60, "reading", stuck)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(StorageUnavailableError, match="too many"):
            await calls.within(60, "reading", stuck)
        stuck.go_on.set()
        assert await asyncio.gather(*waiting) == [stuck, stuck]
        # There is room again once they are done.
        assert await calls.within(60, "reading", stuck) is stuck

    asyncio.run(wait())


def test_a_storage_that_hung_is_left_alone_for_a_while(
    stuck: _Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PROBE", 0.1)
    with pytest.raises(StorageUnavailableError, match="nothing arrived"):
        calls.ask_first(stuck, "name")
    with pytest.raises(StorageUnavailableError, match="a moment ago"):
        calls.ask_first(stuck, "name")
    monkeypatch.setattr(calls.time, "monotonic", _later(calls.PAUSE))
    stuck.go_on.set()
    assert calls.ask_first(stuck, "name")


def _later(seconds: float) -> Callable[[], float]:
    now = calls.time.monotonic
    return lambda: now() + seconds


class _Domain:
    def __init__(self, storage: Any) -> None:
        self.get_storage = lambda: storage


def test_the_patience_of_s3_is_bounded_unless_somebody_chose_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    plain = S3Storage(bucket_name="b", addressing_style="path")
    found = backends.storage_of(_Domain(plain)).client_config
    assert (found.connect_timeout, found.read_timeout) == (5, 20)
    assert found.retries["total_max_attempts"] == 2
    assert found.s3 == {"addressing_style": "path"}
    chosen = Config(connect_timeout=7, read_timeout=300, retries={"total_max_attempts": 9})
    storage = S3Storage(bucket_name="b", client_config=chosen)
    assert backends.storage_of(_Domain(storage)).client_config is chosen


def test_other_storages_are_left_as_they_are(tmp_path: Path) -> None:
    storage = FileSystemStorage(tmp_path)
    assert backends.storage_of(_Domain(storage)) is storage


@pytest.mark.parametrize(("offset", "count"), [(0, 1000), (0, 0), (999, 1), (10, 500)])
def test_a_part_is_read_from_any_backend(tmp_path: Path, offset: int, count: int) -> None:
    data = os.urandom(1000)
    storage = FileSystemStorage(tmp_path)
    storage.save("name", io.BytesIO(data))

    async def read() -> bytes:
        reader = ObjectReader(storage, "name", len(data))
        await reader.open(offset, count)
        pieces = []
        while piece := await reader.read(64):
            pieces.append(piece)
        reader.close()
        return b"".join(pieces)

    assert asyncio.run(read()) == data[offset : offset + count]


def test_an_object_that_is_not_whole_is_damaged(tmp_path: Path) -> None:
    storage = FileSystemStorage(tmp_path)
    storage.save("name", io.BytesIO(b"half"))
    reader = ObjectReader(storage, "name", 8)
    with pytest.raises(DamagedFileError):
        asyncio.run(reader.open(0, 8))


def test_an_object_that_shrinks_while_it_is_read_is_not_taken_for_whole(tmp_path: Path) -> None:
    storage = FileSystemStorage(tmp_path)
    storage.save("name", io.BytesIO(bytes(1_000_000)))

    async def read() -> None:
        reader = ObjectReader(storage, "name", 1_000_000)
        await reader.open(0, 1_000_000)
        (tmp_path / "name").write_bytes(bytes(10))
        with pytest.raises(StorageUnavailableError, match="was cut off"):
            while await reader.read(100_000):
                pass
        reader.close()

    asyncio.run(read())


def test_whoever_reads_much_leaves_threads_to_others() -> None:
    free = threading.Event()

    def slow() -> bool:
        return free.wait(60)

    async def main() -> None:
        many, one = Clients("many"), Clients("one")
        flood = [
            asyncio.create_task(calls.within(60, "reading", slow, clients=many))
            for _ in range(2 * calls.THREADS)
        ]
        await asyncio.sleep(0)
        assert await calls.within(20, "reading", lambda: "read", clients=one) == "read"
        assert not any(each.done() for each in flood)
        free.set()
        assert await asyncio.gather(*flood) == [True] * len(flood)

    try:
        asyncio.run(main())
    finally:
        free.set()
