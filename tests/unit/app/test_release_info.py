"""What a publisher says of where a version was made."""

import json

import pytest

from pulp_gomod.app.storage.release_info import parse_origin


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://git.example.com/m.git", "https://git.example.com/m.git"),
        # The remote of a checkout that a CI system made.
        ("https://ci-token:s3cret@git.example.com/m.git", "https://git.example.com/m.git"),
        ("https://s3cret@git.example.com:8443/m", "https://git.example.com:8443/m"),
        ("https://git.example.com/m?private_token=s3cret#s3cret", "https://git.example.com/m"),
        ("ssh://git:s3cret@git.example.com/m", "ssh://git@git.example.com/m"),
        ("git@git.example.com:team/m.git", "git@git.example.com:team/m.git"),
    ],
)
def test_an_origin_is_kept_without_credentials(url: str, kept: str) -> None:
    said = {"VCS": "git", "URL": url, "Ref": "refs/tags/v1.0.0"}
    assert parse_origin(json.dumps(said)) == {**said, "URL": kept}


def test_a_url_that_cannot_be_taken_apart_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match=r"^origin: URL is no URL$"):
        parse_origin('{"URL": "https://robot:s3cret@[m"}')
