"""Describing the operations that a viewset inherits, for the API's description."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.drainage import isolate_view_method


def describe(**operations: Callable[[Any], Any]) -> Callable[[type], type]:
    """
    Describe operations of a viewset.

    `extend_schema_view` does this only for names that the schema has for methods of HTTP. pulpcore's has read
    and delete there, so that what is said of retrieve and destroy would be left out without a word.

    Args:
        operations: What `extend_schema` returns, by the operation's name, such as destroy.
    """

    def decorate(viewset: type) -> type:
        for name, described in operations.items():
            described(isolate_view_method(viewset, name))
        return viewset

    return decorate
