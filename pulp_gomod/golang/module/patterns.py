"""
Glob patterns over module paths, as in GOPRIVATE (module.MatchPrefixPatterns).

The pattern language is that of Go's path.Match. It works on bytes, and a `*` may stop in the
middle of a character; so everything here is bytes, too.
"""

from functools import lru_cache
from typing import NamedTuple

from ..errors import GoError
from ..quote import quote
from ..unicode import text_bytes

__all__ = ["match_pattern", "match_prefix_patterns"]

_REPLACEMENT = 0xFFFD
_SLASH, _STAR, _BACKSLASH, _OPEN, _CLOSE, _QUESTION, _DASH, _CARET = b"/*\\[]?-^"


class _BadPattern(Exception):
    pass


class _Class(NamedTuple):
    """`[a-z]` or `[^a-z]`; unlike `?` it may match a slash."""

    negated: bool
    ranges: list[tuple[int, int]]


class _AnyChar(NamedTuple):
    """`?`, any character but a slash."""


class _Chunk(NamedTuple):
    """
    A part of a pattern up to the next star; a number stands for that byte.

    `literal` has all of its bytes, if it stands for no others.
    """

    star: bool
    terms: list[int | _AnyChar | _Class]
    literal: bytes | None = None


def _rune(text: bytes, at: int) -> tuple[int, int]:
    """
    Decode one character: its code point and the position after it.

    A byte that does not begin a valid sequence counts as U+FFFD, one byte long.
    """
    if text[at] < 0x80:
        return text[at], at + 1
    for after in range(at + 2, min(at + 4, len(text)) + 1):
        try:
            return ord(text[at:after].decode()), after
        except UnicodeDecodeError:
            continue
    return _REPLACEMENT, at + 1


def _class_char(pattern: bytes, at: int) -> tuple[int, int]:
    """Read one character of a class; at least its closing bracket has to follow."""
    if at < len(pattern) and pattern[at] == _BACKSLASH:
        at += 1
    elif at < len(pattern) and pattern[at] in (_DASH, _CLOSE):
        raise _BadPattern
    if at >= len(pattern):
        raise _BadPattern
    code, after = _rune(pattern, at)
    invalid = code == _REPLACEMENT and after == at + 1
    if invalid or after >= len(pattern):
        raise _BadPattern
    return code, after


def _class(pattern: bytes, at: int) -> tuple[_Class, int]:
    """Read the class whose opening bracket is before pattern[at], and the position after it."""
    negated = at < len(pattern) and pattern[at] == _CARET
    at += negated
    ranges: list[tuple[int, int]] = []
    while not ranges or pattern[at] != _CLOSE:
        low, at = _class_char(pattern, at)
        high = low
        if pattern[at] == _DASH:
            high, at = _class_char(pattern, at + 1)
        ranges.append((low, high))
    return _Class(negated, ranges), at + 1


def _compile(pattern: bytes) -> list[_Chunk]:
    """Cut a pattern at its stars. Raises _BadPattern if it is malformed anywhere."""
    chunks: list[_Chunk] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == _STAR:
            if not chunks or chunks[-1].terms:
                chunks.append(_Chunk(True, []))
            continue
        if not chunks:
            chunks.append(_Chunk(False, []))
        terms = chunks[-1].terms
        if char == _OPEN:
            term, at = _class(pattern, at)
            terms.append(term)
        elif char == _QUESTION:
            terms.append(_AnyChar())
        elif char == _BACKSLASH:
            if at == len(pattern):
                raise _BadPattern
            terms.append(pattern[at])
            at += 1
        else:
            terms.append(char)
    return [chunk._replace(literal=_literal(chunk)) for chunk in chunks]


def _literal(chunk: _Chunk) -> bytes | None:
    plain = [term for term in chunk.terms if isinstance(term, int)]
    return bytes(plain) if len(plain) == len(chunk.terms) else None


