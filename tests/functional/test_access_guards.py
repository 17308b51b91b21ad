"""Every content guard, on every path, by both URLs, for everybody: the status that go needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest
import requests

from tests.functional import guarded
from tests.functional.guarded import (
    Headers,
    Opened,
    Person,
    Site,
    ask,
    basic,
    bearer,
    paths_of,
)
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.test_rest_domains import new_domain

MakeGuard = Callable[[Rest, Person], Opened]

BY_PEOPLE = [guarded.rbac, guarded.composite_of_roles]
ANYWHERE = [*BY_PEOPLE, guarded.composite, guarded.header, guarded.redirect]
# They need a variable of the server, a proxy that is trusted, or a base path that there is once in a domain.
SPECIAL = [guarded.envvar_header, guarded.x509, guarded.rhsm]
CASES = [
    *(pytest.param("default", make, id=f"default-{make.__name__}") for make in ANYWHERE),
    *(pytest.param("domain", make, id=f"domain-{make.__name__}") for make in ANYWHERE + SPECIAL),
]


@dataclass(frozen=True)
class World:
    """
    A module in a repository that a public distribution serves, a reader and a stranger.

    Attributes:
        server: The server.
        rest: The REST API as the administrator sees it.
        made: The module.
        repository: The repository's href.
        public: The public distribution.
        reader: Who is given the right to read.
        stranger: Who is not.
        everything: What is asked by both roots, and how somebody who may read is answered.
        opened: The guards, and the distributions behind them: both roots are asked with one of each.
    """

    server: Server
    rest: Rest
    made: Made
    repository: str
    public: Site
    reader: Person
    stranger: Person
    everything: "list[Asked]" = field(default_factory=list)
    opened: dict[MakeGuard, tuple[Opened, Site]] = field(default_factory=dict)

    @classmethod
    def create(cls, server: Server, domain: str = "") -> "World":
        """Create it, in a domain of its own if that is asked for."""
        auth = (server.username, server.password)
        rest = Rest(server.url, auth)
        if domain:
            rest = Rest(server.url, auth, new_domain(rest))
        made, repository = Made(), rest.create_repository()
        rest.publish(made.zip(), repository=repository)
        public = Site.create(rest, repository=repository)
        people = Person.create(rest), Person.create(rest)
        return cls(server, rest, made, repository, public, *people)

    def site(self, make: MakeGuard) -> tuple[Opened, Site]:
        """A guard, and the distribution behind it."""
        if make not in self.opened:
            opened = make(self.rest, self.reader)
            self.opened[make] = opened, self.behind(opened)
        return self.opened[make]

    def behind(self, opened: Opened) -> Site:
        """A new distribution behind a guard."""
        return Site.create(
            self.rest, opened.base_path, repository=self.repository, content_guard=opened.guard
        )


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    """The worlds that were created: pytest would create one again for each guard."""
    return {}


@pytest.fixture(params=["default", "domain"])
def world(request: pytest.FixtureRequest, worlds: dict[str, World]) -> World:
    """The world without domains, and within one."""
    if request.param not in worlds:
        if request.param == "default":
            worlds["default"] = World.create(request.getfixturevalue("server"))
        else:
            worlds["domain"] = World.create(request.getfixturevalue("domain_server"), "domain")
    return worlds[request.param]


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@dataclass(frozen=True)
class Answer:
    """What was answered."""

    status: int
    challenge: bool
    is_public: bool

    @classmethod
    def of(cls, response: requests.Response) -> "Answer":
        challenge = response.headers.get("WWW-Authenticate", "")
        caching = response.headers.get("Cache-Control", "")
        if response.request.method == "HEAD":
            assert not response.content
        if response.status_code in (401, 403):
            assert "Location" not in response.headers
            assert "ETag" not in response.headers
        return cls(response.status_code, challenge.startswith("Basic realm="), "public" in caching)


DENIED_UNKNOWN = Answer(401, True, False)
DENIED_KNOWN = Answer(403, False, False)


Asked = tuple[str, str, Headers, Answer]


def requests_for(session: requests.Session, world: World) -> list[Asked]:
    """Return method, path, headers, and what somebody who may read is answered, by either root: of every kind."""
    if not world.everything:
        world.everything.extend(_ask_the_public_one(session, world))
    return world.everything


def _ask_the_public_one(session: requests.Session, world: World) -> list[Asked]:
    asked: list[Asked] = []
    for path in paths_of(world.made):
        for method in ("GET", "HEAD"):
            response = ask(session, method, f"{world.public.content_url}/{path}")
            assert response.status_code in (200, 404), path
            asked.append((method, path, {}, Answer(response.status_code, False, False)))
            etag = response.headers.get("ETag")
            if etag and method == "GET":
                asked.append((method, path, {"If-None-Match": etag}, Answer(304, False, False)))
    assert {answer.status for *_, answer in asked} == {200, 304, 404}
    return asked


def some_of(asked: list[Asked]) -> list[Asked]:
    """Return a request for what is there, what is not, what is malformed, and a page."""
    ends = ("v1.0.0.zip", "v9.9.9.info", "Upper.example.com/x/@v/list", "/supported")
    return [each for each in asked if each[0] == "GET" and (each[1].endswith(ends) or not each[1])]


# By this, samples are spread: each guard is asked for others of all the requests in each combination of world and
# root, and in one of them for more.
_SPREAD = 4
# By this, the kinds of credentials are: each is sent by one root or both, in one of the worlds at least.
_KINDS = 3
# These are asked for everything there: what looks at a request, for which each URL is signed. What looks at who asks
# is asked for everything above, and which paths are guarded at all depends on no guard (tests/inprocess/test_guards).
_THOROUGH = (guarded.header, guarded.redirect)


def combination(world: World, root: int, make: MakeGuard) -> int:
    """
    Number the combinations of a world and a root, for each guard from another one on; 0 is the one for everything.

    Args:
        world: The world.
        root: The root.
        make: Makes the guard.
    """
    if make in SPECIAL:
        # They are tried in one world only.
        return (root + SPECIAL.index(make)) % 2
    return (2 * world.rest.domains + root + ANYWHERE.index(make)) % _SPREAD


def spread(asked: list[Asked], number: int) -> list[Asked]:
    """Return some of the few, and every so many-th of all."""
    few = some_of(asked)
    return [few[number % len(few)], *asked[number % _SPREAD :: 2 * _SPREAD]]


@cache
def token_of(person: Person) -> str:
    """Return the secret of a token that reads."""
    return person.token()


@cache
def publishing_token_of(person: Person) -> str:
    """Return the secret of a token that publishes."""
    return person.token(scope="publish")


def unknown(world: World) -> dict[str, Headers]:
    """Credentials that are worth nothing, without those that cost a hash."""
    token = token_of(world.reader)
    return {
        "nothing": {},
        "token of another": basic(world.stranger.name, token),
        "unknown token": bearer("gomod_" + "0" * 49),
        "mistyped token": bearer(token[:-1]),
        "other scheme": {"Authorization": "Digest username=x"},
        "garbage": {"Authorization": "Basic !"},
        "empty": {"Authorization": ""},
        "session cookie": {"Cookie": "sessionid=unknown"},
        "remote user": {"Remote-User": world.reader.name, "REMOTE_USER": world.reader.name},
    }


def known(person: Person) -> dict[str, Headers]:
    """Credentials of a person, of all kinds."""
    token = token_of(person)
    return {
        "password": person.basic,
        "password and cookie": person.basic | {"Cookie": "a=b"},
        "token as password": basic(person.name, token),
        "token without a name": basic("", token),
        "bearer": bearer(token),
        "token": {"Authorization": f"token {token}"},
        "publishing token": bearer(publishing_token_of(person)),
    }


@pytest.mark.parametrize("root", [0, 1], ids=["content", "packages"])
@pytest.mark.parametrize("make", BY_PEOPLE, ids=lambda make: make.__name__)
def test_guards_that_ask_who(
    world: World, session: requests.Session, make: MakeGuard, root: int
) -> None:
    _, site = world.site(make)
    everything = requests_for(session, world)
    kinds: list[tuple[str, Headers, Answer | None]] = [
        *((kind, headers, DENIED_UNKNOWN) for kind, headers in unknown(world).items()),
        *((f"stranger, {kind}", of, DENIED_KNOWN) for kind, of in known(world.stranger).items()),
        *((f"reader, {kind}", headers, None) for kind, headers in known(world.reader).items()),
        ("token for this", bearer(world.reader.token(distribution=site.href)), None),
        (
            "token for another",
            bearer(world.reader.token(distribution=world.public.href)),
            DENIED_KNOWN,
        ),
    ]
    wrong = []
    sample = combination(world, root, make)
    for number, (kind, credentials, denied) in enumerate(kinds):
        thorough = kind in ("nothing", "stranger, bearer", "reader, password")
        few = some_of(everything)
        # Others of the few for each kind, so that each of them is asked.
        two = [few[(number + step) % len(few)] for step in (0, 2)]
        asked = everything if thorough else two
        # One of them for everything in one world, by one root.
        if sample or make is not guarded.rbac:
            # Who asks is found out before any guard is asked: each kind is sent to both of them, but not by all roots
            # in all worlds.
            if not thorough and number % _KINDS != sample % _KINDS:
                continue
            asked = spread(everything, sample) if thorough else two[:1]
        for method, path, headers, allowed in asked:
            url = f"{site.urls[root]}/{path}"
            answer = Answer.of(ask(session, method, url, headers | credentials))
            if answer != (denied or allowed):
                wrong.append((kind, method, path, bool(headers), answer))
    assert wrong == []


@pytest.mark.parametrize("root", [0, 1], ids=["content", "packages"])
def test_wrong_passwords(world: World, session: requests.Session, root: int) -> None:
    _, site = world.site(guarded.rbac)
    for path in (f"{world.made.path}/@v/v1.0.0.zip", "sumdb/sum.golang.org/supported", ""):
        for credentials in (
            basic(world.reader.name, "wrong"),
            basic(world.reader.name, ""),
            basic("nobody-" + world.reader.name, world.reader.password),
            basic("\0", world.reader.password),
        ):
            response = ask(session, "GET", f"{site.urls[root]}/{path}", credentials)
            assert Answer.of(response) == DENIED_UNKNOWN, path


@pytest.mark.parametrize("root", [0, 1], ids=["content", "packages"])
@pytest.mark.parametrize(("world", "make"), CASES, indirect=["world"])
def test_every_guard(world: World, session: requests.Session, make: MakeGuard, root: int) -> None:
    opened, site = world.site(make)
    url = site.urls[root]
    everything = requests_for(session, world)
    few = some_of(everything)
    if sample := combination(world, root, make):
        everything = spread(everything, sample)
    elif make not in _THOROUGH:
        everything = [*few, *everything[:: 2 * _SPREAD - 1]]
    signed = {}
    if opened.signed:
        urls = [f"{url}/{path}" for _, path, *_ in everything]
        signed = guarded.sign(world.server, opened.guard, list(dict.fromkeys(urls)))
    reader, stranger = bearer(token_of(world.reader)), bearer(token_of(world.stranger))
    # A guard that does not ask who it is refuses the reader as it does a stranger.
    by_reader, may_read = (everything, None) if opened.people else ([], DENIED_KNOWN)
    # Where it does not say for what, for one of the few.
    tried: list[tuple[str, list[Asked], Headers, Answer | None]] = [
        ("nothing", everything, {}, DENIED_UNKNOWN),
        ("stranger", [], stranger, DENIED_KNOWN),
        ("reader", by_reader, reader, may_read),
    ]
    if opened.headers:
        tried += [
            ("header", everything, opened.headers, None),
            ("header, stranger", [], opened.headers | stranger, None),
            ("header, bad token", [], opened.headers | bearer("gomod_x"), None),
        ]
        for bad in ("x", "AAAA", "/w==", "bnVsbA=="):
            headers = dict.fromkeys(opened.headers, bad)
            tried.append((f"header {bad}", [], headers, DENIED_UNKNOWN))
    wrong = []
    for number, (kind, asked, credentials, denied) in enumerate(tried):
        one = few[(sample + number) % len(few)]
        for method, path, headers, allowed in asked or [one]:
            answer = Answer.of(ask(session, method, f"{url}/{path}", headers | credentials))
            if answer != (denied or allowed):
                wrong.append((kind, method, path, bool(headers), answer))
    for method, path, headers, allowed in everything if opened.signed else []:
        good = signed[f"{url}/{path}"]
        for target, expected in ((good, allowed), (good + "0", DENIED_UNKNOWN)):
            answer = Answer.of(ask(session, method, target, headers))
            if answer != expected:
                wrong.append((target, method, path, bool(headers), answer))
    assert wrong == []


@pytest.mark.parametrize("root", [0, 1], ids=["content", "packages"])
def test_wrong_credentials_do_no_harm_where_none_are_needed(
    world: World, session: requests.Session, root: int
) -> None:
    asked = some_of(requests_for(session, world))
    url = world.public.urls[root]
    for credentials in (*unknown(world).values(), basic("nobody", "wrong")):
        for method, path, headers, allowed in asked:
            response = ask(session, method, f"{url}/{path}", headers | credentials)
            assert response.status_code == allowed.status, path


def test_a_guard_that_is_set_or_taken_away_has_an_effect_at_once(
    world: World, session: requests.Session
) -> None:
    opened = guarded.rbac(world.rest, world.reader)
    site = Site.create(world.rest, repository=world.repository)
    other = guarded.header(world.rest, world.reader)
    url = f"{site.content_url}/{world.made.path}/@v/v1.0.0.zip"
    for _ in range(3):
        assert ask(session, "GET", url).status_code == 200
        site.update(content_guard=opened.guard)
        assert ask(session, "GET", url).status_code == 401
        assert ask(session, "GET", url, world.reader.basic).status_code == 200
        site.update(content_guard=other.guard)
        assert ask(session, "GET", url, world.reader.basic).status_code == 403
        assert ask(session, "GET", url, other.headers).status_code == 200
        site.update(content_guard=None)
