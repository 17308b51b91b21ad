"""Databases of vulnerabilities: rows, and the archives that they are made of."""

# Before all else, so that models can be imported.
import tests.unit.django_set_up  # noqa: F401, I001

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from pulpcore.plugin.models import TaskSchedule

from pulp_gomod.app.models import GoVulndb
from pulp_gomod.app.tasks.vulndb.storing import Stored, store
from tests.unit.golang.vectors import DIRECTORY

PUBLIC = Path(DIRECTORY, "vulndb", "vulndb.zip")
"""A part of the public database."""

MODIFIED = "2026-11-01T00:00:00Z"


def make(**fields: Any) -> GoVulndb:
    """Make a database that nobody else uses."""
    made: GoVulndb = GoVulndb.objects.create(name=f"vulndb-{uuid4().hex[:12]}", **fields)
    return made


def report(name: str, module: str, *fixed: str, **fields: Any) -> dict[str, Any]:
    """Return a report about all versions of a module before a fix, or about all of them."""
    events = [{"introduced": "0"}, *({"fixed": each} for each in fixed)]
    affected = {
        "package": {"ecosystem": "Go", "name": module},
        "ranges": [{"type": "SEMVER", "events": events}],
    }
    return {
        "id": name,
        "modified": MODIFIED,
        "summary": f"{name} is bad",
        "affected": [affected],
        "database_specific": {"review_status": "REVIEWED"},
    } | fields


def files_of(*reports: Mapping[str, Any], modified: str = MODIFIED) -> dict[str, bytes]:
    """Return the files of a Go vulnerability database."""
    modules: dict[str, list[dict[str, str]]] = {}
    for each in reports:
        for affected in each["affected"]:
            entry = {"id": each["id"], "modified": modified}
            modules.setdefault(affected["package"]["name"], []).append(entry)
    files: dict[str, Any] = {
        "index/db.json": {"modified": modified},
        "index/modules.json": [{"path": path, "vulns": ids} for path, ids in modules.items()],
        "index/vulns.json": [{"id": each["id"], "modified": modified} for each in reports],
        **{f"ID/{each['id']}.json": each for each in reports},
    }
    return {name: json.dumps(content).encode() for name, content in files.items()}


def archive(files: Mapping[str, bytes]) -> io.BytesIO:
    """Pack files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return packed


def fill(vulndb: GoVulndb, *reports: Mapping[str, Any], modified: str = MODIFIED) -> Stored:
    """Put reports into a database, in place of all others."""
    return store(vulndb.pk, archive(files_of(*reports, modified=modified)), is_forced=True)


def schedules() -> int:
    """Count the schedules of databases."""
    return int(TaskSchedule.objects.filter(name__startswith="gomod.vulndb/").count())
