"""What an entry of a list of licences means, as people write them."""

import pytest

from pulp_gomod.documenter.licences import NAMES, close_to, meant

GPL = {"GPL-3.0"}


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("GPL-3.0", GPL),
        ("gpl-3.0", GPL),
        ("GPL-3.0-only", GPL),
        ("GPL-3.0-or-later", GPL),
        ("GPL-3.0+", GPL),
        ("GPL-*", {"GPL-2.0", "GPL-3.0"}),
        ("gpl-3*", GPL),
        ("CC-BY-*", {"CC-BY-4.0", "CC-BY-SA-4.0"}),
        ("none", {"NONE"}),
        ("NOASSERTION", {"NOASSERTION"}),
        ("NO*", set()),
        ("*", set()),
        ("*GPL*", set()),
        ("GPL", set()),
        ("GPL-4.0", set()),
        ("GPL-3.0 OR MIT", set()),
        ("", set()),
    ],
)
def test_an_entry_means_what_a_licence_text_can_say(entry: str, names: set[str]) -> None:
    assert meant(entry) == names


@pytest.mark.parametrize(
    ("entry", "close"),
    [
        ("GPL", ["GPL-2.0", "GPL-3.0"]),
        ("GPL3-only", ["GPL-3.0"]),
        ("Apache 2.0", ["Apache-2.0"]),
        ("Apache-2", ["Apache-2.0"]),
        ("MTI", ["MIT"]),
        ("BSD", ["BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause"]),
        ("*", []),
        ("Motosoto", []),
    ],
)
def test_what_means_nothing_is_nearly_something(entry: str, close: list[str]) -> None:
    found = close_to(entry)
    assert found[: len(close)] == close and len(found) <= 3 and set(found) <= set(NAMES)
    assert bool(found) is bool(close)
