"""How module zips are divided into requests; nothing is sent here."""

from pathlib import Path

import pytest
from pulp_glue.common.context import PulpContext
from pulp_glue.common.exceptions import PulpException
from pulp_glue.gomod.context import PulpGoModuleContext
from pulp_glue.gomod.sending import CALL_FILES, Parcel


@pytest.fixture
def pulp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PulpContext:
    """A server that nobody can reach: nothing listens on the discard port."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return PulpContext(api_root="/pulp/", api_kwargs={"base_url": "http://127.0.0.1:9"})


@pytest.fixture
def zips(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"{n}.zip" for n in range(4)]
    for file in files:
        file.write_bytes(b"x" * 100)
    return files


def test_small_zips_travel_in_one_request(pulp: PulpContext, zips: list[Path]) -> None:
    with Parcel(pulp) as parcel:
        parcel.add(zips)
        assert [str(name) for name in parcel.fields] == ["files"] * 4
        assert [Path(file.name) for file in parcel.fields.values()] == zips
        assert not any(file.closed for file in parcel.fields.values())
        opened = list(parcel.fields.values())
    assert all(file.closed for file in opened)


def test_what_does_not_fit_is_uploaded_before(pulp: PulpContext, zips: list[Path]) -> None:
    with Parcel(pulp, 250) as parcel:
        with pytest.raises(PulpException, match="refused"):
            parcel.add(zips)
        assert [Path(file.name) for file in parcel.fields.values()] == zips[:2]


def test_an_open_file_is_left_open(pulp: PulpContext, zips: list[Path]) -> None:
    with zips[0].open("rb") as file:
        with Parcel(pulp) as parcel:
            parcel.add([file])
            assert list(parcel.fields.values()) == [file]
        assert not file.closed


def test_a_file_that_is_not_there(pulp: PulpContext, tmp_path: Path) -> None:
    with Parcel(pulp) as parcel, pytest.raises(PulpException, match=r"missing\.zip"):
        parcel.add([tmp_path / "missing.zip"])


def test_too_many_files(pulp: PulpContext) -> None:
    modules = PulpGoModuleContext(pulp)
    with pytest.raises(PulpException, match=f"{CALL_FILES + 1} .* limit is {CALL_FILES}"):
        modules.upload_files(["a.zip"] * (CALL_FILES + 1))
