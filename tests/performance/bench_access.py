"""How many downloads a second a guarded distribution answers, by kind of credential.

    python -m tests.performance.bench_access http://127.0.0.1:8080 admin PASSWORD

It makes what it needs on the server and removes it again. The server should run one content process
(`pulp-gomod serve --content-workers 1`); the client takes a processor of its own.
"""

import argparse
import asyncio
import base64
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.functional.owners import Owner
from tests.functional.rest_api import Made, Rest

RBAC = "contentguards/core/rbac/"
TOKENS = "gomod/tokens/"
USERS = "users/"


@dataclass(frozen=True)
class Setting:
    """What the requests are made of: the same owner without and with a guard, and credentials."""

    owner: Owner
    public: str
    private: str
    path: str
    user: tuple[str, str]
    tokens: list[str] = field(default_factory=list)


@contextmanager
def setting(rest: Rest, tokens: int) -> Iterator[Setting]:
    """Make a guarded distribution beside a public one, a user who may read it, and tokens."""
    owner, made, name = Owner.create(rest), Made(), f"bench-{uuid4().hex[:12]}"
    assert owner.put(made.zip()).status_code == 201
    guard = rest.create(RBAC, name=name)["pulp_href"]
    private = rest.create(
        "distributions/gomod/gomod/",
        name=name,
        base_path=name,
        repository=owner.repository,
        content_guard=guard,
    )["pulp_href"]
    password = str(uuid4())
    user = rest.create(USERS, username=name, password=password)["pulp_href"]
    body = {"users": [name], "role": "core.rbaccontentguard_downloader"}
    assert rest.status("POST", f"{guard}add_role/", json=body) == 201
    mine = Rest(rest.url, (name, password))
    made_tokens = [mine.create(TOKENS, name=str(n))["token"] for n in range(tokens)]
    try:
        yield Setting(
            owner,
            owner.content_url,
            f"{rest.url}/pulp/content/{name}",
            f"{made.path}/@v/v1.0.0.mod",
            (name, password),
            made_tokens,
        )
    finally:
        for href in (private, owner.distribution):
            rest.wait(rest.call("DELETE", href))
        rest.call("DELETE", guard)
        rest.call("DELETE", user)
        rest.wait(rest.call("DELETE", owner.repository))


async def _client(url: str, headers: list[str], end: float, seen: Counter[int], step: int) -> None:
    """Ask over one connection until the time is over, with one header after the other."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    asked = [
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{header}\r\n".encode()
        for header in headers
    ]
    turn = step
    try:
        while time.monotonic() < end:
            writer.write(asked[turn % len(asked)])
            turn += 1
            head = await reader.readuntil(b"\r\n\r\n")
            fields = head.lower()
            start = fields.index(b"content-length:") + len(b"content-length:")
            await reader.readexactly(int(fields[start : fields.index(b"\r\n", start)]))
            seen[int(head[9:12])] += 1
    finally:
        writer.close()


async def measure(url: str, headers: list[str], seconds: float, connections: int) -> Counter[int]:
    """Count answers by status."""
    seen: Counter[int] = Counter()
    end = time.monotonic() + seconds
    await asyncio.gather(*(_client(url, headers, end, seen, step) for step in range(connections)))
    return seen


def basic(name: str, password: str) -> str:
    """The header of HTTP Basic."""
    return f"Authorization: Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}\r\n"


def cases(made: Setting) -> dict[str, tuple[str, list[str]]]:
    """What is measured: a root, and the headers to ask with in turn."""
    name, password = made.user
    return {
        "public": (made.public, [""]),
        "guarded, password": (made.private, [basic(name, password)]),
        "guarded, token as password": (made.private, [basic(name, made.tokens[0])]),
        "guarded, bearer token": (made.private, [f"Authorization: Bearer {made.tokens[0]}\r\n"]),
        f"guarded, {len(made.tokens)} tokens": (
            made.private,
            [f"Authorization: Bearer {token}\r\n" for token in made.tokens],
        ),
        "guarded, nobody": (made.private, [""]),
        "guarded, wrong password": (made.private, [basic(name, "wrong")]),
    }


def main() -> None:
    """Print requests a second for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("url")
    parser.add_argument("username")
    parser.add_argument("password")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=100)
    given: Any = parser.parse_args()
    with setting(Rest(given.url, (given.username, given.password)), given.tokens) as made:
        for title, (root, headers) in cases(made).items():
            url = f"{root}/{made.path}"
            seen = asyncio.run(measure(url, headers, given.seconds, given.connections))
            rate = seen.total() / given.seconds
            print(f"{title:32} {rate:8.0f}/s  {dict(seen)}", flush=True)


if __name__ == "__main__":
    main()
