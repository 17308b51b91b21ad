"""
What a client that asks for it is told of a successful publish.

The documented client gets an empty body. curl and programs that name a type in `Accept` are told what
was published.
"""

import json
from dataclasses import dataclass

_JSON = "application/json"
_TEXT = "text/plain"


@dataclass(frozen=True)
class Published:
    """
    A module version that was just published.

    Attributes:
        module: The module path.
        version: The canonical version.
        h1: Go's checksum of the zip.
        note: What else the publisher has to know, in a line; or "".
        is_replacement: Whether go takes it by a replace directive only, since its go.mod has another path.
    """

    module: str
    version: str
    h1: str
    note: str = ""
    is_replacement: bool = False

    def told(self, accept: str) -> tuple[str, str] | None:
        """
        Say it in the form that a client asks for.

        Args:
            accept: The Accept header of the request, "" for none.

        Returns:
            The media type and the body; None for a client that names neither type.
        """
        named = {each.partition(";")[0].strip().lower() for each in accept.split(",")}
        if _JSON in named:
            return _JSON, json.dumps(self._fields()) + "\n"
        if _TEXT in named:
            note = f"note: {self.note}" if self.note else ""
            lines = (f"published {self.module}@{self.version} {self.h1}", self._go_get, note)
            return _TEXT, "".join(f"{line}\n" for line in lines if line)
        return None

    @property
    def _go_get(self) -> str:
        """The command that adds it to a module; "" where go would refuse it."""
        return "" if self.is_replacement else f"go get {self.module}@{self.version}"

    def _fields(self) -> dict[str, str]:
        always = {"module": self.module, "version": self.version, "h1": self.h1}
        sometimes = {"note": self.note, "go_get": self._go_get}
        return always | {name: value for name, value in sometimes.items() if value}
