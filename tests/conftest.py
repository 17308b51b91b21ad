"""What all tests share: the directory of this run, and the end of the servers in it."""

import contextlib
import gc
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import hypothesis
import pytest

from tests.functional.processes import of_run, survivors
from tests.functional.serving import stop_servers
from tests.seeds import NAME, SEED

_RUN_DIR = "GOMOD_TEST_RUN_DIR"
# What was told to stop does so within this, on a busy machine, in seconds.
_LAST_WORDS = 30.0
# A run is long that has tests for more than this, in seconds.
_LONG = 300.0

# How long an example takes says more of the machine than of the code. They are others in each run.
_EXAMPLES = int(os.environ.get("GOMOD_TEST_EXAMPLES", "100"))
hypothesis.settings.register_profile("gomod", deadline=None, max_examples=_EXAMPLES)
hypothesis.settings.load_profile("gomod")


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's directory, once: the processes of pytest-xdist inherit it."""
    if not hasattr(config, "workerinput"):
        directory = tempfile.mkdtemp(prefix="gomod-tests-")
        # As root, PostgreSQL is run by somebody else, who has to pass through.
        os.chmod(directory, 0o711)
        os.environ[_RUN_DIR] = directory
        os.environ["GOMOD_TEST_OWNER"] = str(os.getpid())
        # One day for all processes.
        os.environ[NAME] = str(SEED)
        # As the go command has it for its user: tests give it other homes, and it would compile its standard
        # library again in each.
        caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        os.environ.setdefault("GOCACHE", str(Path(caches, "go-build")))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage, and never look at what was collected: it stays to the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop what was started, when the last process is done; whatever stays is an error."""
    if hasattr(session.config, "workerinput"):
        return
    directory = os.environ[_RUN_DIR]
    stop_servers(Path(directory))
    left = survivors(of_run(f"{_RUN_DIR}={directory}"), _LAST_WORDS)
    for each in left:
        print(f"\nstill there after the tests, and killed: {each.pid} {each.command}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGKILL)
    if left and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's directory."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[_RUN_DIR], ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what random tests of a failed run were drawn from, and which files take the time of a long one."""
    if terminalreporter.stats.keys() & {"failed", "error"}:
        terminalreporter.write_line(f"{NAME}={SEED} has random tests do the same again")
    seconds: Counter[str] = Counter()
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            seconds[report.nodeid.partition("::")[0]] += report.duration
    if seconds.total() > _LONG:
        terminalreporter.section(f"the slowest files, of {seconds.total():.0f} seconds of tests")
        for file, taken in seconds.most_common(25):
            terminalreporter.write_line(f"{taken:7.1f} {file}")


@pytest.fixture(scope="session")
def run_dir() -> Path:
    """The directory of this test run, shared by all its processes."""
    return Path(os.environ[_RUN_DIR])
