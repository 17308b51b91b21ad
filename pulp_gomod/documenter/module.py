"""
All that is shown of a module version, from its zip: first what is said of it as a whole, then each of its packages.

What comes out are JSON objects, each with one key: `module`, `package` (many) and `end`.
"""

import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from pulp_gomod.documenter import licences, readme
from pulp_gomod.documenter.package import Json, document
from pulp_gomod.documenter.source import Source, read
from pulp_gomod.golang import GoError, modfile, module
from pulp_gomod.golang.archive import Archive, Entry, Input, open_archive
from pulp_gomod.golang.doc import constraints
from pulp_gomod.golang.doc.constraints import PLATFORMS, Platform
from pulp_gomod.golang.zip import texts

T = TypeVar("T")

MOST_PACKAGES: Final = 5000
"""Packages of a module that are documented."""

MOST_BYTES: Final = 64 << 20
"""Characters of the documentation of all packages together; of later ones only names are kept."""

LARGEST_FILE: Final = 8 << 20
"""Bytes of a Go file that is read."""

MOST_FILES: Final = 2000
"""Files of a package that are read, and listed."""

LONGEST_PATH: Final = 1000
"""Characters of an import path that is documented."""

_MOST_LICENCES: Final = 20
_MOST_READMES: Final = 200
_MOST_CUT: Final = 50
# Files of a package that are shown as they are, and characters of each, since they could not be read as Go.
_MOST_UNREAD: Final = 5
_MOST_SOURCE: Final = 12_000
# Modules that comments of a package may be about.
_MOST_LINKED: Final = 300
_LINKED: Final = re.compile(r'href="pkg:([^"#]+)')
_MOST_GO_MOD: Final = 1 << 20
# Processor seconds for one README or licence.
_PATIENCE: Final = 3.0
_OTHERS: Final = tuple(
    Platform(system, processor)
    for processor in ("amd64", "arm64", "386", "wasm")
    for system in sorted(constraints.SYSTEMS)
)


@dataclass(slots=True)
class _Directory:
    path: str
    files: dict[str, Entry] = field(default_factory=dict)


@dataclass(slots=True)
class _File:
    name: str
    constraint: str
    source: Source
    is_test: bool
    size: int
    unread: str = ""


def document_module(
    file: Input, path: str, version: str, seconds: float
) -> Iterator[dict[str, Any]]:
    """
    Document a module version.

    Args:
        file: Its zip.
        path: The module path.
        seconds: Processor time after which what is left is left out.

    Raises:
        GoError: It is no zip of that module version.
    """
    with open_archive(file) as archive:
        yield from _Module(archive, path, version, time.process_time() + seconds).documented()


