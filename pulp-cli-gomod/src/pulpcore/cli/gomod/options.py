"""Options that several commands have."""

import datetime
import typing as t

import click
from pulp_cli.generic import (
    PulpCLIContext,
    lookup_callback,
    option_processor,
    pulp_option,
    resource_option,
)
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.candidates import NamedContentContext
from pulp_glue.gomod.context import (
    PulpGoModFileContext,
    PulpGoModuleContext,
    PulpGoPolicyContext,
    PulpGoReleaseContext,
    PulpGoRemoteContext,
    PulpGoRepositoryContext,
    PulpGoSumdbContext,
    PulpGoVulndbContext,
)
from pulp_glue.gomod.sizes import SizeError, parse_size

translation = get_translation(__package__)
_ = translation.gettext

Decorator = t.Callable[[t.Any], t.Any]


def size_callback(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> int | str | None:
    """
    Read a size as the API does; an empty one is kept, and stands for none.

    Raises:
        click.BadParameter: It is none.
    """
    if not value:
        return value
    try:
        return parse_size(value)
    except SizeError as error:
        raise click.BadParameter(str(error)) from error


def time_callback(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> datetime.datetime | str | None:
    """Read a time, as UTC where it names no zone; an empty one is kept, and stands for none."""
    if not value:
        return value
    try:
        time = datetime.datetime.fromisoformat(value)
        # pulp-glue writes times without their zone, and as UTC.
        return time.astimezone(datetime.UTC) if time.tzinfo else time
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            _("'{value}' is not a time such as 2026-02-03T04:05:06Z.").format(value=value)
        ) from error


def severity_callback(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> float | str | None:
    """Read a severity; an empty one is kept, and stands for none."""
    if not value:
        return value
    severity: float = click.FloatRange(0, 10)(value, param, ctx)
    return severity


def repository_option(
    help_text: str, required: bool = False, name: str = "--repository"
) -> Decorator:
    """
    Make an option that names a repository.

    Args:
        help_text: What it is for.
        required: Whether a command has to have it.
        name: How it is called.
    """
    return resource_option(
        name,
        required=required,
        default_plugin="gomod",
        default_type="gomod",
        context_table={"gomod:gomod": PulpGoRepositoryContext},
        href_pattern=PulpGoRepositoryContext.HREF_PATTERN,
        help=_("{purpose} Specified as '[[<plugin>:]<type>:]<name>' or as href.").format(
            purpose=help_text
        ),
    )


sumdb_option = pulp_option(
    "--sumdb",
    callback=lambda ctx, param, value: _sumdb(ctx, value),
    help=_(
        "Name or href of the checksum database that records whatever enters the {entity}; empty for none."
    ),
)


def _sumdb(ctx: click.Context, value: str | None) -> PulpGoSumdbContext | str | None:
    """Find a checksum database by name or href; pulp-cli takes the slash of a name for an href's."""
    if not value:
        return value
    pulp_ctx = ctx.find_object(PulpCLIContext)
    assert pulp_ctx is not None
    if value.startswith("/"):
        return PulpGoSumdbContext(pulp_ctx, pulp_href=value)
    return PulpGoSumdbContext(pulp_ctx, entity={"name": value})


remote_option = resource_option(
    "--remote",
    default_plugin="gomod",
    default_type="gomod",
    context_table={"gomod:gomod": PulpGoRemoteContext},
    href_pattern=PulpGoRemoteContext.HREF_PATTERN,
    help=_(
        "The upstream to fetch missing modules from. Specified as '[[<plugin>:]<type>:]<name>' or "
        "as href."
    ),
)


def policy_option(help_text: str, *names: str) -> Decorator:
    """
    Return an option that names a policy.

    Parameters:
        help_text: What it is for.
        names: What the command calls it, if not like the option.
    """
    option: Decorator = resource_option(
        "--policy",
        *names,
        default_plugin="gomod",
        default_type="policies",
        context_table={"gomod:policies": PulpGoPolicyContext},
        href_pattern=PulpGoPolicyContext.HREF_PATTERN,
        help=_("{purpose} Specified as a name or as href.").format(purpose=help_text),
    )
    return option


def vulndb_option(name: str, help_text: str) -> Decorator:
    """
    Return an option that names a vulnerability database.

    Parameters:
        name: The option, with its dashes.
        help_text: What it is for.
    """
    option: Decorator = resource_option(
        name,
        default_plugin="gomod",
        default_type="vulndbs",
        context_table={"gomod:vulndbs": PulpGoVulndbContext},
        href_pattern=PulpGoVulndbContext.HREF_PATTERN,
        help=help_text,
    )
    return option


def _fetch_zips(ctx: click.Context) -> None:
    """Let the repository fetch zips when it is modified, whichever command does that."""
    repository_ctx = ctx.find_object(PulpGoRepositoryContext)
    assert repository_ctx is not None
    repository_ctx.with_zips = ctx.params.pop("with_zips")
    repository_ctx.zips_from = ctx.params.pop("zips_from")
    if repository_ctx.zips_from and not repository_ctx.with_zips:
        raise click.UsageError(_("--remote says where --with-zips fetches from: give both."))


with_zips_options: list[Decorator] = [
    click.option(
        "--with-zips",
        is_flag=True,
        help=_(
            "First fetch the zips that would be missing: those of go.mod files that are added, and "
            "those that an on-demand sync left out of a base version."
        ),
    ),
    resource_option(
        "--remote",
        "zips_from",
        default_plugin="gomod",
        default_type="gomod",
        context_table={"gomod:gomod": PulpGoRemoteContext},
        href_pattern=PulpGoRemoteContext.HREF_PATTERN,
        help=_("Where --with-zips fetches from. Defaults to the repository's remote."),
    ),
    option_processor(callback=_fetch_zips),
]

version_number_option = click.option(
    "--version", type=int, help=_("The number of the repository version. Defaults to the newest.")
)

module_filter_options: list[Decorator] = [
    click.option("--module", help=_("Show only the module with this path.")),
    click.option(
        "--module-contains",
        "module__contains",
        help=_("Show only modules whose path contains this."),
    ),
    click.option(
        "--module-startswith",
        "module__startswith",
        help=_("Show only modules whose path starts with this."),
    ),
]

module_in_option = pulp_option(
    "--module-in",
    "module__in",
    multiple=True,
    help=_("Show only modules with one of these paths. Can be specified multiple times."),
)

module_version_filter_options: list[Decorator] = [
    click.option("--version", help=_("Show only this module version, such as v1.2.3.")),
    pulp_option(
        "--version-in",
        "version__in",
        multiple=True,
        help=_("Show only these module versions. Can be specified multiple times."),
    ),
]


def _of_modules(*names: str, help_text: str, **kwargs: t.Any) -> Decorator:
    return pulp_option(
        *names, help=help_text, allowed_with_contexts=(PulpGoModuleContext,), **kwargs
    )


go_filter_options: list[Decorator] = [
    *(
        _of_modules(
            f"--version-{word}",
            f"version__{word}",
            help_text=_("Show only versions {which} this one, as Go sorts them.").format(
                which=which
            ),
        )
        for word, which in (
            ("gte", _("from")),
            ("gt", _("after")),
            ("lte", _("up to")),
            ("lt", _("before")),
        )
    ),
    _of_modules("--sha256", help_text=_("Show only the module whose zip has this SHA-256.")),
    _of_modules(
        "--size-gte",
        "size__gte",
        callback=size_callback,
        help_text=_("Show only modules whose zip has at least this size, such as 10MB."),
    ),
    _of_modules(
        "--size-lte",
        "size__lte",
        callback=size_callback,
        help_text=_("Show only modules whose zip has at most this size, such as 10MB."),
    ),
    _of_modules(
        "--go-version", help_text=_("Show only modules whose go.mod has this go directive.")
    ),
    _of_modules(
        "--requires",
        help_text=_("Show only modules that require this one: a path, or path@v1.2.3."),
    ),
    _of_modules(
        "--deprecated/--not-deprecated",
        default=None,
        help_text=_(
            "Show only modules whose go.mod has a deprecation notice, or only those without one."
        ),
    ),
    _of_modules(
        "--retracted/--not-retracted",
        default=None,
        help_text=_(
            "Show only versions that the newest version of their module retracts, or only "
            "those that it does not retract."
        ),
    ),
]

search_option = click.option(
    "--q",
    "--search",
    "q",
    help=_(
        "Show only modules whose path contains all of these words, in upper or lower case; or "
        "those that match a filter expression such as 'module=example.com/a AND NOT "
        "version=v1.0.0'."
    ),
)

h1_option = pulp_option(
    "--h1",
    help=_("Go's checksum of the zip, as in go.sum."),
    allowed_with_contexts=(PulpGoModuleContext, PulpGoReleaseContext),
)

go_mod_h1_option = click.option("--go-mod-h1", help=_("Go's checksum of the go.mod, as in go.sum."))


def split_name(name: str) -> tuple[str, str | None]:
    """
    Read `example.com/mod@v1.2.3`, the name of a module version as go has it, or a path alone.

    Args:
        name: What was typed.

    Raises:
        click.BadParameter: It is no name.
    """
    path, at, version = name.partition("@")
    if not path or (at and not version) or "@" in version:
        raise click.BadParameter(
            _("'{name}' is not a name such as example.com/mod@v1.2.3.").format(name=name)
        )
    return path, version or None


def _module_callback(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Look up by a path, or by a path and a version in one word."""
    if value is None:
        return None
    path, version = split_name(value)
    entity_ctx = ctx.find_object(PulpEntityContext)
    assert entity_ctx is not None
    if version is not None:
        _say_version(entity_ctx, version)
    entity_ctx.entity = {"module": path}
    return value


def _version_callback(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        entity_ctx = ctx.find_object(PulpEntityContext)
        assert entity_ctx is not None
        _say_version(entity_ctx, value)
    return value


def _say_version(entity_ctx: PulpEntityContext, version: str) -> None:
    before = entity_ctx._entity_lookup.get("version", version)
    if before != version:
        raise click.UsageError(
            _("One option says version {one}, and another says {other}.").format(
                one=before, other=version
            )
        )
    entity_ctx.entity = {"version": version}


def _lookup_option(name: str, help_text: str, **kwargs: t.Any) -> Decorator:
    field = name.removeprefix("--").replace("-", "_")
    return pulp_option(
        name, help=help_text, callback=lookup_callback(field), expose_value=False, **kwargs
    )


module_lookup_options: list[Decorator] = [
    pulp_option(
        "--module",
        help=_("Module path of the {entity}, or path and version: example.com/mod@v1.2.3."),
        callback=_module_callback,
        expose_value=False,
    ),
    pulp_option(
        "--version",
        help=_("Module version of the {entity}, such as v1.2.3."),
        callback=_version_callback,
        expose_value=False,
    ),
    _lookup_option(
        "--h1",
        _("Go's checksum of the zip, if a module version has several different zips."),
        allowed_with_contexts=(PulpGoModuleContext, PulpGoReleaseContext),
    ),
    _lookup_option(
        "--go-mod-h1",
        _("Go's checksum of the go.mod, if a module version has several."),
        allowed_with_contexts=(PulpGoModFileContext,),
    ),
]


def named_units(context: NamedContentContext, names: tuple[str, ...]) -> list[NamedContentContext]:
    """Return the content that the arguments name, or else the options."""
    if not names:
        return [context]
    given = context._entity_lookup
    if given and (len(names) > 1 or given.keys() - {context.CHECKSUM}):
        raise click.UsageError(_("Name the content by arguments or by options, not both."))
    units = []
    for name in names:
        path, version = split_name(name)
        if version is None:
            raise click.UsageError(_("{name} needs a version: {name}@v1.2.3").format(name=name))
        criteria: dict[str, t.Any] = {"module": path, "version": version, **given}
        unit = type(context)(context.pulp_ctx, entity=criteria)
        unit.repository_ctx = context.repository_ctx
        units.append(unit)
    return units
