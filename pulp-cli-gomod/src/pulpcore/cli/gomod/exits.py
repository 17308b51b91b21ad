"""What the exit code says of a failure, for scripts that do not read messages."""

import typing as t

import click
import requests
from pulp_cli.generic import PulpGroup
from pulp_glue.common.exceptions import PulpEntityNotFound, PulpHTTPError
from pulp_glue.common.i18n import get_translation

USAGE = 2
NOT_FOUND = 3
DENIED = 4
UNREACHABLE = 5

_UNNAMED = get_translation("pulp_glue.common").gettext(
    "A {entity} must be specified for this command."
)
_HTTP = {401: DENIED, 403: DENIED, 404: NOT_FOUND, 502: UNREACHABLE, 503: UNREACHABLE}


class ExitCodes(PulpGroup):
    """A group of commands that tells failures apart; what is none of these exits with 1, or 2 for usage."""

    def invoke(self, ctx: click.Context) -> t.Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            if _is_unnamed(error):
                vars(error)["exit_code"] = USAGE
            elif error.exit_code == 1:
                # mypy takes it for one of the class.
                vars(error)["exit_code"] = _code(error)
            raise
        except requests.RequestException as error:
            # From glue, which lets it pass where there is no description of an API.
            raise _no_api(error) from error


def _no_api(error: requests.RequestException) -> click.ClickException:
    said = click.ClickException(f"{error}; the base URL is to be that of a Pulp server")
    vars(said)["exit_code"] = UNREACHABLE if _code(error) == NOT_FOUND else _code(error)
    return said


def _is_unnamed(error: click.ClickException) -> bool:
    """Whether a command was not told what it is about, for which glue has no class of its own."""
    before, _, after = _UNNAMED.partition("{entity}")
    return error.message.startswith(before) and error.message.endswith(after)


def _code(error: BaseException) -> int:
    """Find what was wrong in what the exception was raised for."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PulpEntityNotFound):
            return NOT_FOUND
        if isinstance(cause, PulpHTTPError):
            return _HTTP.get(cause.status_code, 1)
        if isinstance(cause, requests.HTTPError) and cause.response is not None:
            return _HTTP.get(cause.response.status_code, 1)
        if isinstance(cause, requests.RequestException):
            return UNREACHABLE
        cause = cause.__cause__ or cause.__context__
    return 1
