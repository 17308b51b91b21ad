"""Several statements as one, taken apart again."""

from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.together import apart, named, together

ONE = Statement("SELECT %s, %s", ("word", None), (None, 1), {"word": "text"})
OTHER = Statement("SELECT %s", ("word",), (None,), {"word": "uuid"})


def test_each_keeps_its_own_values() -> None:
    both = together([ONE, OTHER])
    assert both.names == (named(0, "word"), None, named(1, "word"))
    assert both.bind(**{named(0, "word"): "a", named(1, "word"): "b"}) == ["a", 1, "b"]
    assert both.types == {named(0, "word"): "text", named(1, "word"): "uuid"}
    assert both.sql.count("%s") == 3


def test_rows_come_back_to_the_statement_that_found_them_in_its_order() -> None:
    rows = [
        (None, None, None, 2, "y"),
        (2, "b", 1, None, None),
        (1, "a", None, None, None),
        (None, None, None, 1, "x"),
        (3, None, None, None, None),
    ]
    assert apart(rows, [2, 1]) == [[("a", None), ("b", 1), (None, None)], [("x",), ("y",)]]
    assert apart([], [2, 1]) == [[], []]
