"""One list and one latest version of what is held here and there."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from pulp_gomod.app.remote.cache.entries import CacheEntry
from pulp_gomod.app.remote.cache.info import MAX_INFO, is_version, parse_info
from pulp_gomod.app.remote.cache.lists import clean, listed_versions, merge_lists
from pulp_gomod.app.remote.go_mods import UnreadableError
from pulp_gomod.app.remote.http.results import UpstreamFault, printable_lines
from pulp_gomod.app.remote.latest import UnreadableFault, latest_version
from pulp_gomod.golang.latest import Candidate
from pulp_gomod.golang.modfile.summary import Summary, summarize
from pulp_gomod.golang.retracted import pack

PATH = "example.com/m"

T = TypeVar("T")


class Sides:
    """The go.mod files of both sides, counted."""

    def __init__(self, **texts: str) -> None:
        self.texts = {name.replace("_", "."): text for name, text in texts.items()}
        self.asked: list[str] = []
        self.long: dict[str, str] = {}

    async def retracted(self, version: str) -> str:
        self.asked.append(version)
        return self.long[version]

    async def read(self, go_mod: bytes) -> Summary:
        if go_mod == b"endless":
            raise UnreadableError("it takes too long to read")
        return summarize(go_mod)

    async def compute(self, call: Callable[[], T], /) -> T:
        return call()

    async def go_mod(self, version: str) -> CacheEntry:
        from datetime import UTC, datetime

        self.asked.append(version)
        text = self.texts.get(version, f"module {PATH}\n\ngo 1.20\n")
        return CacheEntry(200, text.encode(), datetime.now(UTC))


def choose(
    local: list[Candidate], listed: str, newest: str = "", sides: Sides | None = None, **texts: str
) -> str | None:
    sides = sides or Sides(**texts)
    names = [*listed_versions(PATH, listed.encode()), *filter(None, [newest])]
    return asyncio.run(latest_version(PATH, local, names, sides))


def held(version: str, *retractions: tuple[str, str]) -> Candidate:
    return Candidate(version, False, True, pack(retractions))


def test_latest_of_both() -> None:
    assert choose([held("v1.0.0")], "v1.1.0\n") == "v1.1.0"
    assert choose([held("v1.2.0")], "v1.1.0\n") == "v1.2.0"
    assert choose([held("v1.2.0-rc1")], "v1.1.0\n") == "v1.1.0"
    assert choose([], "") is None


def test_retractions_of_either_side() -> None:
    retracting = "module example.com/m\n\nretract [v1.1.0, v1.5.0]\n"
    assert choose([held("v1.1.0")], "v1.0.0\nv1.5.0\n", v1_5_0=retracting) == "v1.0.0"
    assert choose([held("v1.5.0", ("v1.1.0", "v1.5.0"))], "v1.0.0\nv1.2.0\n") == "v1.0.0"


def test_incompatible_versions_depend_on_the_last_compatible_go_mod() -> None:
    listed = "v1.0.0\nv2.0.0+incompatible\n"
    assert choose([held("v0.9.0")], listed) == "v1.0.0"
    assert (
        choose([held("v0.9.0")], listed, v1_0_0="module example.com/m\n") == "v2.0.0+incompatible"
    )


def test_only_the_go_mod_files_that_decide_are_fetched() -> None:
    sides = Sides()
    listed = "".join(f"v1.{minor}.0\n" for minor in range(50))
    chosen = choose([held("v0.1.0")], listed, sides=sides)
    assert (chosen, sides.asked) == ("v1.49.0", ["v1.49.0"])


def test_a_long_list_of_retractions_is_read_only_where_it_decides() -> None:
    sides = Sides()
    sides.long["v1.5.0"] = pack([("v1.1.0", "v1.5.0")])
    local = [Candidate("v0.1.0", False, True, None), Candidate("v1.5.0", False, True, None)]
    assert choose(local, "v1.0.0\nv1.2.0\n", sides=sides) == "v1.0.0"
    assert sides.asked == ["v1.5.0"]


def test_a_go_mod_that_takes_too_long_to_read_is_a_fault_of_its_own() -> None:
    with pytest.raises(UnreadableFault, match="go.mod of example.com/m@v1.1.0 decides"):
        choose([held("v1.0.0")], "v1.1.0\n", v1_1_0="endless")


def test_a_pseudo_version_counts_where_nothing_is_tagged() -> None:
    older, newer = "v0.0.0-20200101000000-0123456789ab", "v0.0.0-20210101000000-0123456789ab"
    local = [Candidate(older, True, True)]
    assert choose(local, "", newer) == newer


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (b'{"Version":"v1.0.0","Time":"2020-01-01T00:00:00Z"}', "v1.0.0"),
        (b'{"version":"v1.0.0"}', "v1.0.0"),
        (b'{"Version":"v1.0.0","Time":null,"Origin":null}', "v1.0.0"),
        (b'{"Version":"v1.0.0","Origin":{"VCS":"git","New":"x"}}', "v1.0.0"),
        (b'{"Version":"v1.0.0","Time":"yesterday"}', None),
        (b'{"Version":"v1.0.0","Time":5}', None),
        (b'{"Version":"v1.0.0","Origin":"x"}', None),
        (b'{"Version":""}', None),
        (b"[]", None),
        (b"{", None),
        (b"", None),
        (b"\xff", None),
        (b'\xef\xbb\xbf{"Version":"v1.0.0"}', None),
        ('{"Version":"v1.0.0"}'.encode("utf-16"), None),
        (b'{"Version":"v1.0.0","X":NaN}', None),
        (b'{"Version":"v1.0.0"}' + b" " * MAX_INFO, None),
        (b'{"Version":"v1.0.0","version":"v1.0.1","Version":"v1.0.2"}', "v1.0.2"),
    ],
)
def test_info(body: bytes, version: str | None) -> None:
    info = parse_info(body)
    assert (info.version if info else None) == version


def test_versions() -> None:
    assert is_version("example.com/m", "v1.0.0")
    assert is_version("example.com/m/v2", "v2.0.0")
    for version in ("", "master", "v1", "v1.0.0+meta", "v2.0.0", "0123456789ab"):
        assert not is_version("example.com/m", version)
    assert not is_version("example.com/m", f"v1.0.0-{'a' * 3000}")
    assert not is_version("no module path", "v1.0.0")


def test_words_of_others() -> None:
    assert printable_lines("404 page not found\n") == ["404 page not found"]
    assert printable_lines("a\n\tb\x1b[31m\n\nnever shown") == ["a", "    b?[31m"]
    assert len(printable_lines("x\n" * 100)) == 8
    assert printable_lines("\n \n") == []
    assert UpstreamFault("line").status == 502


class Collected(Sides):
    """Sides that note how much the collector of garbage has to look at while a go.mod is awaited."""

    seen = 0

    async def go_mod(self, version: str) -> CacheEntry:
        self.seen = sum(len(gc.get_referents(each)) for each in gc.get_objects())
        return await super().go_mod(version)


@pytest.fixture
def _clean_heap() -> Iterator[None]:
    """Leave what is there already out of collections."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_clean_heap")
def test_a_long_list_is_nothing_for_the_collector_of_garbage() -> None:
    # It stops all threads, the event loop's too, for as long as it takes to look at everything.
    count = 20_000
    body = "".join(f"v1.{n}.0\n" for n in range(count)).encode()
    before = gc.get_stats()[0]["collections"]
    cleaned = clean(PATH, body)
    listed = dict.fromkeys(listed_versions(PATH, cleaned))
    assert merge_lists(PATH, ["v0.9.0"], cleaned) == b"v0.9.0\n" + body
    assert not gc.is_tracked(listed)
    sides = Collected()
    assert asyncio.run(latest_version(PATH, [held("v0.9.0")], listed, sides)) == f"v1.{count - 1}.0"
    # Each of them is young objects by the hundred that live on.
    assert gc.get_stats()[0]["collections"] - before < 10
    # The names in their order, and not much beside them.
    assert sides.seen < 1.5 * count
