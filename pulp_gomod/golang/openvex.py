"""
OpenVEX documents: statements that a report does not apply to a module version, or not any more.

Source of the rules: github.com/openvex/spec, and github.com/package-url/purl-spec for names of modules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from . import semver
from .errors import GoError
from .quote import quote

SILENCING: Final = frozenset({"not_affected", "fixed"})
"""Statuses that silence a report; the others say that it applies, or that nobody knows."""

MOST_STATEMENTS: Final = 5000

_STATUSES = SILENCING | {"affected", "under_investigation"}
_PURL = "pkg:golang/"
_LONGEST = 500


class VexError(GoError):
    """What is no OpenVEX document; the text says why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """
    That a report does not apply to a module version.

    Attributes:
        vulnerability: The ID of the report, or one that it has elsewhere.
        module: The module path.
        version: The version; "" for all.
        status: not_affected or fixed.
        reason: Why, for people; or "".
        author: Who says so.
        timestamp: When, as the document has it.
    """

    vulnerability: str
    module: str
    version: str
    status: str
    reason: str
    author: str
    timestamp: str


@dataclass(frozen=True, slots=True)
class Document:
    """
    An OpenVEX document.

    Attributes:
        id: Its ID; the same document, changed, has it again.
        statements: What it says of modules that silences a report.
        ignored: How many products it names beside these: which are no Go modules, or of which it says that they are
            affected.
    """

    id: str
    statements: tuple[Statement, ...]
    ignored: int


def parse_document(said: Any) -> Document:
    """
    Read a document.

    Args:
        said: Its JSON object.

    Raises:
        VexError: It is none.
    """
    if not isinstance(said, dict):
        raise VexError("an OpenVEX document is a JSON object")
    name = said.get("@id")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or not name.isprintable():
        raise VexError("the document has no @id")
    listed = said.get("statements")
    if not isinstance(listed, list):
        raise VexError("the document has no list of statements")
    author = _text(said.get("author", ""))
    found: list[Statement] = []
    ignored = 0
    for each in listed:
        for statement in _statements(each, author, _text(said.get("timestamp", ""))):
            if statement is None:
                ignored += 1
            else:
                found.append(statement)
        if len(found) + ignored > MOST_STATEMENTS:
            raise VexError(f"the document is about more than {MOST_STATEMENTS} products")
    return Document(name, tuple(found), ignored)


def _statements(said: Any, author: str, timestamp: str) -> Iterator[Statement | None]:
    if not isinstance(said, dict):
        raise VexError("a statement is not an object")
    status = said.get("status")
    if not isinstance(status, str) or status not in _STATUSES:
        raise VexError(f"{quote(str(status)[:100])} is not a status of OpenVEX")
    products = said.get("products")
    if not isinstance(products, list) or not products:
        raise VexError("a statement names no products")
    vulnerability = _vulnerability(said.get("vulnerability"))
    reason = _text(said.get("impact_statement") or said.get("justification") or "")
    for product in products:
        named = _module(product)
        if named is None or status not in SILENCING:
            yield None
            continue
        path, version = named
        when = _text(said.get("timestamp") or timestamp)
        yield Statement(vulnerability, path, version, status, reason, author, when)


def _vulnerability(said: Any) -> str:
    # It was a text in the first version of the format.
    name = said.get("name") if isinstance(said, dict) else said
    if not isinstance(name, str) or not name or len(name) > _LONGEST or not name.isprintable():
        raise VexError("a statement names no vulnerability")
    return name


def _module(product: Any) -> tuple[str, str] | None:
    """Return the module and the version that a product is; None if it is no Go module as a whole."""
    if isinstance(product, str):
        return _parse_purl(product)
    if not isinstance(product, dict):
        raise VexError("a product is not an object")
    if product.get("subcomponents"):
        # What holds where the module is a part of something else says nothing about the module.
        return None
    identifiers = product.get("identifiers")
    named = [product.get("@id")]
    if isinstance(identifiers, Mapping):
        named.append(identifiers.get("purl"))
    for each in named:
        if isinstance(each, str) and (found := _parse_purl(each)):
            return found
    return None


def _parse_purl(text: str) -> tuple[str, str] | None:
    if not text.startswith(_PURL):
        return None
    bare = text.removeprefix(_PURL).partition("#")[0].partition("?")[0]
    path, _, version = bare.partition("@")
    path, version = unquote(path).strip("/"), unquote(version)
    if not path or len(path) > _LONGEST or not path.isascii() or not path.isprintable():
        raise VexError(f"{quote(text[:100])} names no module")
    if version and not semver.is_valid(version):
        raise VexError(f"{quote(text[:100])} names no version of a module, such as v1.2.3")
    return path, version


def _text(said: Any) -> str:
    if not isinstance(said, str):
        return ""
    text = " ".join(said[: 2 * _LONGEST].split())[:_LONGEST]
    return "".join(char for char in text if char.isprintable())
