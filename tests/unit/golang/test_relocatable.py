"""The package is in the client, too, under another name."""

from pathlib import Path

from pulp_gomod import golang, outputs, pack

FILES = [
    *Path(golang.__file__).parent.rglob("*.py"),
    Path(pack.__file__),
    Path(outputs.__file__),
]


def test_no_file_imports_by_the_name_of_the_server() -> None:
    assert len(FILES) > 50
    assert [file.name for file in FILES if "pulp_gomod" in file.read_text()] == []
