"""Exports and imports of Pulp, from one domain of a server into another."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.functional.rest_api import Rest


def exporter(rest: Rest, repositories: Sequence[str], directory: Path) -> str:
    """Make an exporter, and return its href."""
    name = f"export-{uuid4().hex[:8]}"
    body = {"name": name, "repositories": list(repositories), "path": str(directory)}
    made = rest.call("POST", "exporters/core/pulp/", json=body)
    assert made.status_code == 201, made.text
    href: str = made.json()["pulp_href"]
    return href


def export_with(rest: Rest, made: str, **params: Any) -> tuple[dict[str, str], Mapping[str, Any]]:
    """
    Export with an exporter; return what to import, and the task.

    The former is the `path` of the one file, or the `toc` of several.
    """
    task = rest.wait(rest.call("POST", f"{made}exports/", json=params))
    files = rest.get(task["created_resources"][0])["output_file_info"]
    toc = next(name for name in files if name.endswith("-toc.json"))
    parts = [name for name in files if name != toc]
    return {"path": parts[0]} if len(parts) == 1 else {"toc": toc}, task


def export(rest: Rest, repository: str, directory: Path) -> tuple[str, Mapping[str, Any]]:
    """Export the newest version of a repository; return the path of the file, and the task."""
    found, task = export_with(rest, exporter(rest, [repository], directory))
    return found["path"], task


def run_import(rest: Rest, mapping: dict[str, str], **what: Any) -> list[dict[str, Any]]:
    """Import, and return the tasks that did it: one that reads the export, and one for each repository."""
    made = rest.create(
        "importers/core/pulp/", name=f"import-{uuid4().hex[:8]}", repo_mapping=mapping
    )
    answer = rest.call("POST", f"{made['pulp_href']}imports/", json=what)
    assert answer.status_code == 202, answer.text
    # The first of them makes the others.
    return rest.wait_for_group(answer.json()["task_group"], lambda tasks: len(tasks) > 1)


def import_into(
    rest: Rest, source: str, destination: str, path: str = "", **what: Any
) -> list[dict[str, Any]]:
    """Import a repository by its name into another one; return the tasks that did it."""
    tasks = run_import(rest, {source: destination}, **({"path": path} if path else what))
    states = {each["state"] for each in tasks}
    assert states == {"completed"}, [each["error"] for each in tasks]
    return tasks
