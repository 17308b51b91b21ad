"""
Prepares the database and the static files; runs as a process of its own, with Pulp loaded.

One process does all, because loading Pulp takes longer than most of the steps. It reads what to do
as JSON from its standard input, where no other process sees the password, and writes what it did as
JSON to its standard output.
"""

import contextlib
import json
import os
import secrets
import signal
import sys
from typing import Any

from .processes import die_with_parent

READY_MADE = "go"


def main() -> None:
    """
    Do what standard input says.

    Input: `password`, the administrator's password or null to leave it as it is; `new_password`,
    the one to set if there is no administrator yet; `ready_made`, whether to make a repository,
    a distribution and a checksum database to begin with. Output: `new_administrator`; `sumdb`, the name of the
    checksum database if one was made. Or `newer` alone, where nothing is done: migrations of the database that
    are not installed.
    """
    die_with_parent(signal.SIGTERM, os.getppid())
    request = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        answer = _prepare(request)
    json.dump(answer, sys.stdout)


def _prepare(request: dict[str, Any]) -> dict[str, Any]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pulpcore.app.settings")
    import django
    from django.core.management import call_command

    django.setup()
    if newer := _newer_migrations():
        return {"newer": newer}
    call_command("migrate", interactive=False, verbosity=1)
    call_command("collectstatic", interactive=False, verbosity=0)
    new_administrator = _administrator(request["password"], request["new_password"])
    sumdb = _make_ready() if request["ready_made"] else None
    return {"new_administrator": new_administrator, "sumdb": sumdb}


def _newer_migrations() -> list[str]:
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    from .downgrade import newer_migrations

    loader = MigrationLoader(connection)
    return newer_migrations(loader.applied_migrations, loader.disk_migrations)


def _administrator(password: str | None, new_password: str) -> bool:
    from django.contrib.auth import get_user_model

    user, created = get_user_model().objects.get_or_create(
        username="admin", defaults={"is_superuser": True, "is_staff": True}
    )
    wanted = password or (new_password if created else None)
    if wanted and not user.check_password(wanted):
        user.set_password(wanted)
        user.save()
    return bool(created)


def _make_ready() -> str | None:
    from django.apps import apps

    if not apps.is_installed("pulp_gomod.app"):
        return None
    repositories = apps.get_model("gomod", "GoRepository").objects
    distributions = apps.get_model("gomod", "GoDistribution").objects
    repository, _ = repositories.get_or_create(name=READY_MADE)
    if not distributions.filter(base_path=READY_MADE).exists():
        distributions.get_or_create(
            name=READY_MADE, defaults={"base_path": READY_MADE, "repository": repository}
        )
    return _make_sumdb(apps.get_model("gomod", "GoSumdb"))


def _make_sumdb(model: Any) -> str:
    """Make a checksum database; no repository feeds it unless told to, since that is for ever."""
    from pulp_gomod.app.storage.signing import make_sumdb

    beginning = f"localhost/{READY_MADE}-"
    made = model.objects.filter(name__startswith=beginning, pulp_domain__name="default")
    # Whoever was killed, or has lost the data directory beside another database server, has one.
    if known := made.order_by("pulp_created").values_list("name", flat=True).first():
        return str(known)
    # Clients keep what they know of a database by its name: no other server may have the same.
    name = f"{beginning}{secrets.token_hex(4)}"
    make_sumdb(model(name=name))
    return name


if __name__ == "__main__":
    main()
