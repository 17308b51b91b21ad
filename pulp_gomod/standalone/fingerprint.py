"""Telling whether the database was prepared by the very software that is installed now."""

import hashlib
import json
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_PLUGINS = "pulpcore.plugin"


def installed(extra: Any = None) -> str:
    """
    A digest of all that preparing depends on.

    These are the versions of Pulp and its plugins, their migrations, and the plugin's own code: in a
    development checkout the version stays while the code moves.

    Args:
        extra: What else must be the same, as JSON can say it.
    """
    packages = {"pulpcore": version("pulpcore")}
    trees: list[tuple[str, int, int]] = []
    for point in entry_points(group=_PLUGINS):
        if point.dist:
            packages[point.dist.name] = point.dist.version
        trees += _files(point.module, "app/migrations")
    trees += _files("pulp_gomod", "app")
    facts = json.dumps([packages, sorted(set(trees)), extra], sort_keys=True, default=str)
    return hashlib.sha256(facts.encode()).hexdigest()


def _files(package: str, below: str) -> list[tuple[str, int, int]]:
    spec = find_spec(package)
    found = []
    for location in (spec.submodule_search_locations or ()) if spec else ():
        for path in (Path(location) / below).rglob("*.py"):
            state = path.stat()
            found.append((str(path.relative_to(location)), state.st_size, state.st_mtime_ns))
    return found
