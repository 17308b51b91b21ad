"""The commands `pulp gomod policy`."""

import typing as t

import click
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    destroy_command,
    href_option,
    list_command,
    name_filter_options,
    name_option,
    pass_pulp_context,
    pulp_group,
    pulp_option,
    role_command,
    show_command,
    update_command,
)
from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.exceptions import PulpEntityNotFound
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.context import (
    PulpGoDistributionContext,
    PulpGoEventContext,
    PulpGoPolicyContext,
)

from pulpcore.cli.gomod.options import (
    Decorator,
    severity_callback,
    time_callback,
    vulndb_option,
)
from pulpcore.cli.gomod.texts import json_callback

translation = get_translation(__package__)
_ = translation.gettext

_rules = json_callback('[{"module": "example.com/bad", "versions": "<v1.2.0", "reason": "broken"}]')
_MODES = click.Choice(["off", "observe", "lists", "enforce"], case_sensitive=False)


@pulp_group(short_help=_("Manage policies."))
@pass_pulp_context
@click.pass_context
def policy(ctx: click.Context, pulp_ctx: PulpCLIContext, /) -> None:
    """Manage policies: the conditions under which module versions are not served. A distribution names its policy."""
    ctx.obj = PulpGoPolicyContext(pulp_ctx)


lookup_options: list[Decorator] = [href_option, name_option]
update_options: list[Decorator] = [
    pulp_option("--description", help=_("What the {entity} is for.")),
    click.option(
        "--deny",
        callback=_rules,
        help=_(
            "What is never served: a JSON list of objects with module (a pattern as in GOPRIVATE), "
            "versions (a range, or empty) and reason; or @FILE with one. It replaces the list."
        ),
    ),
    click.option(
        "--deny-mode",
        type=_MODES,
        help=_("Whether denied versions are served, counted, left out of lists, or refused."),
    ),
    click.option(
        "--allow",
        callback=_rules,
        help=_("What alone is served: a list as of --deny, or @FILE. It replaces the list."),
    ),
    click.option(
        "--retract",
        callback=_rules,
        help=_(
            "What is on no list, as if its author had retracted it: a list as of --deny, or @FILE. It replaces the list."
        ),
    ),
    click.option(
        "--retract-mode",
        type=click.Choice(["off", "observe", "lists"], case_sensitive=False),
        help=_("Whether what is on --retract is listed, counted, or left out of lists."),
    ),
    click.option("--allow-mode", type=_MODES, help=_("The same for what is not on --allow.")),
    vulndb_option("--vulnerable-db", _("The vulnerability database that says what is vulnerable.")),
    click.option(
        "--vulnerable-mode", type=_MODES, help=_("The same for what is known to be vulnerable.")
    ),
    click.option(
        "--vulnerable-unreviewed/--not-vulnerable-unreviewed",
        default=None,
        help=_("Whether reports count that nobody has reviewed."),
    ),
    pulp_option(
        "--vulnerable-severity",
        callback=severity_callback,
        help=_(
            "The lowest severity, from 0 to 10, of reports that count, if they have one; empty for any."
        ),
    ),
    vulndb_option("--malicious-db", _("The database that says what is malicious.")),
    click.option(
        "--malicious-mode", type=_MODES, help=_("The same for what was reported as malicious.")
    ),
    click.option(
        "--licenses",
        callback=json_callback('["AGPL-3.0-only", "NONE"]'),
        help=_(
            "Licences under which nothing is served: a JSON list of SPDX identifiers, NONE for no licence file, "
            "NOASSERTION for one that is not recognised; or @FILE with one. It replaces the list."
        ),
    ),
    click.option(
        "--licenses-mode", type=_MODES, help=_("The same for what is under one of --licenses.")
    ),
    click.option(
        "--hold-days",
        type=int,
        help=_(
            "For how many days versions are not served after they came to be known; 0 for none."
        ),
    ),
    click.option("--hold-mode", type=_MODES, help=_("The same for what is younger than that.")),
    click.option(
        "--hold-exempt",
        help=_("Modules that are never held back: patterns as in GOPRIVATE, separated by commas."),
    ),
    click.option(
        "--hold-own/--no-hold-own",
        default=None,
        help=_("Whether to hold back also what was published here, or held before."),
    ),
    click.option(
        "--hold-clock",
        type=click.Choice(["first_seen", "info_time"], case_sensitive=False),
        help=_("How old a version is that no checksum database knows."),
    ),
]

policy.add_command(list_command(decorators=[*name_filter_options]))
policy.add_command(show_command(decorators=lookup_options))
policy.add_command(
    create_command(decorators=[click.option("--name", required=True), *update_options])
)
policy.add_command(update_command(decorators=[*lookup_options, *update_options]))
policy.add_command(destroy_command(decorators=lookup_options))
policy.add_command(role_command(decorators=lookup_options))


_KINDS = click.Choice(
    [
        "stopped",
        "hidden",
        "observed",
        "waived",
        "passed",
        "own",
        "waiver_requested",
        "waiver_approved",
        "waiver_refused",
        "waiver_revoked",
    ],
    case_sensitive=False,
)


@policy.command(short_help=_("See what policies did."))
@pulp_option(
    "--policy",
    "of_policy",
    help=_(
        "Show only events of this policy, even if it no longer exists. Specified as a name or as href."
    ),
)
@pulp_option(
    "--distribution",
    help=_(
        "Show only events of this distribution, even if it no longer exists. Specified as a name or as href."
    ),
)
@click.option("--kind", type=_KINDS, help=_("Show only events of this kind."))
@click.option("--condition", help=_("Show only events of this condition, such as deny."))
@click.option("--module", help=_("Show only events of the module with this path."))
@click.option("--version", help=_("Show only events of this module version, such as v1.2.3."))
@click.option(
    "--since",
    "last_seen__gte",
    callback=time_callback,
    help=_("Show only what happened at or after this time, such as 2026-02-03T04:05:06Z."),
)
@click.option("--limit", type=click.IntRange(1), default=25, help=_("How many events to show."))
@click.option("--offset", type=click.IntRange(0), default=0, help=_("How many events to skip."))
@pass_pulp_context
def events(
    pulp_ctx: PulpCLIContext,
    /,
    of_policy: str | None,
    distribution: str | None,
    limit: int,
    offset: int,
    **filters: t.Any,
) -> None:
    """
    See what policies stopped, hid, observed and let pass, and what was decided about waivers.

    There is one event for each policy, condition, module version, distribution and day.
    """
    parameters = {key: value for key, value in filters.items() if value is not None}
    parameters |= _of(PulpGoPolicyContext(pulp_ctx), "policy", of_policy)
    parameters |= _of(PulpGoDistributionContext(pulp_ctx), "distribution", distribution)
    found = PulpGoEventContext(pulp_ctx).list(limit=limit, offset=offset, parameters=parameters)
    pulp_ctx.output_result(found)


def _of(context: PulpEntityContext, filter_name: str, said: str | None) -> dict[str, str]:
    """
    Return the filter for what happened at something that may be gone by now, or hidden from the user.

    Raises:
        PulpEntityNotFound: There is nothing of that name, and nothing has happened at such a thing.
    """
    if said is None:
        return {}
    if said.startswith(("/", "prn:")):
        return {filter_name: said}
    context.entity = {"name": said}
    try:
        return {filter_name: context.pulp_href}
    except PulpEntityNotFound:
        named = {f"{filter_name}_name": said}
        events = PulpGoEventContext(context.pulp_ctx).list_iterator(named, batch_size=1)
        if next(events, None) is None:
            raise
        return named
