"""The command `pulp gomod verify`."""

import os
import typing as t
from pathlib import Path

import click
import requests
from pulp_cli.generic import PulpCLIContext, pass_pulp_context, pulp_command, resource_option
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.auditing import Report, UncheckedError, compare, plain_session
from pulp_glue.gomod.context import (
    PulpGoDistributionContext,
    PulpGoRepositoryContext,
    PulpGoSumdbContext,
)
from pulp_glue.gomod.download import session_for
from pulp_glue.gomod.golang import GoError
from pulp_glue.gomod.golang.gosum import GoSumError
from pulp_glue.gomod.golang.sumdb import GoSumDB, parse_gosumdb
from pulp_glue.gomod.outputs import why_not_written

from pulpcore.cli.gomod.sumdb import key_callback

translation = get_translation(__package__)
_ = translation.gettext

_CONTRADICTED = 1
_UNCHECKED = 2
# A go.sum of a thousand modules has 200 kB.
_LARGEST = 64 << 20


class _Unchecked(click.ClickException):
    """Nothing was compared."""

    exit_code = _UNCHECKED


@pulp_command(short_help=_("Compare a go.sum with a checksum database."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@resource_option(
    "--distribution",
    default_plugin="gomod",
    default_type="gomod",
    context_table={"gomod:gomod": PulpGoDistributionContext},
    href_pattern=PulpGoDistributionContext.HREF_PATTERN,
    help=_(
        "The distribution to ask; unless --key is given, for the checksum database that its repository "
        "feeds. Specified as '[[<plugin>:]<type>:]<name>' or as href."
    ),
)
@click.option("--url", help=_("The URL of the GOPROXY to ask, instead of a distribution."))
@click.option(
    "--key",
    "database",
    callback=key_callback,
    help=_(
        "The key of the checksum database, as in GOSUMDB. Without it, the server is asked for the key, and "
        "so has to be trusted."
    ),
)
@click.option(
    "--head",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_(
        "A file that keeps the largest head that was seen: a database that does not continue it is refused. "
        "It is made if it does not exist."
    ),
)
@pass_pulp_context
@click.pass_context
def verify(
    ctx: click.Context,
    pulp_ctx: PulpCLIContext,
    /,
    file: Path,
    distribution: PulpGoDistributionContext | None,
    url: str | None,
    database: GoSumDB | None,
    head: Path | None,
) -> None:
    """
    Compare every line of a go.sum with what a checksum database has proven to have on record.

    The exit code is 0 if all lines are on record as they are, 1 if a line is missing or differs (each is
    named) or the database contradicts itself, and 2 if nothing could be compared.
    """
    if (distribution is None) == (url is None):
        raise click.UsageError(_("Give --distribution, or --url and --key."))
    if url is not None and database is None:
        raise click.UsageError(_("--url needs --key: as in GOSUMDB."))
    try:
        text = _read(file)
        known = head.read_bytes() if head is not None and head.exists() else b""
        session, goproxy, chosen = _where(pulp_ctx, distribution, url, database)
        report = compare(text, session, goproxy, chosen, known)
    except GoSumError as error:
        raise _Unchecked(str(error)) from error
    except GoError as error:
        click.echo(f"Error: {error}", err=True)
        ctx.exit(_CONTRADICTED)
    except (PulpException, requests.RequestException, OSError) as error:
        raise _Unchecked(str(error)) from error
    if head is not None and report.head != known:
        _keep(head, report.head)
    _show(pulp_ctx, file, report)
    if report.faults:
        ctx.exit(_CONTRADICTED)


def _show(pulp_ctx: PulpCLIContext, file: Path, report: Report) -> None:
    for fault in report.faults:
        click.echo(f"{file}:{fault.line}: {fault.text}", err=True)
    result: dict[str, t.Any] = {
        "database": report.database,
        "records": report.records,
        "lines": report.lines,
        "faults": len(report.faults),
    }
    pulp_ctx.output_result(result)


def _read(file: Path) -> str:
    with file.open("rb") as opened:
        data = opened.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise UncheckedError(_("{file} is too large for a go.sum").format(file=file))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UncheckedError(_("{file} is not a go.sum").format(file=file)) from error


def _where(
    pulp_ctx: PulpCLIContext,
    distribution: PulpGoDistributionContext | None,
    url: str | None,
    database: GoSumDB | None,
) -> tuple[requests.Session, str, GoSumDB]:
    """Find out what to ask, with what credentials, and whom to believe."""
    if distribution is None:
        assert url is not None and database is not None
        return plain_session(), url, database
    entity = distribution.entity
    client_url = entity.get("client_url")
    if not client_url:
        raise UncheckedError(_("The distribution has no URL to ask."))
    if database is None:
        database = _database_of(pulp_ctx, entity)
    return session_for(pulp_ctx, client_url), client_url, database


def _database_of(pulp_ctx: PulpCLIContext, distribution: t.Mapping[str, t.Any]) -> GoSumDB:
    href = distribution.get("repository")
    if not href and distribution.get("repository_version"):
        href = distribution["repository_version"].partition("versions/")[0]
    sumdb = PulpGoRepositoryContext(pulp_ctx, pulp_href=href).entity.get("sumdb") if href else None
    if not sumdb:
        raise UncheckedError(
            _(
                "What the distribution serves feeds no checksum database; give --key for another one."
            )
        )
    key = PulpGoSumdbContext(pulp_ctx, pulp_href=sumdb).entity["verifier_key"]
    return parse_gosumdb(key)


def _keep(head: Path, message: bytes) -> None:
    """Keep the head; a command that is interrupted leaves the old one."""
    new = head.with_name(f"{head.name}.{os.getpid()}")
    try:
        new.write_bytes(message)
        new.replace(head)
    except OSError as error:
        raise _Unchecked(why_not_written(head, error)) from error
