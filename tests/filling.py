"""Filling a repository with module versions that nobody published: rows straight into PostgreSQL.

A million uploads would take a day; a million rows take minutes. The rows are those that publishing
writes, consistent with each other in all that the server reads. Their zips share a few files, so the
bytes of a zip are not what its module's path says: enough for load, not for the go command.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from pulp_gomod.golang import semver

#: How many versions those modules have whose lists are long.
LONG_LIST = 5000

# One of so many module versions belongs to a long list, and there are at most so many of these.
_LONG_EVERY = 5
_MOST_LONG = 10

_HOST = "filled.example.com"

_PSEUDO_EVERY = 10
_BATCH = 100_000
_README = "What this module is for, and how it is used. " * 14
_REQUIREMENTS = [
    {"path": f"{_HOST}/needs/{n}", "version": f"v1.{n}.0", "indirect": n > 3} for n in range(8)
]


@dataclass(frozen=True)
class Filled:
    """
    What a repository was filled with.

    Attributes:
        prefix: How all module paths begin.
        count: How many module versions were added.
        each: How many versions a usual module has.
        long: How many modules have LONG_LIST versions.
    """

    prefix: str
    count: int
    each: int
    long: int

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Module path and version of each, but for those with long lists."""
        names = [version for version, _, _ in versions(self.each)]
        for number in range(self.short):
            module, version = divmod(number, self.each)
            yield f"{self.prefix}/g{module}", names[version]

    @property
    def short(self) -> int:
        """How many module versions are of usual modules."""
        return self.count - self.long * LONG_LIST

    @property
    def long_modules(self) -> list[str]:
        """The paths of the modules with LONG_LIST versions."""
        return [f"{self.prefix}/long{number}" for number in range(self.long)]

    @property
    def modules(self) -> list[str]:
        """The paths of the usual modules."""
        return list(dict.fromkeys(path for path, _ in self))


def versions(count: int) -> Iterator[tuple[str, str, bool]]:
    """
    Make versions as modules have them: version, sort key, whether it is a pseudo-version.

    Args:
        count: How many.
    """
    for number in range(count):
        is_pseudo = number % _PSEUDO_EVERY == _PSEUDO_EVERY - 1
        version = f"v1.{number}.0"
        if is_pseudo:
            version = f"v1.{number}.1-0.20240102{number:06}-{number:012x}"
        yield version, semver.db_sort_key(version), is_pseudo


