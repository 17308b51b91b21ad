"""Creating a distribution, which takes as little as changing one."""

from typing import Any

from asgiref.sync import sync_to_async

from pulpcore.plugin.tasking import general_create


async def create(*args: Any, **kwargs: Any) -> Any:
    """Create it as pulpcore does, but where whoever dispatches this runs it at once: only coroutines are run so."""
    return await sync_to_async(general_create)(*args, **kwargs)
