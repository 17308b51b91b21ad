"""Telling how far a sync is."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from pulpcore.plugin.constants import TASK_STATES
from pulpcore.plugin.models import ProgressReport

from pulp_gomod.app.db.executors import BoundedExecutor
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.tasks.proofs import Unproven
from pulp_gomod.app.tasks.sync.chosen import Chosen
from pulp_gomod.app.tasks.sync.failures import LeftOut

log = logging.getLogger(__name__)

# Seconds between two reports; pulpcore writes no more of them.
INTERVAL = 2.1


class Progress:
    """
    One step of a sync, as its task shows it.

    Args:
        report: What is shown.
        threads: For writing it.
    """

    def __init__(self, report: ProgressReport, threads: Threads) -> None:
        self._report = report
        self._threads = threads
        self._over = asyncio.Event()

    def increase(self, by: int = 1) -> None:
        """
        Note that more has been done.

        Args:
            by: How many things.
        """
        self._report.done += by

    def end(self) -> None:
        """Let `show` come to an end."""
        self._over.set()

    async def show(self) -> None:
        """Write down now and then what has been done, also while one thing takes long."""
        while not self._over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), INTERVAL)
            await self._threads.database(self._report.save)


@asynccontextmanager
async def reported(
    threads: Threads, message: str, code: str, total: int | None = None
) -> AsyncIterator[Progress]:
    """
    Show a step for as long as it lasts, and how it ended.

    Args:
        threads: For the database.
        message: What it does.
        code: What programs know it by.
        total: How many things it does, if that is known.
    """
    report = ProgressReport(message=message, code=code, total=total)
    await threads.database(report.__enter__)
    progress = Progress(report, threads)
    showing = asyncio.create_task(progress.show())
    try:
        yield progress
    finally:
        ended_by = sys.exc_info()
        progress.end()
        await asyncio.wait({showing})
        await threads.database(report.__exit__, *ended_by)


class Adding:
    """
    How far a sync is in adding what it fetched to its repository.

    All of that is one transaction, of which nobody sees anything before its end. So this is written down
    in a thread, which has a connection of its own.

    Args:
        report: What is shown.
        writer: The thread.
    """

    def __init__(self, report: ProgressReport, writer: BoundedExecutor) -> None:
        self._report = report
        self._writer = writer
        self._next = time.monotonic() + INTERVAL

    def reach(self, done: int) -> None:
        """
        Note how far it is.

        Args:
            done: How many things are done.
        """
        self._report.done = done
        now = time.monotonic()
        if now >= self._next:
            self._next = now + INTERVAL
            self._writer.submit(self._report.save)


@contextmanager
def adding(total: int) -> Iterator[Adding]:
    """
    Show that a repository is changed for as long as it lasts, and how it ended.

    Args:
        total: How many things are added; if there are none, nothing is shown.
    """
    report = ProgressReport(
        message="Adding to the repository", code="sync.gomod.adding", total=total
    )
    writer = BoundedExecutor("gomod-sync-progress", 1, uses_orm=True)
    try:
        if total:
            writer.submit(report.__enter__).result()
        try:
            yield Adding(report, writer)
        finally:
            if total:
                writer.submit(report.__exit__, *sys.exc_info()).result()
    finally:
        writer.close()


async def report_chosen(threads: Threads, chosen: Chosen) -> None:
    """
    Show which versions a sync takes for what was asked for.

    Args:
        threads: For writing it.
        chosen: What they are.
    """
    await _tell(threads, f"Versions chosen:\n{chosen}", "sync.gomod.chosen", chosen.count)


async def report_left_out(threads: Threads, left_out: LeftOut) -> None:
    """
    Show what a sync goes on without.

    Args:
        threads: For the database.
        left_out: What that is.
    """
    log.warning("A sync left out %s module versions:\n%s", left_out.count, left_out)
    message = f"Left out, because they cannot be fetched:\n{left_out}"
    await _tell(threads, message, "sync.gomod.left_out", left_out.count)


async def report_unproven(threads: Threads, database: str, unproven: Unproven) -> None:
    """
    Show of which module versions no proof could be kept: they are synced all the same.

    Args:
        threads: For writing it.
        database: The name of the checksum database.
        unproven: What it is.
    """
    log.warning("A sync kept no proof of %s module versions:\n%s", unproven.count, unproven)
    message = f"Without a proof of {database}, which clients can only have from there:\n{unproven}"
    await _tell(threads, message, "sync.gomod.unproven", unproven.count)


async def _tell(threads: Threads, message: str, code: str, count: int) -> None:
    report = ProgressReport(
        message=message, code=code, total=count, done=count, state=TASK_STATES.COMPLETED
    )
    await threads.database(report.save)
