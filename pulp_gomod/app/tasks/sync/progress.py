"""Telling how far a sync is."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pulpcore.plugin.constants import TASK_STATES
from pulpcore.plugin.models import ProgressReport

from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.tasks.proofs import Unproven
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


async def report_left_out(threads: Threads, left_out: LeftOut) -> None:
    """
    Show what a sync goes on without.

    Args:
        threads: For the database.
        left_out: What that is.
    """
    log.warning("A sync left out %s module versions:\n%s", left_out.count, left_out)
    report = ProgressReport(
        message=f"Left out, because they cannot be fetched:\n{left_out}",
        code="sync.gomod.left_out",
        total=left_out.count,
        done=left_out.count,
        state=TASK_STATES.COMPLETED,
    )
    await threads.database(report.save)


async def report_unproven(threads: Threads, database: str, unproven: Unproven) -> None:
    """
    Show of which module versions no proof could be kept: they are synced all the same.

    Args:
        threads: For writing it.
        database: The name of the checksum database.
        unproven: What it is.
    """
    log.warning("A sync kept no proof of %s module versions:\n%s", unproven.count, unproven)
    report = ProgressReport(
        message=f"Without a proof of {database}, which clients can only have from there:\n{unproven}",
        code="sync.gomod.unproven",
        total=unproven.count,
        done=unproven.count,
        state=TASK_STATES.COMPLETED,
    )
    await threads.database(report.save)
