"""OpenVEX documents: what they say of modules, and what is none."""

from typing import Any

import pytest

from pulp_gomod.golang.openvex import MOST_STATEMENTS, Statement, VexError, parse_document


def document(*statements: Any, **fields: Any) -> dict[str, Any]:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex/1",
        "author": "security@example.com",
        "timestamp": "2026-11-01T00:00:00Z",
        "version": 1,
        "statements": list(statements),
    } | fields


def statement(*products: Any, **fields: Any) -> dict[str, Any]:
    return {
        "vulnerability": {"name": "GO-2026-1"},
        "products": list(products),
        "status": "not_affected",
        "justification": "vulnerable_code_not_present",
    } | fields


def test_statements_about_modules_are_read() -> None:
    read = parse_document(
        document(
            statement(
                {"@id": "pkg:golang/example.com/Mod/v2@v2.1.0%2Bincompatible?type=module#sub"},
                {"identifiers": {"purl": "pkg:golang/example.com/all"}},
            ),
            statement("pkg:golang/example.com/m@v1.0.0", vulnerability="CVE-1", status="fixed"),
        )
    )
    common = ("vulnerable_code_not_present", "security@example.com", "2026-11-01T00:00:00Z")
    version = "v2.1.0+incompatible"
    assert read.statements == (
        Statement("GO-2026-1", "example.com/Mod/v2", version, "not_affected", *common),
        Statement("GO-2026-1", "example.com/all", "", "not_affected", *common),
        Statement("CVE-1", "example.com/m", "v1.0.0", "fixed", *common),
    )
    assert read.ignored == 0


def test_what_says_nothing_of_a_module_as_such_is_left_out() -> None:
    parts = {
        "@id": "Unknown Product",
        "subcomponents": [{"@id": "pkg:golang/example.com/m@v1.0.0"}],
    }
    read = parse_document(
        document(
            statement(parts),
            statement({"@id": "pkg:npm/left-pad@1.0.0"}),
            statement({"@id": "pkg:golang/example.com/m@v1.0.0"}, status="affected"),
        )
    )
    assert read.statements == () and read.ignored == 3


def test_what_should_be_a_text_and_is_none_says_nothing() -> None:
    odd: dict[str, Any] = {"timestamp": {"a": [1]}, "author": 7, "impact_statement": ["b"]}
    (read,) = parse_document(
        document(statement("pkg:golang/example.com/m@v1.0.0", **odd), **odd)
    ).statements
    assert (read.reason, read.author, read.timestamp) == ("", "", "")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([], "is a JSON object"),
        (document(**{"@id": ""}), "no @id"),
        (document(**{"@id": "a\nb"}), "no @id"),
        (document(statements={}), "no list of statements"),
        (document("x"), "a statement is not an object"),
        (document(statement(status="maybe")), "is not a status"),
        (document(statement(status={"fixed": 1})), "is not a status"),
        (document(statement(status=["fixed"])), "is not a status"),
        (document(statement()), "names no products"),
        (document(statement(7)), "a product is not an object"),
        (document(statement("pkg:golang/a@v1.0.0", vulnerability={})), "no vulnerability"),
        (document(statement("pkg:golang/a@1.0.0")), "names no version of a module"),
        (document(statement("pkg:golang/%00a@v1.0.0")), "names no module"),
        (
            document(statement(*["pkg:golang/a@v1.0.0"] * (MOST_STATEMENTS + 1))),
            "more than 5000 products",
        ),
    ],
)
def test_what_is_no_document_is_refused(said: Any, reason: str) -> None:
    with pytest.raises(VexError, match=reason):
        parse_document(said)
