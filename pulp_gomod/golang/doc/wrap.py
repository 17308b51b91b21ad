"""Breaking text into lines as go/doc/comment does it (text.go)."""

from bisect import bisect_left
from collections.abc import Sequence

_Score = tuple[int, int]


def wrap(words: Sequence[str], most: int) -> list[int]:
    """
    Say with which words lines begin, so that as little as can be of them stays empty.

    Lines end preferably after punctuation. It takes n log n steps (Hirschberg and Larmore, "The least
    weight subsequence problem").

    Args:
        most: Characters of a line.

    Returns:
        The numbers of the first words, and at last the number of all words.
    """
    count = len(words)
    total = [0]
    for word in words:
        total.append(total[-1] + len(word) + 1)

    def weight(start: int, end: int) -> _Score:
        length = total[end] - 1 - total[start]
        if end == count and length <= most:
            return (0, 0)
        penalty = 0 if words[end - 1][-1] in ".,:;" else 64
        square = (most - length) ** 2
        return (square, penalty) if length > most else (0, square + penalty)

    best: list[_Score] = [(0, 0)]

    def score(start: int, end: int) -> _Score:
        high, low = weight(start, end)
        return (best[start][0] + high, best[start][1] + low)

    def is_bridged(first: int, second: int, third: int) -> bool:
        ends = range(third, count + 1)
        at = third + bisect_left(ends, True, key=lambda end: score(first, end) > score(second, end))
        return at > count or score(third, at) <= score(second, at)

    open_ = [0]
    left = [-1]
    head = 0
    for at in range(1, count):
        best.append(score(open_[head], at))
        left.append(open_[head])
        while len(open_) - head > 1 and score(open_[head + 1], at + 1) <= score(
            open_[head], at + 1
        ):
            head += 1
        while len(open_) - head > 1 and is_bridged(open_[-2], open_[-1], at):
            open_.pop()
        if score(at, count) < score(open_[-1], count):
            open_.append(at)
            if len(open_) - head == 2 and score(open_[head + 1], at + 1) <= score(
                open_[head], at + 1
            ):
                head += 1
    left.append(open_[head])
    starts = [count]
    while starts[-1] > 0:
        starts.append(left[starts[-1]])
    return starts[::-1]
