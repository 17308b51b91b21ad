"""Go toolchains, which the go command downloads as versions of a module that no go.mod requires."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulp_gomod.golang import GoError, modfile
from pulp_gomod.golang.quote import printable
from pulp_gomod.golang.workspace import Workspace

PATH = "golang.org/toolchain"
"""The module whose versions are toolchains."""

MAX_TOOLCHAINS = 1000
"""Toolchains, or platforms, that a request may have."""

_PREFIX = "v0.0.1-"
_NAME = re.compile(
    r"go(?P<go>1\.(?:0|[1-9][0-9]{0,3})(?:\.(?:0|[1-9][0-9]{0,3}|x)|(?:beta|rc)[1-9][0-9]{0,3})?)"
    r"[ .](?P<platform>[a-z0-9]+-[a-z0-9]+)"
)
_PLATFORM = re.compile(r"[a-z0-9]{1,20}-[a-z0-9]{1,20}")
_GO = re.compile(r"1\.(0|[1-9][0-9]{0,3})(?:\.(0|[1-9][0-9]{0,3})|(beta|rc)([1-9][0-9]{0,3}))?")
# Since this one, the first release ends in .0, and toolchains are downloaded.
_FIRST = 21
_ANY = ".x"

# Comes before all that can be downloaded.
_NONE = (0, -1, "", 0)


@dataclass(frozen=True, slots=True)
class WantedToolchain:
    """
    A toolchain that is asked for.

    Attributes:
        go: The Go version; 1.26.x for the newest release of 1.26 that the upstream lists.
        platform: GOOS and GOARCH, such as linux-amd64.
    """

    go: str
    platform: str

    def __str__(self) -> str:
        """Write it as it was asked for."""
        return f"go{self.go} {self.platform}"

    @property
    def version(self) -> str:
        """The module version; "" if the upstream has to be asked which it is."""
        return "" if self.go.endswith(_ANY) else f"{_PREFIX}go{self.go}.{self.platform}"

    def newest(self, listed: Iterable[str]) -> str | None:
        """
        Return the version that is meant, of those that an upstream lists; None if there is none.

        Args:
            listed: The versions of the module.
        """
        begin, end = f"{_PREFIX}go{self.go.removesuffix('x')}", f".{self.platform}"
        patches = [
            name[len(begin) : -len(end)]
            for name in listed
            if name.startswith(begin) and name.endswith(end)
        ]
        numbers = [int(patch) for patch in patches if patch.isdecimal() and patch.isascii()]
        return f"{begin}{max(numbers)}{end}" if numbers else None


def read_toolchains(names: Sequence[str]) -> list[WantedToolchain]:
    """
    Read names such as `go1.26.8 linux-amd64` or `go1.26.x linux-amd64`.

    Raises:
        GoError: Some are none; the text has a line for each.
    """
    found, mistakes = [], []
    for number, name in enumerate(names, 1):
        match = _NAME.fullmatch(name.strip())
        if match is None:
            mistakes.append(
                f"{number}: {printable(name[:80])} is no toolchain: write the Go version and the "
                "platform, such as go1.26.8 linux-amd64, or go1.26.x linux-amd64 for the newest 1.26"
            )
        else:
            found.append(WantedToolchain(match["go"], match["platform"]))
    if mistakes:
        raise GoError("\n".join(mistakes[:10]))
    return list(dict.fromkeys(found))


def read_platforms(names: Sequence[str]) -> list[str]:
    """
    Read platforms such as `linux-amd64`.

    Raises:
        GoError: Some are none; the text has a line for each.
    """
    mistakes = [
        f"{number}: {printable(name[:80])} is no platform: write GOOS-GOARCH, such as linux-amd64"
        for number, name in enumerate(names, 1)
        if not _PLATFORM.fullmatch(name.strip())
    ]
    if mistakes:
        raise GoError("\n".join(mistakes[:10]))
    return list(dict.fromkeys(name.strip() for name in names))


def toolchains_of(
    main: modfile.File | Workspace, platforms: Sequence[str]
) -> list[WantedToolchain]:
    """
    Say which toolchain an older go command downloads for a go.mod or a workspace, on some platforms.

    It is that of the toolchain line, or of the go line where that is newer (cmd/go/internal/toolchain,
    select.go). There is none before Go 1.21.

    Args:
        main: The go.mod, or the workspace, whose go.work decides.
    """
    file = main.work if isinstance(main, Workspace) else main
    named = file.toolchain.name.removeprefix("go") if file.toolchain else ""
    least = file.go.version if file.go else ""
    go = named if _rank(named) > _rank(least) else least
    if _rank(go)[0] < _FIRST:
        return []
    if re.fullmatch(r"1\.[0-9]+", go):
        go += ".0"
    return [WantedToolchain(go, platform) for platform in platforms]


def _rank(go: str) -> tuple[int, int, str, int]:
    """Sort Go versions as Go does (internal/gover): 1.21 before 1.21rc1, and that before 1.21.0."""
    parts = _GO.fullmatch(go)
    if parts is None:
        return _NONE
    patch = int(parts[2]) if parts[2] else -1
    return int(parts[1]), patch, parts[3] or "", int(parts[4] or 0)
