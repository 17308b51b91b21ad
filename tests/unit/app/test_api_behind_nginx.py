"""What the page on security has nginx do for an API without our front door."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.functional.nginx import Site, running

PAGE = Path(__file__).parents[3] / "docs" / "admin" / "reference" / "security.md"
_BLOCK = re.compile(r"```nginx\n(.*?)```", re.DOTALL)
AT_ONCE = 2
MANY = 10


@dataclass
class Api:
    """An API that answers when it is let go, and how many requests have come to it."""

    free: threading.Event = field(default_factory=threading.Event)
    come: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    port: int = 0


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.come.release()
            made.free.wait(60)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    made.free.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_one_client_has_only_so_many_requests_at_the_api(api: Api, tmp_path: Path) -> None:
    zone, limit = (block for block in _BLOCK.findall(PAGE.read_text()) if "pulp_api" in block)
    site = Site(of_http=zone, of_api=limit)
    with running(tmp_path / "nginx", f"127.0.0.1:{api.port}", site) as url:

        def get(source: str) -> int:
            with requests.Session() as session:
                session.mount(url, From(source))
                return session.get(f"{url}/pulp/api/v3/status/", timeout=60).status_code

        with ThreadPoolExecutor(MANY + 1) as pool:
            sent = [pool.submit(get, "127.0.0.1") for _ in range(MANY)]
            done = as_completed(sent)
            assert [next(done).result() for _ in range(MANY - AT_ONCE)] == [503] * (MANY - AT_ONCE)
            for _ in range(AT_ONCE):
                assert api.come.acquire(timeout=60)
            # Another client goes past.
            other = pool.submit(get, "127.0.0.2")
            assert api.come.acquire(timeout=60)
            api.free.set()
            assert other.result() == 200
            assert sorted(each.result() for each in sent) == [200] * AT_ONCE + [503] * (
                MANY - AT_ONCE
            )


class From(requests.adapters.HTTPAdapter):
    """Connects from an address of this machine."""

    def __init__(self, source: str) -> None:
        self._source = source
        super().__init__()

    def init_poolmanager(self, *args: object, **options: object) -> None:
        """As requests has it, with the address."""
        super().init_poolmanager(*args, source_address=(self._source, 0), **options)
