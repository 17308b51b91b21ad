"""Names of what one may use without being allowed to see it."""

import typing as t

from pulp_glue.common.context import PulpEntityContext
from pulp_glue.common.exceptions import PulpEntityNotFound, PulpHTTPError

_HIDDEN = (403, 404)


def reference(context: PulpEntityContext) -> str:
    """
    The href of an entity, or the word by which it was given where it cannot be looked up.

    Whoever may only publish to a repository cannot look it up, but the server knows it by its name.

    Args:
        context: The entity, as the caller named it.

    Raises:
        PulpException: It cannot be looked up, and was named by neither an href nor a name.
    """
    given: dict[str, t.Any] = dict(context._entity_lookup)
    try:
        return context.pulp_href
    except (PulpEntityNotFound, PulpHTTPError) as error:
        named: str | None = given.get("pulp_href") or given.get("name")
        if named is None or getattr(error, "status_code", 404) not in _HIDDEN:
            raise
        return named
