"""The commands `pulp gomod repository`."""

import re
import typing as t
from contextlib import suppress

import click
import schema as s
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    create_content_json_callback,
    destroy_command,
    href_option,
    int_or_empty,
    label_command,
    label_select_option,
    list_command,
    name_filter_options,
    name_option,
    pass_pulp_context,
    pass_repository_context,
    pulp_group,
    pulp_labels_option,
    pulp_option,
    repository_content_command,
    repository_href_option,
    repository_lookup_option,
    retained_versions_option,
    role_command,
    show_command,
    type_option,
    update_command,
    version_command,
)
from pulp_glue.common.context import (
    PulpRepositoryContext,
)
from pulp_glue.common.exceptions import PulpException
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import (
    PulpGoModFileContext,
    PulpGoModuleContext,
    PulpGoRepositoryContext,
)

from pulpcore.cli.core.generic import task_command
from pulpcore.cli.gomod.importing import import_modules
from pulpcore.cli.gomod.options import (
    module_filter_options,
    remote_option,
    search_option,
    size_callback,
    sumdb_option,
    vulndb_option,
    with_zips_options,
)
from pulpcore.cli.gomod.promotion import add
from pulpcore.cli.gomod.removal import remove
from pulpcore.cli.gomod.texts import go_mod_callback, go_work_callback, text_callback

translation = get_translation(__package__)
_ = translation.gettext


@pulp_group(short_help=_("Manage repositories."))
@type_option(choices={"gomod": PulpGoRepositoryContext})
def repository() -> None:
    """Manage repositories, their versions and their content."""


def _content_json_option(name: str, help_text: str) -> t.Callable[[t.Any], t.Any]:
    return pulp_option(
        name,
        callback=create_content_json_callback(
            schema=s.Schema(
                [
                    {
                        "module": str,
                        "version": str,
                        s.Optional("h1"): str,
                        s.Optional("go_mod_h1"): str,
                    }
                ]
            )
        ),
        help=help_text,
    )


lookup_options = [href_option, name_option, repository_lookup_option]
nested_lookup_options = [repository_href_option, repository_lookup_option]
update_options = [
    click.option("--description"),
    remote_option,
    retained_versions_option,
    sumdb_option,
    vulndb_option(
        "--vulndb",
        _(
            "The vulnerability database to scan with, and again whenever it changes. Specified as a name "
            "or as href."
        ),
    ),
    pulp_option(
        "--immutable/--not-immutable",
        default=None,
        help=_(
            "Whether a module version that was ever in the {entity} may only come back with the "
            "same bytes."
        ),
    ),
    pulp_option(
        "--max-size",
        callback=size_callback,
        help=_("The total size that all zips may have, such as 20GB; empty for no limit."),
    ),
    pulp_option(
        "--max-modules",
        type=int_or_empty,
        help=_("The number of module versions that the {entity} may hold; empty for no limit."),
    ),
    pulp_labels_option,
]
create_options = [*update_options, click.option("--name", required=True)]
modify_options = [
    _content_json_option(
        "--add-content",
        _(
            "JSON list of {entities} to add to the repository, each an object with the keys "
            '"module" and "version", and "h1" if those are ambiguous; or @file containing one.'
        ),
    ),
    _content_json_option(
        "--remove-content",
        _("JSON list of {entities} to remove from the repository, in the same form."),
    ),
]

repository.add_command(
    list_command(
        decorators=[
            *name_filter_options,
            click.option("--name-startswith", "name__startswith"),
            label_select_option,
        ]
    )
)
repository.add_command(show_command(decorators=lookup_options))
repository.add_command(create_command(decorators=create_options))
repository.add_command(update_command(decorators=[*lookup_options, *update_options]))
repository.add_command(destroy_command(decorators=lookup_options))
repository.add_command(task_command(decorators=nested_lookup_options))
repository.add_command(label_command(decorators=nested_lookup_options))
repository.add_command(role_command(decorators=lookup_options))
_content = repository_content_command(
    contexts={"module": PulpGoModuleContext, "modfile": PulpGoModFileContext},
    base_default_plugin="gomod",
    base_default_type="gomod",
    # --version is that of the repository here.
    list_decorators=[*module_filter_options, search_option],
    remove_decorators=None,
    modify_decorators=[*modify_options, *with_zips_options],
)
_content.add_command(add)
_content.add_command(remove)
repository.add_command(_content)
repository.add_command(import_modules)


