"""The figures of a run, as tables for people and as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

Cell = str | int | float | None


@dataclass
class Table:
    """
    One table.

    Attributes:
        title: What it shows.
        columns: The names of its columns.
        rows: Its rows.
        notes: What to know about it.
    """

    title: str
    columns: Sequence[str]
    rows: list[list[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: Cell) -> None:
        """Add a row."""
        self.rows.append(list(cells))

    def show(self) -> None:
        """Print it."""
        texts = [list(self.columns), *([_text(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[n]) for row in texts) for n in range(len(self.columns))]
        print(f"\n{self.title}")
        for row in texts:
            first = row[0].ljust(widths[0])
            rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
            print("  ".join([first, *rest]).rstrip())
        for note in self.notes:
            print(f"  {note}")
        print(flush=True)


@dataclass
class Report:
    """All tables of a run."""

    tables: list[Table] = field(default_factory=list)

    def add(self, table: Table) -> None:
        """Print a table and keep it."""
        table.show()
        self.tables.append(table)

    def write(self, path: Path) -> None:
        """Write all as JSON."""
        machine = {
            "processors": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        }
        given = {"machine": machine, "tables": [asdict(table) for table in self.tables]}
        path.write_text(json.dumps(given, indent=2) + "\n")


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.2f}"
    return str(cell)
