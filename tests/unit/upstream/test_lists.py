"""What is left of an upstream's list, and what it makes together with the versions that are held."""

import pytest

from pulp_gomod.app.upstream.lists import clean, listed_versions, merge_lists
from pulp_gomod.app.upstream.results import UpstreamFault

PATH = "example.com/m"
PSEUDO = "v0.0.0-20200101000000-0123456789ab"


def test_only_versions_stay() -> None:
    body = b"v1.0.0\nv1.2.0 2020-01-01T00:00:00Z\r\nbroken\n\nv2.0.0\n v1.0.1\n\nv1.0.0"
    assert clean(body) == b"v1.0.0\nv1.2.0\nv2.0.0\nv1.0.1\n"
    assert clean(b"v1.0.0\x1b[31m\nv1.0.0\0\n\xff\nv1.0.1\xc2\xa0x\nv1.0.2\x0bv1\n") == (
        b"v1.0.1\nv1.0.2\n"
    )
    assert clean(b"") == clean(b"\n \n") == b""


def test_times_of_pseudo_versions_stay() -> None:
    body = f"{PSEUDO} 2020-01-01T00:00:00Z\n{PSEUDO[:-1]}c yesterday\n".encode()
    assert clean(body) == f"{PSEUDO} 2020-01-01T00:00:00Z\n{PSEUDO[:-1]}c\n".encode()
    assert listed_versions(PATH, clean(body)) == [PSEUDO, PSEUDO[:-1] + "c"]


@pytest.mark.parametrize("body", [b"down for maintenance\n", b'{"error": "quota"}', b"\0\0"])
def test_something_else_than_a_list(body: bytes) -> None:
    with pytest.raises(UpstreamFault, match="something else than a list"):
        clean(body)


def test_merging() -> None:
    body = b"v1.2.0\nv1.1.0+meta\nv2.0.0\nv1.0.0\nv1.0.1\n"
    assert listed_versions(PATH, body) == ["v1.2.0", "v1.0.0", "v1.0.1"]
    assert listed_versions(f"{PATH}/v2", body) == ["v2.0.0"]
    assert merge_lists(PATH, ["v1.0.0"], body) == body
    assert merge_lists(PATH, ["v1.1.0"], body) == b"v1.0.0\nv1.0.1\nv1.1.0\nv1.2.0\n"
    assert merge_lists(PATH, ["v1.1.0"], f"v1.0.0\n{PSEUDO}\n".encode()) == b"v1.0.0\nv1.1.0\n"
