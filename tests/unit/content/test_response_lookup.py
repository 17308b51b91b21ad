"""What is answered from memory, and how it gets there."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from pulp_gomod.app.content.accelerator.interface import PlainGet
from pulp_gomod.app.content.http.responses import (
    JSON,
    TEXT,
    Representation,
    cache_control,
    respond,
)
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.content.repository.guard import GuardCache
from pulp_gomod.app.content.repository.prefetch import Prefetch
from pulp_gomod.app.content.repository.result_cache import LARGEST_FILE, ResultCache
from pulp_gomod.app.content.repository.zips import ZipFiles, _Storage
from pulp_gomod.app.content.response_cache import lookup
from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.storage.stored_zip import StoredZip

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SERVED = Served(uuid4(), 3, NOW)
TARGET = ServedDistribution("", "base", uuid4(), None, uuid4(), NOW, SERVED)
INFO = Representation(JSON, "etag", NOW, 2, True, b"{}")
LIST = Representation(TEXT, "etag", NOW, 7, False, b"v1.0.0\n")
PATH = "example.com/!m/@v/v1.0.0.info"


def asked(path: str) -> PlainGet:
    return PlainGet("default", "base", path)


class Database:
    """Has nothing, and notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.open = 0

    async def ask(self, statement: Statement, **values: Any) -> list[Any]:
        self.asked.append(values)
        return []


class Content:
    """A content app, and a distribution that is known."""

    def __init__(self, target: ServedDistribution | None) -> None:
        self.database = Database()
        self.files = ResultCache()
        self.services: Any = SimpleNamespace(
            lookups=self.database,
            resolver=self,
            gate=GuardCache(),
            answers=ResultCache(),
            prefetch=Prefetch(),
            zips=ZipFiles(self.files),
        )
        self._target = target

    async def find(
        self, domain: str, candidates: Sequence[str], path: str
    ) -> ServedDistribution | None:
        assert (domain, candidates) == ("default", ["base"]) and path.startswith("base/")
        return self._target

    def recall(self, domain: str, base_path: str, ahead: bool = False) -> ServedDistribution | None:
        assert (domain, base_path) == ("default", "base")
        return self._target

    def keep(self, file: str, version: str, answer: Any) -> None:
        key = (SERVED.repository.bytes, SERVED.number, file, "example.com/M", version)
        self.services.answers.keep(key, answer, 0)

    def ask(self, path: str = PATH) -> lookup.Recalled | None:
        return lookup.recall(self.services, asked(path))


def test_what_is_in_memory_is_answered_as_ever() -> None:
    content = Content(TARGET)
    content.keep("info", "v1.0.0", INFO)
    found = content.ask()
    usual = respond(make_mocked_request("GET", "/"), INFO, cache_control(True, True))
    assert found is not None and isinstance(usual, web.Response)
    assert (found.response.status, found.response.body) == (200, usual.body)
    assert found.response.headers == usual.headers
    assert found.used == ("example.com/M", "v1.0.0")


@pytest.mark.parametrize(
    "target",
    (
        None,
        replace(TARGET, guard=uuid4()),
        replace(TARGET, served=None),
        replace(TARGET, served=replace(SERVED, number=4)),
        replace(TARGET, served=replace(SERVED, repository=uuid4())),
    ),
)
def test_another_distribution_is_not_answered_for(target: ServedDistribution | None) -> None:
    content = Content(target)
    content.keep("info", "v1.0.0", INFO)
    assert content.ask() is None


@pytest.mark.parametrize(
    "path",
    (
        "example.com/!m/@v/v1.0.0.mod",
        "example.com/!m/@v/v1.0.1.info",
        "example.com/!m/@v/list",
        "example.com/!m/@latest",
        "example.com/!m/@v/latest.info",
        "example.com/m/@v/v1.0.0.info",
        "example.com/../!m/@v/v1.0.0.info",
        "sumdb/example.com/supported",
    ),
)
def test_what_is_not_known_is_not_answered(path: str) -> None:
    content = Content(TARGET)
    content.keep("info", "v1.0.0", INFO)
    assert content.ask(path) is None


def test_what_is_not_held_is_answered_as_ever() -> None:
    content = Content(TARGET)
    content.keep("mod", "v1.0.0", None)
    content.keep("list", "", None)
    found = content.ask("example.com/!m/@v/v1.0.0.mod")
    assert found is not None and found.response.status == 404
    assert found.response.body == b"not found: example.com/M@v1.0.0 is not in this repository\n"
    found = content.ask("example.com/!m/@v/list")
    assert found is not None and found.response.status == 404 and found.used is None
    assert found.response.body == b"not found: example.com/M is not in this repository\n"


