"""The commands `pulp gomod sumdb`."""

import datetime
import typing as t
from pathlib import Path

import click
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    destroy_command,
    href_option,
    list_command,
    name_filter_options,
    name_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    pulp_option,
    role_command,
    show_command,
    update_command,
)
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import PulpGoSumdbContext
from pulp_glue.gomod.golang import GoError
from pulp_glue.gomod.golang.sumdb import GoSumDB, cosignature, parse_gosumdb, proof_file
from pulp_glue.gomod.golang.sumdb.proving import lines_about

from pulpcore.cli.gomod.options import split_name, time_callback
from pulpcore.cli.gomod.writing import write

translation = get_translation(__package__)
_ = translation.gettext


@pulp_group(short_help=_("Manage checksum databases of your own."))
@pass_pulp_context
@click.pass_context
def sumdb(ctx: click.Context, pulp_ctx: PulpCLIContext, /) -> None:
    """Manage checksum databases that this server signs, for private and public modules alike."""
    ctx.obj = PulpGoSumdbContext(pulp_ctx)


def key_callback(ctx: click.Context, param: click.Parameter, value: str | None) -> GoSumDB | None:
    """Read a key as GOSUMDB has it: the key alone, or with the URL of the database."""
    if value is None:
        return None
    try:
        database = parse_gosumdb(value)
    except GoError as error:
        raise click.BadParameter(str(error)) from error
    if database.off:
        raise click.BadParameter(_("'off' is no key."))
    return database


def _witness_callback(
    ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, str], ...]
) -> list[dict[str, str]] | None:
    for url, key in value:
        try:
            cosignature.new_verifier(key)
        except GoError as error:
            raise click.BadParameter(f"{url}: {error}") from error
    return [{"url": url, "key": key} for url, key in value] or None


