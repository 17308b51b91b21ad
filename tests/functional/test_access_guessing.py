"""Who guesses passwords is slowed down at every door, and nobody else is."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.functional.conftest import LOGIN_FAILURES
from tests.functional.guarded import DOWNLOADER, Headers, Person, Site, basic, bearer, rbac
from tests.functional.rest_api import REPOSITORIES, STATUS, Rest
from tests.functional.serving import Server

FORM = "/auth/login/"


class _From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **kwargs)


class Client:
    """Somebody at an address of their own, who makes a connection for each request."""

    def __init__(self) -> None:
        octets = (random.randint(1, 254) for _ in range(3))
        self.address = ".".join(["127", *map(str, octets)])

    def send(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        with requests.Session() as session:
            session.mount("http://", _From(self.address))
            return session.request(method, url, timeout=120, **kwargs)

    def fill_in_form(self, url: str, name: str, password: str) -> requests.Response:
        """Log in as browsers do."""
        with requests.Session() as session:
            session.mount("http://", _From(self.address))
            session.get(url + FORM, timeout=120).raise_for_status()
            data = {
                "username": name,
                "password": password,
                "csrfmiddlewaretoken": session.cookies["csrftoken"],
            }
            return session.post(
                url + FORM, data=data, headers={"Referer": url}, allow_redirects=False, timeout=120
            )


@dataclass(frozen=True)
class Doors:
    """
    A private distribution, and all ways in.

    Attributes:
        server: The server.
        rest: The REST API as the administrator sees it.
        site: The distribution.
        guard: The href of its guard.
        reader: Who may read it.
    """

    server: Server
    rest: Rest
    site: Site
    guard: str
    reader: Person

    @property
    def list(self) -> str:
        return f"{self.site.packages_url}/example.com/m/@v/list"

    @property
    def repositories(self) -> str:
        return f"{self.server.url}{self.rest.root}{REPOSITORIES}"

    def ways(self, client: Client) -> dict[str, Callable[[Headers], requests.Response]]:
        """All that verify a password in a header."""

        def way(method: str, url: str) -> Callable[[Headers], requests.Response]:
            return lambda headers: client.send(method, url, headers=headers)

        return {
            "download": way("GET", self.list),
            "content of other plugins": way("GET", f"{self.server.url}/pulp/content/no/thing.txt"),
            "list of distributions": way("GET", f"{self.server.url}/pulp/content/"),
            "upload": way("PUT", f"{self.site.packages_url}/upload"),
            "removal": way("DELETE", f"{self.site.packages_url}/example.com/m/@v/v1.0.0"),
            "REST": way("GET", self.repositories),
            "REST, changing": way("POST", self.repositories),
        }

    def newcomer(self) -> Person:
        """Somebody who may read, and whom the server has never seen."""
        person = Person.create(self.rest)
        body = {"users": [person.name], "role": DOWNLOADER}
        assert self.rest.status("POST", f"{self.guard}add_role/", json=body) == 201
        return person


@pytest.fixture(scope="module")
def doors(sync_server: Server) -> Doors:
    rest = Rest(sync_server.url, (sync_server.username, sync_server.password))
    reader = Person.create(rest)
    guard = rbac(rest, reader).guard
    site = Site.create(rest, repository=rest.create_repository(), content_guard=guard)
    return Doors(sync_server, rest, site, guard, reader)


def wrong(name: str | None = None) -> Headers:
    return basic(name or f"nobody-{uuid4()}", str(uuid4()))


def test_who_guesses_has_to_wait_whichever_door_it_is(doors: Doors) -> None:
    guesser = Client()
    reader, token = doors.reader, doors.reader.token()
    assert Client().send("GET", doors.list, headers=reader.basic).status_code == 404
    ways = doors.ways(guesser)
    guesses = [ways[name](wrong()) for name in ("download", "upload", "REST")]
    assert len(guesses) == LOGIN_FAILURES
    assert [each.status_code for each in guesses] == [401, 401, 401]
    assert "Invalid username/password." in guesses[2].text
    for name, ask in ways.items():
        refused = ask(wrong())
        assert refused.status_code == 429, name
        assert 1 <= int(refused.headers["Retry-After"]) <= 601, name
        assert "too many failed logins" in refused.text, name
    # Who is not guessing does not notice, not even at the same address.
    ways = doors.ways(guesser)
    assert ways["download"](reader.basic).status_code == 404
    assert ways["REST"](reader.basic).status_code == 200
    assert ways["download"](bearer(token)).status_code == 404
    assert guesser.send("GET", doors.server.url + STATUS).status_code == 200
    assert Client().send("GET", doors.list, headers=doors.newcomer().basic).status_code == 404
    _is_said_once(doors.server, f"from {guesser.address}:")


def test_a_stranger_does_not_lock_a_user_out(doors: Doors) -> None:
    victim, guessers = doors.newcomer(), [Client(), Client()]
    first, second = (doors.ways(each)["download"] for each in guessers)
    guesses = [first(wrong(victim.name)).status_code for _ in range(LOGIN_FAILURES)]
    assert guesses == [401] * LOGIN_FAILURES
    assert first(victim.basic).status_code == 429
    # A few attempts of each address, wherever others have failed before.
    assert {second(wrong(victim.name)).status_code for _ in range(LOGIN_FAILURES)} == {401}
    assert second(wrong(victim.name)).status_code == 429
    assert doors.ways(Client())["download"](victim.basic).status_code == 404
    assert doors.ways(Client())["REST"](victim.basic).status_code == 200


def test_the_form_for_browsers_is_one_of_the_doors(doors: Doors) -> None:
    guesser, victim = Client(), doors.newcomer()
    url = doors.server.url
    answers = [guesser.fill_in_form(url, victim.name, str(n)).status_code for n in range(5)]
    # Whichever of the API's workers it is that answers.
    assert answers == [200, 200, 200, 429, 429]
    assert Client().fill_in_form(url, victim.name, victim.password).status_code == 302


def test_what_asks_nobody_who_it_is_answers_wrong_passwords_too(doors: Doors) -> None:
    headers = wrong()
    client = Client()
    assert client.send("GET", doors.server.url + STATUS, headers=headers).status_code == 200
    # That it was answered does not make the password a good one.
    tried = [headers, wrong(), wrong()]
    answers = [client.send("GET", doors.repositories, headers=each) for each in tried]
    assert [each.status_code for each in answers] == [401, 401, 429]


def test_a_program_with_an_old_password_is_no_guesser(doors: Doors) -> None:
    person, client = doors.newcomer(), Client()
    old = wrong(person.name)
    ask = doors.ways(client)["download"]
    assert {ask(old).status_code for _ in range(4 * LOGIN_FAILURES)} == {401}
    # Another password is another guess, and the right one is right at once.
    assert ask(person.basic).status_code == 404
    # A flood is a flood.
    assert 429 in {ask(old).status_code for _ in range(30 * LOGIN_FAILURES)}


def _is_said_once(server: Server, words: str) -> None:
    log = Path(server.data_dir, "logs", "content.log").read_text()
    lines = [line for line in log.splitlines() if "Too many failed logins" in line]
    # By each of two processes, at most.
    assert 1 <= len([line for line in lines if words in line]) <= 2
    assert not re.search(r"Basic [A-Za-z0-9+/=]{8}", log)
