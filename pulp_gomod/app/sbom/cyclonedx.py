"""
The CycloneDX format, version 1.6, as JSON.

Source of the rules: cyclonedx.org/docs/1.6/json; purls as in package-url/purl-spec for golang, with the capital
letters that Go distinguishes.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID, uuid5

from packageurl import PackageURL

MEDIA_TYPE: Final = "application/vnd.cyclonedx+json; version=1.6"

_NAMESPACE: Final = UUID("5f3d2c52-4f3c-4e0b-9d27-0d6f3c5a7c11")
"""The name of these documents in the sense of RFC 9562."""

_H1: Final = "h1:"
_VCS_URL: Final = ("https://", "http://", "git://", "ssh://")


@dataclass(frozen=True, slots=True)
class Component:
    """
    A module version.

    Attributes:
        path: The module path.
        version: The canonical version.
        h1: Go's checksum of its zip; "" if the zip is not here.
        go_mod_h1: Go's checksum of its go.mod; "" if that is not here either.
        licenses: SPDX identifiers of its licences, where they are known.
        origin: The URL of the repository that it was made from, if known.
    """

    path: str
    version: str
    h1: str = ""
    go_mod_h1: str = ""
    licenses: tuple[str, ...] = ()
    origin: str = ""

    @property
    def ref(self) -> str:
        """What it is called within the document: its purl."""
        return purl(self.path, self.version)

    def as_json(self) -> dict[str, Any]:
        """Return it as the format has it."""
        said: dict[str, Any] = {
            "type": "library",
            "bom-ref": self.ref,
            "name": self.path,
            "version": self.version,
            "purl": self.ref,
        }
        if digest := _digest(self.h1):
            # What Go calls the checksum of a zip is the SHA-256 of a list of its files, not of its bytes.
            said["hashes"] = [{"alg": "SHA-256", "content": digest}]
        if self.licenses:
            said["licenses"] = [{"license": {"id": each}} for each in self.licenses]
        if self.origin.startswith(_VCS_URL):
            said["externalReferences"] = [{"type": "vcs", "url": self.origin}]
        sums = (("gomod:h1", self.h1), ("gomod:go.mod:h1", self.go_mod_h1))
        if properties := [{"name": name, "value": value} for name, value in sums if value]:
            said["properties"] = properties
        return said


@dataclass(frozen=True, slots=True)
class About:
    """
    What is said of a whole document.

    Attributes:
        made: When what it describes was made.
        tool: The version of this program.
        subject: What it is about, as the format has it.
        is_complete: Whether everything that belongs to the subject is in it; None where nothing is said of that.
    """

    made: datetime
    tool: str
    subject: dict[str, Any]
    is_complete: bool | None = None


def purl(path: str, version: str) -> str:
    """
    Return the package URL of a module version.

    Args:
        path: The module path.
        version: The canonical version.
    """
    namespace, _, name = path.rpartition("/")
    return PackageURL("golang", namespace or None, name, version, {"type": "module"}).to_string()


def write(
    about: About,
    components: Iterable[Component],
    dependencies: Iterable[tuple[str, list[str]]] = (),
) -> Iterator[bytes]:
    """
    Write a document.

    Args:
        about: What is said of the whole.
        components: What it consists of.
        dependencies: Of components, by their refs, what each of them depends on.

    Yields:
        The document, piece by piece: it may be longer than anybody wants to have in memory.
    """
    head: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": about.made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tools": {
                "components": [{"type": "application", "name": "pulp_gomod", "version": about.tool}]
            },
            "component": about.subject,
        },
    }
    if about.is_complete is not None:
        aggregate = "complete" if about.is_complete else "incomplete"
        head["compositions"] = [
            {"aggregate": aggregate, "dependencies": [about.subject["bom-ref"]]}
        ]
    digest = hashlib.sha256()
    pieces = chain(
        (json.dumps(head).encode().removesuffix(b"}"),),
        _list("components", (each.as_json() for each in components)),
        _list(
            "dependencies",
            ({"ref": ref, "dependsOn": needed} for ref, needed in dependencies),
        ),
    )
    for piece in pieces:
        digest.update(piece)
        yield piece
    # At the end, so that it may follow from the rest: documents that say the same have the same.
    serial = uuid5(_NAMESPACE, digest.hexdigest())
    yield f',\n"serialNumber": "{serial.urn}"\n}}\n'.encode()


def _list(name: str, items: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    yield f',\n"{name}": ['.encode()
    separator = "\n"
    for item in items:
        yield f"{separator}{json.dumps(item)}".encode()
        separator = ",\n"
    yield b"\n]"


def _digest(h1: str) -> str:
    """Return a checksum of Go's in hexadecimal digits; "" if it is none."""
    if not h1.startswith(_H1):
        return ""
    try:
        return base64.b64decode(h1.removeprefix(_H1), validate=True).hex()
    except binascii.Error:
        return ""