class _Module:
    def __init__(self, archive: Archive, path: str, version: str, end: float) -> None:
        self._archive = archive
        self._path = path
        self._end = end
        self._cut: list[str] = []
        self._budget = MOST_BYTES
        self._readmes = 0
        self._directories: dict[str, _Directory] = {}
        prefix = f"{path}@{version}/"
        for entry in archive.entries():
            name = entry.name.removeprefix(prefix)
            if name == entry.name or entry.is_dir:
                continue
            directory, _, base = name.rpartition("/")
            known = self._directories.setdefault(directory, _Directory(directory))
            known.files[base] = entry

    def documented(self) -> Iterator[dict[str, Any]]:
        root = self._directories.get("", _Directory(""))
        yield {"module": {**self._readme(root), **self._licences()}}
        count = 0
        for directory in self._package_directories(root):
            if count == MOST_PACKAGES:
                self._leave_out(f"packages beyond the first {MOST_PACKAGES}")
                break
            if time.process_time() > self._end:
                self._leave_out("packages that were left when the time for it was over")
                break
            package = self._package(directory)
            if package is not None:
                count += 1
                yield {"package": package}
        yield {"end": {"cut": self._cut}}

    def _leave_out(self, what: str) -> None:
        if len(self._cut) < _MOST_CUT:
            self._cut.append(what)

    def _bytes(self, entry: Entry, most: int) -> bytes:
        parts, size = [], 0
        for chunk in self._archive.chunks(entry):
            parts.append(chunk)
            size += len(chunk)
            if size >= most:
                break
        return b"".join(parts)[:most]

    # README and licences.

    def _readme(self, directory: _Directory) -> Json:
        name = texts.choose_readme(directory.files)
        nothing = {"readme_file": "", "readme_text": "", "readme_html": ""}
        if not name or self._readmes >= _MOST_READMES:
            return nothing
        self._readmes += 1
        where = f"{directory.path}/{name}".lstrip("/")
        try:
            data = self._bytes(directory.files[name], readme.MOST_TEXT)
            text = texts.decode(data)
            html = _in_time(lambda: readme.to_html(where, text))
        except (GoError, RecursionError, ValueError) as error:
            self._leave_out(f"the README {where}: {error}")
            return nothing
        except _TooLong:
            html = readme.to_html("README", text)
        return {"readme_file": where, "readme_text": text, "readme_html": html}

    def _licences(self) -> Json:
        found: list[Json] = []
        ids: set[str] = set()
        for directory in sorted(self._directories.values(), key=_order):
            for name, entry in sorted(directory.files.items()):
                if not texts.is_license(name) or _is_skipped(directory.path):
                    continue
                where = f"{directory.path}/{name}".lstrip("/")
                if len(found) == _MOST_LICENCES:
                    self._leave_out(f"licence files beyond the first {_MOST_LICENCES}")
                    return _licensed(found, ids)
                try:
                    text = texts.decode(self._bytes(entry, texts.MAX_LICENSE_TEXT))
                    known = _in_time(partial(licences.find, text))
                except (GoError, _TooLong) as error:
                    self._leave_out(f"the licence {where}: {error}")
                    # There is one, whatever it says.
                    ids.update([] if directory.path else [""])
                    continue
                found.append({"file": where, "ids": known, "text": text[: licences.MOST_TEXT]})
                if not directory.path:
                    ids.update(known or [""])
        return _licensed(found, ids)

    # Packages.

    def _package_directories(self, root: _Directory) -> Iterator[_Directory]:
        is_ignored = self._ignored(root)
        for directory in sorted(self._directories.values(), key=_order):
            if not any(name.endswith(".go") for name in directory.files):
                continue
            if _is_skipped(directory.path) or is_ignored(directory.path):
                continue
            path = self._import_path(directory)
            try:
                module.check_import_path(path)
            except GoError as error:
                self._leave_out(f"the directory {directory.path[:200]}: {error}")
                continue
            if len(path) > LONGEST_PATH:
                self._leave_out(f"the package {path[:200]}...: its path is too long")
                continue
            yield directory

    def _ignored(self, root: _Directory) -> Callable[[str], bool]:
        entry = root.files.get("go.mod")
        if entry is None:
            return lambda path: False
        try:
            file = modfile.parse_lax(self._bytes(entry, _MOST_GO_MOD))
        except GoError:
            return lambda path: False
        names = [each.path.strip("/") for each in file.ignore[:1000]]

        def is_ignored(path: str) -> bool:
            whole = f"/{path}/"
            return any(
                whole.startswith(f"/{name[2:]}/") if name.startswith("./") else f"/{name}/" in whole
                for name in names
            )

        return is_ignored

    def _import_path(self, directory: _Directory) -> str:
        return f"{self._path}/{directory.path}" if directory.path else self._path

    def _package(self, directory: _Directory) -> Json | None:
        files = self._files(directory)
        platform, chosen = _choose(files)
        if not chosen:
            # Of what nobody could read at all, there is the text.
            chosen = [file for file in files if file.unread]
        if not chosen:
            return None
        tests = [
            file.source
            for file in files
            if file.is_test
            and file.source.package.removesuffix("_test") == chosen[0].source.package
            and (platform is None or constraints.holds(file.constraint, platform))
        ]
        package = document([file.source for file in chosen], tests)
        path = self._import_path(directory)
        for line in package.cut:
            self._leave_out(f"{path}: {line}")
        stored = asdict(package)
        del stored["cut"]
        text = repr(stored["documentation"])
        size = len(text)
        self._budget -= size
        if self._budget < 0:
            stored["documentation"] = {"left_out": True}
            self._leave_out(f"{path}: all but its names, since the module has too much of it")
        linked = {each for each in _LINKED.findall(text) if not self._is_own(each)}
        stored["documentation"]["modules"] = sorted(_prefixes(linked))[:_MOST_LINKED]
        unread = [file for file in chosen if file.unread][:_MOST_UNREAD]
        if unread:
            stored["documentation"]["unread"] = [
                {"name": file.name, "text": file.unread} for file in unread
            ]
        shown = {file.name for file in chosen}
        stored["documentation"]["files"] = [
            _listed(file, file.name in shown) for file in files[:MOST_FILES]
        ]
        constrained = any(file.constraint for file in files if not file.is_test)
        return {
            "import_path": path,
            "internal": "internal" in path.split("/"),
            "goos": platform.goos if platform and constrained else "",
            "goarch": platform.goarch if platform and constrained else "",
            **stored,
            **(
                self._readme(directory)
                if directory.path
                else {"readme_file": "", "readme_text": "", "readme_html": ""}
            ),
        }

    def _is_own(self, path: str) -> bool:
        return f"{path}/".startswith(f"{self._path}/")

    def _files(self, directory: _Directory) -> list[_File]:
        names = sorted(name for name in directory.files if name.endswith(".go"))
        names = [name for name in names if not name.startswith(("_", "."))]
        if len(names) > MOST_FILES:
            self._leave_out(f"{directory.path}: files beyond the first {MOST_FILES}")
        return [
            file
            for name in names[:MOST_FILES]
            if (file := self._file(directory, name, directory.files[name])) is not None
        ]

    def _file(self, directory: _Directory, name: str, entry: Entry) -> _File | None:
        where = f"{directory.path}/{name}".lstrip("/")
        size = entry.uncompressed_size
        if size > LARGEST_FILE:
            self._leave_out(f"the file {where}: it has more than {LARGEST_FILE} bytes")
            return None
        try:
            text = self._bytes(entry, LARGEST_FILE)
        except GoError as error:
            self._leave_out(f"the file {where}: {error}")
            return None
        is_test = name.endswith("_test.go")
        if is_test and b"func Example" not in text:
            return _File(name, constraints.constraint(name, text), Source(name), True, size)
        if time.process_time() > self._end:
            return None
        source = read(name, text)
        if source.is_broken and not is_test:
            self._leave_out(f"{where}: parts that could not be read as Go")
        unread = ""
        if source.is_broken and not is_test:
            unread = texts.decode(text[: 4 * _MOST_SOURCE])[:_MOST_SOURCE]
        return _File(name, constraints.constraint(name, text), source, is_test, size, unread)


