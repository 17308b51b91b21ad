"""
Go's own rules for modules, one room per package of golang.org/x/mod.

Pure Python: nothing here knows of Django, aiohttp or Pulp.
"""

from .errors import GoError

__all__ = ["GoError"]
