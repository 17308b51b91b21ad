"""Writing what a command was asked for, to a file or to the standard output."""

import sys
import typing as t
from pathlib import Path

import requests
from pulp_glue.common.exceptions import PulpException
from pulp_glue.gomod.outputs import why_not_written


def write(pieces: t.Iterable[bytes], output: Path | None) -> None:
    """
    Write to a file, or to the standard output; whoever finds the file finds all of it.

    Raises:
        PulpException: The file cannot be written.
    """
    if output is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        part.replace(output)
    except requests.RequestException:
        # Of where the pieces come from; it is an OSError, too.
        raise
    except OSError as error:
        raise PulpException(why_not_written(output, error)) from error
