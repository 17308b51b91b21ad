"""Archives for tests, with every field open to lies."""

import struct
import zlib
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

MODULE = "example.com/m"
VERSION = "v1.0.0"
PREFIX = f"{MODULE}@{VERSION}/"
GO_MOD = b"module example.com/m\n"

_DESCRIPTOR = 0x8


@dataclass
class Item:
    """One entry: what it holds, and what its headers say instead of the truth."""

    name: str
    data: bytes = b""
    method: int = 0
    flags: int = 0
    crc: int | None = None
    compressed_size: int | None = None
    size: int | None = None
    local_name: str | None = None
    extra: bytes = b""
    mode: int = 0
    offset: int | None = None
    descriptor: str = "<4sIII"
    """Of the data descriptor, which follows if the flags say so."""

    @property
    def body(self) -> bytes:
        """The content as it stands in the archive."""
        if self.method != zlib.DEFLATED:
            return self.data
        stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return stream.compress(self.data) + stream.flush()


@dataclass
class Archive:
    """A whole archive. Files of a module need no prefix in their names."""

    items: list[Item] = field(default_factory=list)
    comment: bytes = b""
    before: bytes = b""
    between: bytes = b""
    """Stands between the central directory and the end record."""
    after: bytes = b""
    count: int | None = None
    directory_size: int | None = None
    directory_offset: int | None = None
    zip64: bool = False

    def pack(self) -> bytes:
        """Return the bytes of the archive."""
        out = bytearray(self.before)
        directory = bytearray()
        for item in self.items:
            directory += _add(out, item)
        start = len(out)
        out += directory + self.between
        count = len(self.items) if self.count is None else self.count
        size = len(directory) if self.directory_size is None else self.directory_size
        offset = start if self.directory_offset is None else self.directory_offset
        if self.zip64:
            record = len(out)
            out += struct.pack(
                "<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset
            )
            out += struct.pack("<4sIQI", b"PK\6\7", 0, record, 1)
            count, size, offset = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
        out += struct.pack(
            "<4s4H2IH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, size, offset,
            len(self.comment),
        )  # fmt: skip
        return bytes(out + self.comment + self.after)


def _add(out: bytearray, item: Item) -> bytes:
    """Append an entry; return its header in the central directory."""
    body = item.body
    name = item.name.encode("utf-8", "surrogateescape")
    local_name = name if item.local_name is None else item.local_name.encode()
    crc = zlib.crc32(item.data) if item.crc is None else item.crc
    compressed = len(body) if item.compressed_size is None else item.compressed_size
    size = len(item.data) if item.size is None else item.size
    offset = len(out) if item.offset is None else item.offset
    common = struct.pack("<4H3I", item.flags, item.method, 0, 0x21, crc, compressed, size)
    out += struct.pack("<4sH", b"PK\3\4", 20) + common
    out += struct.pack("<2H", len(local_name), 0) + local_name + body
    if item.flags & _DESCRIPTOR:
        values = (crc, compressed, size)
        signature = (b"PK\7\x08",) if "s" in item.descriptor else ()
        out += struct.pack(item.descriptor, *signature, *values)
    return (
        struct.pack("<4s2H", b"PK\1\2", 0x0314, 20)
        + common
        + struct.pack("<5H2I", len(name), len(item.extra), 0, 0, 0, item.mode << 16, offset)
        + name
        + item.extra
    )


def module(*items: Item, go_mod: bytes | None = GO_MOD, **fields: Any) -> bytes:
    """Return a zip of example.com/m@v1.0.0 with a go.mod and some more files."""
    files = [Item("go.mod", go_mod)] if go_mod is not None else []
    return Archive([_in_module(item) for item in (*files, *items)], **fields).pack()


def _in_module(item: Item) -> Item:
    local_name = None if item.local_name is None else PREFIX + item.local_name
    return replace(item, name=PREFIX + item.name, local_name=local_name)


_INTERESTING = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0xFFFFFFFF,
    1 << 63,
    (1 << 64) - 1,
)


def mutate(data: bytes, random: Random) -> bytes:
    """Return an archive with one to four things broken, mostly in its headers."""
    out = bytearray(data)
    for _ in range(random.randint(1, 4)):
        _break_something(out, random)
    return bytes(out)


def _break_something(out: bytearray, random: Random) -> None:
    records = [at for at in range(len(out)) if out[at : at + 2] == b"PK"] or [0]
    at = random.choice(records) + random.randrange(60)
    kind = random.randrange(8)
    if kind <= 2:  # a field in a header
        width = random.choice((1, 2, 2, 4, 4, 8))
        value = random.choice(_INTERESTING) & ((1 << 8 * width) - 1)
        out[at : at + width] = value.to_bytes(width, "little")
    elif kind == 3:  # a small difference
        if at < len(out):
            out[at] = (out[at] + random.choice((1, 2, 8, 255, 254))) % 256
    elif kind == 4:
        del out[at : at + random.randint(1, 30)]
    elif kind == 5:
        out[at:at] = bytes(random.randint(1, 40))
    elif kind == 6:  # a piece of the archive somewhere else
        start = random.randrange(len(out) + 1)
        out[at:at] = out[start : start + random.randint(1, 120)]
    else:
        del out[random.randrange(len(out) + 1) :]
