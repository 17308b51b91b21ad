"""`pulp gomod repository content add`: promotion by name, from a place that is named too."""

import re
import typing as t

import click
from pulp_cli.generic import (
    PulpCLIContext,
    href_option,
    pass_content_context,
    pass_repository_context,
    pulp_command,
    repository_lookup_option,
)
from pulp_glue.common.context import (
    PulpContentContext,
    PulpRepositoryContext,
    PulpRepositoryVersionContext,
)
from pulp_glue.common.exceptions import PulpEntityNotFound, PulpHTTPError
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.candidates import NamedContentContext
from pulp_glue.gomod.context import PulpGoRepositoryContext, PulpGoRepositoryVersionContext

from pulpcore.cli.gomod.options import (
    module_lookup_options,
    named_units,
    repository_option,
    with_zips_options,
)

translation = get_translation(__package__)
_ = translation.gettext

_VERSION_HREF = re.compile(r"(?P<repository>/.+/)versions/(?P<number>\d+)/?")


def _source_callback(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[PulpGoRepositoryContext, int] | None:
    """Read `REPOSITORY[@VERSION]`, or the href of either."""
    if value is None:
        return None
    pulp_ctx = ctx.find_object(PulpCLIContext)
    assert pulp_ctx is not None
    named, at, number = value.rpartition("@")
    if match := _VERSION_HREF.fullmatch(value):
        named, number = match["repository"], match["number"]
    elif not at or not number.isdecimal():
        named, number = value, "-1"
    if named.startswith("/"):
        return PulpGoRepositoryContext(pulp_ctx, pulp_href=named), int(number)
    criteria: dict[str, t.Any] = {"name": named}
    if named.startswith("prn:"):
        criteria = {"prn__in": [named]}
    return PulpGoRepositoryContext(pulp_ctx, entity=criteria), int(number)


@pulp_command("add")
@click.argument("names", nargs=-1, metavar="[MODULE@VERSION]...")
@repository_lookup_option
@click.option(
    "--from",
    "source",
    callback=_source_callback,
    metavar="REPOSITORY[@NUMBER]",
    help=_(
        "The repository to add from, and the number of its version (by default the newest). Needed "
        "if repositories have different bytes under the same name."
    ),
)
@repository_option(
    _("Start from this repository's content instead."),
    name="--base-repository",
)
@click.option(
    "--base-version", type=int, help=_("Start from this version instead of the newest one.")
)
@pass_repository_context
@pass_content_context
def add(
    content_ctx: PulpContentContext,
    repository_ctx: PulpRepositoryContext,
    /,
    names: tuple[str, ...],
    source: tuple[PulpGoRepositoryContext, int] | None,
    base_repository: PulpGoRepositoryContext | None,
    base_version: int | None,
) -> None:
    """
    Add content that is already on the server to the repository, as one new version.

    \b
    Examples:
      pulp gomod repository content add --repository stable --from dev example.com/mod@v1.2.3
      pulp gomod repository content add --repository stable --from dev@7 example.com/a@v1.0.0 example.com/b@v1.1.0
      pulp gomod repository content add --repository stable --module example.com/mod --version v1.2.3
    """  # noqa: D301
    assert isinstance(content_ctx, NamedContentContext)
    units = named_units(content_ctx, names)
    if source is not None:
        version = _version_of(*source)
        for unit in units:
            unit.source = version
    base: PulpRepositoryVersionContext | None = None
    if base_repository is not None or base_version is not None:
        start = repository_ctx if base_repository is None else base_repository
        base = start.get_version_context(-1 if base_version is None else base_version)
    repository_ctx.modify(add_content=[unit.pulp_href for unit in units], base_version=base)


def _version_of(repository: PulpGoRepositoryContext, number: int) -> PulpGoRepositoryVersionContext:
    version = repository.get_version_context(number)
    assert isinstance(version, PulpGoRepositoryVersionContext)
    try:
        # It is only a part of what is asked for next: whether it is there is said better here.
        _found = version.entity
    except PulpHTTPError as error:
        if error.status_code != 404:
            raise
        message = _("{repository} has no version {number}.").format(
            repository=repository.entity["name"], number=number
        )
        raise PulpEntityNotFound(message) from error
    return version


for _option in (href_option, *module_lookup_options, *with_zips_options):
    add = _option(add)
