"""Module zips of a wanted size, and a GOPROXY directory with them."""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

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
    """

    path: str
    version: str = "v1.0.0"
    size: int = 10 * KIB
    needs: tuple[tuple[str, str], ...] = ()

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
        with ZipFile(packed, "w", ZIP_STORED) as archive:
            prefix = f"{self.path}@{self.version}"
            archive.writestr(f"{prefix}/go.mod", self.go_mod)
            archive.writestr(f"{prefix}/code.go", f"package {name}\n\nconst Is = true\n")
            archive.writestr(f"{prefix}/data.bin", random_bytes(max(self.size - KIB, 1)))
        return packed.getvalue()


SMALL = Made("bench.example.com/small", size=10 * KIB)
MIDDLE = Made("bench.example.com/middle", size=MIB)
LARGE = Made("bench.example.com/large", size=60 * MIB)
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
        chosen = random.Random(number).sample(made, min(len(made), 5))
        needs = tuple((each.path, each.version) for each in chosen)
        # Most modules are small, few are not: the median of Go's own mirror is some tens of KiB.
        size = (10, 20, 40, 80, 400)[number % 5] * KIB
        made.append(Made(f"bench.example.com/p{number}", f"v1.{number % 7}.0", size, needs))
    return made


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
