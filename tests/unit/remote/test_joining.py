"""How often what was cached may join a repository."""

from datetime import timedelta

from pulp_gomod.app.remote.ingest import AT_ONCE, LONGEST_PAUSE, QUIET, pause_between


def test_a_build_that_pauses_again_and_again_makes_ten_versions_at_most() -> None:
    tasks, now = 0, timedelta()
    while now < timedelta(minutes=15):
        now += max(pause_between(tasks), timedelta(seconds=QUIET))
        tasks += 1
    assert tasks <= 10


def test_the_first_ones_do_not_wait_and_none_waits_for_ever() -> None:
    assert [pause_between(tasks) for tasks in range(AT_ONCE)] == [timedelta()] * AT_ONCE
    assert pause_between(AT_ONCE) > timedelta()
    assert pause_between(1000) == LONGEST_PAUSE
