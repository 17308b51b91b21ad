"""
The documentation of packages as text, remembered.

It takes seconds for the largest package. So it is made once for all who ask for it, and read from the database only when
its turn has come: what waits takes no memory.
"""

import asyncio
import sys
from typing import Final, NamedTuple

from pulp_gomod.app.content.pkgsite import queries
from pulp_gomod.app.content.pkgsite.rendering import Format, render
from pulp_gomod.app.content.pkgsite.resolving import Resolver
from pulp_gomod.app.content.pkgsite.working import compute, turn
from pulp_gomod.app.db.executors import Busy
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.singleflight import SingleFlight

# Texts that are remembered, and the bytes that they take together.
_MOST: Final = 1000
_MOST_BYTES: Final = 32 * 1024 * 1024


class Wanted(NamedTuple):
    """
    A text.

    Attributes:
        package: The pk of the GoPackage, which is another one once it was documented anew.
        name: The name of the package.
        format: As what it is shown.
        with_examples: Whether examples are in it, too.
    """

    package: int
    name: str
    format: Format
    with_examples: bool


_texts: Lru[Wanted, str] = Lru(_MOST, _MOST_BYTES, sys.getsizeof)
_flights: SingleFlight[str] = SingleFlight()


async def documentation(resolver: Resolver, wanted: Wanted) -> str:
    """
    Return the documentation of a package.

    Args:
        resolver: Asks the database.
        wanted: Which, and as what.

    Raises:
        Busy: Too many wait for such things; or it is being documented anew.
        psycopg.Error: The database does not answer.
    """
    known = _texts.get(wanted)
    if known is not None:
        return known
    return await asyncio.shield(_flights.start(wanted, lambda: _make(resolver, wanted)))


async def _make(resolver: Resolver, wanted: Wanted) -> str:
    async with turn():
        rows = await resolver.ask(queries.documentation(), package=wanted.package)
        if not rows:
            raise Busy
        ((found,),) = rows
        text = await compute(render, wanted.name, found, wanted.format, wanted.with_examples)
    _texts.put(wanted, text)
    return text
