"""
As whom PostgreSQL runs: it refuses root.

A normal user runs it as himself; where he has no name, as in a container that is given a number for a
user, initdb runs in a user namespace in which he has one. For root there are two ways. Where another account reaches the
programs and the data, it runs as that account. Where it does not (a data directory or virtual
environment below /root), it runs in a user namespace in which root has that account's number.
"""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulp_gomod.standalone.console import say
from pulp_gomod.standalone.errors import StandaloneError
from pulp_gomod.standalone.processes import die_with_parent

from .binaries import Binaries

# Programs of others run as this one, too.
_SHARED = "nobody"
_ACCOUNTS = ("postgres", _SHARED)
_NO_ACCOUNT = (
    "warning: the database belongs to the user 'nobody', as whom other programs may run; add a user "
    "'postgres' (useradd --system postgres), or start the server as a normal user"
)
_CLONE_NEWUSER = 0x10000000


@dataclass(frozen=True)
class Identity:
    """
    As whom PostgreSQL runs.

    Attributes:
        uid: The user that PostgreSQL sees itself as.
        gid: That user's group.
        namespace: Whether that is so in a user namespace only, where the files remain root's.
        own: Whether it is the user who runs this process.
    """

    uid: int
    gid: int
    namespace: bool = False
    own: bool = False

    @property
    def file_uid(self) -> int:
        """Whose the files are, seen from here."""
        return 0 if self.namespace else self.uid

    @property
    def file_gid(self) -> int:
        """Whose group's the files are, seen from here."""
        return 0 if self.namespace else self.gid

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, with its output captured."""
        return subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            start_new_session=True,
            **self._arguments(None),
        )

    def run_named(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """
        Run a program that asks for its user's name, as initdb does, to its end.

        Who has none gets that of another account, in a user namespace.

        Raises:
            StandaloneError: There is no way to have a name.
        """
        if _has_name(self.uid):
            return self.run(command)
        account = _first_account()
        if account is not None:
            with contextlib.suppress(subprocess.SubprocessError):
                return Identity(account.pw_uid, account.pw_gid, namespace=True).run(command)
        raise StandaloneError(
            f"the user {self.uid}, as whom this server runs, has no name, and PostgreSQL's initdb asks "
            f"for one. Add the user (useradd --uid {self.uid} pulp-gomod), start the server as a user "
            "that has a name, or give an existing database with --database-url."
        )

    def spawn(self, command: Sequence[str], log: int) -> subprocess.Popen[bytes]:
        """
        Start a program that shuts down (SIGINT) when this process ends.

        Args:
            command: The program and its arguments.
            log: The file descriptor that takes its output.
        """
        return subprocess.Popen(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **self._arguments(signal.SIGINT),
        )

    def take_over(self, directory: Path) -> None:
        """Make a directory and all in it PostgreSQL's, readable for nobody else."""
        if directory.stat().st_uid != self.file_uid:
            for path in (directory, *directory.rglob("*")):
                os.chown(path, self.file_uid, self.file_gid, follow_symlinks=False)
        directory.chmod(0o700)

    def _arguments(self, last_signal: int | None) -> dict[str, Any]:
        arguments: dict[str, Any] = {"preexec_fn": self._preparation(last_signal)}
        if not self.own and not self.namespace:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments

    def _preparation(self, last_signal: int | None) -> Callable[[], None]:
        parent = os.getpid()
        uid_map, gid_map = f"{self.uid} {os.geteuid()} 1", f"{self.gid} {os.getegid()} 1"

        def prepare() -> None:
            if self.namespace:
                _enter_namespace(uid_map, gid_map)
            if last_signal is not None:
                # After the change of user, which would undo it.
                die_with_parent(last_signal, parent)

        return prepare


def choose_identity(binaries: Binaries, cluster: Path, passages: Sequence[Path]) -> Identity:
    """
    As whom to run PostgreSQL here.

    Args:
        binaries: The programs to run.
        cluster: The cluster's directory, which exists.
        passages: The directories of ours on the way to its files and its socket; where another
            account has to pass through them, they are opened for that.

    Raises:
        StandaloneError: Root has no way to run it here.
    """
    if os.geteuid() != 0:
        return Identity(os.geteuid(), os.getegid(), own=True)
    account = _account(cluster)
    as_account = Identity(account.pw_uid, account.pw_gid)
    in_namespace = Identity(account.pw_uid, account.pw_gid, namespace=True)
    for directory in passages:
        directory.chmod(0o711)
    mine = cluster.stat().st_uid == 0 and any(cluster.iterdir())
    ways = [in_namespace, as_account] if mine else [as_account, in_namespace]
    for way in ways:
        if _works(way, binaries, passages[-1]):
            if account.pw_name == _SHARED and not way.namespace:
                say(_NO_ACCOUNT)
            return way
    raise StandaloneError(
        f"PostgreSQL refuses to run as root, and the user {account.pw_name} cannot reach both "
        f"{binaries.directory} and {cluster}. Give a --data-dir outside of directories that are "
        "closed to others, or start the server as a normal user."
    )


def _account(cluster: Path) -> pwd.struct_passwd:
    try:
        owner = pwd.getpwuid(cluster.stat().st_uid)
    except KeyError:
        owner = None
    # An account of its own is taken as soon as there is one.
    if owner and owner.pw_uid != 0 and owner.pw_name != _SHARED:
        return owner
    account = _first_account()
    if account is None:
        raise StandaloneError(
            "PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody' to run "
            "it as. Add one, or start the server as a normal user."
        )
    return account


def _first_account() -> pwd.struct_passwd | None:
    for name in _ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _works(way: Identity, binaries: Binaries, passage: Path) -> bool:
    try:
        starts = way.run([binaries.program("postgres"), "--version"])
        passes = way.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(passage)])
    except (OSError, subprocess.SubprocessError):
        return False
    return starts.returncode == 0 and passes.returncode == 0


def _enter_namespace(uid_map: str, gid_map: str) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    # The order is the kernel's: without the first line the last is refused.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(uid_map)
    Path("/proc/self/gid_map").write_text(gid_map)
