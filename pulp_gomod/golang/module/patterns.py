"""Glob patterns over module paths, as in GOPRIVATE (module.MatchPrefixPatterns).

The pattern language is that of Go's path.Match. It works on bytes, `*` may stop in the middle of
a character; so everything here is bytes, too.
"""

from pulp_gomod.golang.errors import GoError
from pulp_gomod.golang.quote import quote
from pulp_gomod.golang.unicode import text_bytes

__all__ = ["match_pattern", "match_prefix_patterns"]

_REPLACEMENT = 0xFFFD
_SLASH, _STAR, _BACKSLASH, _OPEN, _CLOSE, _QUESTION, _DASH, _CARET = b"/*\\[]?-^"


class _BadPattern(Exception):
    pass


def _rune(text: bytes, at: int) -> tuple[int, int]:
    """Decode one character: its code point and the position after it.

    A byte that does not begin a valid sequence counts as U+FFFD, one byte long.
    """
    if text[at] < 0x80:  # noqa: PLR2004
        return text[at], at + 1
    for length in (2, 3, 4):
        try:
            return ord(text[at : at + length].decode()), at + length
        except (UnicodeDecodeError, TypeError):
            continue
    return _REPLACEMENT, at + 1


def _class_char(chunk: bytes, at: int) -> tuple[int, int]:
    """Read one character of a class, and the position after it (getEsc)."""
    if at < len(chunk) and chunk[at] == _BACKSLASH:
        at += 1
    elif at < len(chunk) and chunk[at] in (_DASH, _CLOSE):
        raise _BadPattern
    if at >= len(chunk):
        raise _BadPattern
    code, after = _rune(chunk, at)
    invalid = code == _REPLACEMENT and after == at + 1
    if invalid or after >= len(chunk):
        raise _BadPattern
    return code, after


def _match_class(chunk: bytes, at: int, code: int) -> tuple[bool, int]:
    """Match a code point against the class that begins at chunk[at], after its bracket."""
    negated = at < len(chunk) and chunk[at] == _CARET
    at += negated
    found, empty = False, True
    while empty or at >= len(chunk) or chunk[at] != _CLOSE:
        low, at = _class_char(chunk, at)
        high = low
        if chunk[at] == _DASH:
            high, at = _class_char(chunk, at + 1)
        found = found or low <= code <= high
        empty = False
    return found != negated, at + 1


def _match_chunk(chunk: bytes, name: bytes, start: int) -> int | None:
    """Match a chunk without stars at name[start:], return the end of the match (matchChunk).

    The whole chunk is read even after a mismatch, because a malformed one raises _BadPattern.
    """
    at, pos, failed = 0, start, False
    while at < len(chunk):
        failed = failed or pos >= len(name)
        if chunk[at] == _OPEN:
            code = 0
            if not failed:
                code, pos = _rune(name, pos)
            matched, at = _match_class(chunk, at + 1, code)
            failed = failed or not matched
            continue
        if chunk[at] == _QUESTION:
            if not failed:
                failed = name[pos] == _SLASH
                _, pos = _rune(name, pos)
            at += 1
            continue
        if chunk[at] == _BACKSLASH:
            at += 1
            if at == len(chunk):
                raise _BadPattern
        if not failed:
            failed = chunk[at] != name[pos]
            pos += 1
        at += 1
    return None if failed else pos


def _chunks(pattern: bytes) -> list[tuple[bool, bytes]]:
    """Cut a pattern at its stars: for each chunk, whether a star precedes it (scanChunk)."""
    chunks: list[tuple[bool, bytes]] = []
    at = 0
    while at < len(pattern):
        start = at
        while at < len(pattern) and pattern[at] == _STAR:
            at += 1
        star, begin, in_class = at > start, at, False
        while at < len(pattern) and (in_class or pattern[at] != _STAR):
            if pattern[at] == _BACKSLASH:
                at += 1
            elif pattern[at] == _OPEN:
                in_class = True
            elif pattern[at] == _CLOSE:
                in_class = False
            at += 1
        at = min(at, len(pattern))
        chunks.append((star, pattern[begin:at]))
    return chunks


def _match_here(star: bool, chunk: bytes, last: bool, name: bytes, start: int) -> int | None:
    """Find the first place for a chunk, at start or behind what a star before it may skip."""
    while True:
        end = _match_chunk(chunk, name, start)
        if end is not None and not (last and end < len(name)):
            return end
        if not star or start >= len(name) or name[start] == _SLASH:
            return None
        start += 1


def _match(pattern: bytes, name: bytes) -> bool:
    chunks = _chunks(pattern)
    pos = 0
    for number, (star, chunk) in enumerate(chunks):
        if star and not chunk:
            return _SLASH not in name[pos:]
        end = _match_here(star, chunk, number == len(chunks) - 1, name, pos)
        if end is None:
            for _, rest in chunks[number + 1 :]:
                _match_chunk(rest, b"", 0)
            return False
        pos = end
    return pos == len(name)


def match_pattern(pattern: str, name: str) -> bool:
    """Report whether all of name matches the shell pattern (path.Match).

    Raises GoError if the pattern is malformed, as far as it had to be read.
    """
    try:
        return _match(text_bytes(pattern), text_bytes(name))
    except _BadPattern:
        raise GoError(f"syntax error in pattern {quote(pattern)}") from None


def match_prefix_patterns(globs: str, target: str) -> bool:
    """Report whether a prefix of the path target matches one of the patterns.

    `globs` is a comma-separated list as in GOPRIVATE; a pattern of n elements is matched against
    the first n elements of target. Empty and malformed patterns match nothing, and one slash at
    the end of a pattern is ignored.
    """
    name = text_bytes(target)
    elements = name.split(b"/")
    for glob in text_bytes(globs).split(b","):
        pattern = glob.removesuffix(b"/")
        count = pattern.count(b"/") + 1
        if not pattern or count > len(elements):
            continue
        try:
            if _match(pattern, b"/".join(elements[:count])):
                return True
        except _BadPattern:
            continue
    return False
