"""Module paths, versions and pairs of both, held against Go's verdicts."""

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError, module
from pulp_gomod.golang.module.patterns import match_pattern
from tests.unit.golang.vectors import load

anything = st.text(st.characters(), max_size=40)
path_like = st.lists(
    st.sampled_from([*"av12/.-~!+A@ ", "//", "/v2", "gopkg.in/", ".v1", "-unstable", "x.y/", "con"])
    | st.characters(),
    max_size=12,
).map("".join)


def accepts(check: Callable[..., object], *args: str) -> bool:
    """Whether check does not raise."""
    try:
        check(*args)
    except GoError:
        return False
    return True


def outcome(function: Callable[..., Any], *args: str) -> Any:
    """What function returns, or None if it raises."""
    try:
        return function(*args)
    except GoError:
        return None


def complaint(function: Callable[..., object], *args: str) -> str | None:
    """The text of the error that function raises."""
    try:
        function(*args)
    except GoError as error:
        return str(error)
    return None


def test_check_paths() -> None:
    """Module, import and file paths pass as they do in Go."""
    checks = (module.check_path, module.check_import_path, module.check_file_path)
    wrong = [
        (path, *verdicts)
        for path, *verdicts in load("check_path")
        if [accepts(check, path) for check in checks] != verdicts
    ]
    assert wrong == []


@pytest.mark.parametrize("column, kind", [(1, "module"), (2, "import"), (3, "file")])
def test_reasons(column: int, kind: str) -> None:
    """The reason for a refusal is Go's."""
    check = {
        "module": module.check_path,
        "import": module.check_import_path,
        "file": module.check_file_path,
    }[kind]
    for row in load("check_path_reasons"):
        if row[column] is None:
            check(row[0])
            continue
        with pytest.raises(module.InvalidPathError) as caught:
            check(row[0])
        assert (caught.value.kind, caught.value.path) == (kind, row[0])
        assert caught.value.reason == row[column]
        assert str(caught.value).startswith(f"malformed {kind} path ")


def test_error_names_the_path_printably() -> None:
    """An error can be logged whatever the path holds."""
    text = complaint(module.check_path, "x.y/a\nb\udcff")
    assert text == r'malformed module path "x.y/a\nb\xff": invalid UTF-8'
    text = complaint(module.check, "x.y/a", "v1\n")
    assert text == r'x.y/a@"v1\n": invalid version: not a semantic version'


def test_older_letters() -> None:
    """The stricter check refuses letters that older Go commands do not know."""
    new, old = "doc/\U000323b0.txt", "doc/ж.txt"
    module.check_file_path(new)
    module.check_file_path(old, older_letters=True)
    with pytest.raises(module.InvalidPathError, match="invalid char"):
        module.check_file_path(new, older_letters=True)


def test_long_paths() -> None:
    """Depth and length do not matter."""
    module.check_file_path("a/" * 40000 + "b")
    module.check_path("x.y/" + "a" * 100000)
    assert accepts(module.check_path, "x.y" + "/." * 40000) is False


@pytest.mark.parametrize(
    "name", ["escape_path", "unescape_path", "escape_version", "unescape_version"]
)
def test_escaping(name: str) -> None:
    """Escaped forms are Go's, and refused where Go refuses."""
    function = getattr(module, name)
    assert [[text, outcome(function, text)] for text, _ in load(name)] == load(name)


def test_unescape_refuses_a_second_spelling() -> None:
    """Only one escaped form stands for a path, and the error quotes it."""
    assert module.unescape_path("github.com/!azure/x") == "github.com/Azure/x"
    text = complaint(module.unescape_path, "github.com/Azure/x")
    assert text == 'invalid escaped module path "github.com/Azure/x"'
    text = complaint(module.unescape_path, "localhost/x")
    assert text == (
        'invalid escaped module path "localhost/x": malformed module path "localhost/x": '
        "missing dot in first path element"
    )
    assert complaint(module.unescape_version, "v1!") == 'invalid escaped version "v1!"'


@given(path_like)
def test_escape_roundtrip(text: str) -> None:
    """What can be escaped comes back, without capitals on the way."""
    for escape, unescape in (
        (module.escape_path, module.unescape_path),
        (module.escape_version, module.unescape_version),
    ):
        escaped = outcome(escape, text)
        if escaped is not None:
            assert escaped == escaped.lower()
            assert unescape(escaped) == text


