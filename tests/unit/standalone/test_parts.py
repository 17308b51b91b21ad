"""Programs that are watched over, with real processes."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulp_gomod.standalone import parts, supervisor
from pulp_gomod.standalone.database import ExistingDatabase
from pulp_gomod.standalone.errors import StandaloneError, StopRequested
from pulp_gomod.standalone.logs import Logs
from pulp_gomod.standalone.parts import Part, Spawner
from pulp_gomod.standalone.processes import describe_end, exists
from pulp_gomod.standalone.records import Records
from pulp_gomod.standalone.signals import Signals
from pulp_gomod.standalone.supervisor import Supervisor

# A console script that does what its argument says; it forks, as Pulp's programs do.
PROGRAM = """
import os, signal, sys, time

def main():
    child = os.fork()
    if not child:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(100)
    print(os.getpid(), child, flush=True)
    if sys.argv[1:] == ["fail"]:
        print("something is wrong", flush=True)
        sys.exit(3)
    if sys.argv[1:] == ["deaf"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(100)
"""


class FakeRecords(Records):
    """No tables: there is no Pulp here."""

    def is_up(self) -> bool:
        return True

    def forget_processes(self, names: str, kind: str = "") -> bool:
        return True


class NoDatabase(ExistingDatabase):
    """No database: there is no Pulp here."""

    @property
    def records(self) -> Records:
        return FakeRecords({})


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which the console script `gomod-test-program` is installed."""
    site = tmp_path / "site"
    information = site / "gomod_test_program-1.dist-info"
    information.mkdir(parents=True)
    (site / "gomod_test_program.py").write_text(PROGRAM)
    (information / "METADATA").write_text("Name: gomod-test-program\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        "[console_scripts]\ngomod-test-program = gomod_test_program:main\n"
    )
    # What is loaded instead of Pulp.
    settings = "SECRET_KEY = 'x'\nROOT_URLCONF = __name__\nurlpatterns = []\n"
    (site / "gomod_test_settings.py").write_text(settings)
    return os.environ | {
        "PYTHONPATH": str(site),
        "DJANGO_SETTINGS_MODULE": "gomod_test_settings",
    }


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    (tmp_path / "logs").mkdir()
    return Logs(tmp_path / "logs", to_terminal=False)


@pytest.fixture
def spawner(tmp_path: Path, environment: dict[str, str], logs: Logs) -> Iterator[Spawner]:
    with (tmp_path / "lock").open("w") as lock:
        made = Spawner(tmp_path, environment, logs, lock.fileno())
        yield made
        made.close()


def eventually(check: Callable[[], object], timeout: float = 30) -> None:
    end = time.monotonic() + timeout
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


def pids(logs: Logs, name: str = "part") -> list[int]:
    """The process and its child, once they run."""
    path = logs.path(name)
    # The file may be read while its line is being written.
    eventually(lambda: path.exists() and path.read_text().endswith("\n"))
    return [int(each) for each in path.read_text().split()[-2:]]


def gone(pid: int) -> bool:
    """Whether a process has ended, even if nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_part_and_its_children_are_killed_together(spawner: Spawner, logs: Logs) -> None:
    part = Part("part", "worker", ["gomod-test-program", "deaf"])
    part.start(spawner)
    parent, child = pids(logs)
    part.ask_to_stop()
    assert part.is_running
    part.kill()
    assert not part.is_running
    eventually(lambda: gone(parent) and gone(child))


def test_children_do_not_outlive_a_part_that_is_killed(spawner: Spawner, logs: Logs) -> None:
    part = Part("part", "worker", ["gomod-test-program"])
    part.start(spawner)
    parent, child = pids(logs)
    os.kill(parent, signal.SIGKILL)
    # By the kernel, before anybody looks.
    eventually(lambda: gone(child))
    ended = None
    while ended is None:
        ended = part.collect()
    assert ended == (parent, -signal.SIGKILL)
    assert part.failures == 1
    assert part.due_in
    part.kill()


def _loader(part_pid: int) -> int:
    fields = Path(f"/proc/{part_pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def test_parts_outlive_their_loader_and_the_next_ones_get_another(
    spawner: Spawner, logs: Logs
) -> None:
    first, second = (Part(name, "worker", ["gomod-test-program"]) for name in ("first", "second"))
    first.start(spawner)
    parent, _ = pids(logs, "first")
    loader = _loader(parent)
    assert loader != os.getpid()
    os.kill(loader, signal.SIGKILL)
    eventually(lambda: gone(loader))
    assert first.collect() is None
    second.start(spawner)
    other, _ = pids(logs, "second")
    assert _loader(other) != loader
    assert first.is_orphan and not second.is_orphan
    second.kill()
    os.kill(parent, signal.SIGKILL)
    eventually(lambda: gone(parent))
    assert first.collect() == (parent, -signal.SIGKILL)


STORAGES = "STORAGES = {'default': {'BACKEND': 'gomod_test_storage.Storage'}}\n"


def test_the_storage_is_loaded_with_the_rest(
    environment: dict[str, str], spawner: Spawner, logs: Logs, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    with (site / "gomod_test_settings.py").open("a") as settings:
        settings.write(STORAGES)
    told = "import os\nprint('in', os.getpid(), flush=True)\n\nclass Storage:\n    pass\n"
    (site / "gomod_test_storage.py").write_text(told)
    part = Part("part", "worker", ["gomod-test-program"])
    part.start(spawner)
    parent, _ = pids(logs)
    assert logs.path("loader").read_text() == f"in {_loader(parent)}\n"
    part.kill()


def test_a_storage_that_is_missing_keeps_nothing_from_being_loaded(
    environment: dict[str, str], spawner: Spawner, logs: Logs, tmp_path: Path
) -> None:
    with (tmp_path / "site" / "gomod_test_settings.py").open("a") as settings:
        settings.write(STORAGES)
    eventually(spawner.is_loaded)
    assert logs.path("loader").read_text() == ""


def test_what_cannot_be_loaded_is_told(
    tmp_path: Path, environment: dict[str, str], logs: Logs
) -> None:
    (tmp_path / "site" / "gomod_test_settings.py").write_text("raise ValueError('no such thing')")
    spawner = Spawner(tmp_path, environment, logs, os.open(tmp_path / "lock", os.O_CREAT))
    with pytest.raises(StandaloneError, match="(?s)loading Pulp failed; .*no such thing"):
        eventually(spawner.is_loaded)
    spawner.close()


@pytest.mark.parametrize(
    "error",
    ["django.core.exceptions.ImproperlyConfigured", "dynaconf.ValidationError"],
)
def test_of_a_wrong_setting_there_is_one_sentence(
    environment: dict[str, str], spawner: Spawner, tmp_path: Path, error: str
) -> None:
    module, _, name = error.rpartition(".")
    wrong = f"from {module} import {name}\nraise {name}('THIS is wrong; it has to be right.')\n"
    (tmp_path / "site" / "gomod_test_settings.py").write_text(wrong)
    for ask in (spawner.is_loaded, lambda: Part("part", "worker", ["x"]).start(spawner)):
        with pytest.raises(StandaloneError) as refused:
            while True:
                ask()
        assert str(refused.value) == "THIS is wrong; it has to be right."


def test_a_program_alone_keeps_the_files_that_it_is_given(spawner: Spawner, logs: Logs) -> None:
    reading, writing = os.pipe()
    part = Part("part", "worker", ["gomod-test-program"], passed=[writing])
    part.start(spawner)
    parent, _ = pids(logs)
    os.close(writing)
    assert str(writing) in os.listdir(f"/proc/{parent}/fd")
    part.kill()
    # Its loader does not: the pipe reaches its end with the part.
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_what_a_program_shares_with_its_own_processes_is_done_first(
    environment: dict[str, str], spawner: Spawner, tmp_path: Path, logs: Logs
) -> None:
    (tmp_path / "site" / "gomod_test_shared.py").write_text(
        "import os\ndef share(): os.write(1, b'%d ' % os.getpid())\n"
    )
    part = Part("part", "worker", ["gomod-test-program"], ahead=["gomod_test_shared:share"])
    part.start(spawner)
    parent, _ = pids(logs)
    assert logs.path("part").read_text().startswith(f"{parent} {parent} ")
    part.kill()


def test_a_part_does_not_outlive_the_server(
    tmp_path: Path, environment: dict[str, str], logs: Logs
) -> None:
    server = """
        import sys, time
        from pathlib import Path
        from pulp_gomod.standalone.logs import Logs
        from pulp_gomod.standalone.parts import Part, Spawner
        import os
        root = Path(sys.argv[1])
        spawner = Spawner(root, os.environ, Logs(root / "logs", False), 2)
        Part("part", "worker", ["gomod-test-program"]).start(spawner)
        time.sleep(100)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(server), tmp_path], env=environment
    )
    parent, child = pids(logs)
    assert exists(parent) and exists(child)
    process.kill()
    process.wait()
    eventually(lambda: gone(parent) and gone(child))


