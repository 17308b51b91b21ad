"""The go.mod parser against Go's own verdicts."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError
from pulp_gomod.golang.modfile import (
    Error,
    ErrorList,
    File,
    auto_quote,
    legacy_go_mod,
    module_path,
    must_quote,
    parse,
    parse_lax,
)
from tests.unit.golang.vectors import load

MODFILES = load("modfile")


def source(row: dict[str, Any]) -> bytes:
    text: str = row["src"]
    return text.encode("utf-8", "surrogateescape")


def outcome(parser: Callable[[bytes], File], data: bytes) -> dict[str, Any]:
    """Return the verdict in the layout of the vectors."""
    try:
        file = parser(data)
    except GoError as error:
        return {"ok": False, "err": str(error)}
    result: dict[str, Any] = {"ok": True, "module": None}
    if file.module:
        result |= {"module": file.module.path, "deprecated": file.module.deprecated}
    if file.go:
        result["go"] = file.go.version
    if file.toolchain:
        result["toolchain"] = file.toolchain.name
    lists: dict[str, list[Any]] = {
        "godebug": [{"key": g.key, "value": g.value} for g in file.godebug],
        "require": [
            {"path": r.path, "version": r.version, "indirect": r.indirect} for r in file.require
        ],
        "exclude": [{"path": e.path, "version": e.version} for e in file.exclude],
        "replace": [
            {
                "old_path": r.old.path,
                "old_version": r.old.version,
                "new_path": r.new.path,
                "new_version": r.new.version,
            }
            for r in file.replace
        ],
        "retract": [{"low": r.low, "high": r.high, "rationale": r.rationale} for r in file.retract],
        "tool": [t.path for t in file.tool],
        "ignore": [i.path for i in file.ignore],
    }
    return result | {name: values for name, values in lists.items() if values}


@pytest.mark.parametrize("row", MODFILES, ids=lambda row: row["name"])
def test_verdict_is_that_of_go(row: dict[str, Any]) -> None:
    assert outcome(parse, source(row)) == row["parse"]
    assert outcome(parse_lax, source(row)) == row["parse_lax"]
    assert module_path(source(row)) == row["module_path"]


@pytest.mark.parametrize(("text", "quoted", "result"), load("autoquote"))
def test_quotes_where_go_does(text: str, quoted: bool, result: str) -> None:
    assert must_quote(text) is quoted
    assert auto_quote(text) == result


@pytest.mark.parametrize(("path", "text"), load("legacy_gomod"))
def test_legacy_go_mod_is_that_of_go(path: str, text: str) -> None:
    assert legacy_go_mod(path) == text.encode()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a b", b'module "a b"\n'),
        ("a\udcff", b"module a\xff\n"),
        ("a \udcff", b'module "a \\xff"\n'),
        ("\ud800", b'module "\\ud800"\n'),
        ("\0", b'module "\\x00"\n'),
    ],
)
def test_legacy_go_mod_takes_any_path(path: str, text: bytes) -> None:
    assert legacy_go_mod(path) == text


def test_everything_has_its_line() -> None:
    data = b"""\
// Deprecated: use b
module example.com/a
go 1.23
toolchain go1.24.0
godebug x=y

