"""What clients are told of a publish: nothing, unless they ask for it."""

import json

import pytest

from pulp_gomod.app.publishing.published import Published

HELLO = Published("example.com/hello", "v1.0.0", "h1:abc=")


@pytest.mark.parametrize("accept", ["", "*/*", "text/*", "text/html,*/*;q=0.8", "text/plainer"])
def test_the_documented_client_gets_an_empty_body(accept: str) -> None:
    assert HELLO.told(accept) is None


@pytest.mark.parametrize("accept", ["text/plain", "Text/Plain; charset=utf-8", "*/*, text/plain"])
def test_text_has_the_line_to_install_with(accept: str) -> None:
    said = "published example.com/hello@v1.0.0 h1:abc=\ngo get example.com/hello@v1.0.0\n"
    assert HELLO.told(accept) == ("text/plain", said)


def test_what_else_there_is_to_know_is_a_line_of_both() -> None:
    hello = Published("example.com/hello", "v1.0.0", "h1:abc=", "it hides something")
    text, said = hello.told("text/plain"), hello.told("application/json")
    assert text and text[1].splitlines()[-1] == "note: it hides something"
    assert said and json.loads(said[1])["note"] == "it hides something"


def test_what_go_would_refuse_has_no_line_to_install_with() -> None:
    hello = Published("example.com/hello", "v1.0.0", "h1:abc=", "only by replace", True)
    text, said = hello.told("text/plain"), hello.told("application/json")
    assert text and text[1] == "published example.com/hello@v1.0.0 h1:abc=\nnote: only by replace\n"
    assert said and sorted(json.loads(said[1])) == ["h1", "module", "note", "version"]


def test_json_has_it_too() -> None:
    told = HELLO.told("application/json")
    assert told and told[0] == "application/json"
    assert json.loads(told[1]) == {
        "module": "example.com/hello",
        "version": "v1.0.0",
        "h1": "h1:abc=",
        "go_get": "go get example.com/hello@v1.0.0",
    }
