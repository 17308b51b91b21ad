"""What is said of files that cannot be written."""

import os
from pathlib import Path


def why_not_written(target: Path, error: OSError) -> str:
    """
    Say in one line why something cannot be written.

    Args:
        target: The file or directory that the user has named.
        error: What went wrong there, or at the unfinished file beside it, of which the user knows nothing.
    """
    if isinstance(error, FileNotFoundError) and not os.path.isdir(target.parent):
        return f"{target}: there is no directory {target.parent}"
    named = str(error.filename or target)
    beside = named.startswith((f"{target}.", str(target.with_name(f".{target.name}."))))
    return f"{target if beside else named}: {error.strerror or error}"
