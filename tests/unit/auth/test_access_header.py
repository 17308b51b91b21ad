"""What is read from an Authorization header, and what a token looks like."""

import base64
import string

import pytest

from pulp_gomod.app.auth.header import Other, Password, Secret, parse
from pulp_gomod.app.auth.secret import PREFIX, digest, hint, is_secret, new_secret


def basic(text: str, encoding: str = "utf-8") -> str:
    return f"Basic {base64.b64encode(text.encode(encoding)).decode()}"


def test_secrets_differ_and_are_known_by_their_looks() -> None:
    made = {new_secret() for _ in range(200)}
    assert len(made) == 200
    assert all(is_secret(each) for each in made)
    assert {len(each) for each in made} == {55}
    # Nothing that a shell, netrc or a URL would read, nor anything that a double click stops at.
    assert set("".join(made)) - {"_"} <= set(string.ascii_letters + string.digits)


def test_a_mistyped_secret_is_none() -> None:
    secret = new_secret()
    for place in range(len(PREFIX), len(secret)):
        other = "a" if secret[place] != "a" else "b"
        assert not is_secret(secret[:place] + other + secret[place + 1 :])
    assert not is_secret(secret[:-1])
    assert not is_secret(secret + "\n")
    assert not is_secret(secret.upper())
    assert not is_secret("gomod_")


def test_what_is_stored_says_nothing_of_the_secret() -> None:
    secret = new_secret()
    assert len(digest(secret)) == 64
    assert digest(secret) != digest(new_secret())
    assert secret.startswith(hint(secret))
    assert len(hint(secret)) == len(PREFIX) + 4


@pytest.mark.parametrize("header", [None, ""])
def test_no_header(header: str | None) -> None:
    assert parse(header) is None


@pytest.mark.parametrize(
    ("text", "user_name", "password"),
    [
        ("alice:secret", "alice", "secret"),
        ("alice:", "alice", ""),
        (":secret", "", "secret"),
        ("alice:with:colons", "alice", "with:colons"),
        ("zoë:pässword", "zoë", "pässword"),
        ("alice:gomod_is_my_password", "alice", "gomod_is_my_password"),
    ],
)
def test_passwords(text: str, user_name: str, password: str) -> None:
    assert parse(basic(text)) == Password(user_name, password)
    assert parse(basic(text).replace("Basic ", "bAsIc  ")) == Password(user_name, password)


def test_passwords_in_latin_1() -> None:
    assert parse(basic("zoë:pä", "latin-1")) == Password("zoë", "pä")


def test_tokens() -> None:
    secret = new_secret()
    assert parse(basic(f"alice:{secret}")) == Secret(secret, "alice")
    assert parse(basic(f":{secret}")) == Secret(secret, "")
    for scheme in ("Bearer", "bearer", "token", "Token", "TOKEN"):
        assert parse(f"{scheme} {secret}") == Secret(secret)


def test_a_token_may_be_the_user_name() -> None:
    secret, other = new_secret(), new_secret()
    for filler in ("", "x-oauth-basic", "x", "with:colon"):
        assert parse(basic(f"{secret}:{filler}")) == Secret(secret)
    # What stands where a password belongs comes first.
    assert parse(basic(f"{secret}:{other}")) == Secret(other, secret)
    assert parse(basic(f"{secret[:-1]}:")) == Password(secret[:-1], "")


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no separator").decode(),
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x",
        "token",
        "token gomod_short",
        "Digest username=alice",
        "\udcff",
    ],
)
def test_what_only_others_may_know(header: str) -> None:
    assert parse(header) == Other()


def test_a_mistyped_token_is_a_password() -> None:
    mistyped = new_secret()[:-1]
    assert parse(basic(f"alice:{mistyped}")) == Password("alice", mistyped)
    assert parse(f"Bearer {mistyped}") == Other()
