"""The data directory: what lies where, and who may use it."""

import contextlib
import hashlib
import json
import locale
import os
import secrets
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from .errors import StandaloneError

# A socket's path has room for 107 bytes, and PostgreSQL's own name in it takes 14.
_LONGEST_SOCKET_DIRECTORY = 90


def default_data_dir() -> Path:
    """
    Where the data goes unless told otherwise: /var/lib for root, else the user's data home.

    Raises:
        StandaloneError: The user has no home.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/pulp-gomod")
    home = os.environ.get("XDG_DATA_HOME", "")
    if home.startswith("/"):
        return Path(home) / "pulp-gomod"
    try:
        return Path.home() / ".local" / "share" / "pulp-gomod"
    except RuntimeError:
        raise StandaloneError(
            "there is no HOME to keep the data in; say where to with --data-dir"
        ) from None


class DataDir:
    """
    The data directory and its parts.

    Args:
        root: The directory; made when missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.settings = self.root / "settings.py"
        self.secrets = self.root / "secrets"
        self.encryption_key = self.secrets / "database_fields.symmetric.key"
        self.secret_key = self.secrets / "secret_key"
        self.postgres = self.root / "postgres"
        self.media = self.root / "media"
        self.static = self.root / "static"
        self.tmp = self.root / "tmp"
        self.logs = self.root / "logs"
        self.tls = self.root / "tls"
        self.run = self.root / "run"
        self._state = self.root / "state.json"

    def create(self) -> None:
        """
        Make the directories.

        Raises:
            StandaloneError: That is not possible here.
        """
        if set(",;") & set(str(self.root)):
            raise StandaloneError(
                f"the data directory {self.root} has a ',' or ';' in its path, which Pulp takes "
                "for the end of the path. Give another one with --data-dir."
            )
        if not str(self.root).isascii() and sys.getfilesystemencoding() != "utf-8":
            raise StandaloneError(
                f"the data directory {self.root} has letters in its path that Pulp takes for UTF-8, and "
                f"the locale here is {locale.setlocale(locale.LC_CTYPE)}. Start with LC_ALL=C.UTF-8, or "
                "give another one with --data-dir."
            )
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for directory in (
                *(self.secrets, self.media, self.static, self.tmp),
                *(self.logs, self.tls, self.run),
            ):
                directory.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise StandaloneError(
                f"cannot use {self.root} as data directory: {error.strerror} "
                f"({error.filename}). Give a directory of your own with --data-dir."
            ) from error

    def create_secrets(self) -> None:
        """Make the keys that are missing; those that exist are kept, or old data is unreadable."""
        if not self.secret_key.exists():
            write_private(self.secret_key, secrets.token_urlsafe(50))
        if not self.encryption_key.exists():
            write_private(self.encryption_key, Fernet.generate_key().decode())

    def empty_tmp(self) -> None:
        """Remove what a server that was killed left in the directory for temporary files."""
        for path in sorted(self.tmp.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()

    @property
    def identifier(self) -> str:
        """A short name of this data directory that tells its processes from others'."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:8]

    def socket_dir(self, name: str) -> Path:
        """
        A directory for a Unix socket: within the data directory, or where paths are shorter.

        Raises:
            StandaloneError: Somebody else holds that shorter path, or there is none.
        """
        directory = self.run / name
        if len(os.fsencode(directory)) > _LONGEST_SOCKET_DIRECTORY:
            try:
                directory = self._elsewhere(name)
            except FileNotFoundError:
                raise StandaloneError(
                    f"the path of the data directory {self.root} is too long for the sockets in it, "
                    "and there is no directory for temporary files, such as /tmp, to have them in. "
                    "Give another one with --data-dir."
                ) from None
        directory.mkdir(exist_ok=True, mode=0o700)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in _own_uids(self):
            raise StandaloneError(f"{directory} belongs to another user. Remove it.")
        return directory

    def remove_socket_dirs(self) -> None:
        """Remove those that are not within the data directory, as far as nobody uses them."""
        for name in ("api", "pg"):
            with contextlib.suppress(OSError):
                self._elsewhere(name).rmdir()

    def _elsewhere(self, name: str) -> Path:
        return Path(tempfile.gettempdir()) / f"pulp-gomod-{self.identifier}-{name}"

    def read_state(self) -> dict[str, Any]:
        """What earlier starts noted; empty when there were none."""
        try:
            state = json.loads(self._state.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def write_state(self, state: dict[str, Any]) -> None:
        """Note something for later starts."""
        write_private(self._state, json.dumps(state, indent=2) + "\n")


def _own_uids(data: DataDir) -> set[int]:
    uids = {os.geteuid()}
    if os.geteuid() == 0 and data.postgres.exists():
        uids.add(data.postgres.stat().st_uid)
    return uids


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
