"""The go.mod parser against Go's own verdicts."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
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
        "retract": [
            {"low": r.low, "high": r.high, "rationale": r.rationale} for r in file.retract
        ],
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
