"""What one more module costs in a repository: pulpcore's part, and the rest.

    pulp-gomod exec --data-dir DIR python -m tests.performance.one_more REPOSITORY

It runs where Pulp's tasks run, in a process of its own, and rolls back what it does. Pulpcore's part is
a new version with one unit that exists already, without anything of this plugin. The seconds are those
of a processor, in this process and in PostgreSQL's: others on the machine do not change them.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

TIMES = 5

# What the plugin does while pulpcore makes a version.
HOOKS = ("finalize_new_version", "cleanup_old_versions")


def main() -> None:
    """Print a JSON object: `all` and `pulpcore`, in seconds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pulpcore.app.settings")
    import django

    django.setup()
    print(json.dumps(measure(sys.argv[1])))


def measure(name: str) -> dict[str, float]:
    """
    Measure by turns, and take the least of each.

    Args:
        name: The name of a repository that holds a module.
    """
    from pulpcore.plugin.models import Repository

    from pulp_gomod.app.models import GoRepository

    ours = {each: vars(GoRepository)[each] for each in HOOKS}
    times: dict[str, list[float]] = {"all": [], "pulpcore": []}
    for _ in range(TIMES):
        times["all"].append(_time(_publish(name)))
        try:
            for each in ours:
                setattr(GoRepository, each, getattr(Repository, each))
            times["pulpcore"].append(_time(_add(name)))
        finally:
            for each, method in ours.items():
                setattr(GoRepository, each, method)
    return {what: min(each) for what, each in times.items()}


def _time(prepare: Callable[[], Callable[[], None]]) -> float:
    from django.db import connection, transaction

    with transaction.atomic():
        act = prepare()
        begun = time.process_time() + _seconds_of_backend()
        act()
        connection.check_constraints()
        taken = time.process_time() + _seconds_of_backend() - begun
        transaction.set_rollback(True)
    return taken


def _seconds_of_backend() -> float:
    """Seconds that the connection's process in PostgreSQL has used, which is on this machine."""
    from django.db import connection

    pid = connection.connection.info.backend_pid
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _publish(name: str) -> Callable[[], Callable[[], None]]:
    """Prepare a change that waits; then comes what a task does with it."""

    def prepare() -> Callable[[], None]:
        from django.utils import timezone

        from pulp_gomod.app.models import GoChange, GoRepository
        from pulp_gomod.app.tasks.publish import settle

        repository = GoRepository.objects.get(name=name)
        unit, artifact = _new_unit()
        GoChange.objects.create(
            kind=GoChange.Kind.PUBLISH,
            repository=repository,
            module=unit.module,
            version=unit.version,
            facts=unit.facts(),
            go_mod=unit.go_mod,
            artifact=artifact,
            expires=timezone.now() + timedelta(hours=1),
        )
        return lambda: settle(str(repository.pk))

    return prepare


def _add(name: str) -> Callable[[], Callable[[], None]]:
    """Prepare a unit; then comes what pulpcore does to add it."""

    def prepare() -> Callable[[], None]:
        from pulp_gomod.app.models import GoModule, GoRepository
        from pulp_gomod.app.storage.modules import save_module

        repository = GoRepository.objects.get(name=name)
        saved = save_module(*_new_unit())

        def act() -> None:
            with repository.new_version() as version:
                version.add_content(GoModule.objects.filter(pk=saved.pk))

        return act

    return prepare


def _new_unit() -> tuple[Any, Any]:
    """A unit that is not stored yet, like one that is, and its artifact."""
    from pulp_gomod.app.models import GoModule

    like = GoModule.objects.filter(contentartifact__artifact__isnull=False).first()
    artifact = like.contentartifact_set.get().artifact
    facts = like.facts() | {"module": f"bench.example.com/{uuid4()}", "h1": f"h1:{uuid4()}"}
    return GoModule(**facts, go_mod=bytes(like.go_mod)), artifact


if __name__ == "__main__":
    main()
