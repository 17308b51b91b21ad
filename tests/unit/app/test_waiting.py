"""Waiting until changes are settled."""

import time
from collections.abc import Collection
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError

import tests.unit.django_set_up  # noqa: F401  # isort: skip

from pulp_gomod.app.publishing import waiting
from pulp_gomod.app.publishing.replies import UNKNOWN
from pulp_gomod.app.publishing.waiting import Watch, find_out


class World:
    """What the database would say, at each look another thing."""

    def __init__(self, *looks: Collection[UUID] | Exception) -> None:
        self.looks = list(looks)
        self.asked: list[set[UUID]] = []
        self.renewed: list[set[UUID]] = []

    def find_settled(self, pks: Collection[UUID]) -> set[UUID]:
        self.asked.append(set(pks))
        said = self.looks.pop(0) if self.looks else ()
        if isinstance(said, Exception):
            raise said
        return set(said)

    def renew(self, pks: Collection[UUID]) -> None:
        self.renewed.append(set(pks))


def _play(monkeypatch: pytest.MonkeyPatch, *looks: Collection[UUID] | Exception) -> World:
    world = World(*looks)
    monkeypatch.setattr(waiting, "find_settled", world.find_settled)
    monkeypatch.setattr(waiting, "renew", world.renew)
    return world


def test_all_are_looked_at_together_until_each_is_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two, given_up = uuid4(), uuid4(), uuid4()
    world = _play(monkeypatch, [], [one], [two, given_up])
    watch, told = Watch(), []
    for pk in (one, two, given_up):
        watch.add(pk, lambda pk=pk: told.append(pk))  # type: ignore[misc]
    watch.discard(given_up)
    assert watch
    watch.run()
    assert not watch and told == [one, two]
    assert world.asked == [{one, two}, {one, two}, {two}]


def test_a_database_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pk = uuid4()
    world = _play(monkeypatch, OperationalError("gone"), [pk])
    watch = Watch()
    watch.add(pk)
    watch.run()
    assert len(world.asked) == 2


def test_leases_are_renewed_until_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pk = uuid4()
    monkeypatch.setattr(waiting, "RENEWAL", 0.0)
    world = _play(monkeypatch)
    watch = Watch()
    watch.add(pk)
    watch.run(time.monotonic() + 0.2)
    assert watch and world.renewed and all(pks == {pk} for pks in world.renewed)


def test_who_has_waited_long_enough_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def conclude(pk: UUID) -> None:
        tried.append(pk)
        raise OperationalError("gone")

    monkeypatch.setattr(waiting, "_conclude", conclude)
    pk = uuid4()
    assert find_out(pk, time.monotonic() - 3600) is UNKNOWN
    assert tried == [pk]
