"""Deleting many rows to which nothing refers."""

from django.db import models
from django.db.models import QuerySet


def discard(rows: QuerySet) -> int:
    """
    Delete rows in one statement, and return how many these were.

    Django reads every row of a BaseModel before it deletes it, since that may have roles: a gigabyte for a
    million rows. These have none.

    Args:
        rows: Rows of a model to which no other one refers.
    """
    return int(rows.order_by()._raw_delete(rows.db))


def hold(row: models.Model) -> None:
    """
    Let nothing more refer to a row that is about to be deleted in the same transaction.

    The content app writes rows that refer to it whenever a client asks, and so do tasks and other administrators. One
    that came between the look for such rows and the end of the transaction would forbid the deletion; now it
    waits, and is refused.

    Args:
        row: A stored row; of a model that extends another one, both parts of it are held.
    """
    for model in (type(row), *type(row)._meta.parents):
        rows = model._base_manager.filter(pk=row.pk).select_for_update(of=("self",))
        # A list, since Django takes the lock off a question for one value.
        list(rows.values_list("pk"))
