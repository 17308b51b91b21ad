"""
Using Django's ORM in the long-lived threads of the content app.

Django gives up a lost connection between two requests of its own, and knows of no requests here: a
thread would keep a connection that PostgreSQL closed, and fail for ever.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections

P = ParamSpec("P")
T = TypeVar("T")


def on_a_connection(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """
    Call a function that uses the ORM; once more if the connection turns out to be lost.

    Args:
        call: The function, which reads, or changes what may be changed twice.
        *args: What to call it with.
        **kwargs: What to call it with.

    Raises:
        django.db.Error: PostgreSQL cannot be reached, or refuses what is asked.
    """
    try:
        return call(*args, **kwargs)
    except (InterfaceError, OperationalError):
        # A restart, a fail-over, a backend that was ended: a new connection will do.
        connections.close_all()
        return call(*args, **kwargs)
