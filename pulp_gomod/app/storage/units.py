"""
Saving many units of a type with two statements.

Django makes one with six, since a type of its own has its columns in two tables, and `bulk_create` refuses
every model that has.
"""

from collections.abc import Sequence

from django.db import connection
from django.db.models.sql import InsertQuery

from pulpcore.plugin.models import Content


def insert_units(units: Sequence[Content]) -> None:
    """
    Save new units, in the caller's transaction.

    Args:
        units: Units of one type, none of which is saved.

    Raises:
        IntegrityError: One of them is there already.
    """
    if not units:
        return
    Content.objects.bulk_create(
        [
            Content(
                pulp_id=unit.pulp_id,
                pulp_type=unit.pulp_type,
                pulp_domain_id=unit.pulp_domain_id,
                pulp_labels=unit.pulp_labels,
            )
            for unit in units
        ]
    )
    for unit in units:
        # Django says so when it saves the first of both rows.
        unit.content_ptr_id = unit.pulp_id
    model = type(units[0])
    query = InsertQuery(model)
    query.insert_values(model._meta.local_concrete_fields, list(units))
    query.get_compiler(connection=connection).execute_sql()
