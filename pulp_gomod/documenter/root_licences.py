"""Which licences the root of a module has, without anything else of it."""

from typing import Final

from pulp_gomod.documenter import licences
from pulp_gomod.golang import GoError
from pulp_gomod.golang.archive import Archive, Entry, Input, open_archive
from pulp_gomod.golang.zip import texts

_MOST_FILES: Final = 20


def root_licences(file: Input, path: str, version: str) -> list[str]:
    """
    Name the licences in the root of a module version, as GoDocumentation.licence_ids has them.

    Args:
        file: Its zip.
        path: The module path.

    Raises:
        GoError: It is no zip.
    """
    prefix = f"{path}@{version}/"
    ids: set[str] = set()
    with open_archive(file) as archive:
        found = [
            entry
            for entry in archive.entries()
            if entry.name.startswith(prefix) and texts.is_license(entry.name.removeprefix(prefix))
        ]
        for entry in sorted(found, key=lambda entry: entry.name)[:_MOST_FILES]:
            try:
                ids.update(licences.find(_text(archive, entry)) or [""])
            except GoError:
                ids.add("")
    return sorted(ids)


def _text(archive: Archive, entry: Entry) -> str:
    data = b""
    for chunk in archive.chunks(entry):
        data += chunk
        if len(data) >= texts.MAX_LICENSE_TEXT:
            break
    return texts.decode(data[: texts.MAX_LICENSE_TEXT])