@repository.command()
@name_option
@href_option
@repository_lookup_option
@click.option(
    "--unused-days",
    type=float,
    help=_("Remove modules that nobody has requested for this many days."),
)
@click.option(
    "--max-size",
    callback=size_callback,
    help=_(
        "The total size that all cached zips may have, such as 20GB; the least recently used are "
        "removed first."
    ),
)
@pass_repository_context
@pass_pulp_context
def cleanup(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    unused_days: float | None,
    max_size: int | None,
) -> None:
    """Remove modules that were cached from an upstream. Uploaded modules are never removed."""
    assert isinstance(repository_ctx, PulpGoRepositoryContext)
    pulp_ctx.output_result(repository_ctx.cleanup(unused_days, max_size))


@repository.command()
@name_option
@href_option
@repository_lookup_option
@click.option(
    "--anew", is_flag=True, help=_("Also recompute the documentation that is there already.")
)
@pass_repository_context
@pass_pulp_context
def document(
    pulp_ctx: PulpCLIContext, repository_ctx: PulpRepositoryContext, /, anew: bool
) -> None:
    """Compute missing documentation. Modules have none if they were added before this was done automatically."""
    assert isinstance(repository_ctx, PulpGoRepositoryContext)
    pulp_ctx.output_result(repository_ctx.document(anew))


_VERSION = re.compile(r"/versions/(\d+)/$")
_KINDS = {"gomod.module": _("module(s)"), "gomod.modfile": _("go.mod file(s)")}

_what_to_sync = [
    remote_option,
    click.option(
        "--module",
        "modules",
        multiple=True,
        help=_(
            "A module to sync, with a version as 'go get' takes it (example.com/mod@v1.2.3, @v1, @latest, "
            "@main, a commit), or, of all tagged versions, all in a range ('example.com/mod@>=v1.2.0 "
            "<v2.0.0') or all (example.com/mod). Can be specified multiple times."
        ),
    ),
    click.option(
        "--go-sum",
        callback=text_callback,
        help=_("A go.sum, as @FILE: everything it names is synced, and must match its checksums."),
    ),
    click.option(
        "--go-mod",
        callback=go_mod_callback,
        help=_("A go.mod, as @FILE: everything it requires is synced, directly or indirectly."),
    ),
    click.option(
        "--go-work",
        callback=go_work_callback,
        help=_(
            "The go.work of a workspace, as FILE: everything is synced that the modules in its 'use' "
            "directories require together, and their go.sum files and go.work.sum must match."
        ),
    ),
    click.option(
        "--toolchain",
        "toolchains",
        multiple=True,
        help=_(
            'A Go toolchain to sync: "go1.26.8 linux-amd64", or "go1.26.x linux-amd64" for the newest '
            "release of 1.26. Can be specified multiple times."
        ),
    ),
    click.option(
        "--toolchain-platform",
        "toolchain_platforms",
        multiple=True,
        help=_(
            "With --go-mod or --go-work: a platform such as linux-amd64, for which the toolchain that the "
            "file selects is synced, too. Can be specified multiple times."
        ),
    ),
    click.option(
        "--tool",
        "tools",
        multiple=True,
        help=_(
            "A tool to sync with all that 'go install' needs to build it, such as "
            "golang.org/x/tools/cmd/stringer@latest, or @v0.30 or @master. Can be specified multiple times."
        ),
    ),
    click.option(
        "--index",
        is_flag=True,
        help=_(
            "Follow the upstream's index: sync all that came there since this repository last did so."
        ),
    ),
    click.option(
        "--since",
        help=_(
            "With --index: begin at this time, such as 2026-01-02T03:04:05Z, and not where it was left."
        ),
    ),
    click.option(
        "--pattern",
        "patterns",
        multiple=True,
        help=_(
            "With --index: only modules that match, such as example.com/... or 'example.com/mod@>=v1.2.0'. "
            "Can be specified multiple times."
        ),
    ),
    click.option(
        "--missing",
        type=click.Choice(["fail", "skip"]),
        help=_(
            "What to do about versions that the upstream does not have, or that Go rejects. By "
            "default, versions that you name make the sync fail; those that only the upstream's list "
            "names are skipped, and named in the task."
        ),
    ),
    click.option(
        "--mirror/--no-mirror",
        default=None,
        help=_("Whether to remove everything else from the new version of the repository."),
    ),
]


