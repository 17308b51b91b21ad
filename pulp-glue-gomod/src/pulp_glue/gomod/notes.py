"""What the server's tasks have to say to people beside what they did."""

import typing as t

from pulp_glue.common.context import PulpContext

# What is not served any more since something was published, and zips that are not here.
_CODES = ("gomod.own", "gomod.zips_missing")


def tell_notes(pulp_ctx: PulpContext, task: t.Any) -> t.Any:
    """
    Tell the user what a finished task wants to be known.

    Args:
        pulp_ctx: Where to tell it.

    Returns:
        The task.
    """
    for report in task.get("progress_reports") or ():
        if report["code"] in _CODES:
            pulp_ctx.echo(f"note: {report['message']}", err=True)
    return task
