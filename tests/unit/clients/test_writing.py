"""Writing what a command was asked for to the file that the user has named."""

from pathlib import Path

import pytest
from pulp_glue.common.exceptions import PulpException

from pulpcore.cli.gomod.writing import write


def test_a_file_is_there_once_it_is_whole(tmp_path: Path) -> None:
    write([b"a", b"b"], tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"ab"
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_why_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    for output, said in (
        (tmp_path / "none" / "out", f"there is no directory {tmp_path / 'none'}"),
        (tmp_path / "file" / "out", f"{tmp_path / 'file' / 'out'}: Not a directory"),
        (tmp_path / "directory", f"{tmp_path / 'directory'}: Is a directory"),
    ):
        with pytest.raises(PulpException) as refused:
            write([b"x"], output)
        assert said in str(refused.value) and ".part" not in str(refused.value)
