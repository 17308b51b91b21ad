"""What the tests of this floor share: one database and one content app for each test process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.upstream_world import Upstream, running
from tests.inprocess import content, database


@pytest.fixture(scope="session")
def content_url(pytestconfig: pytest.Config, run_dir: Path) -> Iterator[str]:
    """The URL of the content app."""
    assert pytestconfig.cache
    cache = Path(pytestconfig.cache.mkdir("gomod-servers"))
    with database.running(run_dir, cache), content.running() as url:
        yield url


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An upstream that has nothing yet."""
    with running() as started:
        yield started
