"""Exports and imports of Pulp, from one domain of a server into another."""

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.functional.rest_api import TASK_TIMEOUT, Rest


def export(rest: Rest, repository: str, directory: Path) -> tuple[str, dict[str, Any]]:
    """Export the newest version of a repository; return the path of the file, and the task."""
    body = {
        "name": f"export-{uuid4().hex[:8]}",
        "repositories": [repository],
        "path": str(directory),
    }
    made = rest.call("POST", "exporters/core/pulp/", json=body)
    assert made.status_code == 201, made.text
    task = rest.wait(rest.call("POST", f"{made.json()['pulp_href']}exports/", json={}))
    files = rest.get(task["created_resources"][0])["output_file_info"]
    (path,) = (name for name in files if not name.endswith("-toc.json"))
    return path, task


def import_into(rest: Rest, source: str, destination: str, path: str) -> list[dict[str, Any]]:
    """Import a repository by its name into another one; return the tasks that did it."""
    made = rest.create(
        "importers/core/pulp/",
        name=f"import-{uuid4().hex[:8]}",
        repo_mapping={source: destination},
    )
    answer = rest.call("POST", f"{made['pulp_href']}imports/", json={"path": path})
    assert answer.status_code == 202, answer.text
    end = time.monotonic() + TASK_TIMEOUT
    while time.monotonic() < end:
        group = rest.get(answer.json()["task_group"])
        states = {each["state"] for each in group["tasks"]}
        # One that reads the export, and one for each repository in it.
        if len(group["tasks"]) > 1 and not states & {"waiting", "running", "canceling"}:
            tasks = [rest.get(each["pulp_href"]) for each in group["tasks"]]
            assert states == {"completed"}, [each["error"] for each in tasks]
            return tasks
        time.sleep(0.2)
    raise AssertionError("the import does not end")
