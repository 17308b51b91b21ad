"""What is counted is written once in a while, and nothing of it is lost or counted twice."""

from pulp_gomod.app.db.tally import Tally

LONG = 3600.0


def test_what_is_new_is_taken_at_once_and_the_same_again_after_a_while() -> None:
    tally: Tally[str] = Tally(10)
    for key in ("a", "b", "a"):
        tally.note(key)
    assert sorted(tally.take(LONG)) == [("a", 2), ("b", 1)]
    tally.note("a")
    tally.note("c")
    assert tally.take(LONG) == [("c", 1)]
    assert tally.take(LONG, everything=True) == [("a", 1)]
    tally.note("a")
    assert tally.take(0.0, everything=True) == [("a", 1)]


def test_what_could_not_be_written_is_counted_again() -> None:
    tally: Tally[str] = Tally(10)
    tally.note("a")
    taken = tally.take(LONG)
    tally.note("a")
    tally.give_back(taken)
    assert tally.take(LONG) == [("a", 2)]


def test_there_is_room_for_so_many_and_then_again_for_others() -> None:
    tally: Tally[str] = Tally(2)
    for key in ("a", "b", "c", "a"):
        tally.note(key)
    assert tally.left_out == 1
    assert sorted(tally.take(0.0)) == [("a", 2), ("b", 1)]
    # They are forgotten when nothing more is noted of them.
    assert tally.take(0.0) == []
    tally.note("c")
    assert tally.take(0.0) == [("c", 1)]
