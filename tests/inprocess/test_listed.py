"""Which modules a repository holds, noted when they come and go: the same as its units say."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction

from pulp_gomod.app.models import GoListedModule, GoModule
from pulp_gomod.app.models.listed import listed_at
from pulp_gomod.app.models.membership import held_in
from tests.goproxy_requests import zip_of
from tests.inprocess.owners import Owner
from tests.unit import django_set_up  # noqa: F401


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def path_of(owner: Owner, name: str) -> str:
    return f"example.com/{owner.repository.name}/{name}"


def publish(owner: Owner, *names: str) -> None:
    """Publish module versions, each as `name@version`, in one repository version."""
    pairs = [name.split("@") for name in names]
    owner.publish(
        *(zip_of(path_of(owner, name), v, f"module {path_of(owner, name)}\n") for name, v in pairs)
    )


def change(owner: Owner, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
    owner.repository.refresh_from_db()
    with owner.repository.new_version() as new:
        for names, how in ((add, new.add_content), (remove, new.remove_content)):
            for each in names:
                name, _, version = each.partition("@")
                how(GoModule.objects.filter(module=path_of(owner, name), version=version))


def rows(owner: Owner) -> Any:
    return GoListedModule.objects.filter(repository=owner.repository)


def check(owner: Owner) -> None:
    """Every repository version lists what it holds, once."""
    for version in owner.repository.versions.complete():
        listed = list(
            rows(owner).filter(listed_at(version.number)).values_list("module", flat=True)
        )
        units = held_in(GoModule.objects.all(), version).values_list("module", flat=True)
        assert sorted(listed) == sorted(set(units)), version.number


def test_modules_are_listed_from_their_first_version_to_their_last(owner: Owner) -> None:
    publish(owner, "a@v1.0.0", "a@v1.1.0", "b@v1.0.0")
    publish(owner, "a@v1.2.0", "c@v1.0.0")
    change(owner, remove=("a@v1.0.0", "b@v1.0.0"))
    change(owner, remove=("a@v1.1.0", "a@v1.2.0", "c@v1.0.0"))
    change(owner, add=("b@v1.0.0", "a@v1.1.0"))
    # The last version of a module goes, and another one comes.
    change(owner, add=("a@v1.2.0",), remove=("a@v1.1.0",))
    check(owner)
    assert rows(owner).filter(removed=None).count() == 2


def test_a_version_that_is_deleted_or_fails_leaves_nothing(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(owner, "a@v1.0.0")
    publish(owner, "b@v1.0.0")
    change(owner, remove=("a@v1.0.0",))
    with monkeypatch.context() as patched:
        patched.setattr("pulpcore.app.models.RepositoryVersion._compute_counts", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            change(owner, remove=("b@v1.0.0",))
    check(owner)
    # One in the middle, and the newest one.
    owner.repository.versions.get(number=2).delete()
    check(owner)
    owner.distribution.repository = None
    owner.distribution.save()
    owner.repository.versions.get(number=3).delete()
    publish(owner, "c@v1.0.0")
    check(owner)


def test_what_was_held_before_modules_were_listed_is_listed(owner: Owner) -> None:
    publish(owner, "a@v1.0.0", "b@v1.0.0", "b@v1.1.0")
    change(owner, remove=("a@v1.0.0", "b@v1.0.0"))
    publish(owner, "c@v1.0.0")
    noted = sorted(rows(owner).values_list("module", "added", "removed"))
    migration = import_module("pulp_gomod.app.migrations.0026_listed_modules")
    with transaction.atomic():
        GoListedModule.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(migration.FILL)
        assert sorted(rows(owner).values_list("module", "added", "removed")) == noted
        transaction.set_rollback(True)
