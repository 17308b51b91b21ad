"""One server per data directory."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from .errors import DataDirInUse, StandaloneError

_PATIENCE = 30.0


class Lock:
    """
    Holds the data directory for one server; a context manager.

    Two files are locked with flock, which ends with the process however it ends. The first is held by
    the server alone. The second is shared with all the processes that it starts: when it can be had,
    none of them is left over from a server that was killed.

    Args:
        root: The data directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._own = -1
        #: To be passed on to each process that the server starts.
        self.shared = -1

    def __enter__(self) -> Self:
        """
        Take the lock.

        Raises:
            DataDirInUse: Another server uses the data directory.
            StandaloneError: Processes of a former server do.
        """
        self._own = os.open(self._root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._own, 20).decode().strip()
            os.close(self._own)
            raise DataDirInUse(
                f"the data directory {self._root} is in use by another pulp-gomod server"
                f"{f', process {holder}' if holder else ''}. "
                "Stop that one first, or give another --data-dir."
            ) from None
        os.ftruncate(self._own, 0)
        os.write(self._own, f"{os.getpid()}\n".encode())
        self.shared = os.open(self._root / "run" / "parts.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._await_leftovers()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    def _release(self) -> None:
        os.ftruncate(self._own, 0)
        os.close(self.shared)
        os.close(self._own)

    def _await_leftovers(self) -> None:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(self.shared, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise StandaloneError(
                        f"processes of an earlier server still use {self._root}. Find them with "
                        f"`fuser {self._root}/run/parts.lock` and stop them."
                    ) from None
                time.sleep(0.1)
            else:
                fcntl.flock(self.shared, fcntl.LOCK_SH)
                return
