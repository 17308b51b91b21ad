"""Which migrations of a database are newer than the software."""

from pulp_gomod.standalone.downgrade import newer_migrations

INSTALLED = [("gomod", "0001_squashed_0039_left_out"), ("core", "0001_initial"), ("core", "0145_x")]


def test_what_comes_after_all_that_is_installed_is_newer() -> None:
    applied = [("gomod", "0040_more"), ("core", "0146_y"), ("gomod", "0041_squashed_0042_last")]
    assert newer_migrations(applied, INSTALLED) == [
        "core 0146_y",
        "gomod 0040_more",
        "gomod 0041_squashed_0042_last",
    ]


def test_what_was_replaced_or_belongs_to_others_is_not() -> None:
    applied = [
        ("gomod", "0039_left_out"),
        ("core", "0090_gone"),
        ("core", "0145_x"),
        ("core", "no_number"),
        ("rpm", "0999_of_a_plugin_that_is_not_installed"),
    ]
    assert newer_migrations(applied, INSTALLED) == []
