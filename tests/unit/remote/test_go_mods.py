"""The go.mod files of upstreams: each read once, and large ones not in this process."""

import asyncio
import os
import sys
from collections.abc import Iterator

import pytest

from pulp_gomod.app.remote import go_mods
from pulp_gomod.app.remote.go_mods import (
    MEDIUM,
    MOST_WAITING,
    SHORT,
    GoMods,
    UnreadableError,
)
from pulp_gomod.golang.modfile.summary import Summary
from pulp_gomod.golang.retracted import pack

BEGINNING = b"module example.com/m\nretract v1.0.0\n"
SAID = Summary(True, pack([("v1.0.0", "v1.0.0")]))


def long(size: int, more: bytes = b"") -> bytes:
    return BEGINNING + more + b"// a comment\n" * (size // 13 + 1)


@pytest.fixture
def reader() -> Iterator[GoMods]:
    made = GoMods()
    yield made
    made.close()


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The files that are read in a process of their own."""
    found: list[bytes] = []
    apart = GoMods._read_apart

    def read_apart(self: GoMods, body: bytes) -> Summary | None:
        found.append(body)
        return apart(self, body)

    monkeypatch.setattr(GoMods, "_read_apart", read_apart)
    return found


@pytest.mark.parametrize("size", [0, SHORT, MEDIUM])
def test_all_sizes_are_read_alike(reader: GoMods, size: int) -> None:
    assert asyncio.run(reader.read(long(size))) == SAID


def test_a_large_one_is_read_once_and_elsewhere(reader: GoMods, programs: list[bytes]) -> None:
    good, bad = long(MEDIUM), long(MEDIUM, b"require nothing\n")

    async def read() -> list[Summary]:
        together = await asyncio.gather(*[reader.read(body) for body in (good, bad) * 4])
        return [*together, await reader.read(good), await reader.read(bad)]

    assert asyncio.run(read()) == [SAID, Summary(False)] * 5
    assert sorted(programs) == sorted([good, bad])


def test_the_program_that_reads_it_knows_no_secrets(
    reader: GoMods, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULP_SECRET_KEY", "secret")
    said = (
        "import os, sys; sys.stdin.buffer.read(); print(end='+'); print(end=','.join(os.environ))"
    )
    monkeypatch.setattr(go_mods, "_PROGRAM", (sys.executable, "-c", said))
    names = asyncio.run(reader.read(long(MEDIUM))).retracted.split(",")
    assert "PATH" in names
    assert not [name for name in names if "PULP" in name]


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.exit(1)",
        "import sys; sys.stdin.buffer.read(); sys.exit(1)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "print('nonsense')",
    ],
)
def test_one_that_cannot_be_read_is_not_tried_again(
    reader: GoMods, programs: list[bytes], monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(go_mods, "_PROGRAM", (sys.executable, "-c", program))

    async def read() -> None:
        for _ in range(3):
            with pytest.raises(UnreadableError, match="too long"):
                await reader.read(long(MEDIUM))

    asyncio.run(read())
    assert len(programs) == 1


def test_one_that_could_not_be_read_is_tried_again_later(
    reader: GoMods, programs: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(go_mods, "RETRY_AFTER", 0.0)

    async def read() -> Summary:
        with monkeypatch.context() as patch:
            patch.setattr(go_mods, "_PROGRAM", (sys.executable, "-c", "import sys; sys.exit(1)"))
            with pytest.raises(UnreadableError):
                await reader.read(long(MEDIUM))
        return [await reader.read(long(MEDIUM)) for _ in range(2)][-1]

    assert asyncio.run(read()) == SAID
    assert len(programs) == 2


def test_it_bounds_its_own_time(reader: GoMods, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_mods, "LONGEST", 0.2)
    monkeypatch.setattr(go_mods, "_PROGRAM", (sys.executable, "-c", "while True: pass"))
    with pytest.raises(UnreadableError):
        asyncio.run(reader.read(long(MEDIUM)))


def test_too_many_at_once_are_refused(reader: GoMods, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GoMods, "_read_apart", lambda self, body: SAID)

    async def read() -> list[object]:
        bodies = [long(MEDIUM, b"// %d\n" % number) for number in range(MOST_WAITING + 3)]
        return list(await asyncio.gather(*map(reader.read, bodies), return_exceptions=True))

    found = asyncio.run(read())
    assert found.count(SAID) == MOST_WAITING
    assert sum(isinstance(each, UnreadableError) for each in found) == 3


def test_what_waits_ends_with_the_server(reader: GoMods, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_mods, "_PROGRAM", (sys.executable, "-c", "while True: pass"))

    async def read() -> None:
        reading = asyncio.create_task(reader.read(long(MEDIUM)))
        while reader._process is None:
            await asyncio.sleep(0.01)
        pid = reader._process.pid
        reader.close()
        with pytest.raises(UnreadableError):
            await reading
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    asyncio.run(read())


def test_little_is_remembered_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go_mods, "MOST_KNOWN_SIZE", 3 * len(SAID.retracted))
    reader = GoMods()

    async def read() -> None:
        for number in range(10):
            await reader.read(long(SHORT, b"// %d\n" % number))

    asyncio.run(read())
    reader.close()
    assert len(reader._known) == 3
