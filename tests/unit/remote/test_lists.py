"""What is left of an upstream's list, and what it makes together with the versions that are held."""

import pytest

from pulp_gomod.app.remote.cache.lists import (
    clean,
    listed_versions,
    merge_lists,
    newest_pseudo_version,
    tagged_only,
)
from pulp_gomod.app.remote.http.results import UpstreamFault

PATH = "example.com/m"
PSEUDO = "v0.0.0-20200101000000-0123456789ab"


def test_only_versions_stay() -> None:
    body = b"v1.0.0\nv1.2.0 2020-01-01T00:00:00Z\r\nbroken\n\nv2.0.0\n v1.0.1\n\nv1.0.0"
    assert clean(PATH, body) == b"v1.0.0\nv1.2.0\nv1.0.1\n"
    assert clean(PATH, b"v1.0.0\x1b[31m\nv1.0.0\0\n\xff\nv1.0.1\xc2\xa0x\nv1.0.2\x0bv1\n") == (
        b"v1.0.1\nv1.0.2\n"
    )
    assert clean(PATH, b"") == clean(PATH, b"\n \n") == b""


def test_what_no_version_of_the_module_can_be_is_left_out() -> None:
    body = (
        f"v1\nv1.0\nv2.0.0\nv1.0.0+meta\nv2.1.0+incompatible\n{PSEUDO}\nv1.0.0\nv01.0.0\n".encode()
    )
    assert clean(PATH, body) == b"v2.1.0+incompatible\nv1.0.0\n"
    assert clean(f"{PATH}/v2", body).startswith(b"v2.0.0\n")
    assert clean("gopkg.in/yaml.v2", body).startswith(b"v2.0.0\n")
    # All of them are versions, though of something else.
    assert clean(f"{PATH}/v3", b"v1.0.0\n") == b""


def test_times_of_pseudo_versions_stay() -> None:
    body = f"{PSEUDO} 2020-01-01T00:00:00Z\n{PSEUDO[:-1]}c yesterday\n".encode()
    assert clean(PATH, body) == f"{PSEUDO} 2020-01-01T00:00:00Z\n{PSEUDO[:-1]}c\n".encode()
    assert listed_versions(PATH, clean(PATH, body)) == [PSEUDO, PSEUDO[:-1] + "c"]
    assert tagged_only(clean(PATH, body)) == b""
    assert merge_lists(PATH, [], clean(PATH, body)) == b""
    assert tagged_only(b"v1.0.0\n") == b"v1.0.0\n"


def test_the_pseudo_version_that_was_made_last_is_the_latest() -> None:
    older, newer = PSEUDO, "v0.0.0-20210101000000-0123456789ab"
    none_such = "v0.0.0-20211301000000-0123456789ab"
    assert newest_pseudo_version(PATH, f"{older}\n{newer}\n{none_such}\n".encode()) == newer
    told = f"{older} 2022-01-01T00:00:00Z\n{newer}\n".encode()
    assert newest_pseudo_version(PATH, told) == older
    assert newest_pseudo_version(PATH, b"v1.0.0\n") is None


@pytest.mark.parametrize("body", [b"down for maintenance\n", b'{"error": "quota"}', b"\0\0"])
def test_something_else_than_a_list(body: bytes) -> None:
    with pytest.raises(UpstreamFault, match="something other than a list"):
        clean(PATH, body)


def test_merging() -> None:
    body = b"v1.2.0\nv1.1.0+meta\nv2.0.0\nv1.0.0\nv1.0.1\n"
    assert listed_versions(PATH, body) == ["v1.2.0", "v1.0.0", "v1.0.1"]
    assert listed_versions(f"{PATH}/v2", body) == ["v2.0.0"]
    assert merge_lists(PATH, ["v1.0.0"], body) == body
    assert merge_lists(PATH, ["v1.1.0"], body) == b"v1.0.0\nv1.0.1\nv1.1.0\nv1.2.0\n"
    assert merge_lists(PATH, ["v1.1.0"], f"v1.0.0\n{PSEUDO}\n".encode()) == b"v1.0.0\nv1.1.0\n"