def sync_options(command: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """Give a command the options that say what to sync."""
    for option in reversed(_what_to_sync):
        command = option(command)
    return command


def _wanted(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return what is to be synced, without what was not said."""
    plain: dict[str, t.Any] = {
        key: list(each) if isinstance(each, tuple) else each for key, each in options.items()
    }
    workspaces = [plain.pop(key) for key in ("go_work", "go_mod") if isinstance(plain[key], dict)]
    wanted = {key: each for key, each in plain.items() if each}
    for workspace in workspaces:
        # A go.sum that is given counts, and not those that are there.
        wanted = {key: each for key, each in workspace.items() if each} | wanted
    if options["go_sum"] == "":
        # That of a module which requires nothing.
        wanted["go_sum"] = ""
    return wanted


@repository.command()
@name_option
@href_option
@repository_lookup_option
@sync_options
@pass_repository_context
def sync(repository_ctx: PulpRepositoryContext, /, **options: t.Any) -> None:
    """Fetch modules from a remote, by default the repository's own."""
    task = repository_ctx.sync(body=_wanted(options))
    reports = task.get("progress_reports", ())
    nothing = [each for each in reports if each["total"] == 0]
    for report in [each for each in reports if each["code"] == "sync.gomod.chosen"] + nothing:
        click.echo(report["message"], err=True)
    if not nothing:
        # Whoever may sync might not see the repository; it is done all the same.
        with suppress(PulpException):
            click.echo(_what_came(repository_ctx, task), err=True)


def _what_came(repository_ctx: PulpRepositoryContext, task: t.Mapping[str, t.Any]) -> str:
    """Say in one line what a sync has changed."""
    name = repository_ctx.entity["name"]
    created = task.get("created_resources") or ()
    numbers = [int(found[1]) for href in created if (found := _VERSION.search(str(href)))]
    if not numbers:
        return _("Nothing new: {name} has all of it.").format(name=name)
    summary = repository_ctx.get_version_context(numbers[-1]).entity["content_summary"]
    changes = [
        f"{each['count']} {_KINDS.get(kind, kind)} {did}"
        for key, did in (("added", _("added")), ("removed", _("removed")))
        for kind, each in sorted(summary[key].items(), reverse=True)
    ]
    line = _("Version {number} of {name}: {changes}.")
    return line.format(number=numbers[-1], name=name, changes=", ".join(changes) or _("no change"))


_schedule_option = click.option(
    "--schedule", help=_("The name of the schedule, if the repository has several.")
)


@repository.command()
@name_option
@href_option
@repository_lookup_option
@_schedule_option
@click.option("--every", required=True, help=_("How often to sync, such as 30m, 6h or 1d."))
@click.option(
    "--begin",
    help=_("When to sync for the first time, such as 2026-01-02T03:00:00Z; now by default."),
)
@sync_options
@pass_repository_context
@pass_pulp_context
def schedule(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    schedule: str | None,
    every: str,
    begin: str | None,
    **options: t.Any,
) -> None:
    """Sync at regular intervals. A schedule of the same name is replaced."""
    assert isinstance(repository_ctx, PulpGoRepositoryContext)
    when = {"schedule": schedule, "every": every, "begin": begin}
    body = _wanted(options) | {key: each for key, each in when.items() if each}
    pulp_ctx.output_result(repository_ctx.schedule(body))


@repository.command()
@name_option
@href_option
@repository_lookup_option
@pass_repository_context
@pass_pulp_context
def schedules(pulp_ctx: PulpCLIContext, repository_ctx: PulpRepositoryContext, /) -> None:
    """List the syncs that are repeated."""
    assert isinstance(repository_ctx, PulpGoRepositoryContext)
    pulp_ctx.output_result(repository_ctx.schedules())


@repository.command()
@name_option
@href_option
@repository_lookup_option
@_schedule_option
@pass_repository_context
def unschedule(repository_ctx: PulpRepositoryContext, /, schedule: str | None) -> None:
    """Stop repeating a sync."""
    assert isinstance(repository_ctx, PulpGoRepositoryContext)
    repository_ctx.unschedule(schedule)


_versions = version_command(decorators=nested_lookup_options)
assert isinstance(_versions, click.Group)
repository.add_command(_versions)
