"""What waits most of its time, side by side with the other tests of its file."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from tests.functional.rest_api import Rest
from tests.functional.serving import Server
from tests.functional.upstream_world import Upstream, running

Scenario = Callable[[Server, Rest, Upstream], None]
Begun = dict[Scenario, Future[None]]


@contextmanager
def beginning(server: Server, *scenarios: Scenario) -> Iterator[Begun]:
    """
    Begin scenarios, each in a thread, with a client of the REST API and an upstream of its own.

    Args:
        server: The server that all of them use.
        scenarios: What they do, and check.

    Yields:
        What comes of each, for a test of its own.
    """

    def play(scenario: Scenario) -> None:
        with running() as upstream:
            scenario(server, Rest(server.url, (server.username, server.password)), upstream)

    with ThreadPoolExecutor(len(scenarios)) as pool:
        yield {each: pool.submit(play, each) for each in scenarios}
