"""
Several main modules that are built together: a go.work, and the go.mod files of the modules that it uses.

Source of the rule: cmd/go/internal/modload/init.go (makeMainModules).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import GoError
from .modfile import File
from .modfile.work import Work
from .module import Version

__all__ = ["Workspace"]


@dataclass(frozen=True, slots=True)
class Workspace:
    """
    A workspace.

    Attributes:
        work: Its go.work.
        members: The go.mod files of its modules, read by `modfile.parse`.
    """

    work: Work
    members: tuple[File, ...]

    def check(self) -> None:
        """
        Check what Go checks before it loads a workspace.

        Raises:
            GoError: Go would refuse it.
        """
        paths = set[str]()
        for member in self.members:
            if member.module is None:
                raise GoError("the go.mod of a workspace module has no module line")
            if member.module.path in paths:
                raise GoError(f"module {member.module.path} appears multiple times in workspace")
            paths.add(member.module.path)
        for each in self.work.replace:
            if each.old.path in paths and not each.old.version:
                raise GoError(
                    f"workspace module {each.old.path} is replaced at all versions in the go.work file"
                )
        self.replacements()

    def replacements(self) -> dict[Version, Version]:
        """
        Return what is replaced by what: a module that go.work replaces, as it says, and others as its modules say.

        Raises:
            GoError: Two modules say something else.
        """
        found = {each.old: each.new for each in self.work.replace}
        own = {each.old.path for each in self.work.replace}
        for member in self.members:
            for each in member.replace:
                if each.old.path in own:
                    continue
                known = found.setdefault(each.old, each.new)
                # Directories are written as seen from each module.
                if known != each.new and (known.version or each.new.version):
                    raise GoError(
                        f"conflicting replacements for {each.old}: {known} and {each.new}; "
                        "use 'go work edit -replace' to resolve"
                    )
        return found


def members_of(main: "File | Workspace") -> Iterable[File]:
    """Give the go.mod files of the main modules."""
    return main.members if isinstance(main, Workspace) else (main,)
