"""What is remembered within bounds."""

from pulp_gomod.app.db.lru import Lru


def test_what_was_used_the_longest_ago_makes_room() -> None:
    known: Lru[str, int] = Lru(2)
    assert known.put("a", 1) == known.put("b", 2) == []
    assert known.get("a") == 1
    assert known.put("c", 3) == [2]
    assert (known.get("a"), known.get("b"), known.get("c")) == (1, None, 3)


def test_who_peeks_does_not_use() -> None:
    known: Lru[str, int] = Lru(2)
    known.put("a", 1)
    known.put("b", 2)
    assert known.peek("a") == 1
    assert known.put("c", 3) == [1]
    assert known.peek("a") is None


def test_another_value_takes_the_place_of_the_first() -> None:
    known: Lru[str, int] = Lru(2)
    known.put("a", 1)
    known.put("b", 2)
    assert known.put("a", 3) == []
    assert list(known.values()) == [2, 3]
    assert len(known) == 2


def test_sizes_are_bounded_whatever_takes_the_place_of_what() -> None:
    known: Lru[str, bytes] = Lru(10, 6, len)
    known.put("a", b"1234")
    known.put("a", b"12")
    assert known.put("b", b"3456") == []
    assert known.put("c", b"7") == [b"12"]
    assert known.put("d", b"too large") == [b"3456", b"7", b"too large"]
    assert len(known) == 0