@pytest.fixture
def signals() -> Iterator[Signals]:
    with Signals() as entered:
        yield entered


@pytest.fixture
def watcher(signals: Signals, logs: Logs) -> Supervisor:
    return Supervisor(signals, NoDatabase({}, written=False), logs, "identifier", owner=None)


def test_a_loader_that_is_killed_while_it_is_asked_ends_nothing(
    watcher: Supervisor, spawner: Spawner, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = Part("part", "worker", ["gomod-test-program"])
    eventually(spawner.is_loaded)
    watcher.start([part], spawner)
    parent, _ = pids(logs)
    (loader,) = spawner.pids
    monkeypatch.setattr(parts, "_FIRST_PAUSE", 0.1)
    os.kill(parent, signal.SIGKILL)
    while part.due_in is None:
        watcher.watch(1, spawner)
    # It hears what it is asked for no more.
    os.kill(loader, signal.SIGSTOP)
    threading.Timer(1.0, os.kill, (loader, signal.SIGKILL)).start()
    while not gone(loader):
        watcher.watch(1, spawner)
    # Neither does the next one, which is killed while it loads.
    while not spawner.pids or spawner.pids == [loader]:
        watcher.watch(0.01, spawner)
    (following,) = spawner.pids
    os.kill(following, signal.SIGKILL)
    while not part.is_running:
        watcher.watch(1, spawner)
    watcher.stop()


def test_a_part_that_keeps_failing_ends_the_server(
    watcher: Supervisor, spawner: Spawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_FIRST_PAUSE", 0.001)
    watcher.start([Part("part", "worker", ["gomod-test-program", "fail"])], spawner)
    begun = time.monotonic()
    with pytest.raises(StandaloneError) as caught:
        while True:
            watcher.watch(100, spawner)
    # It is told of each end, and does not only look from time to time.
    assert time.monotonic() - begun < 100
    watcher.stop()
    assert "part ended with status 3, the 5th time in a row" in str(caught.value)
    assert str(caught.value).endswith("something is wrong")


def test_pauses_grow_and_one_long_run_makes_up_for_failures(
    spawner: Spawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = Part("part", "worker", ["gomod-test-program", "fail"])

    def fail() -> float:
        part.start(spawner)
        while part.collect() is None:
            time.sleep(0.01)
        return part.due_in or 0

    pauses = [fail() for _ in range(3)]
    assert pauses == sorted(pauses)
    assert 0.2 < pauses[0] <= 0.4
    assert part.failures == 3
    monkeypatch.setattr(parts, "_STEADY", 0.0)
    fail()
    assert part.failures == 1


def test_a_signal_ends_the_watch_and_then_the_parts(
    watcher: Supervisor, spawner: Spawner, logs: Logs
) -> None:
    watcher.start([Part("part", "worker", ["gomod-test-program"])], spawner)
    parent, child = pids(logs)
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(StopRequested):
        watcher.watch(60, spawner)
    watcher.stop()
    eventually(lambda: gone(parent) and gone(child))


def test_a_second_signal_does_not_wait(
    watcher: Supervisor, spawner: Spawner, logs: Logs, signals: Signals
) -> None:
    watcher.start([Part("part", "worker", ["gomod-test-program", "deaf"])], spawner)
    parent, _ = pids(logs)
    signals.stops = 2
    begun = time.monotonic()
    watcher.stop()
    assert time.monotonic() - begun < supervisor._STOP_PATIENCE / 2
    assert gone(parent)


def test_the_server_ends_with_its_owner(signals: Signals, logs: Logs) -> None:
    owner = subprocess.Popen(["sleep", "60"])
    watcher = Supervisor(signals, NoDatabase({}, written=False), logs, "x", owner.pid)
    watcher.wait(0.01)
    owner.kill()
    owner.wait()
    with pytest.raises(StopRequested):
        watcher.wait(5)


def test_log_files_do_not_grow_without_end(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulp_gomod.standalone.logs._LARGEST", 1000)
    descriptor = logs.open("part")
    os.write(descriptor, b"x" * 1001)
    logs.rotate()
    os.write(descriptor, b"after\n")
    os.close(descriptor)
    assert logs.path("part").read_text() == "after\n"
    assert logs.path("part").with_suffix(".log.1").read_bytes() == b"x" * 1001
    logs.rotate()
    assert logs.tail("part") == "after"
    assert logs.tail("missing") == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "ended with status 0"), (-9, "was ended by SIGKILL"), (-63, "was ended by signal 63")],
)
def test_how_a_process_ended(code: int, words: str) -> None:
    assert describe_end(code) == words


# The first process of a container, as the kernel sees it: what others leave behind becomes its child.
FIRST = """
import ctypes, os, signal, subprocess, time
from pathlib import Path
from pulp_gomod.standalone.processes import collect_orphans

def children():
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))

def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, children()
        time.sleep(0.01)

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
leave = subprocess.Popen(["sh", "-c", "sleep 0.1 & exit 3"])
until(lambda: len(children() - {leave.pid}) == 1)
(orphan,) = children() - {leave.pid}
until(lambda: Path(f"/proc/{orphan}/stat").read_text().split()[2] == "Z")
ours = {leave.pid}
def is_collected():
    collect_orphans(ours)
    return orphan not in children()
while not is_collected():
    # One of ours that has ended goes first.
    if leave.poll() is not None:
        ours = set()
assert leave.wait() == 3
running = subprocess.Popen(["sleep", "60"])
collect_orphans(set())
assert running.poll() is None
running.kill()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there are no containers of another kind")
def test_what_others_leave_to_the_first_process_is_collected() -> None:
    subprocess.run([sys.executable, "-c", FIRST], check=True, timeout=60)
