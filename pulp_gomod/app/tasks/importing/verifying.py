"""Verifying what a tree has of one module version: as an upload, and by whatever lies beside it."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from pulp_gomod.app.exceptions import ImportRefusedError
from pulp_gomod.app.remote.cache.info import Info, parse_info
from pulp_gomod.app.storage import upload_policy
from pulp_gomod.app.tasks.importing.layout import Kind
from pulp_gomod.app.tasks.importing.records import TreeDatabase
from pulp_gomod.app.tasks.importing.tree import Span, Tree
from pulp_gomod.golang import dirhash, modfile
from pulp_gomod.golang.zip import Upload, is_heavy
from pulp_gomod.verifier.process import VerifierFailed


@dataclass(frozen=True, slots=True)
class VerifiedZip:
    """
    A module version that may be stored.

    Attributes:
        path: Where its zip is, for now.
        upload: What is in it.
        info: What its `.info` says, or None.
    """

    path: str
    upload: Upload
    info: Info | None


def _check_size(what: str, span: Span, setting: str) -> None:
    limit = getattr(settings, setting)
    if span[1] > limit:
        raise ImportRefusedError(
            f"its {what} has {span[1]} bytes, and this server takes {limit} ({setting})"
        )


def _verify(name: str) -> Upload:
    if not is_heavy(name):
        return upload_policy.verify(name)
    try:
        with open(name, "rb") as file:
            return upload_policy.verify_apart(file.fileno())
    except VerifierFailed as error:
        raise ImportRefusedError(f"it could not be checked: {error}") from error


class TreeVerifier:
    """
    Verifies the module versions of a tree.

    Args:
        databases: Its checksum databases.
    """

    def __init__(self, tree: Tree, databases: Sequence[TreeDatabase]) -> None:
        self._tree = tree
        self._databases = databases

    @contextmanager
    def zip(self, path: str, version: str, files: Mapping[Kind, Span]) -> Iterator[VerifiedZip]:
        """
        Bring a zip to the disk and verify it; in the end it is gone from there.

        Args:
            path: The module path.
            files: What the tree has of it.

        Raises:
            GoError: It is refused.
            ImportRefusedError: It is refused.
        """
        _check_size("zip", files["zip"], "GOMOD_MAX_ZIP_SIZE")
        with tempfile.TemporaryDirectory(dir=".") as directory:
            name = os.path.join(directory, "zip")
            with open(name, "wb") as file:
                self._tree.copy(files["zip"], file)
            upload = _verify(name)
            if (upload.module, upload.version) != (path, version):
                raise ImportRefusedError(f"its zip is one of {upload.module}@{upload.version}")
            self._check_beside(upload, files)
            yield VerifiedZip(name, upload, self._info(version, files))

    def go_mod(self, path: str, version: str, files: Mapping[Kind, Span]) -> bytes:
        """
        Read and verify a go.mod that has no zip.

        Args:
            path: The module path.
            files: What the tree has of it.

        Raises:
            GoError: It is refused.
            ImportRefusedError: It is refused.
        """
        _check_size("go.mod", files["mod"], "GOMOD_MAX_GO_MOD_SIZE")
        upload_policy.check_path(path, version)
        data = self._tree.small(files["mod"])
        modfile.parse_lax(data)
        self._compare(path, f"{version}/go.mod", dirhash.hash_go_mod(data))
        return data

    def _check_beside(self, upload: Upload, files: Mapping[Kind, Span]) -> None:
        """Compare a zip with what the tree says of it elsewhere."""
        if "ziphash" in files:
            said = self._tree.small(files["ziphash"]).decode(errors="replace").strip()
            if said != upload.h1:
                raise ImportRefusedError(
                    f"checksum mismatch: its zip is {upload.h1}, and its .ziphash says {said[:80]!r}"
                )
        if "mod" in files and self._tree.small(files["mod"]) != upload.go_mod:
            raise ImportRefusedError("its .mod is not the go.mod of its zip")
        self._compare(upload.module, upload.version, upload.h1)
        self._compare(upload.module, f"{upload.version}/go.mod", upload.go_mod_h1)

    def _compare(self, path: str, version: str, h1: str) -> None:
        """Refuse another checksum than the one that a checksum database of the tree has."""
        for database in self._databases:
            lines = database.lines(path, version.removesuffix("/go.mod"))
            said = [
                line.rpartition(" ")[2] for line in lines if line.startswith(f"{path} {version} ")
            ]
            if said and h1 not in said:
                raise ImportRefusedError(
                    f"checksum mismatch: {version} is {h1}, and the record of {database.name} in the "
                    f"tree says {said[0][:80]}: SECURITY ERROR"
                )

    def _info(self, version: str, files: Mapping[Kind, Span]) -> Info | None:
        if "info" not in files:
            return None
        info = parse_info(self._tree.small(files["info"]))
        if info is None or info.version != version:
            raise ImportRefusedError(
                "its .info cannot be used: it has no such version, or is no JSON"
            )
        return info
