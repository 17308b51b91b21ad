"""What servers say of their APIs, parsed once each: that is most of what a `pulp` command computes."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulp_glue.common import context
from pulp_glue.common.openapi import OpenAPI

# Where the command caches descriptions, which takes servers seconds to make.
CACHE = "squeezer"

_parse = OpenAPI._parse_api
_parsed: dict[tuple[bytes, int], dict[str, Any]] = {}


def parse_once(api: OpenAPI, data: bytes) -> None:
    """Do what `OpenAPI._parse_api` does, and remember it for as long as no plugin changes what is parsed."""
    key = data, len(context._REGISTERED_API_SPEC_QUIRKS)
    if key not in _parsed:
        before = set(vars(api))
        _parse(api, data)
        _parsed[key] = {name: vars(api)[name] for name in set(vars(api)) - before}
    vars(api).update(_parsed[key])


def parse_ahead(environment: Mapping[str, str]) -> None:
    """Parse all that a command with this environment may find in its cache."""
    home = environment.get("XDG_CACHE_HOME") or f"{environment.get('HOME', os.devnull)}/.cache"
    for file in Path(home, CACHE).glob("*"):
        api = object.__new__(OpenAPI)
        api._patch_api_hook = context._patch_api_hook
        data = file.read_bytes()
        try:
            parse_once(api, data)
        except ValueError:
            # The command will say what is wrong with it.
            continue
