"""Statements that are compiled from querysets with markers."""

import tests.unit.django_set_up  # noqa: F401, I001

from pulp_gomod.app.db.compiled import BigInt, Limit, compile_queryset
from pulp_gomod.app.models import GoIndexEntry

_SINCE, _MOST = BigInt(2_000_000_011), Limit(2_000_000_012)
_NAMES = {_SINCE: "since", _MOST: "most"}


def test_a_limit_is_a_value_where_it_stands() -> None:
    entries = GoIndexEntry.objects.order_by("time").values_list("time")
    statement = compile_queryset(
        entries.filter(time__gt=_SINCE)[:_MOST].union(
            entries.filter(time__lt=_SINCE, added__in=[7, 8])[:_MOST], entries[:5], all=True
        ),
        _NAMES,
    )
    assert statement.names == ("since", "most", None, None, "since", "most")
    assert statement.sql.count("%s") == 6 and statement.sql.count("LIMIT %s") == 2
    assert "LIMIT 5)" in statement.sql
    assert statement.bind(since=1, most=2) == [1, 2, 7, 8, 1, 2]
    assert statement.types["most"] == "bigint"