def _cosigners_callback(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> list[cosignature.CosignatureVerifier]:
    try:
        return [cosignature.new_verifier(key) for key in value]
    except GoError as error:
        raise click.BadParameter(str(error)) from error


def _no_witnesses_callback(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        if ctx.params.get("witnesses"):
            raise click.UsageError(_("--no-witnesses and --witness contradict each other."))
        ctx.params["witnesses"] = []


def _witness_option(help_text: str) -> t.Callable[[t.Any], t.Any]:
    return pulp_option(
        "--witness",
        "witnesses",
        nargs=2,
        multiple=True,
        metavar="URL KEY",
        is_eager=True,
        callback=_witness_callback,
        help=help_text,
    )


lookup_options = [href_option, name_option]
create_options = [
    click.option(
        "--name",
        required=True,
        help=_(
            "The name that clients know it by, for ever: a host and a path such as "
            "corp.example.com/sumdb, in lower case."
        ),
    ),
    _witness_option(
        _(
            "The submission URL and the key of a witness that is asked to cosign. Can be specified "
            "multiple times."
        )
    ),
]
update_options = [
    _witness_option(
        _(
            "The submission URL and the key of a witness that is asked to cosign, instead of those "
            "there were. Can be specified multiple times."
        )
    ),
    click.option(
        "--no-witnesses",
        is_flag=True,
        expose_value=False,
        callback=_no_witnesses_callback,
        help=_("Ask no witnesses any more."),
    ),
]

sumdb.add_command(list_command(decorators=name_filter_options))
sumdb.add_command(show_command(decorators=lookup_options))
sumdb.add_command(create_command(decorators=create_options))
sumdb.add_command(update_command(decorators=[*lookup_options, *update_options]))
sumdb.add_command(destroy_command(decorators=lookup_options))
sumdb.add_command(role_command(decorators=lookup_options))


@sumdb.command()
@href_option
@name_option
@click.option(
    "--until",
    required=True,
    callback=time_callback,
    help=_("When the old key stops signing, such as 2027-02-03T00:00:00Z."),
)
@pass_entity_context
@pass_pulp_context
def rotate(
    pulp_ctx: PulpCLIContext,
    entity_ctx: PulpEntityContext,
    /,
    until: datetime.datetime | str | None,
) -> None:
    """
    Make a new key, and sign with both the old and the new one until some time.

    A client can change to the new key only once it has seen a head that both have signed: have every client
    use the database before that time.
    """
    assert isinstance(entity_ctx, PulpGoSumdbContext)
    pulp_ctx.output_result(entity_ctx.rotate({"until": until}))


@sumdb.command()
@href_option
@name_option
@pass_entity_context
@pass_pulp_context
def check(pulp_ctx: PulpCLIContext, entity_ctx: PulpEntityContext, /) -> None:
    """Prove the whole log against its head, and against the head that is kept in the storage."""
    assert isinstance(entity_ctx, PulpGoSumdbContext)
    pulp_ctx.output_result(entity_ctx.check())


@sumdb.command()
@href_option
@name_option
@pass_entity_context
@pass_pulp_context
def recover(pulp_ctx: PulpCLIContext, entity_ctx: PulpEntityContext, /) -> None:
    """Bring back the records that a restored server has lost, from what is kept in the storage."""
    assert isinstance(entity_ctx, PulpGoSumdbContext)
    pulp_ctx.output_result(entity_ctx.recover())


@sumdb.command()
@click.argument("module_version", metavar="MODULE@VERSION")
@href_option
@name_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("The file to write, such as mod.tlog-proof. Defaults to the standard output."),
)
@pass_entity_context
def prove(entity_ctx: PulpEntityContext, /, module_version: str, output: Path | None) -> None:
    """
    Fetch the proof that a module version is in the log, to be verified without a network.

    The file is a tlog-proof of C2SP, with the record in it; `pulp gomod sumdb verify` checks it.
    """
    assert isinstance(entity_ctx, PulpGoSumdbContext)
    path, version = split_name(module_version)
    if version is None:
        raise click.UsageError(
            _("'{name}' names no version, such as example.com/mod@v1.2.3.").format(
                name=module_version
            )
        )
    proof = entity_ctx.prove(path, version)
    write([proof], output)


@sumdb.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "database",
    required=True,
    callback=key_callback,
    help=_("The key of the checksum database, as in GOSUMDB."),
)
@click.option(
    "--witness",
    "cosigners",
    multiple=True,
    callback=_cosigners_callback,
    help=_("The key of a witness that must have cosigned. Can be specified multiple times."),
)
@click.option(
    "--module",
    "module_version",
    help=_("The module version that it has to be about: example.com/mod@v1.2.3."),
)
@pass_pulp_context
def verify(
    pulp_ctx: PulpCLIContext,
    /,
    file: Path,
    database: GoSumDB,
    cosigners: list[cosignature.CosignatureVerifier],
    module_version: str | None,
) -> None:
    """
    Verify a proof, without a network: that a module version is in the log, with these checksums.

    The exit code is 1 if it proves nothing.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(proof_file.MAX_SIZE + 1)
        proven = proof_file.verify_proof(data, database.key, cosigners=cosigners)
    except (GoError, OSError) as error:
        raise PulpException(f"{file}: {error}") from error
    signed = {(each.name, each.hash): each for each in proven.note.sigs}
    for cosigner in cosigners:
        if (cosigner.name, cosigner.key_hash) not in signed:
            raise PulpException(
                _("{file}: {name} has not cosigned").format(file=file, name=cosigner.name)
            )
    if module_version is not None:
        path, version = split_name(module_version)
        if not lines_about(proven.record, path, version or ""):
            raise PulpException(
                _("{file}: the proof is not about {name}").format(file=file, name=module_version)
            )
    origin, tree, _extension = proven.checkpoint
    pulp_ctx.output_result(
        {
            "origin": origin,
            "size": tree.n,
            "number": proven.number,
            "lines": proven.record.decode().splitlines(),
            "witnesses": [
                {
                    "name": each.name,
                    "seen": _time(cosignature.seen_at(signed[each.name, each.key_hash])),
                }
                for each in cosigners
            ],
        }
    )


def _time(seconds: int) -> str:
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return str(seconds)
