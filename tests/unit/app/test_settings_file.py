"""The settings that the plugin brings, as a file."""

import ast
from collections import Counter
from pathlib import Path

from pulp_gomod.app import settings


def test_no_setting_is_assigned_twice() -> None:
    # The second assignment would silently take away what the first has put in, such as a middleware.
    tree = ast.parse(Path(settings.__file__).read_text())
    names = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert [name for name, times in Counter(names).items() if times > 1] == []
