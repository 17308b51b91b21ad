"""Threads for work that may not happen on the event loop."""

import asyncio
import contextvars
import threading

import pytest

from pulp_gomod.app.db.executors import BoundedExecutor, Busy

VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("variable")


def test_work_is_done_elsewhere_in_the_context_of_the_request() -> None:
    def work(number: int) -> tuple[int, str, bool]:
        return number + 1, VARIABLE.get(), threading.current_thread() is threading.main_thread()

    async def story() -> None:
        executor = BoundedExecutor("executor", threads=1, longest_queue=10)
        VARIABLE.set("of the request")
        assert await executor.run(work, 1) == (2, "of the request", False)
        executor.close()

    asyncio.run(story())


def test_what_work_sets_stays_in_its_context() -> None:
    async def story() -> None:
        executor = BoundedExecutor("executor", threads=1, longest_queue=10)
        VARIABLE.set("before")
        await executor.run(VARIABLE.set, "after")
        assert VARIABLE.get() == "before"
        assert await executor.run(VARIABLE.get) == "before"
        executor.close()

    asyncio.run(story())


def test_a_failure_is_the_caller_s() -> None:
    def fail() -> None:
        raise KeyError("reason")

    async def story() -> None:
        executor = BoundedExecutor("executor", threads=1, longest_queue=1)
        for _ in range(3):
            with pytest.raises(KeyError):
                await executor.run(fail)
        executor.close()

    asyncio.run(story())


def test_a_queue_is_no_longer_than_it_may_be() -> None:
    async def story() -> None:
        executor, gate = BoundedExecutor("executor", threads=1, longest_queue=3), threading.Event()
        waiting = [asyncio.create_task(executor.run(gate.wait)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await executor.run(gate.wait)
        gate.set()
        assert await asyncio.gather(*waiting) == [True] * 3
        assert await executor.run(gate.wait)
        executor.close()

    asyncio.run(story())


def test_what_nobody_waits_for_any_more_counts_until_it_is_done() -> None:
    async def story() -> None:
        executor, gate = BoundedExecutor("executor", threads=1, longest_queue=2), threading.Event()
        running, waiting = (asyncio.create_task(executor.run(gate.wait)) for _ in range(2))
        await asyncio.sleep(0)
        running.cancel()
        waiting.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
        # One is in the thread still, and the other makes room.
        last = asyncio.create_task(executor.run(gate.wait))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await executor.run(gate.wait)
        gate.set()
        assert await last
        executor.close()

    asyncio.run(story())
