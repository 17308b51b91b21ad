"""Documentation: computed in a task from what is published, stored in rows, shared by all that hold the same zip."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured

from pulpcore.app.contexts import with_task_context  # isort: skip # noqa: TID251
from pulpcore.plugin.constants import TASK_STATES  # isort: skip
from pulpcore.plugin.models import Task  # isort: skip

from pulp_gomod.app.models import GoDocumentation, GoModule, GoPackage  # isort: skip
from pulp_gomod.app.models.documentation import DOCUMENT  # isort: skip
from pulp_gomod.app.tasks import documentation  # isort: skip
from tests.gomods import pack  # isort: skip

SOURCE = """// Package x does things. And more.
//
// # How
//
// See [Do], <script>alert(1)</script>.
package x

import "example.com/other"

// Do does it.
func Do(c other.C) error { return nil }
"""
INTERNAL = "package deep\n\nconst Is = 1\n"
README = (
    "# x\n\n[![badge](https://example.org/b.svg)](https://example.org)\n<script>alert(1)</script>\n"
)
MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and "
    "associated documentation files. The above copyright notice and this permission notice shall be included."
)


def files(path: str, **more: str) -> list[tuple[str, bytes]]:
    texts = {
        "go.mod": f"module {path}\n\ngo 1.24\n\nignore ./left\n",
        "README.md": README,
        "LICENSE": MIT,
        "x.go": SOURCE,
        "x_windows.go": "package x\n\n// Only is for one system.\nconst Only = 1\n",
        "internal/deep/deep.go": INTERNAL,
        "cmd/tool/main.go": "// Tool is a command.\npackage main\n\nfunc main() {}\n",
        "testdata/t.go": "package t\n\nconst T = 1\n",
        "left/l.go": "package l\n\nconst L = 1\n",
    } | more
    return [(name, text.encode()) for name, text in texts.items()]


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def path_of(owner: Owner) -> str:
    return f"example.com/{owner.repository.name}"


def publish(owner: Owner, version: str = "v1.0.0", **more: str) -> GoModule:
    path = path_of(owner)
    owner.publish(pack(f"{path}@{version}/", files(path, **more)))
    unit: GoModule = GoModule.objects.get(module=path, version=version)
    return unit


def dispatched(owner: Owner) -> list[Task]:
    found = Task.objects.filter(name=DOCUMENT).order_by("pulp_created")
    return [task for task in found if task.enc_kwargs["repository_pk"] == str(owner.repository.pk)]


def run(owner: Owner, **arguments: Any) -> dict[str, int]:
    """Do what a worker does with the task that was dispatched."""
    for waiting in dispatched(owner):
        Task.objects.filter(pk=waiting.pk).update(state=TASK_STATES.COMPLETED)
    task = Task.objects.create(name="tests", state=TASK_STATES.RUNNING)
    with with_task_context(task):
        return documentation.document_modules(str(owner.repository.pk), **arguments)


def test_what_is_published_is_documented_by_one_task(owner: Owner) -> None:
    unit = publish(owner)
    (task,) = dispatched(owner)
    # Nobody who publishes waits for it.
    assert not any("repository" in each for each in task.reserved_resources_record)
    publish(owner, "v1.1.0")
    assert dispatched(owner) == [task]
    assert run(owner, since=task.enc_kwargs["since"]) == {"documented": 2, "failed": 0}
    assert run(owner) == {"documented": 0, "failed": 0}
    found = GoDocumentation.objects.get(unit=unit)
    assert (found.state, found.error, found.cut) == ("complete", "", [])
    assert found.synopsis == "Package x does things."
    assert (found.licence_ids, found.readme_file) == (["MIT"], "README.md")
    assert found.readme_text == README
    assert "<script" not in found.readme_html and "<img" not in found.readme_html
    names = [path_of(owner) + end for end in ("", "/cmd/tool", "/internal/deep")]
    packages = {each.import_path: each for each in GoPackage.objects.filter(unit=unit)}
    assert sorted(packages) == names
    root = packages[names[0]]
    assert (root.name, root.goos, root.goarch) == ("x", "linux", "amd64")
    assert root.symbols == [["Do", "Function", "func Do(c other.C) error", ""]]
    assert root.imports == ["example.com/other"] and root.names == ["do"]
    assert root.documentation["doc"]["html"] == (
        "<p>Package x does things. And more.</p>\n"
        '<h4 id="hdr-How">How</h4>\n'
        '<p>See <a href="#Do">Do</a>, &lt;script&gt;alert(1)&lt;/script&gt;.</p>\n'
    )
    (windows,) = (each for each in root.documentation["files"] if each["name"] == "x_windows.go")
    assert windows["constraint"] == "windows" and windows["left_out"]
    assert packages[names[1]].name == "main" and packages[names[2]].internal


def test_what_was_there_before_is_documented_when_it_is_asked_for(owner: Owner) -> None:
    with configured(GOMOD_DOCUMENTATION="off"):
        unit = publish(owner)
        assert not dispatched(owner)
        assert run(owner) == {"documented": 0, "failed": 0}
    assert run(owner)["documented"] == 1
    before = GoDocumentation.objects.get(unit=unit).computed
    # Others that hold the same need not compute it.
    other = Owner.create(owner.url)
    with transaction.atomic(), other.repository.new_version() as version:
        version.add_content(GoModule.objects.filter(pk=unit.pk))
    assert run(other)["documented"] == 0
    assert run(owner, anew=before.isoformat())["documented"] == 0
    assert run(owner, anew=timezone.now().isoformat())["documented"] == 1
    assert GoDocumentation.objects.get(unit=unit).computed > before
    assert GoPackage.objects.filter(unit=unit).count() == 3


def test_a_worker_is_given_up_for_whoever_waits_for_one(owner: Owner) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        publish(owner, version)
    later = timezone.now() + timedelta(hours=1)
    other = Task.objects.create(name="tests", state=TASK_STATES.WAITING)
    Task.objects.filter(pk=other.pk).update(unblocked_at=later)
    assert run(owner)["documented"] == 1
    assert dispatched(owner)[-1].state == TASK_STATES.WAITING
    # It cannot begin: something else has what it needs.
    Task.objects.filter(pk=other.pk).update(unblocked_at=None)
    assert run(owner)["documented"] == 2
    other.delete()


def test_what_no_index_takes_costs_nothing_else(owner: Owner) -> None:
    # PostgreSQL compresses what repeats.
    letters = "".join(map(chr, random.Random(1).choices(range(0x12000, 0x12300), k=990)))
    source = f'package x\n\nimport (\n\t"example.com/{letters}"\n\t"example.com/short"\n)\n'
    unit = publish(owner, **{"long.go": source})
    assert run(owner) == {"documented": 1, "failed": 0}
    root = GoPackage.objects.get(unit=unit, import_path=path_of(owner))
    assert root.imports == ["example.com/other", "example.com/short"]


def test_what_takes_too_long_costs_its_own_documentation_only(owner: Owner) -> None:
    hostile = "package y\n" + "func a( { [ type " * 100_000
    unit = publish(owner, **{"y/y.go": hostile})
    with configured(GOMOD_DOCUMENTATION_SECONDS=1):
        assert run(owner)["failed"] == 0
    found = GoDocumentation.objects.get(unit=unit)
    assert found.state == "cut" and found.readme_text == README
    assert GoPackage.objects.filter(unit=unit, import_path=path_of(owner)).exists()
    assert "processor" in found.error or found.cut
