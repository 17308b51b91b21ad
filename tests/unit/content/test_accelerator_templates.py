"""Requests that differ from one before in the file only, and those that do not."""

import pytest

from pulp_gomod.app.content.accelerator import templates
from pulp_gomod.app.content.accelerator.templates import Place, Templates, Words

END = " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
PATH = "example.com/!m/@v/v1.0.0.info"
CONTENT, PACKAGES = "/pulp/content/base/", "/api/packages/base/go/"


def place(target: str, path: str = PATH) -> Place | None:
    return templates.place_of(f"GET {target}{END}".encode(), "default", "base", path)


def words(text: str = END, digest: bytes | None = None) -> Words | None:
    return templates.words_of(text.encode(), digest, lambda name: name.startswith("x-ignored"))


def known(*targets: str) -> Templates:
    made = Templates()
    for target in targets:
        found, said = place(target), words()
        assert found is not None and said is not None
        made.remember(found, said)
    return made


def path_in(made: Templates, head: bytes) -> str | None:
    """The path in a request that is known."""
    end = templates.end_of_path(head)
    found = made.place_of(head, end)
    if end < 0 or found is None or made.words_of(head[end:]) is None:
        return None
    return templates.path_in(head, found, end)


@pytest.mark.parametrize("before", (CONTENT, PACKAGES))
def test_the_path_may_be_another_one(before: str) -> None:
    made = known(before + PATH)
    for path in (PATH, "x.example.com/y/v2/@v/v2.0.0-rc.1+incompatible.zip", "a/@v/list"):
        assert path_in(made, f"GET {before}{path}{END}".encode()) == path


@pytest.mark.parametrize(
    "head",
    (
        f"GET /pulp/content/other/{PATH}{END}",
        f"GET {CONTENT}{PATH}{END}".replace("Host: x", "Host: y"),
        f"GET {CONTENT}{PATH}{END}".replace("\r\n\r\n", "\r\nRange: bytes=0-1\r\n\r\n"),
        f"HEAD {CONTENT}{PATH}{END}",
        f"GET http://x{CONTENT}{PATH}{END}",
        f"GET {CONTENT}{PATH}?x=1{END}",
        f"GET {CONTENT}{PATH}?x=/{PATH}{END}",
        f"GET {CONTENT}%65{PATH}{END}",
        f"GET {CONTENT}{PATH} {END}",
        f"GET {CONTENT}{PATH} HTTP/1.0\r\nX: {PATH}{END}",
        f"GET {CONTENT}{END}",
        f"GET /pulp/content/base{END}",
        f"GET {CONTENT}{PATH}{END}" * 2,
        f"GET {CONTENT}{PATH}{END}x",
        f"GET {CONTENT}{PATH}",
        f"GET  {CONTENT}{PATH}{END}",
        f"GET {CONTENT}\u00e9{PATH}{END}",
        "",
    ),
)
def test_nothing_else_may(head: str) -> None:
    assert path_in(known(CONTENT + PATH), head.encode()) is None


@pytest.mark.parametrize(
    ("target", "path"),
    (
        (f"{CONTENT}{PATH}?x=1", PATH),
        (f"{CONTENT}{PATH}?x=/{PATH}", PATH),
        (f"{CONTENT}{PATH}#/{PATH}", PATH),
        (f"{CONTENT}a%2Fb/@v/list", "a/b/@v/list"),
        (f"{CONTENT}\u00e9/@v/list", "\u00e9/@v/list"),
        ("/pulp/content/base", ""),
        (f"http://x{CONTENT}{PATH}", PATH),
    ),
)
def test_places_that_cannot_be_told(target: str, path: str) -> None:
    assert place(target, path) is None


def test_a_distribution_below_another_ones_path_takes_its_place() -> None:
    made = known(f"/c/a/{PATH}")
    deeper = Place(b"GET /c/a/b/", "default", "a/b")
    said = words()
    assert said is not None
    made.remember(deeper, said)
    head = f"GET /c/a/b/{PATH}{END}".encode()
    assert made.place_of(head, templates.end_of_path(head)) is deeper


@pytest.mark.parametrize(
    "line",
    (
        "Cookie: a=b",
        "Range: bytes=0-1",
        "X-Unknown: 1",
        "Authorization: Basic eDp5",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "Expect: 100-continue",
        "Upgrade: x",
        "Connection: upgrade",
        "Host: y",
        " folded",
        "X-Ignored : 1",
        "X-Ignored",
        "Accept: \x01",
        "Accept: a\nRange: bytes=0-1",
    ),
)
def test_words_that_may_decide(line: str) -> None:
    text = END.replace("\r\n\r\n", f"\r\n{line}\r\n\r\n")
    assert words(text) is None


@pytest.mark.timeout(60)
def test_a_value_behind_many_spaces_does_not_take_their_square() -> None:
    # With the square it would be an hour.
    assert words(f" HTTP/1.1\r\nHost: x\r\nAccept:{' ' * 1_000_000}\x01\r\n\r\n") is None


def test_words_without_a_host_or_an_end() -> None:
    assert words(" HTTP/1.1\r\nAccept: x\r\n\r\n") is None
    assert words(END[:-2]) is None and words(END.replace("1.1", "1.2")) is None
    assert words(END) is not None and words(END, b"digest") is None


def test_a_value_that_is_ignored_stays_in_its_line() -> None:
    text = END.replace("\r\n\r\n", '\r\nX-Ignored: 1\r\nIf-None-Match: "a"\r\n\r\n')
    said = words(text)
    assert said is not None and said.ignored == ("x-ignored",)
    assert said.read(text.encode()) == '"a"'
    assert said.read(text.replace("Ignored: 1", "Ignored:").encode()) == '"a"'
    for value in ("1\r\nRange: bytes=0-1", "1\nRange: bytes=0-1", "1\rRange: x", "\x00", "\x7f"):
        assert said.read(text.replace("Ignored: 1", f"Ignored: {value}").encode("latin-1")) is None
    assert said.read(text.replace('"a"', '"a"\r\nRange: bytes=0-1').encode()) is None
    assert said.read(text.replace("Host: x", "Host: y").encode()) is None


def test_what_is_remembered_is_bounded() -> None:
    made = Templates()
    for number in range(2 * templates.MOST_PLACES):
        said = words(END.replace("gzip", str(number)))
        varying = words(END.replace("\r\n\r\n", f"\r\nX-Ignored{number}: 1\r\n\r\n"))
        assert said is not None and varying is not None
        where = Place(f"GET /{number}/".encode(), "default", "base")
        made.remember(where, said)
        made.remember(where, varying)
    assert len(made._places) == templates.MOST_PLACES
    assert (len(made._words), len(made._varying)) == (templates.MOST_WORDS, templates.MOST_VARYING)
