"""What all tests share: the directory of this run, and the end of the servers in it."""

import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest

from tests.functional.serving import stop_servers

_RUN_DIR = "GOMOD_TEST_RUN_DIR"

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("gomod", deadline=None)
hypothesis.settings.load_profile("gomod")


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's directory, once: the processes of pytest-xdist inherit it."""
    if not hasattr(config, "workerinput"):
        directory = tempfile.mkdtemp(prefix="gomod-tests-")
        # As root, PostgreSQL is run by somebody else, who has to pass through.
        os.chmod(directory, 0o711)
        os.environ[_RUN_DIR] = directory
        os.environ["GOMOD_TEST_OWNER"] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started, when the last process is done."""
    if not hasattr(config, "workerinput"):
        directory = Path(os.environ[_RUN_DIR])
        stop_servers(directory)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def run_dir() -> Path:
    """The directory of this test run, shared by all its processes."""
    return Path(os.environ[_RUN_DIR])
