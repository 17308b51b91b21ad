"""Private files from memory: the same connection, whoever asks on it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.connections import Connection
from tests.functional.guarded import (
    DOWNLOADER,
    Headers,
    Person,
    Site,
    basic,
    bearer,
    create_guard,
)
from tests.functional.rest_api import Made, Rest

FILES = ("v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip", "list", "v1.0.1.info", "v1.0.1.zip")


@pytest.fixture
def connection(server: Any) -> Iterator[Connection]:
    opened = Connection(server.url)
    yield opened
    opened.close()


def test_each_request_is_answered_for_whoever_sends_it(rest: Rest, connection: Connection) -> None:
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip(), made.zip("v1.0.1"), repository=repository)
    reader, stranger = Person.create(rest), Person.create(rest)
    guard = create_guard(rest, "core/rbac")
    reader.grant(DOWNLOADER, guard)
    private = Site.create(rest, repository=repository, content_guard=guard)
    public = Site.create(rest, repository=repository)
    permitted: list[Headers] = [reader.basic, bearer(reader.token())]
    refused: list[tuple[Headers, int]] = [
        ({}, 401),
        (basic(reader.name, "wrong"), 401),
        (bearer("gomod_nonsense"), 401),
        (stranger.basic, 403),
        (bearer(stranger.token()), 403),
    ]
    for urls in zip(private.urls, public.urls, strict=True):
        place, open_place = (f"{url}/{made.path}/@v" for url in urls)
        told = {file: connection.get(f"{open_place}/{file}") for file in FILES}
        assert {status for status, _ in told.values()} == {200}
        for number, file in enumerate(FILES):
            for mine in permitted:
                # The first is looked up, the second is not; what is not there neither.
                for _ in range(2):
                    assert connection.get(f"{place}/{file}", mine) == told[file]
                assert connection.get(f"{place}/v9.9.9.mod", mine)[0] == 404
                # Nobody, and somebody else for each file.
                for headers, status in (refused[0], refused[1 + number % (len(refused) - 1)]):
                    assert connection.get(f"{place}/{file}", headers)[0] == status
            # What everybody may read is the same with credentials, and no secret of whoever sent them.
            for headers in (*permitted, {}):
                assert connection.get(f"{open_place}/{file}", headers) == told[file]


def test_who_is_let_in_first_opens_nothing_for_others(rest: Rest, connection: Connection) -> None:
    made, repository, reader = Made(), rest.create_repository(), Person.create(rest)
    rest.publish(made.zip(), repository=repository)
    guards = [create_guard(rest, "core/rbac") for _ in range(2)]
    reader.grant(DOWNLOADER, guards[0])
    opened, closed = (
        Site.create(rest, repository=repository, content_guard=guard) for guard in guards
    )
    path = f"{made.path}/@v/v1.0.0.info"
    for _ in range(4):
        assert connection.get(f"{opened.packages_url}/{path}", reader.basic)[0] == 200
        assert connection.get(f"{closed.packages_url}/{path}", reader.basic)[0] == 403
    opened.update(content_guard=guards[1])
    for _ in range(2):
        assert connection.get(f"{opened.packages_url}/{path}", reader.basic)[0] == 403
    opened.update(content_guard=None)
    assert connection.get(f"{opened.packages_url}/{path}", reader.basic)[0] == 200
    assert connection.get(f"{opened.packages_url}/{path}")[0] == 200
    opened.update(content_guard=guards[0])
    for _ in range(2):
        assert connection.get(f"{opened.packages_url}/{path}", reader.basic)[0] == 200
        assert connection.get(f"{opened.packages_url}/{path}")[0] == 401
