"""Random questions: grammars for paths, versions and go.mod files, and mutations of what they make.

Everything comes from one random.Random, so that a seed names a run.
"""

from collections.abc import Callable, Iterator
from random import Random

from tests.differential.go import Question
from tests.differential.gomod import go_mod
from tests.differential.ours import to_wire
from tests.differential.texts import module_version, mutated, path, pattern, text, version

_SUFFIXES = ["", "/v2", "/v10", ".v1", ".v0", ".v2-unstable", ".v1-unstable", "/v1", "v2", "/", "."]


def _path(random: Random) -> list[str]:
    return [path(random)]


def _version(random: Random) -> list[str]:
    return [version(random)]


def _versions(random: Random) -> list[str]:
    first = version(random)
    return [first, mutated(random, first) if random.random() < 0.4 else version(random)]


def _sort(random: Random) -> list[str]:
    return [v for _ in range(random.randint(1, 12)) for v in _versions(random)]


def _module(random: Random) -> list[str]:
    suffix = random.choice(_SUFFIXES)
    if random.random() < 0.1:
        suffix = mutated(random, suffix)
    path, v = module_version(random)
    return [path, v, suffix]


def _modules(random: Random) -> list[str]:
    # Go's order of pairs that compare equal but differ is not defined, so none are asked for.
    pairs = {
        (random.choice(["a.com/x", "a.com/X", "a.com/x/v2", "a.com/x-y"]), f"v1.{n}.{m}{pre}")
        for n, m, pre in (
            (random.choice([0, 1, 2, 9, 10]), random.choice([0, 1, 10]), random.choice(_PRE))
            for _ in range(random.randint(2, 6))
        )
    }
    ordered = sorted(pairs)
    random.shuffle(ordered)
    return [
        part
        for module, v in ordered
        for item in ([module, v], [module, v + "/go.mod"])
        for part in item
    ]


_PRE = ["", "", "-rc.1", "-rc.10", "-rc.9", "-0", "-alpha"]


def _pseudo(random: Random) -> list[str]:
    # The seconds of the years 1 to 9999.
    seconds = random.choice([random.randint(-62135596800, 253402300799), random.randint(0, 2**31)])
    rev = random.choice(["abcdefabcdef", "0" * 12, "a", ""])
    return [random.choice(["", "v0", "v1", "v2", "v10"]), version(random), str(seconds), rev]


def _patterns(random: Random) -> list[str]:
    target = path(random) if random.random() < 0.5 else pattern(random)
    globs = [pattern(random) for _ in range(random.randint(0, 2))]
    if random.random() < 0.4:
        # Something like the target itself, with a few places open.
        places = (random.choice(["*", "?", "[a-z]", "\\" + c, c, c, c, c, c]) for c in target)
        globs.append("".join(places))
    return [",".join(globs), target]


def _fold(random: Random) -> list[str]:
    first = text(random)
    second = random.choice([first.upper(), first.lower(), first.swapcase(), first.casefold()])
    return [first, mutated(random, second) if random.random() < 0.2 else second]


def _gomod(random: Random) -> list[str]:
    return [go_mod(random)]


_KINDS: dict[str, tuple[int, Callable[[Random], list[str]]]] = {
    "path": (30, _path),
    "version": (20, _version),
    "versions": (8, _versions),
    "sort": (1, _sort),
    "module": (10, _module),
    "modules": (1, _modules),
    "pseudo": (2, _pseudo),
    "patterns": (5, _patterns),
    "fold": (3, _fold),
    "gomod": (20, _gomod),
}


def questions(seed: int, count: int) -> Iterator[Question]:
    """Yield that many questions of all kinds, all different, the same ones for the same seed."""
    random = Random(seed)
    kinds = list(_KINDS)
    weights = [weight for weight, _ in _KINDS.values()]
    seen: set[tuple[str, ...]] = set()
    while len(seen) < count:
        kind = random.choices(kinds, weights)[0]
        question = [kind, *to_wire(_KINDS[kind][1](random))]
        if tuple(question) not in seen:
            seen.add(tuple(question))
            yield question
