"""
What a client that asks for it is told of a successful publish.

The documented client gets an empty body. curl and programs that name a type in `Accept` are told what
was published.
"""

import json
from dataclasses import asdict, dataclass

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
    """

    module: str
    version: str
    h1: str
    note: str = ""

    def told(self, accept: str) -> tuple[str, str] | None:
        """
        Say it in the form that a client asks for.

        Args:
            accept: The Accept header of the request, "" for none.

        Returns:
            The media type and the body; None for a client that names neither type.
        """
        named = {each.partition(";")[0].strip().lower() for each in accept.split(",")}
        get = f"go get {self.module}@{self.version}"
        if _JSON in named:
            said = {name: value for name, value in asdict(self).items() if value or name != "note"}
            return _JSON, json.dumps({**said, "go_get": get}) + "\n"
        if _TEXT in named:
            note = f"note: {self.note}\n" if self.note else ""
            return _TEXT, f"published {self.module}@{self.version} {self.h1}\n{get}\n{note}"
        return None
