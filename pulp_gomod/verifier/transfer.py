"""
A finding on its way between two processes of ours.

The directives of a go.mod, of which there may be a million, travel in portions: reading one large
object holds up all other threads of the process until it is complete.
"""

import pickle
from dataclasses import fields, replace
from typing import IO, Any

from pulp_gomod.golang import modfile
from pulp_gomod.golang.zip import Upload
from pulp_gomod.verifier.checks import Finding, Verified

_PORTION = 1000


def send(finding: Finding, pipe: IO[bytes]) -> None:
    """Write a finding."""
    upload = _upload_in(finding)
    directives = upload.modfile if upload is not None else modfile.File()
    lists = {
        field.name: value
        for field in fields(directives)
        if isinstance(value := getattr(directives, field.name), list)
    }
    if upload is not None:
        without: Any = {name: [] for name in lists}
        finding = _with_modfile(finding, replace(directives, **without))
    pickle.dump(finding, pipe)
    for name, values in lists.items():
        for start in range(0, len(values), _PORTION):
            pickle.dump((name, values[start : start + _PORTION]), pipe)
    pickle.dump(None, pipe)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Finding:
    """
    Read a finding.

    Raises:
        EOFError: It ends too early.
        pickle.UnpicklingError: It breaks off in the middle of something.
    """
    finding: Finding = pickle.load(pipe)
    upload = _upload_in(finding)
    while portion := pickle.load(pipe):
        name, values = portion
        assert upload is not None
        getattr(upload.modfile, name).extend(values)
    return finding


def _upload_in(finding: Finding) -> Upload | None:
    if isinstance(finding, Verified):
        return finding.upload
    return finding if isinstance(finding, Upload) else None


def _with_modfile(finding: Any, file: modfile.File) -> Finding:
    if isinstance(finding, Verified):
        assert finding.upload is not None
        return replace(finding, upload=replace(finding.upload, modfile=file))
    changed: Upload = replace(finding, modfile=file)
    return changed