def _match_terms(chunk: _Chunk, name: bytes, at: int) -> int | None:
    """Match a chunk without its star at name[at:], and return the end of the match."""
    for term in chunk.terms:
        if at >= len(name):
            return None
        if isinstance(term, int):
            if name[at] != term:
                return None
            at += 1
            continue
        code, after = _rune(name, at)
        if isinstance(term, _AnyChar):
            matched = code != _SLASH
        else:
            matched = any(low <= code <= high for low, high in term.ranges) != term.negated
        if not matched:
            return None
        at = after
    return at


def _find_literal(literal: bytes, last: bool, name: bytes, at: int) -> int | None:
    """Do what _match_chunk does for a star and plain bytes, without looking at each place."""
    slash = name.find(b"/", at)
    if last:
        found = len(name) - len(literal)
        if found < at or not name.endswith(literal):
            return None
    else:
        found = name.find(literal, at)
    # The star may skip anything but a slash.
    return found + len(literal) if found >= 0 and (slash < 0 or found <= slash) else None


def _match_chunk(chunk: _Chunk, last: bool, name: bytes, at: int) -> int | None:
    """Find the first place for a chunk, at name[at:] or behind what its star may skip."""
    if chunk.star and chunk.literal is not None:
        return _find_literal(chunk.literal, last, name, at)
    while True:
        end = _match_terms(chunk, name, at)
        if end is not None and not (last and end < len(name)):
            return end
        if not chunk.star or at >= len(name) or name[at] == _SLASH:
            return None
        at += 1


def _match(chunks: list[_Chunk], name: bytes) -> bool:
    at = 0
    for number, chunk in enumerate(chunks, start=1):
        if not chunk.terms:
            return _SLASH not in name[at:]
        end = _match_chunk(chunk, number == len(chunks), name, at)
        if end is None:
            return False
        at = end
    return at == len(name)


def match_pattern(pattern: str, name: str) -> bool:
    """
    Report whether all of name matches the shell pattern (path.Match).

    Raises GoError if the pattern is malformed.
    """
    try:
        return _match(_compile(text_bytes(pattern)), text_bytes(name))
    except _BadPattern:
        raise GoError(f"syntax error in pattern {quote(pattern)}") from None


def match_prefix_patterns(globs: str, target: str) -> bool:
    """
    Report whether a prefix of the path target matches one of the patterns.

    `globs` is a comma-separated list as in GOPRIVATE; a pattern of n elements is matched against
    the first n elements of target. Empty and malformed patterns match nothing, and one slash at
    the end of a pattern is ignored.
    """
    if not globs:
        return False
    paths, patterns, most = _read_globs(globs)
    prefixes = _prefixes(text_bytes(target), most)
    if not paths.isdisjoint(prefixes):
        return True
    return any(
        _match(chunks, prefixes[count - 1]) for count, chunks in patterns if count <= len(prefixes)
    )


def _prefixes(path: bytes, most: int) -> list[bytes]:
    """List the prefixes of a path, the shortest first, of up to so many elements: there may be a thousand."""
    prefixes: list[bytes] = []
    end = -1
    while len(prefixes) < most:
        end = path.find(b"/", end + 1)
        if end < 0:
            prefixes.append(path)
            break
        prefixes.append(path[:end])
    return prefixes


@lru_cache(maxsize=4096)
def _read_globs(globs: str) -> tuple[frozenset[bytes], list[tuple[int, list[_Chunk]]], int]:
    """
    Tell the plain paths of a list from the patterns, which come with their numbers of elements; and the most of these.

    The same few lists are asked about all the time, and may have thousands of entries.
    """
    paths: set[bytes] = set()
    patterns: list[tuple[int, list[_Chunk]]] = []
    most = 0
    for glob in text_bytes(globs).split(b","):
        pattern = glob.removesuffix(b"/")
        if not pattern:
            continue
        try:
            chunks = _compile(pattern)
        except _BadPattern:
            continue
        count = pattern.count(b"/") + 1
        literal = chunks[0].literal if len(chunks) == 1 and not chunks[0].star else None
        if literal is not None:
            paths.add(literal)
        else:
            patterns.append((count, chunks))
        most = max(most, count)
    return frozenset(paths), patterns, most