@pytest.mark.parametrize(
    ("path", "key"), (("@v/list", ("list", "")), ("@latest", ("info", "latest")))
)
def test_what_may_change_is_not_to_be_kept(path: str, key: tuple[str, str]) -> None:
    content = Content(TARGET)
    content.keep(*key, LIST)
    found = content.ask(f"example.com/!m/{path}")
    assert found is not None and found.response.body == LIST.body and found.used is None
    assert found.response.headers["Cache-Control"] == "public, no-cache"


def test_a_remote_adds_nothing_to_a_version_that_is_held() -> None:
    content = Content(replace(TARGET, remote=uuid4()))
    content.keep("info", "v1.0.0", INFO)
    content.keep("info", "main", INFO)
    content.keep("mod", "v1.0.0", None)
    content.keep("list", "", LIST)
    content.keep("info", "latest", INFO)
    found = content.ask()
    assert found is not None and found.response.body == INFO.body
    # The upstream may know something later of a branch and of all versions, and has the go.mod.
    for path in ("@v/main.info", "@v/v1.0.0.mod", "@v/list", "@latest"):
        assert content.ask(f"example.com/!m/{path}") is None


def test_a_zip_that_was_not_read_is_not_answered() -> None:
    content = Content(TARGET)
    content.keep("zip", "v1.0.0", StoredZip(uuid4(), "artifact/ab/cd", 2, "abcd", NOW))
    assert content.ask("example.com/!m/@v/v1.0.0.zip") is None


@pytest.mark.parametrize(
    "path", (PATH, "a.example.com/@v/list", "a.example.com/@latest", "a.example.com/@v/main.info")
)
def test_what_was_brought_is_answered(path: str) -> None:
    content = Content(TARGET)
    assert content.ask(path) is None
    asyncio.run(lookup.fetch(content.services, asked(path)))
    found = content.ask(path)
    assert found is not None and found.response.status == 404
    # It is looked up once.
    count = len(content.database.asked)
    asyncio.run(lookup.fetch(content.services, asked(path)))
    assert len(content.database.asked) == count


@pytest.mark.parametrize(
    ("target", "path"),
    (
        (None, PATH),
        (replace(TARGET, guard=uuid4()), PATH),
        (replace(TARGET, served=None), PATH),
        (replace(TARGET, remote=uuid4()), "a.example.com/@v/main.info"),
        (replace(TARGET, remote=uuid4()), "a.example.com/@v/list"),
        (TARGET, "a.example.com/../@v/list"),
        (TARGET, "sumdb/example.com/supported"),
    ),
)
def test_nothing_is_looked_up_for_others(target: ServedDistribution | None, path: str) -> None:
    content = Content(target)
    asyncio.run(lookup.fetch(content.services, asked(path)))
    assert content.database.asked == []


@pytest.fixture
def zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoredZip:
    """A zip in a storage."""
    domain = SimpleNamespace(storage_class="pulpcore.app.models.storage.FileSystem")
    storage = SimpleNamespace(path=lambda name: str(tmp_path / name))
    known = _Storage(domain, storage, NOW)

    async def storage_of(self: ZipFiles, target: ServedDistribution) -> _Storage:
        return self._storages.setdefault(target.domain, known)

    monkeypatch.setattr(ZipFiles, "_storage_of", storage_of)
    (tmp_path / "stored").write_bytes(b"zip")
    return StoredZip(uuid4(), "stored", 3, hashlib.sha256(b"zip").hexdigest(), NOW)


def test_a_small_zip_is_brought(zip: StoredZip, tmp_path: Path) -> None:
    path = "example.com/!m/@v/v1.0.0.zip"
    content = Content(TARGET)
    content.keep("zip", "v1.0.0", zip)
    asyncio.run(lookup.fetch(content.services, asked(path)))
    found = content.ask(path)
    assert found is not None and found.response.body == b"zip"
    large = replace(zip, size=LARGEST_FILE + 1, sha256="another")
    content.keep("zip", "v1.0.0", large)
    asyncio.run(lookup.fetch(content.services, asked(path)))
    assert content.ask(path) is None


def test_a_damaged_zip_is_not_brought(zip: StoredZip, tmp_path: Path) -> None:
    content = Content(TARGET)
    content.keep("zip", "v1.0.0", zip)
    (tmp_path / "stored").write_bytes(b"zap")
    with pytest.raises(OSError, match="checksum"):
        asyncio.run(lookup.fetch(content.services, asked("example.com/!m/@v/v1.0.0.zip")))
    assert content.ask("example.com/!m/@v/v1.0.0.zip") is None
