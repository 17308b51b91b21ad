"""Which licences a module is under: SPDX identifiers of the texts in its licence files."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

MOST_TEXT: Final = 64 << 10
"""Characters of a licence that are kept."""

REDISTRIBUTABLE: Final = frozenset(
    [
        "0BSD",
        "AFL-3.0",
        "AGPL-3.0",
        "AGPL-3.0-only",
        "AGPL-3.0-or-later",
        "Apache-2.0",
        "Artistic-2.0",
        "BlueOak-1.0.0",
        "BSD-1-Clause",
        "BSD-2-Clause",
        "BSD-2-Clause-Patent",
        "BSD-3-Clause",
        "BSD-3-Clause-Clear",
        "BSD-4-Clause",
        "BSL-1.0",
        "CC-BY-3.0",
        "CC-BY-4.0",
        "CC-BY-SA-4.0",
        "CC0-1.0",
        "ECL-2.0",
        "EPL-1.0",
        "EPL-2.0",
        "EUPL-1.2",
        "GPL-2.0",
        "GPL-2.0-only",
        "GPL-2.0-or-later",
        "GPL-3.0",
        "GPL-3.0-only",
        "GPL-3.0-or-later",
        "ISC",
        "JSON",
        "LGPL-2.1",
        "LGPL-2.1-only",
        "LGPL-2.1-or-later",
        "LGPL-3.0",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "MPL-2.0-no-copyleft-exception",
        "NCSA",
        "NIST-PD",
        "OpenSSL",
        "OSL-3.0",
        "PostgreSQL",
        "Python-2.0",
        "Unlicense",
        "UPL-1.0",
        "WTFPL",
        "X11",
        "Zlib",
    ]
)
"""Identifiers of licences that let everybody pass on what is under them, as pkg.go.dev has them."""


def find(text: str) -> list[str]:
    """
    Name the licences in a text, by what only their texts say; none for one that is not known.

    Args:
        text: The text of a licence file.
    """
    words = " ".join(re.sub(r"[^a-z0-9.\s]", "", text.lower()).split())
    found = [name for name, phrases in _PHRASES.items() if all(each in words for each in phrases)]
    return sorted(set(found) - {worse for name in found for worse in _INCLUDES.get(name, ())})


_BSD: Final = (
    "redistribution and use in source and binary forms with or without modification are permitted"
)
_MIT: Final = (
    "permission is hereby granted free of charge to any person obtaining a copy of this software and associated "
    "documentation files"
)
_ISC: Final = "permission to use copy modify andor distribute this software for any purpose with or without fee is hereby granted"

_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "Apache-2.0": ("apache license version 2.0",),
    "MIT": (_MIT, "the above copyright notice and this permission notice shall be included"),
    "MIT-0": (_MIT, "furnished to do so. the software is provided as is"),
    "BSD-2-Clause": (_BSD, "this software is provided by"),
    "BSD-3-Clause": (_BSD, "endorse or promote products derived from this software"),
    "BSD-4-Clause": (_BSD, "all advertising materials mentioning features"),
    "ISC": (_ISC, "copyright notice and this permission notice appear in all copies"),
    "0BSD": (_ISC,),
    "MPL-2.0": ("mozilla public license", "2.0", "covered software"),
    "GPL-2.0": ("gnu general public license version 2",),
    "GPL-3.0": ("gnu general public license version 3",),
    "LGPL-2.1": ("gnu lesser general public license version 2.1",),
    "LGPL-3.0": ("gnu lesser general public license version 3",),
    "AGPL-3.0": ("gnu affero general public license version 3",),
    "EPL-1.0": ("eclipse public license v 1.0",),
    "EPL-2.0": ("eclipse public license v 2.0",),
    "CC0-1.0": ("creative commons", "cc0 1.0 universal"),
    "CC-BY-4.0": ("creative commons attribution 4.0 international",),
    "CC-BY-SA-4.0": ("creative commons attributionsharealike 4.0 international",),
    "Unlicense": ("this is free and unencumbered software released into the public domain",),
    "BSL-1.0": ("boost software license version 1.0",),
    "Zlib": ("the origin of this software must not be misrepresented",),
    "WTFPL": ("do what the fuck you want to public license",),
    "UPL-1.0": ("universal permissive license",),
    "PostgreSQL": (
        "permission to use copy modify and distribute this software and its documentation for any purpose",
    ),
    "BUSL-1.1": ("business source license 1.1",),
    "SSPL-1.0": ("server side public license",),
    "EUPL-1.2": ("european union public licence v. 1.2",),
}
# What a text names too that is another licence, in the words that both have.
_INCLUDES: Final[dict[str, tuple[str, ...]]] = {
    "BSD-3-Clause": ("BSD-2-Clause",),
    "BSD-4-Clause": ("BSD-2-Clause", "BSD-3-Clause"),
    "ISC": ("0BSD",),
    "MPL-2.0": ("GPL-2.0", "LGPL-2.1", "AGPL-3.0", "Apache-2.0"),
    "LGPL-3.0": ("GPL-3.0",),
    "EPL-2.0": ("GPL-2.0",),
}


NONE: Final = "NONE"
"""What SPDX calls it that there is no licence."""

NOASSERTION: Final = "NOASSERTION"
"""What SPDX calls it that nothing can be said of a licence."""

NAMES: Final = (*sorted(_PHRASES), NONE, NOASSERTION)
"""What `find` may say, and `meant`."""

# How many suggestions there are at most for what is none of these, and how like it each has to be.
_MOST_CLOSE: Final = 3
_CLOSE: Final = 0.6

_CANONICAL: Final = {name.lower(): name for name in NAMES}
_SUFFIXES: Final = ("-only", "-or-later", "+")


def meant(entry: str) -> frozenset[str]:
    """
    Return those of NAMES that an entry of a list of licences means; none if it is no such entry.

    Whether a later version of a licence may be chosen, its text does not say: GPL-3.0-only and GPL-3.0-or-later are GPL-3.0.

    Args:
        entry: An SPDX identifier in any case; or the beginning of some, followed by `*`.
    """
    lower = entry.lower()
    if lower.endswith("*"):
        beginning = lower[:-1]
        texts = (name for name in _PHRASES if name.lower().startswith(beginning))
        return frozenset(texts if beginning else ())
    name = _CANONICAL.get(_without_suffix(lower))
    return frozenset([name] if name else ())


def close_to(entry: str) -> list[str]:
    """
    Return those of NAMES that are written nearly like an entry that means none, the closest first.

    Args:
        entry: What `meant` takes for nothing.
    """
    lower = _without_suffix(entry.lower().rstrip("*").replace(" ", "-"))
    found = get_close_matches(lower, _CANONICAL, n=_MOST_CLOSE, cutoff=_CLOSE)
    family = [name for name in _CANONICAL if lower and name.startswith(lower)]
    return [_CANONICAL[name] for name in dict.fromkeys([*family, *found])][:_MOST_CLOSE]


def _without_suffix(lower: str) -> str:
    for suffix in _SUFFIXES:
        lower = lower.removesuffix(suffix)
    return lower


def spoken(ids: Iterable[str]) -> list[str]:
    """
    Name the licences of a module version, whatever is known of them.

    Args:
        ids: As root_licences says them.
    """
    return [each or NOASSERTION for each in ids] or [NONE]
