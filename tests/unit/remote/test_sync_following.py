"""How an index is followed: whatever its pages look like, all of it is read once."""

import asyncio
from typing import Any

import pytest

from pulp_gomod.app.tasks.sync import following
from pulp_gomod.app.tasks.sync.failures import Missing
from pulp_gomod.app.tasks.sync.following import Following, follow
from pulp_gomod.app.tasks.sync.plan import Plan
from pulp_gomod.app.tasks.sync.wanted import read_patterns
from pulp_gomod.golang.index import MOST, Entry


class Index:
    """An index, which tells so many at once."""

    def __init__(self, entries: list[Entry], page: int = MOST) -> None:
        self.entries = entries
        self.asked: list[int] = []
        self._page = page

    async def index(self, since: int) -> list[Entry]:
        self.asked.append(since)
        return [entry for entry in self.entries if entry.time >= since][: self._page]

    def is_open(self, version: Any) -> bool:
        return not version.path.startswith("example.com/closed")


class Progress:
    """Counts."""

    def __init__(self) -> None:
        self.done = 0

    def increase(self, by: int = 1) -> None:
        self.done += by


def read(index: Any, wanted: Following) -> tuple[list[str], int, Missing]:
    plan, missing, progress = Plan(), Missing(""), Progress()
    position = asyncio.run(follow(index, wanted, plan, missing, progress))  # type: ignore[arg-type]
    assert all(item.whole and not item.named for item in plan.items.values())
    return [str(version) for version in plan.items], position, missing


def entries(count: int, step: int = 1) -> list[Entry]:
    return [Entry(f"example.com/m{n}", "v1.0.0", 1000 + n // step) for n in range(count)]


@pytest.mark.parametrize("page", [2, 7, 100])
@pytest.mark.parametrize("step", [1, 2])
def test_pages_join_whatever_their_size_and_how_many_came_at_once(page: int, step: int) -> None:
    index = Index(entries(50, step), page=max(page, step + 1))
    names, position, _ = read(index, Following(0))
    assert names == [f"example.com/m{n}@v1.0.0" for n in range(50)]
    assert position == index.entries[-1].time
    # The next time begins where this one ended.
    index.entries.append(Entry("example.com/new", "v1.0.0", position))
    assert "example.com/new@v1.0.0" in read(index, Following(position))[0]
    assert read(index, Following(position + 1))[:2] == ([], position + 1)


def test_more_than_a_page_at_one_time_does_not_stop_it_for_ever() -> None:
    many = [Entry(f"example.com/m{n}", "v1.0.0", 1000) for n in range(MOST + 10)]
    names, position, _ = read(
        Index([*many, Entry("example.com/last", "v1.0.0", 2000)]), Following(0)
    )
    assert len(names) == MOST + 1 and names[-1] == "example.com/last@v1.0.0"
    assert position == 2000


def test_an_index_without_end_is_read_on_by_the_next_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_PAGES", 3)
    index = Index(entries(100), page=11)
    unwanted = Following(0, read_patterns(["example.org/..."]))
    names, position, _ = read(index, unwanted)
    assert names == [] and len(index.asked) == 3 and position == 1030
    assert read(index, Following(position))[0][0] == "example.com/m30@v1.0.0"


def test_what_one_sync_may_bring_is_not_exceeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MAX_VERSIONS", 25)
    index = Index(entries(100), page=11)
    names, position, _ = read(index, Following(0))
    assert len(names) == 21 and position == 1020
    again, later, _ = read(index, Following(position))
    assert again[0] == names[-1] and later > position


def test_only_what_is_wanted_and_open_and_possible() -> None:
    versions = [
        ("example.com/a", "v1.0.0"),
        ("example.com/a", "v1.5.0"),
        ("example.com/a/sub", "v1.9.0"),
        ("example.com/abc", "v1.9.0"),
        ("example.com/b", "v1.0.0"),
        ("example.com/b/sub", "v1.0.0"),
        ("example.com/closed", "v1.0.0"),
        ("example.com/a", "v2.0.0"),
        ("localhost/a", "v1.0.0"),
    ]
    index = Index([Entry(*name, n) for n, name in enumerate(versions)])
    patterns = read_patterns(["example.com/a/...@>=v1.5.0", "example.com/b", "example.com/closed"])
    names, position, missing = read(index, Following(0, patterns))
    assert names == ["example.com/a@v1.5.0", "example.com/a/sub@v1.9.0", "example.com/b@v1.0.0"]
    assert position == 8
    # Go refuses v2.0.0 without /v2.
    assert str(missing.left_out) == "example.com/a@v2.0.0: it is not a valid module version"
    everything, _, missing = read(index, Following(0))
    assert len(everything) == 6 and missing.left_out.count == 2