require (

\texample.com/b v1 // indirect
)
exclude example.com/b v1.2.3
replace example.com/b v1.0.0 => ../b
retract [v1.0.0, v1.2.0] // why
tool example.com/b/cmd
ignore ./c
"""
    file = parse(data)
    assert file.module
    assert (file.module.path, file.module.deprecated, file.module.line) == (
        "example.com/a",
        "use b",
        2,
    )
    assert file.go
    assert file.toolchain
    entries: list[Any] = [file.go, file.toolchain, *file.godebug, *file.require, *file.exclude]
    entries += [*file.replace, *file.retract, *file.tool, *file.ignore]
    lines = [entry.line for entry in entries]
    assert lines == [3, 4, 5, 9, 11, 12, 13, 14, 15]


@pytest.mark.parametrize(
    "text",
    [
        'require example.com/a v1\nfoo "\\\n" // indirect\n',
        'require example.com/a v1\nfoo (\n)\nrequire example.com/b v1\n"\\\n" // indirect\n',
    ],
)
def test_comment_behind_a_string_of_two_lines_belongs_to_the_line_before(text: str) -> None:
    assert parse_lax(text.encode()).require[-1].indirect


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("require (\n) /*", "go.mod:2:3: mod files must use // comments (not /* */ comments)"),
        ("require (\n) a /*", "go.mod:2:4: syntax error (expected newline after closing paren)"),
        (" a (", "go.mod:1:5: syntax error (unterminated block started at go.mod:1:2)"),
        ("module\v", "go.mod:1:7: unexpected input character '\\v'"),
        ('module "\\', "go.mod:1:8: unexpected EOF in string"),
        ("a\nb /*", "go.mod:2:3: mod files must use // comments (not /* */ comments)"),
    ],
)
def test_text_that_is_no_go_mod_file(text: str, message: str) -> None:
    for parser in (parse, parse_lax):
        with pytest.raises(ErrorList) as caught:
            parser(text.encode())
        assert str(caught.value) == message


def test_errors_tell_where_and_about_what() -> None:
    with pytest.raises(ErrorList) as caught:
        parse(b"frob\nrequire (\n\texample.com/a v2.0.0\n)\n")
    unknown, mismatch = caught.value.errors
    assert isinstance(unknown, Error)
    assert (unknown.reason, unknown.line, unknown.column) == ("unknown directive: frob", 1, 1)
    assert (mismatch.verb, mismatch.mod_path) == ("require", "example.com/a")
    assert str(mismatch) == (
        'go.mod:3:2: require example.com/a: version "v2.0.0" invalid: should be v0 or v1, not v2'
    )


def test_messages_can_be_encoded() -> None:
    with pytest.raises(GoError) as caught:
        parse(b"\xff\n")
    assert str(caught.value).encode() == "go.mod:1: unknown directive: \ufffd".encode()


def test_only_so_many_errors_are_described() -> None:
    with pytest.raises(ErrorList) as caught:
        parse(b"x\n" * 5000)
    assert len(caught.value.errors) + caught.value.omitted == 5000
    assert len(str(caught.value)) < 100_000
    assert str(caught.value).endswith("\ngo.mod: 4000 more errors")


WORDS = [
    *("module", "go", "toolchain", "godebug", "require", "exclude", "replace", "retract", "tool"),
    *("ignore", "=>", "(", ")", "[", "]", ",", '"', "`", "\\", "/*", "//", "// indirect", "1.23"),
    *("// Deprecated: no", "v1.0.0", "v2", "example.com/a", "example.com/a/v2", "../a", "a=b"),
    *(" ", " ", " ", "\t", "\r", "\n", "\n", "\n", "\ufeff", "\u00a0", "\u0300", "\0", "\udcff"),
]
SOURCES = st.one_of(
    st.lists(st.sampled_from(WORDS)).map(lambda w: "".join(w).encode(errors="surrogateescape")),
    st.lists(st.sampled_from(WORDS)).map(lambda w: " ".join(w).encode(errors="surrogateescape")),
    st.binary(),
    st.sampled_from(MODFILES)
    .map(source)
    .flatmap(
        lambda data: st.builds(
            lambda at, size, new: data[:at] + new + data[at + size :],
            st.integers(0, len(data)),
            st.integers(0, 3),
            st.binary(max_size=3),
        )
    ),
)


@given(SOURCES)
def test_any_bytes_are_a_file_or_a_go_error(data: bytes) -> None:
    module_path(data)
    try:
        file = parse(data)
    except GoError as error:
        assert str(error).startswith("go.mod:")
        try:
            parse_lax(data)
        except GoError as lax:
            assert str(lax).startswith("go.mod:")
        return
    dependency = parse_lax(data)  # Whatever the strict reading accepts, the lax one does.
    assert (dependency.module, dependency.require) == (file.module, file.require)


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_any_path_survives_the_legacy_go_mod(data: bytes) -> None:
    path = data.decode("utf-8", "surrogateescape")
    assume(path != "(")  # It opens a block: Go does not quote it either.
    file = parse(legacy_go_mod(path))
    assert file.module
    assert file.module.path == path


def fill(head: bytes, repeated: bytes, tail: bytes) -> Callable[[int], bytes]:
    """Return a maker of files of about so many bytes."""
    return lambda size: head + repeated * (size // len(repeated)) + tail


def inherited(size: int) -> bytes:
    """Return a file in which many lines of a block have the same long comment."""
    return fill(b"", b"// x\n", b"retract (\n")(size // 2) + fill(b"", b"v1\n", b")\n")(size // 2)


HOSTILE = {
    "blank lines": fill(b"", b" \n", b""),
    "comments": fill(b"", b"//x\n", b"module x"),
    "deprecations": fill(b"", b"// Deprecated: x\n//\n", b"module x"),
    "inherited comments": inherited,
    "directives": fill(b"", b"module x\n", b""),
    "blocks": fill(b"", b"x (\n)\n", b""),
    "lines of a block": fill(b"ignore (\n", b"x\n", b""),
    "words": fill(b"module", b" x", b""),
    "commas": fill(b"", b",", b""),
    "brackets": fill(b"x", b"( ", b""),
    "slashes": fill(b"module ", b"/ ", b""),
    "strings": fill(b"x", b' ""', b""),
    "strings of two lines": fill(b"require a.b/c v1\n", b'x "\\\n"//\n', b""),
    "escapes": fill(b'module "', b"\\101", b'"\n'),
    "open string": fill(b'module "', b"x", b""),
    "bytes": fill(b"module ", b"\xff", b"\n"),
    "version": fill(b"require a.b/c v1.0.0-", b"a.", b"a\n"),
    "digits": fill(b"go 1.", b"1", b"x\n"),
    "path": fill(b"require a", b"/v2", b" v2\n"),
}


def cpu_seconds(data: bytes) -> float:
    def once() -> float:
        start = time.process_time()
        for reader in (parse, parse_lax, module_path):
            try:
                reader(data)
            except GoError:
                pass
        return time.process_time() - start

    return min(once() for _ in range(3))


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_linear(name: str) -> None:
    # Eight times the size takes about eight times the work, and 64 times if it were quadratic.
    small = cpu_seconds(HOSTILE[name](8 * 1024))
    assert cpu_seconds(HOSTILE[name](64 * 1024)) < 30 * small + 0.01


@pytest.mark.parametrize("name", ["blank lines", "words", "commas", "brackets", "open string"])
def test_largest_file(name: str) -> None:
    data = HOSTILE[name](16 * 1024 * 1024)
    verdict = outcome(parse_lax, data)
    assert verdict["ok"] is (name in ("blank lines", "commas"))
    assert len(verdict.get("err", "")) < 1000
