"""The package's own answers to the questions that verdicts/main.go answers."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pulp_gomod.golang import GoError, modfile, module, semver
from pulp_gomod.golang.quote import printable, quote, replace_invalid
from pulp_gomod.golang.unicode import equal_fold, fold, text_bytes
from tests.differential.go import Question

Answer = list[Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_wire(value: Any) -> Any:
    """Write every string inside of value with one character per byte."""
    if isinstance(value, str):
        return value if value.isascii() else text_bytes(value).decode("latin-1")
    if isinstance(value, (list, tuple)):
        return [to_wire(item) for item in value]
    return value


def from_wire(text: str) -> str:
    """Read a string that has one character per byte."""
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "surrogateescape")


def _complaint(check: Callable[..., object], *args: str) -> str | None:
    try:
        check(*args)
    except GoError as error:
        return str(error)
    return None


def _result(function: Callable[..., Any], *args: str) -> Answer:
    try:
        return [True, function(*args)]
    except GoError as error:
        return [False, str(error)]


def _or_none(function: Callable[..., Any], *args: str) -> Any:
    try:
        return function(*args)
    except GoError:
        return None


def _path(path: str) -> Answer:
    return [
        _complaint(module.check_path, path),
        _complaint(module.check_import_path, path),
        _complaint(module.check_file_path, path),
        _or_none(module.split_path_version, path),
        _result(module.escape_path, path),
        _result(module.unescape_path, path),
    ]


def _time(v: str) -> str:
    year_zero = module.is_pseudo_version(v) and re.search(r"[.-]0000(?=[0-9]{10}-)", v)
    if year_zero:
        # Python has no year 0, a leap year as 400 is; Go has, and this is the one difference.
        like = v[: year_zero.start() + 1] + "0400" + v[year_zero.end() :]
        try:
            return "0000" + module.pseudo_version_time(like).isoformat()[4:].replace("+00:00", "Z")
        except module.InvalidVersionError:
            pass
    return module.pseudo_version_time(v).isoformat().replace("+00:00", "Z")


def _version(v: str) -> Answer:
    return [
        semver.is_valid(v),
        semver.canonical(v),
        semver.major(v),
        semver.major_minor(v),
        semver.prerelease(v),
        semver.build(v),
        module.canonical_version(v),
        _or_none(module.escape_version, v),
        _result(module.unescape_version, v),
        module.is_pseudo_version(v),
        module.is_zero_pseudo_version(v),
        _result(module.pseudo_version_base, v),
        _result(module.pseudo_version_rev, v),
        _result(_time, v),
    ]


def _versions(v: str, w: str) -> Answer:
    return [str(semver.compare(v, w)), semver.max(v, w)]


def _sort(*versions: str) -> Answer:
    ordered = semver.sort(list(versions))
    valid = [v for v in versions if semver.is_valid(v)]
    assert sorted(valid, key=semver.db_sort_key) == [v for v in ordered if semver.is_valid(v)]
    return ordered


def _module(path: str, version: str, path_major: str) -> Answer:
    complaint = _complaint(module.check, path, version)
    if complaint:
        # Go writes out whatever the version is, the package quotes what cannot be shown.
        complaint = complaint.replace(printable(version) + ": ", replace_invalid(version) + ": ")
    return [
        complaint,
        _complaint(module.check_path_major, version, path_major),
        module.match_path_major(version, path_major),
        _or_none(module.path_major_prefix, path_major),
    ]


def _modules(*args: str) -> Answer:
    versions = module.sort(list(map(module.Version, args[::2], args[1::2])))
    return [text for version in versions for text in version]


def _pseudo(major: str, older: str, seconds: str, rev: str) -> Answer:
    time = _EPOCH + timedelta(seconds=int(seconds))
    return [module.pseudo_version(major, older, time, rev), module.zero_pseudo_version(major)]


def _patterns(globs: str, target: str) -> Answer:
    return [module.match_prefix_patterns(globs, target)]


def _fold(first: str, second: str) -> Answer:
    equal = equal_fold(first, second)
    assert equal is (fold(first) == fold(second))
    return [equal, quote(first)]


def _file(parse: Callable[[bytes], modfile.File], data: bytes) -> Answer:
    try:
        f = parse(data)
    except GoError as error:
        return [False, str(error)]
    return [
        True,
        # In Go the module has a version, too, which is always empty.
        f.module and [f.module.path, "", f.module.deprecated],
        f.go and f.go.version,
        f.toolchain and f.toolchain.name,
        [[g.key, g.value] for g in f.godebug],
        [[r.path, r.version, r.indirect] for r in f.require],
        [[e.path, e.version] for e in f.exclude],
        [[r.old, r.new] for r in f.replace],
        [[r.low, r.high, r.rationale] for r in f.retract],
        [[t.path] for t in f.tool],
        [[i.path] for i in f.ignore],
    ]


def _gomod(text: str) -> Answer:
    data = text_bytes(text)
    return [
        _file(modfile.parse, data),
        _file(modfile.parse_lax, data),
        modfile.module_path(data),
        modfile.auto_quote(text),
    ]


_ANSWERS: dict[str, Callable[..., Answer]] = {
    "path": _path,
    "version": _version,
    "versions": _versions,
    "sort": _sort,
    "module": _module,
    "modules": _modules,
    "pseudo": _pseudo,
    "patterns": _patterns,
    "fold": _fold,
    "gomod": _gomod,
}


def answer(question: Question) -> Answer:
    """Answer one question as verdicts/main.go does."""
    kind, *args = question
    answered = _ANSWERS[kind](*map(from_wire, args))
    wired: Answer = to_wire(answered)
    return wired