def _prefixes(paths: Iterable[str]) -> set[str]:
    """Return the paths of all modules that may have one of some packages."""
    found = set()
    for path in paths:
        # Standard ones are in none.
        while "." in path.partition("/")[0]:
            found.add(path)
            path = path.rpartition("/")[0]
    return found


def _licensed(found: list[Json], ids: set[str]) -> Json:
    return {
        "licences": found,
        "licence_ids": sorted(ids),
        "redistributable": bool(ids) and ids <= licences.REDISTRIBUTABLE,
    }


def _listed(file: _File, is_shown: bool) -> Json:
    listed: Json = {"name": file.name, "size": file.size}
    if file.constraint:
        listed["constraint"] = file.constraint[:500]
    if file.is_test:
        listed["test"] = True
    elif not is_shown:
        listed["left_out"] = True
    return listed


def _choose(files: Iterable[_File]) -> tuple[Platform | None, list[_File]]:
    """Choose the system that a package is documented for, and its files there."""
    sources = [file for file in files if not file.is_test and file.source.package]
    for platform in (*PLATFORMS, *_OTHERS):
        held = [file for file in sources if constraints.holds(file.constraint, platform)]
        if held:
            return platform, _of_one_package(held)
    return None, []


def _of_one_package(files: list[_File]) -> list[_File]:
    counts: dict[str, int] = {}
    for file in files:
        counts[file.source.package] = counts.get(file.source.package, 0) + 1
    # Examples of how to use a package are commands beside it, and its documentation may be one, too.
    name = max(counts, key=lambda each: (each not in ("main", "documentation"), counts[each], each))
    return [file for file in files if file.source.package == name]


def _order(directory: _Directory) -> tuple[int, str]:
    return directory.path.count("/") + bool(directory.path), directory.path


def _is_skipped(path: str) -> bool:
    """Say whether the go command looks for packages elsewhere only."""
    return any(part in ("testdata", "vendor") or part.startswith(".") for part in path.split("/"))


class _TooLong(Exception):
    def __str__(self) -> str:
        return "it takes too long"


def _in_time(work: Callable[[], T]) -> T:
    with _alarm():
        return work()


@contextmanager
def _alarm() -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, _PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
