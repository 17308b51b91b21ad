"""Which of the versions that are allowed the tests run with: some of what they check came with a later one."""

import aiohttp

AIOHTTP = tuple(map(int, aiohttp.__version__.split(".")[:2]))
