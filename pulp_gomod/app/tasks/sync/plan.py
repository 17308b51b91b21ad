"""Which files a sync is to bring."""

from dataclasses import dataclass, field

from pulp_gomod.app.tasks.sync.failures import SyncError
from pulp_gomod.golang.module import Version

# Module versions that one sync may bring: what it keeps in memory of each is small, but not nothing.
MAX_VERSIONS = 100_000


@dataclass(slots=True)
class Item:
    """
    What is wanted of a module version.

    Attributes:
        whole: Whether it is to be used, and not only its go.mod to be read.
        named: Whether somebody asks for it, and not only for whatever the upstream lists.
        h1: The checksum that the zip has to have, or "".
        go_mod_h1: The checksum that the go.mod has to have, or "".
    """

    whole: bool = False
    named: bool = True
    h1: str = ""
    go_mod_h1: str = ""


@dataclass(slots=True)
class Plan:
    """
    What is wanted, by module version.

    Attributes:
        items: What is wanted of each.
        most: Module versions that it may have.
    """

    items: dict[Version, Item] = field(default_factory=dict)
    most: int = MAX_VERSIONS

    def at(self, path: str, version: str, *, named: bool = True) -> Item:
        """
        Return what is wanted of a module version, which is its go.mod at least.

        Args:
            path: The module path.
            named: Whether somebody asks for it, and not only for whatever the upstream lists.

        Raises:
            Trouble: That is more than one sync may bring.
        """
        key = Version(path, version)
        item = self.items.get(key)
        if item is not None:
            item.named = item.named or named
        else:
            if len(self.items) >= self.most:
                raise SyncError(
                    f"more than {self.most} module versions were requested; sync them in several parts"
                )
            item = self.items[key] = Item(named=named)
        return item
