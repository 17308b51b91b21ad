"""A client of a checksum database with nothing but the URL of a GOPROXY and a key."""

import requests

from pulp_gomod.golang.sumdb import Client


class Ops:
    """What a client needs: it asks a server, and remembers the newest head that it has proven."""

    def __init__(self, root: str, key: str) -> None:
        self.root, self.name = root, key.partition("+")[0]
        self.configs: dict[str, bytes] = {}
        self.client = Client(self, key)

    async def read_remote(self, path: str, limit: int, /) -> bytes:
        answer = requests.get(f"{self.root}/sumdb/{self.name}{path}", timeout=60)
        if answer.status_code != 200:
            raise LookupError(answer.text)
        return answer.content

    async def read_config(self, file: str, /) -> bytes:
        return self.configs.get(file, b"")

    async def write_config(self, file: str, old: bytes, new: bytes, /) -> None:
        self.configs[file] = new

    async def read_cache(self, file: str, /) -> bytes | None:
        return None

    async def write_cache(self, file: str, data: bytes, /) -> None:
        pass
