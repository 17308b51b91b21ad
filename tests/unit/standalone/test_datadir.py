"""The data directory and its lock."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pulp_gomod.standalone import lock as lock_module
from pulp_gomod.standalone.datadir import DataDir, default_data_dir, write_private
from pulp_gomod.standalone.errors import StandaloneError
from pulp_gomod.standalone.lock import Lock


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "data")
    made.create()
    return made


def test_nobody_else_reads_it(data: DataDir) -> None:
    data.create_secrets()
    for path in (data.root, *data.root.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_secrets_stay_once_made(data: DataDir) -> None:
    data.create_secrets()
    before = data.secret_key.read_text(), data.encryption_key.read_text()
    DataDir(data.root).create_secrets()
    assert (data.secret_key.read_text(), data.encryption_key.read_text()) == before
    assert len(set(before)) == 2


def test_state_is_kept_and_a_broken_one_is_none(data: DataDir) -> None:
    assert data.read_state() == {}
    data.write_state({"a": 1})
    assert DataDir(data.root).read_state() == {"a": 1}
    (data.root / "state.json").write_text("{")
    assert data.read_state() == {}


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("longer than what comes")
    path.chmod(0o644)
    write_private(path, "short")
    assert path.read_text() == "short"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_temporary_files_go_and_what_links_point_to_stays(data: DataDir, tmp_path: Path) -> None:
    keep = tmp_path / "keep"
    keep.mkdir()
    (keep / "file").touch()
    (data.tmp / "worker" / "task").mkdir(parents=True)
    (data.tmp / "worker" / "task" / "file").touch()
    (data.tmp / "link").symlink_to(keep)
    data.empty_tmp()
    assert os.listdir(data.tmp) == []
    assert (keep / "file").exists()


def test_sockets_lie_where_their_path_is_short_enough(tmp_path: Path) -> None:
    short = DataDir(tmp_path / "d")
    short.create()
    long = DataDir(tmp_path / ("d" * 100))
    long.create()
    for data in (short, long):
        directory = data.socket_dir("pg")
        assert len(str(directory / ".s.PGSQL.5432")) < 107
        assert directory.stat().st_mode & 0o777 == 0o700
    assert long.socket_dir("pg") == long.socket_dir("pg")
    assert long.socket_dir("pg") != long.socket_dir("api")
    assert short.socket_dir("pg") == short.run / "pg"
    used, unused = long.socket_dir("pg"), long.socket_dir("api")
    (used / "socket").touch()
    for data in (short, long):
        data.remove_socket_dirs()
    assert used.exists() and not unused.exists() and (short.run / "pg").exists()
    (used / "socket").unlink()
    long.remove_socket_dirs()
    assert not used.exists()


def test_a_link_in_place_of_a_socket_directory_is_refused(tmp_path: Path) -> None:
    data = DataDir(tmp_path / ("e" * 100))
    data.create()
    directory = data.socket_dir("pg")
    directory.rmdir()
    directory.symlink_to(tmp_path)
    try:
        with pytest.raises(StandaloneError, match="belongs to another user"):
            data.socket_dir("pg")
    finally:
        directory.unlink()


@pytest.mark.parametrize("name", ["a,b", "a;b"])
def test_a_path_that_settings_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StandaloneError, match="--data-dir"):
        DataDir(tmp_path / name).create()


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StandaloneError, match="cannot use .*/file/data as data directory"):
        DataDir(tmp_path / "file" / "data").create()


def test_the_default_is_in_the_data_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/data/home")
    assert default_data_dir() == Path("/data/home/pulp-gomod")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/gopher")
    assert default_data_dir() == Path("/home/gopher/.local/share/pulp-gomod")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/pulp-gomod")


def test_a_second_server_is_refused_and_told_by_whom(data: DataDir) -> None:
    said = rf"in use by .* process {os.getpid()}\."
    with Lock(data.root), pytest.raises(StandaloneError, match=said):
        Lock(data.root).__enter__()
    with Lock(data.root):
        pass


def test_what_is_left_of_an_earlier_server_is_waited_for(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_module, "_PATIENCE", 0.3)
    with Lock(data.root) as lock:
        waiting = [sys.executable, "-c", "input()"]
        left = subprocess.Popen(waiting, stdin=subprocess.PIPE, pass_fds=[lock.shared])
    with pytest.raises(StandaloneError, match="processes of an earlier server still use"):
        Lock(data.root).__enter__()
    left.communicate(b"\n")
    with Lock(data.root):
        pass


def test_a_path_that_pulp_would_read_otherwise_is_refused(tmp_path: Path) -> None:
    command = "from pulp_gomod.standalone.cli import main; main()"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            command,
            "serve",
            "--data-dir",
            str(tmp_path / "süd"),
            "--port",
            "0",
        ],
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Start with LC_ALL=C.UTF-8" in done.stderr and done.stderr.count("\n") == 1


def test_a_long_path_where_nothing_temporary_may_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> str:
        raise FileNotFoundError

    long = DataDir(tmp_path / ("x" * 90))
    long.create()
    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    with pytest.raises(StandaloneError, match="too long for the sockets in it"):
        long.socket_dir("pg")
    long.remove_socket_dirs()