def fill(
    connection: "psycopg.Connection[Any]", repository: str, count: int, each: int = 20
) -> Filled:
    """
    Add module versions to a repository in one new repository version.

    Args:
        connection: A superuser's connection to Pulp's database.
        repository: The repository's name; it holds a zip already, whose artifact the new ones share.
        count: How many to add; where they are many, some modules have LONG_LIST versions.
        each: How many versions each other module has.
    """
    long = min(_MOST_LONG, count // (_LONG_EVERY * LONG_LIST))
    filled = Filled(f"{_HOST}/{repository}", count, each, long)
    with connection.transaction():
        # The rows are right by construction: checking each foreign key triples the time.
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL synchronous_commit = off")
        connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        _stage(connection, filled)
        _begin_version(connection, repository)
        for start in range(0, count, _BATCH):
            for statement in _COPIES:
                connection.execute(
                    statement,
                    {
                        "start": start,
                        "stop": start + _BATCH,
                        "readme": _README,
                        "requirements": Jsonb(_REQUIREMENTS),
                        "go_mod": _go_mod(),
                    },
                )
        _finish_version(connection, count)
    return filled


def document(connection: "psycopg.Connection[Any]", repository: str) -> None:
    """
    Add the documentation that a task would compute of what a repository was filled with: one package each.

    Args:
        connection: A superuser's connection to Pulp's database.
        repository: The repository's name.
    """
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL synchronous_commit = off")
        for statement in _DOCUMENTED:
            connection.execute(statement, {"below": f"{_HOST}/{repository}/"})


def add_distributions(
    connection: "psycopg.Connection[Any]", like: str, names: Sequence[str]
) -> None:
    """
    Add distributions that serve what another one serves.

    Args:
        connection: A superuser's connection to Pulp's database.
        like: The name of a distribution.
        names: Their names, and base paths.
    """
    connection.execute(_DISTRIBUTIONS, {"like": like, "names": list(names)})


def renew(connection: "psycopg.Connection[Any]") -> None:
    """
    Give each repository a new version that holds the same.

    Args:
        connection: A superuser's connection to Pulp's database.
    """
    connection.execute(_RENEWED.replace("{new}", _new_key(connection)).encode())
    # Nobody tells the content app, which trusts for a moment what it has seen.
    time.sleep(0.1)


def settle(connection: "psycopg.Connection[Any]") -> None:
    """
    Do what PostgreSQL itself does a while after much was written, so that it is over.

    Args:
        connection: A superuser's connection to Pulp's database.
    """
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")


def _go_mod() -> bytes:
    lines = "".join(
        f"\t{each['path']} {each['version']}{' // indirect' if each['indirect'] else ''}\n"
        for each in _REQUIREMENTS
    )
    return f"\n\ngo 1.21\n\nrequire (\n{lines})\n".encode()


def _stage(connection: "psycopg.Connection[Any]", filled: Filled) -> None:
    """Make the table of the units to come, and that of their versions."""
    connection.execute(
        'CREATE TEMPORARY TABLE names (number int PRIMARY KEY, version text COLLATE "C",'
        ' version_key text COLLATE "C", is_pseudo bool) ON COMMIT DROP'
    )
    with connection.cursor().copy("COPY names FROM STDIN") as copy:
        for number, row in enumerate(versions(LONG_LIST)):
            copy.write_row((number, *row))
    connection.execute(
        """
        CREATE TEMPORARY TABLE units ON COMMIT DROP AS
        SELECT made.number, module, version, version_key, is_pseudo,
               'h1:' || encode(sha256(convert_to(module || '@' || version, 'UTF8')), 'base64') AS h1,
               {new} AS pk, {new} AS pk_of_file, {new} AS pk_of_membership, {new} AS pk_of_release
        FROM (
            SELECT n AS number,
                   CASE WHEN n < %(short)s THEN %(prefix)s || '/g' || n / %(each)s
                        ELSE %(prefix)s || '/long' || (n - %(short)s) / %(long_list)s END AS module,
                   CASE WHEN n < %(short)s THEN n %% %(each)s
                        ELSE (n - %(short)s) %% %(long_list)s END AS name
            FROM generate_series(0, %(count)s - 1) AS n
        ) AS made JOIN names ON names.number = made.name
        ORDER BY made.number
        """.replace("{new}", _new_key(connection)),
        {
            "count": filled.count,
            "short": filled.short,
            "each": filled.each,
            "prefix": filled.prefix,
            "long_list": LONG_LIST,
        },
    )
    connection.execute("CREATE INDEX ON units (number)")
    connection.execute("ANALYZE units")


def _new_key(connection: "psycopg.Connection[Any]") -> str:
    """The function that makes keys as Pulp does: in the order of their making, if it is there."""
    return "uuidv7()" if connection.info.server_version >= 180000 else "gen_random_uuid()"


def _begin_version(connection: "psycopg.Connection[Any]", repository: str) -> None:
    """Note what all rows have in common."""
    connection.execute(
        """
        CREATE TEMPORARY TABLE target ON COMMIT DROP AS
        SELECT repository.pulp_id AS repository_pk, repository.pulp_domain_id AS domain_pk,
               repository.next_version AS new_number, {new} AS version_pk, newest.pulp_id AS newest_pk,
               artifact.pulp_id AS artifact_pk, artifact.size AS zip_size
        FROM core_repository AS repository
        JOIN core_repositoryversion AS newest
            ON newest.repository_id = repository.pulp_id AND newest.complete
        JOIN core_repositorycontent AS held ON held.repository_id = repository.pulp_id
        JOIN core_contentartifact AS file ON file.content_id = held.content_id
        JOIN core_artifact AS artifact ON artifact.pulp_id = file.artifact_id
        WHERE repository.name = %(repository)s
        ORDER BY newest.number DESC, artifact.size LIMIT 1
        """.replace("{new}", _new_key(connection)),
        {"repository": repository},
    )


_COPIES = (
    """
    INSERT INTO core_content (pulp_id, pulp_created, pulp_last_updated, pulp_type,
        timestamp_of_interest, pulp_domain_id, pulp_labels)
    SELECT pk, now(), now(), 'gomod.module', now(), target.domain_pk, ''
    FROM units, target WHERE units.number >= %(start)s AND units.number < %(stop)s
    """,
    """
    INSERT INTO gomod_gomodule (content_ptr_id, module, version, h1, version_key, is_pseudo, go_mod,
        go_mod_h1, has_go_mod, deprecated, go_version, requirements, license_file, readme,
        module_line, size, unpacked_size, file_count, _pulp_domain_id)
    SELECT pk, module, version, h1, version_key, is_pseudo,
        convert_to('module ' || module, 'UTF8') || %(go_mod)s, h1, true, '', '1.21',
        %(requirements)s, 'LICENSE', %(readme)s, module, target.zip_size, target.zip_size * 4, 20,
        target.domain_pk
    FROM units, target WHERE units.number >= %(start)s AND units.number < %(stop)s
    """,
    """
    INSERT INTO core_contentartifact (pulp_id, pulp_created, pulp_last_updated, relative_path,
        artifact_id, content_id)
    SELECT pk_of_file, now(), now(), module || '/@v/' || version || '.zip', target.artifact_pk, pk
    FROM units, target WHERE units.number >= %(start)s AND units.number < %(stop)s
    """,
    """
    INSERT INTO core_repositorycontent (pulp_id, pulp_created, pulp_last_updated, content_id,
        repository_id, version_added_id)
    SELECT pk_of_membership, now(), now(), pk, target.repository_pk, target.version_pk
    FROM units, target WHERE units.number >= %(start)s AND units.number < %(stop)s
    """,
    """
    INSERT INTO gomod_goindexentry (repository_id, unit_id, time, added)
    SELECT target.repository_pk, pk,
        (extract(epoch FROM now()) * 1000000)::bigint * 1000 + units.number, target.new_number
    FROM units, target WHERE units.number >= %(start)s AND units.number < %(stop)s
    """,
    """
    INSERT INTO gomod_golistedmodule (repository_id, module, added)
    SELECT DISTINCT target.repository_pk, units.module, target.new_number
    FROM units, target WHERE units.number >= %(start)s AND units.number < %(stop)s
    AND NOT EXISTS (
        SELECT 1 FROM gomod_golistedmodule AS known
        WHERE known.repository_id = target.repository_pk AND known.module = units.module)
    """,
    """
    INSERT INTO gomod_gorelease (pulp_id, pulp_created, pulp_last_updated, module, version, h1, time,
        source, published_by, first_seen, repository_id)
    SELECT pk_of_release, now(), now(), module, version, h1, now(), 'uploaded', 'admin', now(),
        target.repository_pk
    FROM units, target WHERE units.number >= %(start)s AND units.number < %(stop)s
    """,
)


def _finish_version(connection: "psycopg.Connection[Any]", count: int) -> None:
    """Write the repository version itself, with its counts and its array of all units."""
    connection.execute(
        """
        INSERT INTO core_repositoryversion (pulp_id, pulp_created, pulp_last_updated, number,
            complete, repository_id, info, content_ids)
        SELECT version_pk, now(), now(), new_number, true, repository_pk,
            jsonb_build_object('gomod', jsonb_build_object(
                'size', (newest.info #>> '{gomod,size}')::bigint + %(count)s * zip_size,
                'modules', (newest.info #>> '{gomod,modules}')::bigint + %(count)s)),
            newest.content_ids || ARRAY(SELECT pk FROM units ORDER BY number)
        FROM target CROSS JOIN LATERAL (
            SELECT info, content_ids FROM core_repositoryversion WHERE pulp_id = newest_pk
        ) AS newest
        """,
        {"count": count},
    )
    connection.execute(
        """
        INSERT INTO core_repositoryversioncontentdetails
            (count_type, content_type, count, repository_version_id)
        SELECT kind, 'gomod.module',
            CASE kind WHEN 'A' THEN %(count)s
                ELSE (SELECT cardinality(content_ids) FROM core_repositoryversion
                      WHERE pulp_id = version_pk) END, version_pk
        FROM target, unnest(ARRAY['A', 'P']) AS kind
        """,
        {"count": count},
    )
    connection.execute(
        "UPDATE core_repository SET next_version = target.new_number + 1, pulp_last_updated = now()"
        " FROM target WHERE core_repository.pulp_id = target.repository_pk"
    )


_RENEWED = """
    WITH renewed AS (
        UPDATE core_repository SET next_version = next_version + 1 RETURNING pulp_id, next_version
    ),
    made AS (
        INSERT INTO core_repositoryversion (pulp_id, pulp_created, pulp_last_updated, number,
            complete, repository_id, info, content_ids)
        SELECT {new}, now(), now(), renewed.next_version - 1, true, renewed.pulp_id,
            newest.info, newest.content_ids
        FROM renewed CROSS JOIN LATERAL (
            SELECT info, content_ids FROM core_repositoryversion
            WHERE repository_id = renewed.pulp_id AND complete ORDER BY number DESC LIMIT 1
        ) AS newest
        RETURNING pulp_id, content_ids
    )
    INSERT INTO core_repositoryversioncontentdetails
        (count_type, content_type, count, repository_version_id)
    SELECT 'P', 'gomod.module', cardinality(content_ids), pulp_id FROM made
    WHERE cardinality(content_ids) > 0
"""

# A word that is everywhere, one that some have, and one that few have.
_SYNOPSIS = "'Package ' || last || ' is a client of service ' || mod(number, 1000) || ', for topic' || number / 20 || '.'"
_FILLED = f"""
    SELECT pk, module, last, {_SYNOPSIS} AS synopsis FROM (
        SELECT content_ptr_id AS pk, module, regexp_replace(module, '.*/', '') AS last,
            ('x' || left(md5(module), 7))::bit(28)::int AS number
        FROM gomod_gomodule WHERE starts_with(module, %(below)s)
    ) AS filled
"""
_DOCUMENTED = (
    f"""
    INSERT INTO gomod_godocumentation (unit_id, state, program, computed, error, cut, synopsis,
        packages_count, readme_file, readme_text, readme_html, licences, licence_ids, redistributable)
    SELECT pk, 'complete', 2, now(), '', '[]', synopsis, 1, 'README.md', synopsis,
        '<p>' || synopsis || '</p>', '[{{"ids": ["MIT"], "file": "LICENSE", "text": "MIT"}}]', '{{MIT}}', true
    FROM ({_FILLED}) AS filled
    """,
    f"""
    INSERT INTO gomod_gopackage (unit_id, import_path, name, synopsis, internal, goos, goarch,
        documentation, symbols, names, imports, readme_file, readme_text, readme_html, words)
    SELECT pk, module, last, synopsis, false, '', '',
        jsonb_build_object('doc', jsonb_build_object('text', synopsis, 'html', '<p>' || synopsis || '</p>'),
            'funcs', jsonb_build_array(jsonb_build_object('name', 'Do', 'decl', 'func Do() error',
                'doc', jsonb_build_object('text', '', 'html', '')))),
        '[["Do", "Function", "func Do() error", ""]]', '{{do}}', '{{fmt,{_HOST}/needs/1/deep}}', '', '', '',
        setweight(to_tsvector('simple', last), 'A')
            || setweight(to_tsvector('simple', regexp_replace(module, '[^a-z0-9]', ' ', 'g')), 'B')
            || setweight(to_tsvector('english', synopsis), 'C')
    FROM ({_FILLED}) AS filled
    """,
)

_DOCUMENTED += (
    f"""
    UPDATE gomod_golistedmodule AS listed SET told = newest.pk,
        words = setweight(to_tsvector('simple', newest.last), 'A')
            || setweight(to_tsvector('simple', regexp_replace(newest.module, '[^a-z0-9]', ' ', 'g')), 'B')
            || setweight(to_tsvector('english', newest.synopsis), 'C')
            || setweight(to_tsvector('simple', newest.synopsis), 'D')
            || array_to_tsvector(ARRAY['@' || listed.repository_id, '!' || newest.last,
                '<{_HOST}/needs/1/deep', '={_HOST}/needs/0', '={_HOST}/needs/1'])
    FROM (SELECT DISTINCT ON (module) * FROM ({_FILLED}) AS filled ORDER BY module, pk) AS newest
    WHERE listed.module = newest.module AND listed.removed IS NULL
    """,
)

_DISTRIBUTIONS = """
    WITH added AS (
        INSERT INTO core_distribution (pulp_id, pulp_created, pulp_last_updated, pulp_type, name,
            base_path, repository_id, pulp_labels, pulp_domain_id, hidden, checkpoint)
        SELECT gen_random_uuid(), now(), now(), pulp_type, new_name, new_name,
            repository_id, pulp_labels, pulp_domain_id, hidden, checkpoint
        FROM core_distribution, unnest(%(names)s::text[]) AS new_name
        WHERE name = %(like)s
        RETURNING pulp_id
    )
    INSERT INTO gomod_godistribution (distribution_ptr_id, consumers, vanity_hosts)
        SELECT pulp_id, 'all', '[]' FROM added
"""
