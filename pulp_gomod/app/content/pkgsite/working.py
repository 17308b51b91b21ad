"""What takes as long as a stranger wants it to: done in a thread that nothing but this API waits for."""

from typing import Final

from pulp_gomod.app.db.executors import BoundedExecutor

# Requests of which something is computed or waits for that; whoever comes then has to ask again.
_MOST: Final = 50

_thread = BoundedExecutor("gomod-documentation", 1, _MOST)

work = _thread.run
"""Make a call in that thread; raises Busy if too many wait for it."""
