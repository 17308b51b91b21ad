"""Load the vectors: inputs with the verdicts of Go's own code."""

import base64
import json
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parents[2] / "vectors"


def _decode(value: Any) -> Any:
    """Turn {"b64": ...} into a string with surrogate escapes, everywhere in value."""
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"b64"}:
            return base64.b64decode(value["b64"]).decode("utf-8", "surrogateescape")
        return {key: _decode(item) for key, item in value.items()}
    return value


def load(name: str) -> Any:
    """Return the content of tests/vectors/NAME.json."""
    return _decode(json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8")))