def test_split_path_version() -> None:
    """Paths split where Go splits them."""
    for path, prefix, path_major, ok in load("split_path_version"):
        expected = (prefix, path_major) if ok else None
        assert outcome(module.split_path_version, path) == expected, path
    split = module.split_path_version("gopkg.in/yaml.v3-unstable")
    assert (split.prefix, split.path_major) == ("gopkg.in/yaml", ".v3-unstable")


def test_path_major_prefix() -> None:
    """Suffixes imply the majors they imply in Go; where Go panics, GoError is raised."""
    for path_major, prefix in load("path_major_prefix"):
        assert module.path_major_prefix(path_major) == prefix
    for bad in ("v2", "/v02", "/v2.0", ".v", "/v2-unstable", "\udcff"):
        with pytest.raises(GoError, match="path major suffix"):
            module.path_major_prefix(bad)


def test_match_path_major() -> None:
    """Versions fit suffixes as in Go, and the check agrees with the match."""
    for v, path_major, ok in load("match_path_major"):
        assert module.match_path_major(v, path_major) is ok, (v, path_major)
        assert accepts(module.check_path_major, v, path_major) is ok
    text = complaint(module.check_path_major, "v2.0.0", "")
    assert text == 'version "v2.0.0" invalid: should be v0 or v1, not v2'


def test_check() -> None:
    """Pairs pass as in Go, with Go's words if they do not."""
    for path, version, ok, error in load("check"):
        assert accepts(module.check, path, version) is ok
        assert complaint(module.check, path, version) == error


def test_check_says_which_version() -> None:
    """The errors carry what they are about."""
    with pytest.raises(module.ModuleError) as caught:
        module.check("example.com/m", "v2.0.0")
    error = caught.value
    assert (error.path, error.version) == ("example.com/m", "v2.0.0")
    assert error.error.reason == "should be v0 or v1, not v2"


def test_sort() -> None:
    """Pairs sort as in go.sum."""
    rows = load("module_sort")
    given_, expected = (
        [module.Version(row["Path"], row["Version"]) for row in rows[key]]
        for key in ("in", "sorted")
    )
    assert module.sort(given_) is given_
    assert given_ == expected
    assert str(expected[0]) == "a.com/X@v1.0.0"
    assert str(module.Version("a.com/X")) == "a.com/X"


@pytest.mark.parametrize("row", load("pseudo"), ids=lambda row: row["in"] or "empty")
def test_pseudo_versions(row: dict[str, Any]) -> None:
    """Pseudo-versions come apart as in Go, with its words where they do not."""
    v = row["in"]
    assert module.is_pseudo_version(v) is row["is_pseudo"]
    assert module.is_zero_pseudo_version(v) is row["is_zero_pseudo"]
    for part in ("base", "rev", "time"):
        function = getattr(module, f"pseudo_version_{part}")
        expected = row.get(part)
        if part == "time" and expected is not None:
            expected = datetime.fromisoformat(expected)
            assert function(v).utcoffset() == timedelta(0)
        assert outcome(function, v) == expected
        assert complaint(function, v) == row.get(f"{part}_err")


def test_pseudo_version() -> None:
    """Pseudo-versions are made as in Go."""
    for row in load("pseudo_make"):
        if row.get("zero"):
            made = module.zero_pseudo_version(row["major"])
        else:
            time = datetime.fromisoformat(row["time"])
            made = module.pseudo_version(row["major"], row["older"], time, row["rev"])
        assert made == row["out"]


def test_pseudo_version_times() -> None:
    """Any zone becomes UTC, none is UTC, and what has no UTC within Python's years is an error."""
    plus_three = timezone(timedelta(hours=3))
    aware = datetime(2006, 1, 2, 1, 4, 5, tzinfo=plus_three)
    assert module.pseudo_version("v1", "", aware, "r") == "v1.0.0-20060101220405-r"
    naive = datetime(2006, 1, 2, 1, 4, 5)
    assert module.pseudo_version("v1", "", naive, "r") == "v1.0.0-20060102010405-r"
    with pytest.raises(GoError, match="outside of the years"):
        module.pseudo_version("v1", "", datetime(1, 1, 1, tzinfo=plus_three), "r")
    with pytest.raises(module.InvalidVersionError, match="malformed time"):
        module.pseudo_version_time("v1.0.0-00000101000000-abcdefabcdef")


