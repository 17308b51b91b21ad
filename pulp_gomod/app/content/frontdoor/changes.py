"""Waiting for uploads at the door, so that the API's workers need not.

The API stores what is to be changed and says which change it is; whether a task has made it is asked
here, for all that wait by one query. So a hundred clients that wait occupy no worker of the API, and
what waits together is committed together.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from aiohttp import web
from django.conf import settings
from django.db import InterfaceError, OperationalError

from pulp_gomod.app.db.executors import BoundedExecutor
from pulp_gomod.app.models.visibility import SEEN_AFTER
from pulp_gomod.app.publishing.problems import NO_SNIFFING, as_line
from pulp_gomod.app.publishing.queue import RENEWAL, find_settled, renew
from pulp_gomod.app.publishing.replies import UNKNOWN, Answer
from pulp_gomod.app.publishing.waiting import conclude

log = logging.getLogger(__name__)

_PAUSE = 0.025
# Seconds for which a change is looked at often: most take less.
_FRESH = 5.0
_LONG_PAUSE = 0.2
_PATIENCE = 20.0
_GONE = (InterfaceError, OperationalError)


class Changes:
    """The changes that clients of this process wait for."""

    def __init__(self) -> None:
        self._lane = BoundedExecutor("gomod-changes", threads=3, uses_orm=True)
        self._ends: dict[UUID, asyncio.Event] = {}
        self._newest = 0.0
        self._watchers: list[asyncio.Task[None]] = []

    async def close(self) -> None:
        """Stop watching; whoever still waits is not told any more."""
        for watcher in self._watchers:
            watcher.cancel()
        self._lane.close()

    async def wait_for(self, change: UUID, accept: str = "") -> web.Response:
        """
        Wait until a change is settled; withdraw it if that takes longer than GOMOD_UPLOAD_WAIT.

        Args:
            change: The change's key.
            accept: The Accept header of the request.

        Returns:
            The answer to the client; the row is gone.
        """
        end = self._ends[change] = asyncio.Event()
        self._newest = asyncio.get_running_loop().time()
        self._watch()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(settings.GOMOD_UPLOAD_WAIT):
                    await end.wait()
        finally:
            del self._ends[change]
        answer = await self._conclude(change)
        # Until every content process knows of it.
        await asyncio.sleep(SEEN_AFTER)
        return _response(answer, accept)

    async def _conclude(self, pk: UUID) -> Answer:
        loop = asyncio.get_running_loop()
        last = loop.time() + _PATIENCE
        while True:
            try:
                return await self._lane.run(conclude, pk)
            except _GONE as error:
                if loop.time() > last:
                    log.error("What became of the change %s cannot be found out: %s", pk, error)
                    return UNKNOWN
            await asyncio.sleep(_LONG_PAUSE)

    def _watch(self) -> None:
        if not self._watchers:
            self._watchers = [
                asyncio.create_task(self._repeat(self._look)),
                asyncio.create_task(self._repeat(self._renew)),
            ]

    async def _repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take a step again and again, as long as somebody waits."""
        while self._ends:
            try:
                await step()
            except _GONE as error:
                log.warning("The database does not answer: %s", error)
            except Exception:
                log.exception("Changes are not watched as they should be")
                await asyncio.sleep(RENEWAL)
        # The last to leave; the other is asleep.
        for watcher in self._watchers:
            if watcher is not asyncio.current_task():
                watcher.cancel()
        self._watchers = []

    async def _look(self) -> None:
        is_fresh = asyncio.get_running_loop().time() - self._newest < _FRESH
        await asyncio.sleep(_PAUSE if is_fresh else _LONG_PAUSE)
        for pk in await self._lane.run(find_settled, list(self._ends)):
            if pk in self._ends:
                self._ends[pk].set()

    async def _renew(self) -> None:
        await asyncio.sleep(RENEWAL)
        await self._lane.run(renew, list(self._ends))


def _response(answer: Answer, accept: str) -> web.Response:
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
