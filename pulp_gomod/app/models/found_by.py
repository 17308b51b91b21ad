"""
What the modules of a repository are found by: words of their paths and synopses, what they require and import.

All of it is one text-search vector for each module, written by the task that documents it, so that one index answers.
Beside words it has lexemes that no text has, each with a sign before it: the repository itself, so that the modules of
all others cost nothing; and names that have to be found whole.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from pulpcore.plugin.models import RepositoryContent

from pulp_gomod.app.models.documentation import GoDocumentation, GoPackage
from pulp_gomod.app.models.listed import GoListedModule
from pulp_gomod.app.models.module import GoModule, storable

MOST_WORDS: Final = 8
"""Words of a search that count."""

_REPOSITORY, _NAMED, _REQUIRED, _IMPORTED = "@", "!", "=", "<"
# PostgreSQL's own bounds are 2046 bytes for a lexeme and a megabyte for all of a vector.
_LONGEST = 1500
_MOST_LEXEMES = 3000
_ROOM = 300_000
_MOST_PACKAGES = 200
_MOST_TEXT = 50_000
_WORD = re.compile(r"[^\W_]+")
# What PostgreSQL takes for a number in a text, and splits from what follows. Of a search it splits nothing.
_NUMBER = re.compile(r"[0-9]+e[0-9]+")


def in_repository(repository: UUID) -> str:
    """
    Write the query for all modules of a repository.

    Args:
        repository: Its pk.
    """
    return _lexeme(_REPOSITORY, str(repository))


def named(text: str) -> str:
    """
    Write the query for modules that are called something: the last element of their paths, or their package.

    Args:
        text: What they are called.
    """
    return _lexeme(_NAMED, text.strip().lower())


def requiring(path: str) -> str:
    """Write the query for modules that require another one."""
    return _lexeme(_REQUIRED, path)


def importing(path: str) -> str:
    """
    Write the query for modules with packages that import another one.

    Args:
        path: The import path of that.
    """
    return _lexeme(_IMPORTED, path)


def words_of(text: str) -> list[str]:
    """
    Return the words of what somebody searches for, in lower case.

    Args:
        text: As they write it.
    """
    return [each[:100] for each in _WORD.findall(text.lower())[:MOST_WORDS]]


def beginning_with(text: str) -> str:
    """
    Write the query for what has all words of a text, or words that begin with these; "" if it has none.

    Args:
        text: As people write it.
    """
    return " & ".join(f"{each}:*" for each in words_of(text))


def _lexeme(sign: str, text: str) -> str:
    """Quote a lexeme for a tsquery."""
    # Cut before it is quoted, and by bytes as PostgreSQL counts: whatever anybody searches for has to be a query.
    cut = f"{sign}{text}".encode(errors="replace")[:_LONGEST].decode(errors="ignore")
    return "'" + cut.replace("\\", "\\\\").replace("'", "''") + "'"


def untold(repository: UUID, domain: UUID) -> "QuerySet[GoListedModule]":
    """
    Find the modules whose newest documented version is another one than the one that they are found by.

    Args:
        repository: The pk of their repository.

    Returns:
        Them in the order of their paths, with `newest`, the unit of that version.
    """
    held = RepositoryContent.objects.filter(
        repository=repository, version_removed=None, content_id=OuterRef("pk")
    )
    documented = GoDocumentation.objects.filter(unit=OuterRef("pk"))
    newest = GoModule.objects.filter(
        Exists(documented), Exists(held), _pulp_domain=domain, module=OuterRef("module")
    ).order_by("-version_key")
    listed = GoListedModule.objects.filter(repository=repository, removed=None)
    return (
        listed.annotate(newest=Subquery(newest.values("pk")[:1]))
        .exclude(newest=None)
        .exclude(told=Subquery(newest.values("pk")[:1]))
        .order_by("module")
    )


def tell(listed: GoListedModule, unit: GoModule) -> None:
    """
    Note what a module is found by.

    Args:
        listed: The module.
        unit: A version of it that is documented.
    """
    packages = list(
        GoPackage.objects.filter(unit=unit, internal=False)
        .order_by("import_path")
        .values_list("import_path", "name", "synopsis", "imports")[:_MOST_PACKAGES]
    )
    synopsis = GoDocumentation.objects.filter(unit=unit).values_list("synopsis", flat=True).first()
    root = next((name for path, name, *_ in packages if path == unit.module), "")
    called = {last_element(unit.module), root.lower()} - {"", "main"}
    within = [path.removeprefix(unit.module) for path, *_ in packages]
    texts = [text for _, name, text, _ in packages for text in (name, text)]
    table = GoListedModule._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET told = %s, words = setweight(to_tsvector('simple', %s), 'A')"
            " || setweight(to_tsvector('simple', %s), 'B') || setweight(to_tsvector('english', %s), 'C')"
            " || setweight(to_tsvector('simple', %s), 'D') || array_to_tsvector(%s::text[])"
            " WHERE id = %s",
            [
                unit.pk,
                " ".join(sorted(called)),
                _parts(unit.module),
                _bounded([synopsis or "", *texts]),
                _bounded([*map(_parts, within), *texts]),
                _lexemes(listed, unit, called, packages),
                listed.pk,
            ],
        )


def _lexemes(
    listed: GoListedModule, unit: GoModule, called: Iterable[str], packages: Sequence[Any]
) -> list[str]:
    """Return what has to be found whole, as far as there is place for it."""
    imported = {
        path
        for *_, imports in packages
        for path in imports
        # Of packages without a dot before the first slash none is a module's.
        if "." in path.partition("/")[0] and not f"{path}/".startswith(f"{unit.module}/")
    }
    every = [
        f"{_REPOSITORY}{listed.repository_id}",
        *(f"{_NAMED}{each}" for each in sorted(called)),
        *_split_words([unit.module, *(path for path, *_ in packages)]),
        *(f"{_REQUIRED}{each['path']}" for each in unit.requirements),
        *(f"{_IMPORTED}{path}" for path in sorted(imported)),
    ]
    room, kept = _ROOM, []
    for each in dict.fromkeys(map(storable, every[:_MOST_LEXEMES])):
        size = len(each.encode())
        room -= size
        if size <= _LONGEST and room > 0:
            kept.append(each)
    return kept


def last_element(path: str) -> str:
    """
    Return what a module is called: the last element of its path that is no major version.

    Args:
        path: The module path.
    """
    directory, _, last = path.rpartition("/")
    if directory and re.fullmatch(r"v[0-9]+", last):
        last = directory.rpartition("/")[2]
    return re.sub(r"\.v[0-9]+$", "", last).lower()


def _split_words(paths: Iterable[str]) -> list[str]:
    """Return words of paths that PostgreSQL would make two of: 3e50 and fa of 3e50fa."""
    words = {word for path in paths for word in _WORD.findall(path.lower())}
    return sorted(word for word in words if _NUMBER.match(word))


def _parts(path: str) -> str:
    return " ".join(_WORD.findall(path.lower()))


def _bounded(texts: Iterable[str]) -> str:
    return storable("\n".join(filter(None, texts)))[:_MOST_TEXT]