@given(
    st.sampled_from(["", "v1.2.3", "v1.9.99", "v1.0.0-rc.1", "v2.0.0+incompatible", "v3.1.0-0"]),
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),
)
def test_pseudo_version_roundtrip(older: str, time: datetime) -> None:
    """What goes into a pseudo-version comes out of it."""
    v = module.pseudo_version("v1", older, time, "abcdefabcdef")
    assert module.is_pseudo_version(v)
    assert module.pseudo_version_base(v) == older
    assert module.pseudo_version_time(v) == time.replace(microsecond=0)
    assert module.pseudo_version_rev(v) == "abcdefabcdef"


def test_long_patch_numbers() -> None:
    """Patch numbers count up and down beyond what Python reads as an integer."""
    time = datetime(2020, 1, 1, tzinfo=UTC)
    for patch in ("9" * 5000, "1" + "0" * 5000, "0", "9", "10", "109", "1000", "199"):
        v = module.pseudo_version("v1", f"v1.0.{patch}", time, "abcdef")
        assert module.pseudo_version_base(v) == f"v1.0.{patch}"
    assert "v1.0.1" + "0" * 5000 in module.pseudo_version("v1", "v1.0." + "9" * 5000, time, "a")


def test_match_prefix_patterns() -> None:
    """GOPRIVATE's patterns match as in Go."""
    rows = load("match_prefix_patterns")
    wrong = [row for row in rows if module.match_prefix_patterns(row[0], row[1]) is not row[2]]
    assert wrong == []


@pytest.mark.parametrize(
    "pattern, name, expected",
    [
        ("*", "a/b", False),
        ("a[/]b", "a/b", True),
        ("a?b", "a/b", False),
        ("[^a]", "é", True),
        ("*\udca9", "é", True),
        ("?", "\udcff", True),
        ("[\ufffd]", "\udcff", True),
        ("[à-ï]", "é", True),
        ("*a*b*", "xxaxxbxx", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("[a-", "a", None),
        ("x[", "a", None),
        ("a\\", "b", None),
        ("[\udcff]", "a", None),
        ("[]*]", "]", None),
    ],
)
def test_match_pattern(pattern: str, name: str, expected: bool | None) -> None:
    """The patterns are Go's, down to single bytes; None is for a malformed one."""
    assert outcome(match_pattern, pattern, name) is expected


def test_patterns_take_bounded_time() -> None:
    """Many stars do not multiply."""
    assert not match_pattern("*a" * 50 + "b", "a" * 2000)
    assert not module.match_prefix_patterns("*a," * 500, "b/" * 5000)


def test_of_a_long_path_no_more_is_looked_at_than_patterns_have_elements() -> None:
    path = "example.com" + "/a" * 5000
    expected = {"example.com/*": True, "example.com/a/a": True, "x.com/a,*/b/*": False}
    tracemalloc.start()
    try:
        assert {each: module.match_prefix_patterns(each, path) for each in expected} == expected
        # All beginnings of the path together have 25 MB.
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@given(anything | path_like, anything | path_like)
def test_only_go_errors(text: str, other: str) -> None:
    """Whatever comes in, nothing but a GoError comes out."""
    for function in (
        module.check_path,
        module.check_import_path,
        module.check_file_path,
        module.escape_path,
        module.escape_version,
        module.unescape_path,
        module.unescape_version,
        module.split_path_version,
        module.path_major_prefix,
        module.pseudo_version_base,
        module.pseudo_version_rev,
        module.pseudo_version_time,
    ):
        message = complaint(function, text)
        assert message is None or message.encode()
    assert complaint(module.check, "x.y/z", text) or accepts(module.check, "x.y/z", text)
    assert module.match_path_major(text, other) is accepts(module.check_path_major, text, other)
    assert module.match_prefix_patterns(text, other) in (True, False)
    assert module.canonical_version(text) == "" or module.canonical_version(text)[0] == "v"
    assert module.sort([module.Version("a", text), module.Version("", other)])[0].path == ""
