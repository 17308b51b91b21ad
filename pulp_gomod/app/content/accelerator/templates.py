"""
What the heads of plain requests are like, but for the path and what changes with each request.

A client asks for the files of many modules in the same words. Where one such request was understood, the
next is without parsing anything but a path.
"""

import re
import string
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

V = TypeVar("V")

# Characters of paths that are the same as they were sent, decoded, and in a request line.
_SAFE: Final = (string.ascii_letters + string.digits + "!/@._~+-").encode()
# Clients say these in the same words each time, and no answer depends on them.
_STEADY: Final = frozenset({"host", "user-agent", "accept", "accept-encoding", "content-type"})
_VERSIONS: Final = (b" HTTP/1.1", b" HTTP/1.0")
# Spaces before a value are none of those after it, in whatever way it goes on.
_HEADER: Final = re.compile(rb"([A-Za-z0-9_-]+):[ \t]*+((?:[!-~](?:[ -~\t]*[!-~])?)?)[ \t]*")
_CONDITION: Final = rb"(?P<condition>[!-~][ -~]*)"
_ANYTHING: Final = rb"[ -~\t]*"
_END: Final = b"\r\n\r\n"

# What is remembered for all connections of a process.
MOST_PLACES = 1024
MOST_WORDS = 256
MOST_VARYING = 16


class Place(NamedTuple):
    """
    Where a distribution is.

    Attributes:
        before: How requests for its files begin, up to the path below it.
        domain: The domain's name.
        base_path: Its base path.
    """

    before: bytes
    domain: str
    base_path: str


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """
    What follows the path in requests of a kind: the version and all headers.

    Attributes:
        text: All of it, where it is the same each time; b"" otherwise.
        varying: What it is like otherwise.
        ignored: The names of headers whose values differ, and decide nothing.
        has_condition: Whether there is an If-None-Match.
        digest: What stands for the credentials in it, if it has any.
        is_last: Whether the client has no further request.
        is_old: Whether it is of HTTP/1.0.
    """

    text: bytes
    varying: re.Pattern[bytes] | None
    ignored: tuple[str, ...]
    has_condition: bool
    digest: bytes | None
    is_last: bool
    is_old: bool

    def read(self, text: bytes) -> str | None:
        """
        Return the If-None-Match of a request that has these words, "" if there is none; None if it has others.

        Args:
            text: What follows its path.
        """
        if self.varying is None:
            return "" if text == self.text else None
        found = self.varying.fullmatch(text)
        if found is None:
            return None
        return found["condition"].decode("ascii") if self.has_condition else ""


class Templates:
    """The words and the places of requests, as far as there is no secret in them."""

    def __init__(self) -> None:
        self._places: OrderedDict[bytes, Place] = OrderedDict()
        self._words: OrderedDict[bytes, Words] = OrderedDict()
        self._varying: list[Words] = []
        # The most slashes that a place has.
        self._depth = 0

    def place_of(self, head: bytes, end: int) -> Place | None:
        """
        Return the place of a request that is known.

        Args:
            head: All bytes of it.
            end: Where its path ends.
        """
        slash = 3
        for _ in range(self._depth):
            slash = head.find(b"/", slash + 1, end)
            if slash < 0:
                return None
            place = self._places.get(head[: slash + 1])
            if place is not None:
                return place
        return None

    def words_of(self, text: bytes) -> Words | None:
        """
        Return the words of a request that are known.

        Args:
            text: What follows its path.
        """
        words = self._words.get(text)
        return words or next((each for each in self._varying if each.read(text) is not None), None)

    def remember(self, place: Place, words: Words) -> None:
        """
        Remember what a request was like.

        Args:
            place: Where its distribution is.
            words: Its words, which have no secret in them.
        """
        # What was a distribution's before may be a part of this one's path now.
        for index, byte in enumerate(place.before[:-1]):
            if byte == ord("/"):
                self._places.pop(place.before[: index + 1], None)
        self._depth = max(self._depth, place.before.count(b"/"))
        _add(self._places, place.before, place, MOST_PLACES)
        if words.varying is None:
            _add(self._words, words.text, words, MOST_WORDS)
        elif not any(each.varying == words.varying for each in self._varying):
            self._varying = [words, *self._varying][:MOST_VARYING]


def _add(known: OrderedDict[bytes, V], key: bytes, value: V, most: int) -> None:
    known.pop(key, None)
    known[key] = value
    if len(known) > most:
        known.popitem(last=False)


def path_in(head: bytes, place: Place, end: int) -> str | None:
    """
    Return the path below a distribution if it is a plain one.

    Args:
        head: All bytes of a request.
        place: Where the distribution is.
        end: Where the path ends.
    """
    path = head[len(place.before) : end]
    if not path or path.translate(None, _SAFE):
        return None
    return path.decode("ascii")


def end_of_path(head: bytes) -> int:
    """
    Return where the path of a GET request ends; -1 if it is none.

    Args:
        head: All bytes of the request.
    """
    return head.find(b" ", 4) if head.startswith(b"GET /") else -1


def place_of(head: bytes, domain: str, base_path: str, path: str) -> Place | None:
    """
    Say where the distribution of a request is, if its path is a plain one.

    Args:
        head: All bytes of the request.
        domain: The domain's name.
        base_path: The distribution's base path.
        path: What follows that, decoded.
    """
    target = head[: max(end_of_path(head), 0)]
    sent = path.encode("utf-8", "surrogateescape")
    # What follows a question mark may look like a path.
    if not sent or sent.translate(None, _SAFE) or b"?" in target or b"#" in target:
        return None
    if not target.endswith(b"/" + sent):
        return None
    return Place(target.removesuffix(sent), domain, base_path)


def words_of(text: bytes, digest: bytes | None, may_ignore: Callable[[str], bool]) -> Words | None:
    """
    Take down the words of a request; None if its answer may depend on more than is known.

    Args:
        text: What follows its path, to the end of its head.
        digest: What stands for the credentials in it, if it has any.
        may_ignore: Says of a header whether it decides nothing, whatever its value.
    """
    version, *lines = text.removesuffix(_END).split(b"\r\n")
    if not text.endswith(_END) or version not in _VERSIONS:
        return None
    pattern = re.escape(version)
    ignored: list[str] = []
    seen: dict[str, bytes] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            return None
        name, value = header[1].decode().lower(), header[2]
        if name in seen and not may_ignore(name):
            return None
        seen[name] = value
        same = re.escape(line)
        start = re.escape(line[: header.end(1)]) + b":"
        if name == "if-none-match":
            same = start + rb"[ \t]*" + _CONDITION
        elif name not in _STEADY | {"connection", "authorization"}:
            if not may_ignore(name):
                return None
            ignored.append(name)
            same = start + _ANYTHING
        pattern += rb"\r\n" + same
    if ("authorization" in seen) != (digest is not None) or "host" not in seen:
        return None
    has_condition = "if-none-match" in seen
    is_old = version == _VERSIONS[1]
    is_last = _is_last(seen.get("connection", b"").lower(), is_old)
    if is_last is None:
        return None
    varies = has_condition or bool(ignored)
    return Words(
        b"" if varies else text,
        re.compile(pattern + _END) if varies else None,
        tuple(ignored),
        has_condition,
        digest,
        is_last,
        is_old,
    )


def _is_last(connection: bytes, is_old: bool) -> bool | None:
    """Say whether the connection is to be closed; None if it says something else of that."""
    if connection == b"close" or (is_old and not connection):
        return True
    return False if connection in (b"", b"keep-alive") and not is_old else None
