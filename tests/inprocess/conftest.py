"""What the tests of this floor share: one database and one content app for each test process."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inprocess import content, database


@pytest.fixture(scope="session")
def content_url(pytestconfig: pytest.Config, run_dir: Path) -> Iterator[str]:
    """The URL of the content app."""
    assert pytestconfig.cache
    cache = Path(pytestconfig.cache.mkdir("gomod-servers"))
    directory = Path(tempfile.mkdtemp(prefix="inprocess-", dir=run_dir))
    # As root, PostgreSQL is run by somebody else, who has to pass through.
    os.chmod(directory, 0o711)
    with database.running(directory / "data", cache), content.running() as url:
        yield url
