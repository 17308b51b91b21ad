"""Module zips of a wanted size, and a GOPROXY directory with them."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from pulp_gomod.golang import module

KIB, MIB = 1024, 1024 * 1024
TIME = "2024-01-02T03:04:05Z"


@dataclass(frozen=True)
class Made:
    """
    A module version of ours.

    Attributes:
        path: The module path.
        version: The version.
        size: Bytes of the zip, roughly.
        needs: The module versions that its go.mod requires.
        files: How many files of text make it as large; 0 for one of random bytes.
    """

    path: str
    version: str = "v1.0.0"
    size: int = 10 * KIB
    needs: tuple[tuple[str, str], ...] = ()
    files: int = 0

    @property
    def go_mod(self) -> bytes:
        """Its go.mod."""
        required = "".join(f"require {path} {version}\n" for path, version in self.needs)
        return f"module {self.path}\n\ngo 1.21\n\n{required}".encode()

    @property
    def info(self) -> bytes:
        """Its `.info`."""
        return json.dumps({"Version": self.version, "Time": TIME}).encode()

    def zip(self) -> bytes:
        """Pack it: a package, and data that makes it as large as wanted."""
        packed = BytesIO()
        name = self.path.rpartition("/")[2].replace("-", "")
        random_bytes = random.Random(self.path).randbytes
        with ZipFile(packed, "w", ZIP_DEFLATED if self.files else ZIP_STORED) as archive:
            prefix = f"{self.path}@{self.version}"
            archive.writestr(f"{prefix}/go.mod", self.go_mod)
            archive.writestr(f"{prefix}/code.go", f"package {name}\n\nconst Is = true\n")
            if self.files:
                self._add_texts(archive, prefix)
            else:
                archive.writestr(f"{prefix}/data.bin", random_bytes(max(self.size - KIB, 1)))
        return packed.getvalue()

    def _add_texts(self, archive: ZipFile, prefix: str) -> None:
        text, chosen = _text(), random.Random(self.path)
        length = int(self.size * _COMPRESSION / self.files)
        for number in range(self.files):
            start = chosen.randrange(max(len(text) - length, 1))
            name = f"{prefix}/part{number // 20}/text{number}.txt"
            archive.writestr(name, text[start : start + length], compresslevel=1)


@lru_cache(maxsize=1)
def _text() -> bytes:
    """Make text that a zip makes about as much smaller as it does source code."""
    chosen = random.Random("text")
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chosen.choices(letters, k=chosen.randint(2, 9))) for _ in range(600)]
    weights = [1 / (number + 1) for number in range(len(words))]
    return " ".join(chosen.choices(words, weights, k=200_000)).encode()


SMALL = Made("bench.example.com/small", size=10 * KIB)
MIDDLE = Made("bench.example.com/middle", size=MIB)
LARGE = Made("bench.example.com/large", size=60 * MIB)
#: KiB of the zip, and its files: the tenths, by size, of the 371 modules that Traefik 3.2.0 needs. The largest tenth
#: has 10,880 KiB and 4,061 files there, which would take a client longer than all else.
PROGRAM = (
    (8, 7),
    (13, 11),
    (18, 16),
    (27, 24),
    (41, 29),
    (64, 43),
    (118, 82),
    (212, 128),
    (575, 279),
    (2000, 800),
)
# How much smaller deflating makes the text.
_COMPRESSION = 2.4
#: A module with as many versions as a usual one has.
MANY = [Made("bench.example.com/many", f"v1.{n}.0", size=4 * KIB) for n in range(20)]


def project(count: int) -> list[Made]:
    """
    Make the modules that a large program needs.

    Each requires a few of those before it, as real ones do, so that the go command reads a graph.

    Args:
        count: How many modules.
    """
    made: list[Made] = []
    for number in range(count):
        size, files = PROGRAM[number % len(PROGRAM)]
        path = f"bench.example.com/p{number}"
        made.append(Made(path, f"v1.{number % 7}.0", size * KIB, _needs(number, made), files))
    return made


def small_project(count: int) -> list[Made]:
    """
    Make as many small modules, of a file each: then nearly all that a client waits for is answers.

    Args:
        count: How many modules.
    """
    made: list[Made] = []
    for number in range(count):
        size = (10, 20, 40, 80, 400)[number % 5] * KIB
        path = f"bench.example.com/s{number}"
        made.append(Made(path, f"v1.{number % 7}.0", size, _needs(number, made)))
    return made


def _needs(number: int, made: list[Made]) -> tuple[tuple[str, str], ...]:
    chosen = random.Random(number).sample(made, min(len(made), 5))
    return tuple((each.path, each.version) for each in chosen)


def tiny(count: int) -> list[Made]:
    """
    Make many modules, no two of which are of use to each other.

    Args:
        count: How many.
    """
    needs = tuple((f"bench.example.com/needs/{number}", f"v1.{number}.0") for number in range(8))
    return [
        Made(f"bench.example.com/t{number}", size=2 * KIB, needs=needs) for number in range(count)
    ]


def write_goproxy(root: Path, modules: Iterable[Made]) -> None:
    """
    Write a directory that `GOPROXY=file://` reads.

    Args:
        root: The directory.
        modules: What goes in, the versions of a module in their order.
    """
    for each in modules:
        directory = root / module.escape_path(each.path) / "@v"
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / "list").open("a") as file:
            file.write(f"{each.version}\n")
        (directory / f"{each.version}.info").write_bytes(each.info)
        (directory / f"{each.version}.mod").write_bytes(each.go_mod)
        (directory / f"{each.version}.zip").write_bytes(each.zip())
        # No proxy reads this; what serves files as they are needs it.
        (directory.parent / "@latest").write_bytes(each.info)
