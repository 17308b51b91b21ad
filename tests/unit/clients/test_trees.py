"""Trees of modules on their way to the server."""

import io
import tarfile
from pathlib import Path

from pulp_glue.gomod.trees import TarOfDirectory


def test_a_directory_is_sent_without_what_is_no_part_of_a_tree(tmp_path: Path) -> None:
    wanted = {
        "bundle/about.json",
        "example.com/m/@v/v1.0.0.zip",
        "sumdb/sum.example.org/latest",
        "sumdb/sum.example.org/tile/8/0/000.p/3",
    }
    for name in wanted | {"README", "bundle/other", "example.com/m/@v/v1.0.0.lock"}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    tree = TarOfDirectory(tmp_path)
    sent = b"".join(tree.blocks())
    assert len(sent) == tree.size
    with tarfile.open(fileobj=io.BytesIO(sent)) as tar:
        assert {member.name for member in tar} == wanted
