"""uvloop is used where the installed aiohttp starts with it."""

import sys
from pathlib import Path

import pytest

from pulp_gomod.standalone.event_loop import is_uvloop_usable


@pytest.mark.parametrize(
    ("uvloop", "aiohttp", "usable"),
    [
        ("0.21.0", "3.10.10", True),
        ("0.22.0", "3.10.10", False),
        ("0.22.1", "3.13.3", False),
        ("0.23.0", "3.13.4", True),
        ("0.21.0", "3.14.5", True),
        ("0.23.0", "3.14.5", True),
        (None, "3.14.5", False),
    ],
)
def test_uvloop_is_used_where_aiohttp_starts_with_it(
    uvloop: str | None,
    aiohttp: str,
    usable: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = {"uvloop": uvloop, "aiohttp": aiohttp}
    for package, version in installed.items():
        if version is not None:
            lies = tmp_path / f"{package}-{version}.dist-info"
            lies.mkdir()
            (lies / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
            )
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert is_uvloop_usable() is usable
