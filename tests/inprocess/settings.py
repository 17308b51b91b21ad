"""Django's settings, changed for a while.

pytest's monkeypatch would delete a setting at its end instead of putting back what it was: settings of dynaconf are
no attributes of the object.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings


@contextmanager
def configured(**changes: Any) -> Iterator[None]:
    """Have these settings until the end of the block, whatever happens in it."""
    before = {name: getattr(settings, name) for name in changes}
    for name, value in changes.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
