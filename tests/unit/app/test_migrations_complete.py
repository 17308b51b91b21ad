"""That each change of a model has its migration."""

from io import StringIO

import pytest
from django.core.management import call_command

import tests.unit.django_set_up  # noqa: F401  # isort: skip


# Without a database Django warns that it cannot compare with what was applied.
@pytest.mark.filterwarnings("ignore:Got an error checking a consistent migration history")
def test_models_are_as_the_migrations_make_them() -> None:
    missing = StringIO()
    try:
        call_command("makemigrations", "gomod", "--check", "--dry-run", "--noinput", stdout=missing)
    except SystemExit:
        pytest.fail(f"run .ci/make_migrations.py: {missing.getvalue()}")
