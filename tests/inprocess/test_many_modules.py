"""Verified zips are stored many at a time, whoever else stores the same, and whatever becomes of one of them."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from pulpcore.plugin.models import Artifact, Content, ContentArtifact
from pulpcore.plugin.util import get_domain, get_domain_pk

from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.models import GoModule
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.many_modules import Parcel, save_zips
from pulp_gomod.golang.zip import check_upload
from tests.goproxy_requests import zip_of
from tests.unit import django_set_up  # noqa: F401


@pytest.fixture
def base(content_url: str) -> str:
    """A path that no other test uses."""
    return f"example.com/many{uuid4().hex[:8]}"


@pytest.fixture
def spool() -> Iterator[Path]:
    """Where files are spooled: a rename brings them to the storage."""
    with tempfile.TemporaryDirectory(dir=settings.WORKING_DIRECTORY) as directory:
        yield Path(directory)


@pytest.fixture
def parcels(base: str, spool: Path) -> Callable[..., list[Parcel]]:
    """Makes verified zips."""

    def make(count: int, prefix: str = "m") -> list[Parcel]:
        return [_parcel(spool, f"{base}/{prefix}{number}") for number in range(count)]

    return make


def _parcel(directory: Path, module: str, version: str = "v1.0.0") -> Parcel:
    path = directory / f"{uuid4()}.zip"
    path.write_bytes(zip_of(module, version, f"module {module}\n"))
    return Parcel(str(path), check_upload(str(path)))


def _place_of(parcel: Parcel) -> Path:
    """Where a zip goes in the storage."""
    name = Artifact.init_and_validate(parcel.path).storage_path("")
    return Path(storage_of(get_domain()).path(name))


def _check_whole(parcel: Parcel) -> None:
    """Check that a unit is all there, its file included."""
    assert parcel.error is None and parcel.unit is not None
    unit = Content.objects.get(pk=parcel.unit.pk).cast()
    assert isinstance(unit, GoModule)
    assert (unit.module, unit.version, unit.h1) == (*parcel.name, parcel.upload.h1)
    assert bytes(unit.go_mod) == parcel.upload.go_mod
    assert unit.pulp_domain_id == unit._pulp_domain_id == get_domain_pk()
    link = ContentArtifact.objects.get(content=unit)
    assert link.relative_path == unit.relative_path
    assert link.artifact.size == unit.size == parcel.upload.size
    with storage_of(get_domain()).open(link.artifact.file.name) as stored:
        assert check_upload(stored).h1 == unit.h1


def test_each_is_stored_as_what_it_is_and_found_again(parcels: Any, spool: Path) -> None:
    stored = parcels(3)
    save_zips(stored)
    for parcel in stored:
        _check_whole(parcel)
        assert not os.path.exists(parcel.path)
    again = [_parcel(spool, parcel.upload.module) for parcel in stored]
    new = _parcel(spool, f"{stored[0].upload.module}/new")
    save_zips([*again, new])
    assert [parcel.unit for parcel in again] == [parcel.unit for parcel in stored]
    _check_whole(new)


def test_many_take_no_more_statements_than_one(parcels: Any) -> None:
    def statements(many: list[Parcel]) -> int:
        with CaptureQueriesContext(connection) as captured:
            save_zips(many)
        assert all(parcel.unit for parcel in many)
        return len(captured)

    one = statements(parcels(1, "one"))
    assert statements(parcels(30, "many")) == one
    assert one < 12


def test_what_comes_twice_is_stored_once(parcels: Any, spool: Path) -> None:
    (first,) = parcels(1)
    twice = _parcel(spool, first.upload.module)
    save_zips([first, twice])
    _check_whole(first)
    assert twice.unit == first.unit


def test_one_that_is_gone_harms_no_other(parcels: Any) -> None:
    first, gone, last = parcels(3)
    os.unlink(gone.path)
    save_zips([first, gone, last])
    assert isinstance(gone.error, FileNotFoundError) and gone.unit is None
    _check_whole(first)
    _check_whole(last)


def test_what_a_killed_process_left_half_written_is_replaced(parcels: Any) -> None:
    whole, half = parcels(2)
    place = _place_of(half)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(Path(half.path).read_bytes()[:20])
    save_zips([whole, half])
    _check_whole(whole)
    _check_whole(half)


def test_a_storage_that_takes_nothing_is_told_of_each(parcels: Any) -> None:
    first, third = parcels(2)
    places = ((parcel, _place_of(parcel)) for parcel in parcels(200, "other"))
    second, place = next(each for each in places if not each[1].parent.exists())
    # A file where a directory has to be.
    place.parent.parent.mkdir(parents=True, exist_ok=True)
    place.parent.touch()
    try:
        save_zips([first, second, third])
    finally:
        place.parent.unlink()
    _check_whole(first)
    assert isinstance(second.error, StorageUnavailableError)
    # It is not asked again for each of the others, which may wait long.
    assert isinstance(third.error, StorageUnavailableError)
    for parcel in (second, third):
        assert parcel.unit is None
        assert not GoModule.objects.filter(module=parcel.upload.module).exists()


def test_what_somebody_else_is_storing_is_waited_for(parcels: Any, spool: Path) -> None:
    mine = parcels(3)
    theirs = _parcel(spool, mine[1].upload.module)
    ready = threading.Event()

    def save() -> None:
        ready.set()
        save_zips(mine)
        connection.close()

    thread = threading.Thread(target=save)
    with transaction.atomic():
        save_zips([theirs])
        thread.start()
        ready.wait()
        # It waits for its turn by now, on any but the slowest machine; if not, it finds it.
        time.sleep(0.3)
        assert all(parcel.unit is None for parcel in mine)
    thread.join()
    assert mine[1].unit == theirs.unit
    for parcel in mine:
        _check_whole(parcel)


def test_who_takes_no_turns_is_no_obstacle(parcels: Any) -> None:
    """pulpcore's own syncs store files without them."""
    mine = parcels(3)
    ready, ends = threading.Event(), threading.Event()
    theirs = Artifact.init_and_validate(mine[1].path)

    def insert() -> None:
        with transaction.atomic():
            theirs.file = f"{mine[1].path}.copy"
            Path(theirs.file.name).write_bytes(Path(mine[1].path).read_bytes())
            theirs.save()
            ready.set()
            ends.wait(30)
        connection.close()

    thread = threading.Thread(target=insert)
    thread.start()
    assert ready.wait(30)
    threading.Timer(0.3, ends.set).start()
    save_zips(mine)
    thread.join()
    for parcel in mine:
        _check_whole(parcel)
    assert ContentArtifact.objects.get(content=mine[1].unit).artifact_id == theirs.pk
