"""
Waiting for uploads at the door, so that the API's workers need not.

The API stores what is to be changed and says which change it is; whether a task has made it is asked
here, for all that wait by one query. So a hundred clients that wait occupy no worker of the API, and
what waits together is committed together.
"""

import asyncio
import contextlib
import logging
import time
from functools import partial
from uuid import UUID

from aiohttp import web
from django.conf import settings

from pulp_gomod.app.db.executors import BoundedExecutor
from pulp_gomod.app.models.visibility import SEEN_AFTER
from pulp_gomod.app.publishing.problems import NO_SNIFFING, as_line
from pulp_gomod.app.publishing.queue import RENEWAL
from pulp_gomod.app.publishing.replies import Reply
from pulp_gomod.app.publishing.waiting import Watch, find_out

log = logging.getLogger(__name__)


class Changes:
    """The changes that clients of this process wait for."""

    def __init__(self) -> None:
        # One that looks, and some that find out what became of what is settled.
        self._executor = BoundedExecutor("gomod-changes", 4)
        self._watch = Watch()
        self._watching: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop watching; whoever still waits is not told any more."""
        self._watch.stop()
        if self._watching is not None:
            self._watching.cancel()
        self._executor.close()

    async def wait_for(self, change: UUID, accept: str = "") -> web.Response:
        """
        Wait until a change is settled; withdraw it if that takes longer than GOMOD_UPLOAD_WAIT.

        Args:
            change: The change's key.
            accept: The Accept header of the request.

        Returns:
            The answer to the client; the row is gone.
        """
        settled = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._watch.add(change, partial(loop.call_soon_threadsafe, settled.set))
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._look())
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(settings.GOMOD_UPLOAD_WAIT):
                    await settled.wait()
        finally:
            self._watch.discard(change)
        answer = await self._executor.run(find_out, change, time.monotonic())
        # Until every content process knows of it.
        await asyncio.sleep(SEEN_AFTER)
        return _response(answer, accept)

    async def _look(self) -> None:
        """Have a thread look, as long as somebody waits."""
        while self._watch:
            try:
                await self._executor.run(self._watch.run)
            except Exception:
                log.exception("Changes are not watched as they should be")
                await asyncio.sleep(RENEWAL)


def _response(answer: Reply, accept: str) -> web.Response:
    headers = dict(answer.headers)
    if answer.published and (told := answer.published.told(accept)):
        media_type, text = told
        return web.Response(
            status=answer.status, text=text, content_type=media_type, headers=headers | NO_SNIFFING
        )
    if not answer.line:
        return web.Response(status=answer.status, headers=headers)
    text = f"{as_line(answer.line)}\n"
    return web.Response(status=answer.status, text=text, headers=headers | NO_SNIFFING)
